package catalogue

import (
	"context"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/akashi-audit/akashi/internal/query"
)

// maxLives and maxCopies bound a Story.
const (
	maxLives  = 4096
	maxCopies = 1024
)

// Story is the life of one file or folder.
type Story struct {
	Lives  []query.Life // its names, one after the other, oldest first
	Copies []Copy       // hints, by time: a copy is another file
	More   bool         // the story is longer than a Story can be
}

// Copy is a copy of the file, or by which it came to be.
type Copy struct {
	Time     int64 // Unix ns
	From, To string
}

// Follow is the life of the file or folder that had the local path at that
// moment (Unix ns; 0 = the last one of which an act tells: who knows the newest
// record of the name gives its time). A name begins with the act
// that gave it, and ends before the act that gave it to another file; the act
// that ends the whole life is part of it. What happens to a folder happens to
// all below it. Only what succeeded and names of this server count; an end
// that is not in the records is no end.
//
// It is told by what records within the folders of x tell: an act that names a path
// outside them did not happen. The path itself must lie within.
func (l Parts) Follow(ctx context.Context, path string, at int64, x query.Extent) (*Story, error) {
	path = strings.TrimRight(strings.ReplaceAll(path, "/", `\`), `\`)
	f := follower{ctx: ctx, parts: l}
	if len(x.Folders) > 0 {
		f.sees = l.sight(x)
		if !f.sees(path) {
			return &Story{}, nil
		}
	}
	path, err := l.spelled(path, f.sees)
	if err != nil {
		return nil, err
	}
	past, future, err := f.pivot(path, at)
	if err != nil {
		return nil, err
	}
	now := query.Life{Path: path}
	older, err := f.back(&now, past)
	if err != nil {
		return nil, err
	}
	newer, err := f.forth(&now, future)
	if err != nil {
		return nil, err
	}
	for n := len(older) - 1; n >= 0; n-- {
		seen, err := l.seen(&older[n])
		if err != nil {
			return nil, err
		}
		if seen {
			break
		}
		older = older[:n]
	}
	slices.Reverse(older)
	s := &Story{Lives: slices.Concat(older, []query.Life{now}, newer), More: f.more}
	folder := false
	for i := range s.Lives {
		life := &s.Lives[i]
		if len(l) > 0 {
			life.Server = l[0].server
		}
		below, err := l.isFolder(life.Path)
		if err != nil {
			return nil, err
		}
		folder = folder || below
		if err := f.copies(s, life); err != nil {
			return nil, err
		}
	}
	for i := range s.Lives {
		s.Lives[i].Folder = folder // what is a folder once is one under all its names
	}
	return s, nil
}

// spelled is a path as records spell it that are seen.
func (l Parts) spelled(path string, sees func(path string) bool) (string, error) {
	for _, p := range slices.Backward(l) {
		r, err := p.dict.Find(path)
		if err != nil {
			return "", err
		}
		first := ""
		for id := r.From; id < r.To; id++ {
			s, err := p.dict.Path(id)
			if err != nil || s == path {
				return path, err
			}
			if first == "" && (sees == nil || sees(s)) {
				first = s
			}
		}
		if first != "" {
			return first, nil
		}
	}
	return path, nil
}

// seen reports whether records name a life in its months, or something below
// it. Of a file that came to be in a folder after that was renamed, the folder's
// old name would make a life that never was.
func (l Parts) seen(life *query.Life) (bool, error) {
	for _, p := range l {
		m, err := p.Below(life.Path)
		if err != nil {
			return false, err
		}
		for _, m := range m {
			if (life.From == 0 || m >= MonthOf(time.Unix(0, life.From-day).UTC())) && (life.To == 0 || m <= MonthOf(time.Unix(0, life.To+day).UTC())) {
				return true, nil
			}
		}
	}
	return false, nil
}

// day is more than zones differ, in ns.
const day = 24 * int64(time.Hour)

// isFolder reports whether a path below it was ever seen.
func (l Parts) isFolder(path string) (bool, error) {
	for _, p := range l {
		if r, err := p.dict.Below(path + `\`); err != nil || len(r) > 0 {
			return err == nil, err
		}
	}
	return false, nil
}

// follower goes from name to name.
type follower struct {
	ctx   context.Context
	parts Parts
	sees  func(path string) bool // nil = everything
	lives int
	more  bool
}

// begin and end stand before and behind all acts of an instant.
func begin(t int64) moment { return moment{t, -1, 0} }
func end(t int64) moment   { return moment{t, math.MaxInt, 0} }

const (
	departures = 1<<touchAway | 1<<touchDeleted | 1<<touchBinned
	boundaries = departures | 1<<touchArrived | 1<<touchCreated
	copying    = 1<<touchCopied | 1<<touchCopyOf
)

// pivot cuts the acts on a name in those before and behind the moment: an act
// at that very moment that takes the name away lies behind it, any other
// before it.
func (f *follower) pivot(path string, at int64) (past, future moment, err error) {
	names := namesOf(path)
	if at == 0 {
		e, ok, err := f.nearest(names, end(math.MaxInt64), true, boundaries)
		if ok && departures&(1<<e.kind) != 0 {
			return e.moment, e.before(), err
		}
		return end(math.MaxInt64), end(math.MaxInt64), err
	}
	for from := begin(at); ; {
		e, ok, err := f.nearest(names, from, false, boundaries)
		if err != nil || !ok || e.time > at {
			return end(at), end(at), err
		}
		if departures&(1<<e.kind) != 0 {
			return e.moment, e.before(), nil
		}
		from = e.moment
	}
}

// next makes a life for another name, false when there are too many.
func (f *follower) next() bool {
	f.lives++
	f.more = f.more || f.lives >= maxLives
	return !f.more
}

// back follows life into the past from a moment, sets its beginning and returns
// the lives before it, newest first.
func (f *follower) back(life *query.Life, from moment) (older []query.Life, err error) {
	set := func(t int64) {
		if n := len(older); n > 0 {
			older[n-1].From = t
			return
		}
		life.From = t
	}
	for path := life.Path; ; {
		e, ok, err := f.nearest(namesOf(path), from, true, boundaries)
		if err == nil && !ok {
			e, ok, err = f.laterRestored(path, from)
		} else if ok && departures&(1<<e.kind) != 0 {
			set(e.time + 1)
			return older, nil
		} else if ok {
			set(e.time)
			if e.kind == touchCreated || !f.next() {
				return older, nil
			}
			path, from = e.other+path[e.length:], e.moment
			e.length = len(e.other)
			older = append(older, query.Life{Path: path, To: e.time})
		}
		if err != nil || !ok {
			return older, err
		}
		deleted, ok, err := f.deletion(e)
		if err != nil {
			return older, err
		}
		if ok && f.next() {
			set(deleted.time + 1)
			path, from = e.name+path[e.length:], deleted.moment
			older = append(older, query.Life{Path: path, To: deleted.time + 1})
		}
	}
}

// laterRestored is the arrival by which a name in the recycle bin of which
// nothing earlier is known leaves the bin; its length is that of the name there.
func (f *follower) laterRestored(path string, from moment) (event, bool, error) {
	if !inBin(path) {
		return event{}, false, nil
	}
	e, ok, err := f.nearest(namesOf(path), from, false, 1<<touchAway)
	if !ok || err != nil || e.other == "" {
		return event{}, false, err
	}
	return event{moment: e.moment, kind: touchArrived, length: len(e.name), name: e.other, other: e.name}, true, nil
}

// forth follows life into the future from a moment, sets its end and returns
// the lives behind it.
func (f *follower) forth(life *query.Life, from moment) (newer []query.Life, err error) {
	set := func(t int64) {
		if n := len(newer); n > 0 {
			newer[n-1].To = t
			return
		}
		life.To = t
	}
	for path := life.Path; ; {
		e, ok, err := f.nearest(namesOf(path), from, false, boundaries)
		if err != nil || !ok {
			return newer, err
		}
		switch {
		case e.kind == touchAway && e.other != "":
			set(e.time)
			if !f.next() {
				return newer, nil
			}
			path, from = e.other+path[e.length:], e.moment
			newer = append(newer, query.Life{Path: path, From: e.time})
		case departures&(1<<e.kind) != 0:
			set(e.time + 1)
			back, ok, err := f.restoration(e)
			if err != nil || !ok || !f.next() {
				return newer, err
			}
			newer = append(newer, query.Life{Path: back.other + path[e.length:], From: e.time + 1, To: back.time})
			newer = append(newer, query.Life{Path: path, From: back.time})
			from = back.moment
		default: // another file took the name
			set(e.time)
			return newer, nil
		}
	}
}

// inBin reports whether a name lies in a recycle bin of Windows.
func inBin(path string) bool {
	return strings.Contains(strings.ToUpper(path), `\$RECYCLE.BIN\`)
}

// deletion is the deletion that an arrival from the recycle bin takes back, when
// the records do not name the way into the bin: of those of the same name, the
// last that nothing else took back.
func (f *follower) deletion(arrived event) (event, bool, error) {
	known, err := f.wayKnown(arrived)
	if err != nil || known {
		return event{}, false, err
	}
	return f.pair(arrived, true)
}

// restoration is the arrival from the recycle bin that takes back a deletion.
func (f *follower) restoration(deleted event) (event, bool, error) {
	if deleted.kind != touchBinned {
		return event{}, false, nil
	}
	return f.pair(deleted, false)
}

// pair finds the deletion of a restoration or the restoration of a deletion:
// they match like brackets.
func (f *follower) pair(e event, back bool) (event, bool, error) {
	names, depth, from := []string{e.name}, 0, e.moment
	for range maxLives {
		n, ok, err := f.nearest(names, from, back, 1<<touchBinned|1<<touchArrived)
		if err != nil || !ok {
			return event{}, false, err
		}
		from = n.moment
		if n.kind == touchArrived {
			known, err := f.wayKnown(n)
			if err != nil {
				return event{}, false, err
			}
			if known {
				continue // not from the bin, or by a way that is known
			}
		}
		switch {
		case (n.kind == touchBinned) != back:
			depth++
		case depth == 0:
			return n, true, nil
		default:
			depth--
		}
	}
	return event{}, false, nil
}

// wayKnown reports whether what arrived did not come from the bin, or has a past
// there that is known.
func (f *follower) wayKnown(arrived event) (bool, error) {
	if !inBin(arrived.other) {
		return true, nil
	}
	e, ok, err := f.nearest(namesOf(arrived.other), arrived.moment, true, boundaries)
	return ok && e.kind == touchArrived, err
}

// copies adds the copies during a life to a story.
func (f *follower) copies(s *Story, life *query.Life) error {
	from := begin(life.From)
	if life.From == 0 {
		from = begin(math.MinInt64)
	}
	for {
		e, ok, err := f.nearest([]string{life.Path}, from, false, copying)
		if err != nil || !ok || life.To != 0 && e.time >= life.To {
			return err
		}
		if len(s.Copies) == maxCopies {
			s.More = true
			return nil
		}
		c := Copy{e.time, e.name, e.other}
		if e.kind == touchCopyOf {
			c.From, c.To = e.other, e.name
		}
		s.Copies = append(s.Copies, c)
		from = e.moment
	}
}
