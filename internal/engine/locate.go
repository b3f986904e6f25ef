package engine

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/akashi-audit/akashi/internal/convert"
	"github.com/akashi-audit/akashi/internal/event"
	"github.com/akashi-audit/akashi/internal/record"
	"github.com/akashi-audit/akashi/internal/store"
)

// factsOf are the sightings in events, for Commit.Facts.
func factsOf(l []*event.Event) []store.Fact {
	var out []store.Fact
	for _, e := range l {
		for _, s := range convert.Sightings(e) {
			out = append(out, store.Fact(s))
		}
	}
	return out
}

const dayMinutes = 24 * 60

// sightings answers where somebody was from the stored facts, day by day. It
// holds those of keptDays days at a time. It belongs to one goroutine.
type sightings struct {
	ctx  context.Context
	st   *store.Store
	days []*dayFacts // used last first
	err  error       // the first one
}

const keptDays = 3

// dayFacts are the facts that can matter in a day, per person by minute.
type dayFacts struct {
	day int64
	who map[string][]store.Fact
}

// floorDiv is a/b rounded down; times before 1970 are negative.
func floorDiv(a, b int64) int64 {
	q := a / b
	if a%b < 0 {
		q--
	}
	return q
}

func (s *sightings) day(day int64) *dayFacts {
	for i, d := range s.days {
		if d.day == day {
			s.days[0], s.days[i] = d, s.days[0]
			return d
		}
	}
	d := &dayFacts{day: day, who: map[string][]store.Fact{}}
	err := s.st.Facts(s.ctx, day*dayMinutes-convert.SightingAge, day*dayMinutes+dayMinutes-1, func(f store.Fact) {
		d.who[f.Who] = append(d.who[f.Who], f)
	})
	if s.err == nil {
		s.err = err
	}
	for who, l := range d.who {
		slices.SortFunc(l, func(a, b store.Fact) int {
			return cmp.Or(cmp.Compare(a.Minute, b.Minute), strings.Compare(a.Where, b.Where))
		})
		d.who[who] = slices.Compact(l)
	}
	s.days = slices.Insert(s.days, 0, d)
	s.days = s.days[:min(len(s.days), keptDays)]
	return d
}

// last is convert.Locator's question.
func (s *sightings) last(who string, minute int64) (seen int64, where string, ok bool) {
	l := s.day(floorDiv(minute, dayMinutes)).who[who]
	n, _ := slices.BinarySearchFunc(l, minute+1, func(f store.Fact, m int64) int { return cmp.Compare(f.Minute, m) })
	if n == 0 || l[n-1].Minute < minute-convert.SightingAge {
		return 0, "", false
	}
	f := l[n-1]
	if n > 1 && l[n-2].Minute == f.Minute { // at two places in that minute
		return f.Minute, "", true
	}
	return f.Minute, f.Where, true
}

func (e *Engine) locator(ctx context.Context) (*convert.Locator, *sightings) {
	s := &sightings{ctx: ctx, st: e.st}
	return convert.NewLocator(e.options().Background, s.last), s
}

// locate gives the records of a commit their client's address where only
// another machine's log has it.
func (e *Engine) locate(ctx context.Context, lists ...[]record.Record) error {
	if !e.st.HasFacts() {
		return nil
	}
	loc, s := e.locator(ctx)
	for _, l := range lists {
		for i := range l {
			if convert.Wanting(&l[i]) {
				loc.Locate(&l[i])
			}
		}
	}
	if s.err != nil {
		return fmt.Errorf("look for addresses: %w", s.err)
	}
	return nil
}

// minuteStart is the beginning of a minute, Unix ns, or the nearest time that
// 64 bits hold.
func minuteStart(minute int64) int64 {
	const most = math.MaxInt64 / 60_000_000_000
	return max(-most, min(minute, most)) * 60_000_000_000
}

// spread brings records in line with facts that came since the last time,
// whichever server they are of: only servers with records whose address
// changes are converted again, and only where such records are. It is
// durable: what must be done is written down before it is done.
func (e *Engine) spread(ctx context.Context, t *tracker) error {
	from, to, seq, ok := e.st.Unspread()
	if !ok {
		return nil
	}
	loc, s := e.locator(ctx)
	var behind []string
	for _, server := range e.st.ServerNames() {
		commits := make(map[uint64]bool)
		err := e.st.Scan(ctx, server, minuteStart(from), minuteStart(to+convert.SightingAge+1), func(r *record.Record, commit uint64) {
			if !commits[commit] && convert.Wanting(r) && loc.Where(r) != r.ClientIP {
				commits[commit] = true
			}
		})
		if err = cmp.Or(err, s.err); err != nil {
			return fmt.Errorf("look for addresses in the records of %s: %w", server, err)
		}
		if len(commits) == 0 {
			continue
		}
		from, to := e.st.Outdate(server, commits)
		if _, err := e.st.Append(ctx, &store.Commit{Server: server, Late: &from, LateTo: &to, Received: e.deps.now().UnixNano()}); err != nil {
			return fmt.Errorf("mark records of %s: %w", server, err)
		}
		behind = append(behind, server)
	}
	if _, err := e.st.Append(ctx, &store.Commit{Spread: seq, Received: e.deps.now().UnixNano()}); err != nil {
		return fmt.Errorf("mark facts as used: %w", err)
	}
	for _, server := range behind {
		if _, err := e.reconvertLate(ctx, server, t); err != nil {
			return err
		}
	}
	return nil
}
