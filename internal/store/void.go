package store

import (
	"slices"

	erasures "github.com/akashi-audit/akashi/internal/erasure"
	"github.com/akashi-audit/akashi/internal/query"
	"github.com/akashi-audit/akashi/internal/record"
	"github.com/akashi-audit/akashi/internal/segment"
)

// void is a range of commits whose records in segments do not hold: To < seq <
// At. Until it is settled they wait to be compared with what replaced them.
type void struct {
	To      uint64 `json:"to"`
	At      uint64 `json:"at"`
	By      uint64 `json:"by,omitempty"` // the commit that made it; 0 = At
	Settled bool   `json:"settled,omitempty"`
}

func (v *void) by() uint64 {
	if v.By == 0 {
		return v.At
	}
	return v.By
}

// voidOf is what a rewind makes void. Format 1 knew no comparison.
func voidOf(r rewind, settled bool) void { return void{To: r.to, At: r.at, By: r.at, Settled: settled} }

func isVoid(l []void, seq uint64) bool {
	return slices.ContainsFunc(l, func(v void) bool { return v.To < seq && seq < v.At })
}

// ranges are the voids as a segment takes them.
func ranges(l []void) []segment.SeqRange {
	var out []segment.SeqRange
	for _, v := range l {
		out = append(out, segment.SeqRange{Lo: v.To, Hi: v.At})
	}
	return out
}

// settled and unsettled voids of a server.
func (s *serverIndex) settled() (yes, no []void) {
	for _, v := range s.voids {
		if v.Settled {
			yes = append(yes, v)
		} else {
			no = append(no, v)
		}
	}
	return yes, no
}

// view is what of a segment holds.
func (s *serverIndex) view() segment.View {
	return segment.View{Void: ranges(s.voids), Hide: s.hidden()}
}

// oldView is what of a segment is void and not yet compared.
func (s *serverIndex) oldView() segment.View {
	yes, no := s.settled()
	return segment.View{Void: ranges(yes), Only: ranges(no), Hide: s.hidden()}
}

// unsettled lists the segments with rows that wait to be compared.
func (s *serverIndex) unsettled() []*segmentRef {
	yes, no := s.settled()
	var l []*segmentRef
	for _, r := range s.segments {
		if slices.ContainsFunc(r.meta.Seqs, func(q segment.SeqRows) bool { return isVoid(no, q.Seq) && !isVoid(yes, q.Seq) }) {
			l = append(l, r)
		}
	}
	return l
}

// prune forgets voids that no segment has rows of, once they are compared.
func (s *serverIndex) prune() {
	s.voids = slices.DeleteFunc(slices.Clone(s.voids), func(v void) bool {
		return v.Settled && !slices.ContainsFunc(s.segments, func(r *segmentRef) bool {
			return slices.ContainsFunc(r.meta.Seqs, func(q segment.SeqRows) bool { return isVoid([]void{v}, q.Seq) })
		})
	})
}

// hidden are the filters of what is in no answer; lawful those of erasures, taken those
// of what terms took out.
func (s *serverIndex) hidden() []*segment.Filter   { return filtersOf(s.erasures) }
func (s *serverIndex) lawfully() []*segment.Filter { return filtersOf(s.erasures[:s.lawful]) }
func (s *serverIndex) taken() []*segment.Filter    { return filtersOf(s.erasures[s.lawful:]) }

func filtersOf(l []erasure) (out []*segment.Filter) {
	for _, e := range l {
		out = append(out, e.filter)
	}
	return out
}

// ordered is how many orders hide something of a server: it only grows.
func (s *serverIndex) ordered() int { return s.lawful + len(s.orders) }

// Erasure is a tombstone, see package erasure. What it hides leaves the files by
// Store.Compact.
type Erasure = erasures.Erasure

// erasure is an Erasure in use.
type erasure struct {
	Erasure
	filter  *segment.Filter
	matcher *query.Matcher
}

func newErasure(e Erasure) erasure {
	q := e.Query()
	q.Servers = nil // it is in use for a server that it concerns
	return erasure{e, segment.NewFilter(q), query.NewMatcher(q)}
}

// erased reports whether a record is in no answer any more.
func erased(l []erasure, r *record.Record) bool {
	return slices.ContainsFunc(l, func(e erasure) bool {
		if e.From != 0 && r.Time < e.From || e.To != 0 && r.Time >= e.To { // quick: most orders are of long ago
			return false
		}
		return e.matcher.Match(r)
	})
}

func (s *serverIndex) erased(r *record.Record) bool { return erased(s.erasures, r) }
