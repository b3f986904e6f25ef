package evtx

import (
	"context"

	"github.com/akashi-audit/akashi/internal/event"
)

// Summary is what a log holds and how it is.
type Summary struct {
	File            string           `json:"file"`
	Error           string           `json:"error"` // why the file could not be read at all
	Records         int64            `json:"records"`
	DistinctRecords int64            `json:"distinct_records"` // by channel and EventRecordID
	Recovered       int64            `json:"recovered"`        // old records behind the log's own, not in Records
	Chunks          int              `json:"chunks"`           // that hold data
	FirstTime       string           `json:"first_time"`       // RFC 3339, UTC; "" without records
	LastTime        string           `json:"last_time"`
	Channels        map[string]int64 `json:"channels"`
	Damage          []Damage         `json:"damage"`
}

// Inspect reads the whole log at path and counts. The Summary is never nil; the
// error is also in its Error field.
func Inspect(ctx context.Context, path string) (*Summary, error) {
	s := &Summary{File: path, Channels: map[string]int64{}, Damage: []Damage{}}
	r, err := Open(path, Options{Recovered: true})
	if err != nil {
		s.Error = err.Error()
		return s, err
	}
	defer r.Close()
	ids := map[string]*idSet{}
	var first, last event.Filetime
	chunk, chunks := int64(-1), map[int64]struct{}{}
	err = r.Events(ctx, func(rec *Record) error {
		if rec.Recovered {
			s.Recovered++
			return nil
		}
		e := rec.Event
		if s.Records == 0 || e.Time < first {
			first = e.Time
		}
		last = max(last, e.Time)
		s.Records++
		set := ids[e.Channel]
		if set == nil {
			set = &idSet{}
			ids[e.Channel] = set
		}
		set.add(e.RecordID)
		if int64(rec.Chunk) != chunk {
			chunk = int64(rec.Chunk)
			chunks[chunk] = struct{}{}
		}
		s.Channels[e.Channel]++
		return nil
	})
	s.Chunks = len(chunks)
	for _, set := range ids {
		s.DistinctRecords += set.count()
	}
	if s.Records > 0 {
		s.FirstTime, s.LastTime = first.String(), last.String()
	}
	s.Damage = append(s.Damage, r.Damage()...)
	if err != nil {
		s.Error = err.Error()
	}
	return s, err
}
