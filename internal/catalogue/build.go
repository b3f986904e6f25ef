package catalogue

import (
	"cmp"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/akashi-audit/akashi/internal/paths"
	"github.com/akashi-audit/akashi/internal/record"
)

// Builder collects the records of one server, in any order, for one part. It
// holds what it collects in memory: it is for a flush, not for a year.
type Builder struct {
	server string
	zone   *time.Location
	paths  map[string]*seen
	order  []*seen // as they came
	roots  *roots
	acts   []act
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
	return &Builder{server: server, zone: zone, paths: make(map[string]*seen), roots: newRoots()}
}

// Add takes a record. It keeps no reference to it.
func (b *Builder) Add(r *record.Record) { b.add(r) }

func (b *Builder) add(r *record.Record) {
	m := b.monthOf(r.Time)
	path := b.see(r.Path, m, r.Time)
	var to *seen
	if r.NewPath != "" {
		to = b.see(r.NewPath, m, r.Time)
	}
	b.roots.add(r)
	if kind := actOf(r); kind != 0 {
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

// see notes a path in a month, named by one more record.
func (b *Builder) see(path string, m Month, t int64) *seen {
	s := b.paths[path]
	if s == nil {
		s = &seen{first: t, path: strings.Clone(path)}
		b.paths[s.path] = s
		b.order = append(b.order, s)
	}
	s.n++
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
	w, err := newWriter(out, firstLevel)
	if err != nil {
		return err
	}
	slices.SortFunc(b.order, func(x, y *seen) int { return paths.Compare(x.path, y.path) })
	first := make([]int64, len(b.order))
	for i, s := range b.order {
		s.id, first[i] = uint32(i), s.first
		if err := w.path(s.path, s.months, s.n); err != nil {
			return err
		}
	}
	acts := make([]numberedAct, len(b.acts))
	for i, a := range b.acts {
		acts[i] = numberedAct{a.time, a.id, a.kind, a.path.id, noPath}
		if a.new != nil {
			acts[i].new = a.new.id
		}
	}
	return w.end(b.server, acts, first, b.roots)
}

func compareRoots(a, b Root) int {
	return cmp.Or(cmp.Compare(a.Share, b.Share), cmp.Compare(a.Folder, b.Folder))
}
