package query

import "github.com/akashi-audit/akashi/internal/record"

// Slot is what was found within a time.
type Slot struct {
	N, Denied uint64               // records, and those of them that are no success
	Ops       map[record.Op]uint64 // successes; nil = none
}

// Add counts a record.
func (s *Slot) Add(r *record.Record) {
	s.N++
	if r.Result != record.Success {
		s.Denied++
		return
	}
	if s.Ops == nil {
		s.Ops = make(map[record.Op]uint64)
	}
	s.Ops[r.Op]++
}
