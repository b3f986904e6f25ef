package catalogue

import (
	"cmp"
	"io"
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
	roots  map[Root]bool
	acts   []act
}

// seen is what is known of a path.
type seen struct {
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
func (b *Builder) Add(r *record.Record) {
	m := MonthOf(time.Unix(0, r.Time).In(b.zone))
	a := act{time: r.Time, id: r.ID(), kind: actOf(r), path: b.see(r.Path, m, r.Time)}
	if r.NewPath != "" {
		a.new = b.see(r.NewPath, m, r.Time)
	}
	if n := int(r.ShareRoot); r.Share != "" && n > 0 && n <= len(r.Path) {
		if root := (Root{r.Share, r.Path[:n]}); !b.roots[root] {
			b.roots[Root{strings.Clone(root.Share), strings.Clone(root.Folder)}] = true
		}
	}
	if a.kind != 0 {
		a.id.Server, a.id.Channel = "", strings.Clone(a.id.Channel)
		b.acts = append(b.acts, a)
	}
}

func (b *Builder) see(path string, m Month, t int64) *seen {
	s := b.paths[path]
	if s == nil {
		s = &seen{first: t}
		b.paths[strings.Clone(path)] = s
	}
	s.n++
	s.first = min(s.first, t)
	if !s.months.Has(m) {
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
	sorted := make([]string, 0, len(b.paths))
	for p := range b.paths {
		sorted = append(sorted, p)
	}
	slices.SortFunc(sorted, paths.Compare)
	for i, p := range sorted {
		s := b.paths[p]
		s.id = uint32(i)
		if err := w.path(p, s.months, s.n); err != nil {
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
