package segment

import (
	"context"
	"sync"

	"github.com/akashi-audit/akashi/internal/paths"
	"github.com/akashi-audit/akashi/internal/query"
)

// Looks is what the conditions on paths have cost so far, in names that were asked one
// by one.
func (f *Filter) Looks() int64 { return f.looks.Load() }

// SearchLooks is what a search of all of some names costs, in the same measure.
func SearchLooks(names int) int64 { return int64(names / searchShare) }

// knownPaths are the paths that meet patterns, by server and pattern.
type knownPaths struct {
	mu sync.Mutex
	l  map[knownKey][]string // in the order of paths.Compare; guarded by mu
}

type knownKey struct {
	server string
	p      query.Pattern
}

// Know tells the filter all paths of a server that meet a pattern, in the order of
// paths.Compare, so that segments look for these in place of searching their names. A
// word is the pattern query.NewWord gives.
func (f *Filter) Know(server string, p query.Pattern, l []string) {
	f.known.mu.Lock()
	defer f.known.mu.Unlock()
	if f.known.l == nil {
		f.known.l = make(map[knownKey][]string)
	}
	f.known.l[knownKey{server, p}] = l
}

// meeting is what Know has told.
func (f *Filter) meeting(server string, p query.Pattern) (l []string, ok bool) {
	f.known.mu.Lock()
	defer f.known.mu.Unlock()
	l, ok = f.known.l[knownKey{server, p}]
	return l, ok
}

// fewKnown is how many paths are looked for in any case, however few a segment has.
const fewKnown = 64

// addMeeting adds the paths that meet a pattern.
func (s *Segment) addMeeting(ctx context.Context, set *paths.Set, c *clause, p query.Pattern) error {
	l, ok := c.f.meeting(s.meta.Server, p)
	if !ok || len(l) > max(fewKnown, s.dict.Len()/searchShare) {
		c.f.looks.Add(SearchLooks(s.dict.Len()))
		found, err := s.names(c.f).Search(ctx, paths.Meets(p))
		set.Or(found)
		return s.pathError(err)
	}
	c.f.looks.Add(int64(len(l)))
	for _, path := range l {
		if err := ctx.Err(); err != nil {
			return err
		}
		r, err := s.dict.Find(path)
		if err != nil {
			return s.pathError(err)
		}
		for id := r.From; id < r.To; id++ { // spellings of it, of which l has those that meet the pattern
			spelled, err := s.dict.Path(id)
			if err != nil {
				return s.pathError(err)
			}
			if spelled == path {
				set.Add(id)
			}
		}
	}
	return nil
}
