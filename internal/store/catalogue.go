package store

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"sync"

	"github.com/akashi-audit/akashi/internal/catalogue"
	"github.com/akashi-audit/akashi/internal/paths"
	"github.com/akashi-audit/akashi/internal/query"
	"github.com/akashi-audit/akashi/internal/record"
	"github.com/akashi-audit/akashi/internal/segment"
)

// catalogueCache bounds the unpacked blocks of the path catalogue in memory.
const catalogueCache = 160 << 20

// gateMonths is from how many months on the catalogue is asked first: for fewer,
// asking the segments themselves is as quick.
const gateMonths = 4

// pathRef is an open part of the path catalogue.
type pathRef struct {
	num    uint32
	server string
	size   int64
	file   io.Closer
	part   *catalogue.Part
}

func (s *Store) openPaths(num uint32, server string) (*pathRef, error) {
	name := fileName(pathDir, num)
	f, err := s.fs.OpenFile(filepath.Join(s.dir, filepath.FromSlash(name)), os.O_RDONLY, 0)
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", name, err)
	}
	size, err := sizeOf(f)
	if err == nil {
		var p *catalogue.Part
		if p, err = catalogue.Open(f, size, s.names); err == nil && p.Server() != server {
			err = errors.New("it is of another server")
		}
		if err == nil {
			return &pathRef{num, server, size, f, p}, nil
		}
	}
	return nil, errors.Join(fmt.Errorf("open %s: %w", name, err), f.Close())
}

// catalogue writes a part of what a flush saw of the paths of a server.
func (f *flush) catalogue(server string, write func(io.Writer) error) (*pathRef, error) {
	num := f.s.newNumber()
	if _, err := f.s.writeFile(pathDir, num, write); err != nil {
		return nil, err
	}
	f.dirs[pathDir] = true
	return f.s.openPaths(num, server)
}

// parts are the parts of the catalogue of one server.
func parts(l []*pathRef, server string) (out catalogue.Parts) {
	for _, r := range l {
		if r.server == server {
			out = append(out, r.part)
		}
	}
	return out
}

// gate leaves out the segments of months in which no path can meet the query.
// It is asked only when there are many months.
func (r *reader) gate(ctx context.Context, q *query.Query, f *segment.Filter, x *selection) error {
	months := make(map[segment.Month]bool)
	for _, ref := range x.segments {
		months[ref.month] = true
	}
	if len(months) < gateMonths {
		return nil
	}
	can, err := r.gated(ctx, q, f, x)
	if err != nil || can == nil {
		return err
	}
	n := len(x.segments)
	x.segments = slices.DeleteFunc(x.segments, func(ref *segmentRef) bool { return !can.Has(catalogue.Month(ref.month)) })
	q.Trace.Skip(query.SkipPath, n-len(x.segments))
	return nil
}

// gated is the months of a server in which a path can meet the query; nil when
// that is not known or the query says nothing of paths. The filter is told the paths that
// have a word, when they are few.
func (r *reader) gated(ctx context.Context, q *query.Query, f *segment.Filter, x *selection) (*catalogue.Months, error) {
	if q.Superseded || r.partial[x.sv.name] {
		return nil, nil
	}
	l := parts(r.paths, x.sv.name)
	asked := *q
	if r.noQuicker(l, x) {
		asked.Words, asked.Paths = nil, nil
	}
	can, any, err := l.Months(ctx, &asked)
	if err == nil && !any {
		err = tell(ctx, l, &asked, f, x.sv.name)
	}
	if err != nil {
		var d *catalogue.DamageError
		if errors.As(err, &d) { // the segments themselves are asked
			return nil, nil
		}
		return nil, fmt.Errorf("ask the path catalogue of %s: %w", x.sv.name, err)
	}
	if any {
		return nil, nil
	}
	return &can, nil
}

// namesShare: the catalogue is searched for words when it has at most one in so many of the
// names that the segments have together. With more, which is so where its parts stay side
// by side, the segments are searched at once.
const namesShare = 2

// cheapNames is how many names of the catalogue are searched in any case.
const cheapNames = 1 << 20

// noQuicker reports whether a search of the names of the catalogue takes so long that
// the segments need not be searched after it to make it a loss.
func (r *reader) noQuicker(l catalogue.Parts, x *selection) bool {
	names := 0
	for _, ref := range x.segments {
		names += ref.meta.Paths
	}
	n := l.Len()
	return n > r.s.cheapNames && n > names/namesShare
}

// toldShare: the paths that have a word are told to a filter when they are at most one in
// so many, or fewToldPaths; looking for more in each segment is no quicker than a search.
const (
	toldShare    = 128
	fewToldPaths = 64
)

