package catalogue

import (
	"cmp"
	"io"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/akashi-audit/akashi/internal/paths"
	"github.com/akashi-audit/akashi/internal/query"
	"github.com/akashi-audit/akashi/internal/record"
)

// Builder collects the records of one server, in any order, for one part. It
// holds what it collects in memory: it is for a flush, not for a year.
type Builder struct {
	server string
	zone   *time.Location
	paths  map[string]*seen
	order  []*seen // as they came
	roots  map[Root]bool
	acts   []act
	root   Root  // the last one
	month  Month // the last one, and where it begins and ends (Unix ns)
	begin  int64
	end    int64
}

// seen is what is known of a path.
type seen struct {
	path   string
	months Months
	n      uint64
	first  int64 // Unix ns
	id     uint32
}

// act is what a record says happened to names.
type act struct {
	time      int64
	id        record.ID
	kind      uint8 // of the touch of path
	path, new *seen // new is nil when there is none
}

// NewBuilder makes a Builder of one server; zone is that of the data folder's
// months.
func NewBuilder(server string, zone *time.Location) *Builder {
	return &Builder{server: server, zone: zone, paths: make(map[string]*seen), roots: make(map[Root]bool)}
}

// Add takes a record. It keeps no reference to it.
func (b *Builder) Add(r *record.Record) { b.add(r, 1) }

// AddPath takes a path that n records of a month name, for whom has counted
// them; AddAct then takes those of the records that tell of shares and acts.
// Paths in the order of paths.Compare cost least. A creation is then kept only
// behind another act on its name.
func (b *Builder) AddPath(path string, m Month, n uint64) { b.see(path, m, math.MaxInt64, n) }

// AddAct takes what a record says of its share and of what happened to names.
func (b *Builder) AddAct(r *record.Record) { b.add(r, 0) }

func (b *Builder) add(r *record.Record, n uint64) {
	kind := actOf(r)
	var path, to *seen
	if n > 0 || kind != 0 {
		m := b.monthOf(r.Time)
		path = b.see(r.Path, m, r.Time, n)
		if r.NewPath != "" {
			to = b.see(r.NewPath, m, r.Time, n)
		}
	}
	if k := int(r.ShareRoot); r.Share != "" && k > 0 && k <= len(r.Path) {
		b.addRoot(Root{r.Share, r.Path[:k]})
	}
	if kind != 0 {
		id := r.ID()
		id.Server, id.Channel = "", strings.Clone(id.Channel)
		b.acts = append(b.acts, act{r.Time, id, kind, path, to})
	}
}

// monthOf is the month of a moment in the Builder's zone.
func (b *Builder) monthOf(t int64) Month {
	if b.begin <= t && t < b.end {
		return b.month
	}
	in := time.Unix(0, t).In(b.zone)
	b.month = MonthOf(in)
	first := time.Date(in.Year(), in.Month(), 1, 0, 0, 0, 0, b.zone)
	b.begin, b.end = first.UnixNano(), first.AddDate(0, 1, 0).UnixNano()
	return b.month
}

func (b *Builder) addRoot(r Root) {
	if r == b.root {
		return
	}
	if b.root = (Root{strings.Clone(r.Share), strings.Clone(r.Folder)}); !b.roots[b.root] {
		b.roots[b.root] = true
	}
}

// see notes a path in a month, named by n more records.
func (b *Builder) see(path string, m Month, t int64, n uint64) *seen {
	s := b.paths[path]
	if s == nil {
		s = &seen{first: t, path: strings.Clone(path)}
		b.paths[s.path] = s
		b.order = append(b.order, s)
	}
	s.n += n
	s.first = min(s.first, t)
	if n := len(s.months); n == 0 || s.months[n-1] != m {
		s.months = s.months.with(m)
	}
	return s
}

// actOf is what the record did to the name that is its path, 0 for nothing.
func actOf(r *record.Record) uint8 {
	if r.Result != record.Success || r.Path == "" || r.Object != record.ObjectFile && r.Object != record.ObjectDirectory {
		return 0
	}
	switch r.Op {
	case record.OpRename, record.OpMove:
		return touchAway
	case record.OpDelete:
		if r.NewPath != "" {
			return touchAway // its name in the recycle bin is known
		}
		if r.Get("recycle_bin") != "" {
			return touchBinned
		}
		return touchDeleted
	case record.OpCreate:
		return touchCreated
	case record.OpCopy:
		if r.NewPath != "" {
			return touchCopied
		}
	}
	return 0
}

// Write writes the part. The Builder cannot be used again.
func (b *Builder) Write(out io.Writer) error {
	w, err := newWriter(out)
	if err != nil {
		return err
	}
	b.sort()
	for i, s := range b.order {
		s.id = uint32(i)
		if err := w.path(s.path, s.months, s.n); err != nil {
			return err
		}
	}
	for _, t := range b.touches() {
		if err := w.touch(t); err != nil {
			return err
		}
	}
	roots := make([]Root, 0, len(b.roots))
	for r := range b.roots {
		roots = append(roots, r)
	}
	slices.SortFunc(roots, compareRoots)
	return w.finish(b.server, roots)
}

// sort brings the paths into the order of the dictionary. What came in that
// order, behind the paths of acts, is only joined.
func (b *Builder) sort() {
	compare := func(x, y *seen) int { return paths.Compare(x.path, y.path) }
	n := len(b.order) - 1
	for n > 0 && compare(b.order[n-1], b.order[n]) < 0 {
		n--
	}
	if n <= 0 {
		return
	}
	l, r := b.order[:n:n], b.order[n:]
	slices.SortFunc(l, compare)
	all := make([]*seen, 0, len(b.order))
	for len(l) > 0 && len(r) > 0 {
		if compare(l[0], r[0]) < 0 {
			all, l = append(all, l[0]), l[1:]
		} else {
			all, r = append(all, r[0]), r[1:]
		}
	}
	b.order = append(append(all, l...), r...)
}

func compareRoots(a, b Root) int {
	return cmp.Or(cmp.Compare(a.Share, b.Share), cmp.Compare(a.Folder, b.Folder))
}

// touches are the acts by path. A creation is kept only where the name was in
// use before: elsewhere there is nothing that it would part.
func (b *Builder) touches() []touch {
	slices.SortFunc(b.acts, func(x, y act) int { return cmp.Or(cmp.Compare(x.time, y.time), query.CompareIDs(x.id, y.id)) })
	var l []touch
	seq := uint32(0)
	for i, a := range b.acts {
		if seq++; i == 0 || b.acts[i-1].time != a.time {
			seq = 0
		}
		s := a.path
		t := touch{path: s.id, other: noPath, time: a.time, seq: seq, kind: a.kind}
		if a.kind == touchCreated && s.first >= a.time {
			continue
		}
		if n := a.new; n != nil {
			t.other = n.id
			kind := uint8(touchArrived)
			if a.kind == touchCopied {
				kind = touchCopyOf
			}
			l = append(l, touch{path: n.id, other: s.id, time: a.time, seq: seq, kind: kind})
		}
		l = append(l, t)
	}
	slices.SortFunc(l, compareTouch)
	return slices.Compact(l)
}
