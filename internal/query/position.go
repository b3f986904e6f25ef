package query

import (
	"cmp"
	"encoding/base64"
	"fmt"
	"strconv"
	"strings"

	"github.com/akashi-audit/akashi/internal/record"
)

// Position is a place in the order of results: time, id and, for superseded
// records, of which several can have the same id, the time of arrival.
type Position struct {
	Time     int64 // Unix ns
	ID       record.ID
	Received int64 // Unix ns; 0 for records that hold
}

// PositionOf is the place of a record.
func PositionOf(r *record.Record) Position {
	p := Position{Time: r.Time, ID: r.ID()}
	if r.SupersededBy != 0 {
		p.Received = r.Received
	}
	return p
}

// Compare orders newest first: time, id and arrival, all falling.
func (p *Position) Compare(o *Position) int {
	return cmp.Or(cmp.Compare(o.Time, p.Time), CompareIDs(o.ID, p.ID), cmp.Compare(o.Received, p.Received))
}

// CompareIDs orders ids: server, channel, generation, first record id, ordinal.
func CompareIDs(a, b record.ID) int {
	return cmp.Or(strings.Compare(a.Server, b.Server), strings.Compare(a.Channel, b.Channel),
		cmp.Compare(a.Generation, b.Generation), cmp.Compare(a.FirstID, b.FirstID), cmp.Compare(a.Ordinal, b.Ordinal))
}

// Cursor is the position as text for Query.Cursor.
func (p *Position) Cursor() string {
	t := strconv.FormatInt(p.Time, 10)
	if p.Received != 0 {
		t += "@" + strconv.FormatInt(p.Received, 10)
	}
	return base64.RawURLEncoding.EncodeToString([]byte(t + " " + p.ID.String()))
}

// ParseCursor is the inverse of Cursor; "" gives nil.
func ParseCursor(c string) (*Position, error) {
	if c == "" {
		return nil, nil
	}
	b, err := base64.RawURLEncoding.DecodeString(c)
	t, id, ok := strings.Cut(string(b), " ")
	if err != nil || !ok {
		return nil, fmt.Errorf("cursor %q was not given by a search", c)
	}
	p := &Position{}
	t, received, ok := strings.Cut(t, "@")
	if ok {
		p.Received, err = strconv.ParseInt(received, 10, 64)
	}
	if err == nil {
		p.Time, err = strconv.ParseInt(t, 10, 64)
	}
	if err == nil {
		p.ID, err = record.ParseID(id)
	}
	if err != nil {
		return nil, fmt.Errorf("cursor %q was not given by a search: %w", c, err)
	}
	return p, nil
}