// tell tells a filter the paths of a server that meet the patterns of a query, of each
// those that are few. The catalogue remembers what it was just asked.
func tell(ctx context.Context, l catalogue.Parts, q *query.Query, f *segment.Filter, server string) error {
	most := max(fewToldPaths, l.Len()/toldShare)
	one := func(n paths.Needle, p query.Pattern) error {
		found, few, err := l.Meeting(ctx, n, most)
		if few {
			f.Know(server, p, found)
		}
		return err
	}
	for _, w := range q.Words {
		if err := one(paths.Contains(w), query.NewWord(w)); err != nil {
			return err
		}
	}
	for _, s := range q.Paths {
		p := query.NewPattern(s)
		if err := one(paths.Meets(p), p); err != nil {
			return err
		}
	}
	return nil
}

// rowsFirst reports whether the rows that q may find are looked at before the names that
// it asks for: those of some people are few, and all names are many.
func rowsFirst(q *query.Query) bool { return len(q.Users) > 0 && len(q.Words)+len(q.Paths) > 0 }

// lateGate is gate for a page of records, which mostly comes from the first months
// that are looked at, and for people, of whom each segment has few rows. The catalogue
// is asked only for the months behind those, as that takes longer the more paths it has:
// for people not before their rows have cost as much. It tells whether a segment is to
// be opened, and may be asked by several goroutines.
func (r *reader) lateGate(q *query.Query, f *segment.Filter, x *selection) func(context.Context, *segmentRef) (bool, error) {
	opened, skipped := make(map[segment.Month]bool), make(map[*segmentRef]bool)
	var can *catalogue.Months
	asked, cost := false, int64(0)
	if rowsFirst(q) {
		cost = segment.SearchLooks(parts(r.paths, x.sv.name).Len())
	}
	var mu sync.Mutex // guards the variables above
	return func(ctx context.Context, ref *segmentRef) (bool, error) {
		mu.Lock()
		defer mu.Unlock()
		if opened[ref.month] {
			return true, nil
		}
		if len(opened) >= gateMonths-1 && !asked && f.Looks() >= cost {
			var err error
			if can, err = r.gated(ctx, q, f, x); err != nil {
				return false, err
			}
			asked = true
		}
		if can == nil || can.Has(catalogue.Month(ref.month)) {
			opened[ref.month] = true
			return true, nil
		}
		if !skipped[ref] {
			skipped[ref] = true
			q.Trace.Skip(query.SkipPath, 1)
		}
		return false, nil
	}
}

// Follow is the life of the file or folder of a server that had the local path
// at a moment (Unix ns; 0 = the last one that is known), by what records within
// the extent tell. The path may name a share.
func (s *Store) Follow(ctx context.Context, server, path string, at int64, within query.Extent) (*catalogue.Story, error) {
	r, err := s.reader()
	if err != nil {
		return nil, err
	}
	defer r.release()
	sv := r.server(server)
	if sv == nil || !query.NewSight(within).Server(server) {
		return &catalogue.Story{}, nil
	}
	l := parts(r.paths, server)
	fresh, err := r.fresh(ctx, sv, query.NewSight(within))
	if err != nil {
		return nil, err
	}
	if fresh != nil {
		l = append(l, fresh)
	}
	if path, err = l.Spelled(path); err != nil {
		return nil, fmt.Errorf("follow %s: %w", path, err)
	}
	story, err := l.Follow(ctx, path, at, within)
	if err != nil {
		return nil, fmt.Errorf("follow %s: %w", path, err)
	}
	story.Lives = slices.DeleteFunc(story.Lives, func(l query.Life) bool { return sv.erasedPath(l.Path) })
	for i := range story.Lives {
		story.Lives[i].Server = server
	}
	return story, nil
}

// fresh is a part of what is still in the log; nil when there is nothing.
func (r *reader) fresh(ctx context.Context, sv *serverIndex, sight *query.Sight) (*catalogue.Part, error) {
	b := catalogue.NewBuilder(sv.name, r.s.opt.Zone)
	n := 0
	var rec record.Record
	for _, ref := range slices.Concat(sv.records, sv.tail) {
		bl, err := r.s.block(ctx, ref)
		if isDamage(err) {
			continue
		}
		if err != nil {
			return nil, err
		}
		for i := range bl.Len() {
			if bl.Read(i, &rec); !sv.erased(&rec) && sight.Sees(&rec) {
				b.Add(&rec)
				n++
			}
		}
	}
	if n == 0 {
		return nil, nil
	}
	var buf bytes.Buffer
	if err := b.Write(&buf); err != nil {
		return nil, fmt.Errorf("catalogue of the log: %w", err)
	}
	p, err := catalogue.Open(bytes.NewReader(buf.Bytes()), int64(buf.Len()), r.s.names)
	if err != nil {
		return nil, fmt.Errorf("catalogue of the log: %w", err)
	}
	return p, nil
}
