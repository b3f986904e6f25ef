package rawfile

import (
	"fmt"
	"slices"

	"github.com/akashi-audit/akashi/internal/column"
	"github.com/akashi-audit/akashi/internal/event"
)

// Checker reads packed blocks back and compares what comes out with the events that
// went in, value by value, without making events of it again. It keeps its memory from
// block to block and belongs to one goroutine.
type Checker struct {
	unpack *Unpacker
	same   []*event.Schema // by kind: the schema of an event that was found to be the kind's
}

// NewChecker makes one that unpacks with u.
func NewChecker(u *Unpacker) *Checker { return &Checker{unpack: u} }

// Check fails when a packed block does not hold exactly these events.
func (c *Checker) Check(b []byte, events []*event.Event) error {
	if len(b) == 0 {
		return fmt.Errorf("%w: it is empty", ErrDamaged)
	}
	d := c.unpack.desk()
	defer c.unpack.done(d)
	r := &blockReader{Reader: column.NewReader(b[1:]), zstd: c.unpack.zstd, desk: d}
	r.n = int(r.Uvarint(MaxEvents))
	at := -1
	switch b[0] {
	case formColumns:
		if rows := r.columns(nil, true); r.Err() == nil {
			at = c.differs(r, len(rows), events)
		}
	case formLog:
		if l := r.log(nil, true); r.Err() == nil {
			at = differ(l, events)
		}
	default:
		r.Fail("form %d", b[0])
	}
	if err := r.Err(); err != nil {
		return fmt.Errorf("%w: %w", ErrDamaged, err)
	}
	if at >= 0 {
		return fmt.Errorf("%w: event %d of %d is another one", ErrDamaged, at, len(events))
	}
	return nil
}

// differs is the first event that is not the one of its row, -1 when all n are.
func (c *Checker) differs(r *blockReader, n int, events []*event.Event) int {
	if n != len(events) {
		return min(n, len(events))
	}
	c.same = sized(c.same, len(r.kinds))
	clear(c.same)
	defer clear(c.same)
	for i, e := range events {
		k := r.of[i]
		want := &r.kinds[k]
		if uint64(e.Time) != r.times[i] || e.RecordID != r.ids[i] || !want.like(e) {
			return i
		}
		if e.Schema != c.same[k] || e.Schema == nil {
			if !sameSchema(e.Schema, want.schema) {
				return i
			}
			c.same[k] = e.Schema
		}
		for f := range systemFields {
			if systemValue(e, f) != r.dicts[f][r.code[f][i]-1] {
				return i
			}
		}
		for s, f := range r.l.slots[k] {
			v, w := &e.Values[s], &r.dicts[f][r.code[f][i]-1]
			if v.Kind != w.Kind || v.Num != w.Num || v.Str != w.Str {
				return i
			}
		}
	}
	return -1
}

// like reports whether an event has everything of the kind but the schema.
func (k *kind) like(e *event.Event) bool {
	return k.id == e.ID && k.values == len(e.Values) && k.keywords == e.Keywords &&
		k.generation == e.Generation && k.task == e.Task && k.qualifiers == e.Qualifiers &&
		k.version == e.Version && k.level == e.Level && k.opcode == e.Opcode &&
		k.channel == e.Channel && k.provider == e.Provider && k.computer == e.Computer
}

func sameSchema(a, b *event.Schema) bool {
	if a == nil || b == nil || a == b {
		return a == b
	}
	return a.Payload == b.Payload && slices.Equal(a.Names, b.Names)
}

// differ is the first place at which two lists differ, -1 when they do not.
func differ(got, want []*event.Event) int {
	for i := range min(len(got), len(want)) {
		a, b := got[i], want[i]
		k := kindOf(a)
		same := k.like(b) && sameSchema(a.Schema, b.Schema) && slices.Equal(a.Values, b.Values) && a.Time == b.Time && a.RecordID == b.RecordID
		for f := range systemFields {
			same = same && systemValue(a, f) == systemValue(b, f)
		}
		if !same {
			return i
		}
	}
	if len(got) != len(want) {
		return min(len(got), len(want))
	}
	return -1
}
