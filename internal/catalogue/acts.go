package catalogue

import (
	"cmp"
	"io"
	"math"
	"slices"
	"strings"

	"github.com/akashi-audit/akashi/internal/paths"
	"github.com/akashi-audit/akashi/internal/query"
	"github.com/akashi-audit/akashi/internal/record"
)

// Acts collects what the records of one server tell of shares and of what
// happened to names, for whom numbers and counts their paths himself. It makes a
// part as a Builder does, but that a creation is kept only behind another act on
// its name.
type Acts struct {
	list    []numberedAct
	roots   *roots
	channel string // the last one
}

// numberedAct is an act on paths that have numbers.
type numberedAct struct {
	time      int64
	id        record.ID
	kind      uint8 // of the touch of path
	path, new uint32
}

// Named is a path that records of a month name.
type Named struct {
	Path   string
	Number uint32
	N      uint64 // records
}

// NewActs makes an empty Acts.
func NewActs() *Acts { return &Acts{roots: newRoots()} }

// Len is the number of acts.
func (a *Acts) Len() int { return len(a.list) }

// Add takes a record whose path and new path have these numbers. It keeps no
// reference to it.
func (a *Acts) Add(r *record.Record, path, newPath uint32) {
	a.roots.add(r)
	kind := actOf(r)
	if kind == 0 {
		return
	}
	id := r.ID()
	if a.channel != id.Channel {
		a.channel = strings.Clone(id.Channel)
	}
	id.Server, id.Channel = "", a.channel
	if r.NewPath == "" {
		newPath = noPath
	}
	a.list = append(a.list, numberedAct{r.Time, id, kind, path, newPath})
}

// Write writes a part. The paths of each month are in the order of
// paths.Compare, and those of all acts are among them. dict, when it has just the
// paths of the only month, is taken as it is; it may be nil.
func (a *Acts) Write(out io.Writer, server string, months map[Month][]Named, dict *paths.Packed) error {
	w, err := newWriter(out, firstLevel)
	if err != nil {
		return err
	}
	if len(months) == 1 && dict != nil {
		for _, l := range months {
			if len(l) == dict.N { // so "" is among them
				w.take(dict)
			}
		}
	}
	var ids []uint32 // of each number
	n := uint32(0)
	err = eachNamed(months, func(p *Named, in Months) error {
		for len(ids) <= int(p.Number) {
			ids = append(ids, noPath)
		}
		ids[p.Number] = n
		n++
		return w.path(p.Path, in, p.N)
	})
	if err != nil {
		return err
	}
	first := make([]int64, n)
	for i := range first {
		first[i] = math.MaxInt64
	}
	for i := range a.list {
		t := &a.list[i]
		t.path = ids[t.path]
		first[t.path] = min(first[t.path], t.time)
		if t.new != noPath {
			t.new = ids[t.new]
			first[t.new] = min(first[t.new], t.time)
		}
	}
	return w.end(server, a.list, first, a.roots)
}

// eachNamed goes through the paths of some months in order, each once.
func eachNamed(months map[Month][]Named, fn func(p *Named, in Months) error) error {
	type list struct {
		month Month
		l     []Named
	}
	var lists []list
	for m, l := range months {
		if len(l) > 0 {
			lists = append(lists, list{m, l})
		}
	}
	slices.SortFunc(lists, func(x, y list) int { return cmp.Compare(x.month, y.month) })
	if len(lists) == 1 {
		in := Months{lists[0].month}
		for i := range lists[0].l {
			if err := fn(&lists[0].l[i], in); err != nil {
				return err
			}
		}
		return nil
	}
	for len(lists) > 0 {
		p := lists[0].l[0]
		for _, x := range lists[1:] {
			if paths.Compare(x.l[0].Path, p.Path) < 0 {
				p = x.l[0]
			}
		}
		p.N = 0
		var in Months
		for i := range lists {
			if x := &lists[i]; x.l[0].Path == p.Path {
				p.N += x.l[0].N
				in, x.l = append(in, x.month), x.l[1:]
			}
		}
		lists = slices.DeleteFunc(lists, func(x list) bool { return len(x.l) == 0 })
		if err := fn(&p, in); err != nil {
			return err
		}
	}
	return nil
}

// roots are the local folders of shares.
type roots struct {
	last *Root // the one of the record before, in all
	all  map[Root]*Root
}

func newRoots() *roots { return &roots{&Root{}, make(map[Root]*Root)} }

func (l *roots) add(r *record.Record) {
	k := int(r.ShareRoot)
	if r.Share == "" || k <= 0 || k > len(r.Path) {
		return
	}
	x := Root{r.Share, r.Path[:k]}
	if x == *l.last {
		return
	}
	if l.last = l.all[x]; l.last == nil {
		l.last = &Root{strings.Clone(x.Share), strings.Clone(x.Folder)}
		l.all[*l.last] = l.last
	}
}

// end writes the touches of acts, whose paths were written, and the rest of the
// part. first is when each path was named first.
func (w *writer) end(server string, acts []numberedAct, first []int64, shares *roots) error {
	for _, t := range touchesOf(acts, first) {
		if err := w.touch(t); err != nil {
			return err
		}
	}
	l := make([]Root, 0, len(shares.all))
	for r := range shares.all {
		l = append(l, r)
	}
	slices.SortFunc(l, compareRoots)
	return w.finish(server, l)
}

// touchesOf are the acts by path. A creation is kept only where the name was in
// use before: elsewhere there is nothing that it would part.
func touchesOf(acts []numberedAct, first []int64) []touch {
	compare := func(x, y numberedAct) int {
		if x.time != y.time {
			return cmp.Compare(x.time, y.time)
		}
		return query.CompareIDs(x.id, y.id)
	}
	if !slices.IsSortedFunc(acts, compare) {
		slices.SortFunc(acts, compare)
	}
	var l []touch
	seq := uint32(0)
	for i, a := range acts {
		if seq++; i == 0 || acts[i-1].time != a.time {
			seq = 0
		}
		t := touch{path: a.path, other: a.new, time: a.time, seq: seq, kind: a.kind}
		if a.kind == touchCreated && first[a.path] >= a.time {
			continue
		}
		if a.new != noPath {
			kind := uint8(touchArrived)
			if a.kind == touchCopied {
				kind = touchCopyOf
			}
			l = append(l, touch{path: a.new, other: a.path, time: a.time, seq: seq, kind: kind})
		}
		l = append(l, t)
	}
	slices.SortFunc(l, compareTouch)
	return slices.Compact(l)
}
