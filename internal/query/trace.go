package query

import (
	"cmp"
	"slices"
	"sync"
	"time"
)

// Trace tells how a query was answered. A caller that wants to know sets
// Query.Trace; whoever answers adds to it. All methods may be called on a nil
// Trace, which keeps nothing, and by several goroutines at once.
type Trace struct {
	mu sync.Mutex
	s  TraceSummary
}

// TraceSummary is what a Trace has collected.
type TraceSummary struct {
	Segments  int    // segments that were looked into
	Skipped   []Skip // segments that were not, most first
	LogBlocks int    // blocks of the write-ahead log that were looked into
	Rows      int64  // rows that were compared with the conditions
	Matched   int64  // of them, rows that met all
	Bytes     int64  // read from files, before decompression
	Phases    []Phase
}

// SkipReason is why a segment or a part of one was not looked into.
type SkipReason string

// The reasons.
const (
	SkipServer SkipReason = "server" // of another server
	SkipTime   SkipReason = "time"   // outside the period
	SkipState  SkipReason = "state"  // superseded records, or those that hold
	SkipPath   SkipReason = "path"   // no path in it can match
	SkipValue  SkipReason = "value"  // a wanted person, client or other value is not in it
	SkipEnough SkipReason = "enough" // the page was full before its time came
)

// Skip counts the segments left out for a reason.
type Skip struct {
	Reason SkipReason
	N      int
}

// PhaseName is a step of an answer.
type PhaseName string

// The phases.
const (
	PhasePaths  PhaseName = "paths"  // finding the paths in the catalogue
	PhasePlan   PhaseName = "plan"   // choosing segments and blocks
	PhaseRead   PhaseName = "read"   // reading and decoding
	PhaseMatch  PhaseName = "match"  // comparing rows
	PhaseCount  PhaseName = "count"  // counting
	PhaseResult PhaseName = "result" // putting records together
)

// Phase is the time spent in a step, summed over all that worked on it.
type Phase struct {
	Name PhaseName
	Time time.Duration
}

// Segment counts a segment that is looked into.
func (t *Trace) Segment() {
	t.change(func(s *TraceSummary) { s.Segments++ })
}

// Skip counts n segments that are not.
func (t *Trace) Skip(reason SkipReason, n int) {
	t.change(func(s *TraceSummary) {
		for i := range s.Skipped {
			if s.Skipped[i].Reason == reason {
				s.Skipped[i].N += n
				return
			}
		}
		s.Skipped = append(s.Skipped, Skip{reason, n})
	})
}

// LogBlock counts a block of the write-ahead log.
func (t *Trace) LogBlock() {
	t.change(func(s *TraceSummary) { s.LogBlocks++ })
}

// Rows counts rows that were compared and those of them that matched.
func (t *Trace) Rows(compared, matched int) {
	t.change(func(s *TraceSummary) { s.Rows, s.Matched = s.Rows+int64(compared), s.Matched+int64(matched) })
}

// Bytes counts bytes read from files.
func (t *Trace) Bytes(n int) {
	t.change(func(s *TraceSummary) { s.Bytes += int64(n) })
}

// Spend adds time to a phase. Phases keep the order in which they first come.
func (t *Trace) Spend(name PhaseName, d time.Duration) {
	t.change(func(s *TraceSummary) {
		for i := range s.Phases {
			if s.Phases[i].Name == name {
				s.Phases[i].Time += d
				return
			}
		}
		s.Phases = append(s.Phases, Phase{name, d})
	})
}

func (t *Trace) change(fn func(*TraceSummary)) {
	if t == nil {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	fn(&t.s)
}

// Summary is what was collected until now; its lists are copies.
func (t *Trace) Summary() TraceSummary {
	var c TraceSummary
	t.change(func(s *TraceSummary) {
		c = *s
		c.Skipped, c.Phases = slices.Clone(s.Skipped), slices.Clone(s.Phases)
	})
	slices.SortStableFunc(c.Skipped, func(a, b Skip) int { return cmp.Compare(b.N, a.N) })
	return c
}
