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

	"github.com/akashi-audit/akashi/internal/catalogue"
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
func (r *reader) gate(ctx context.Context, q *query.Query, x *selection) error {
	months := make(map[segment.Month]bool)
	for _, ref := range x.segments {
		months[ref.month] = true
	}
	if len(months) < gateMonths {
		return nil
	}
	can, err := r.gated(ctx, q, x)
	if err != nil || can == nil {
		return err
	}
	n := len(x.segments)
	x.segments = slices.DeleteFunc(x.segments, func(ref *segmentRef) bool { return !can.Has(catalogue.Month(ref.month)) })
	q.Trace.Skip(query.SkipPath, n-len(x.segments))
	return nil
}

// gated is the months of a server in which a path can meet the query; nil when
// that is not known or the query says nothing of paths.
func (r *reader) gated(ctx context.Context, q *query.Query, x *selection) (*catalogue.Months, error) {
	if q.Superseded || r.partial[x.sv.name] {
		return nil, nil
	}
	can, any, err := parts(r.paths, x.sv.name).Months(ctx, q)
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

// lateGate is gate for a page of records, which mostly comes from the first months
// that are looked at: only for those behind them the catalogue is asked, which
// takes longer the more paths it has. It tells whether a segment is to be opened.
func (r *reader) lateGate(q *query.Query, x *selection) func(context.Context, *segmentRef) (bool, error) {
	opened, skipped := make(map[segment.Month]bool), make(map[*segmentRef]bool)
	var can *catalogue.Months
	asked := false
	return func(ctx context.Context, ref *segmentRef) (bool, error) {
		if opened[ref.month] {
			return true, nil
		}
		if len(opened) >= gateMonths-1 && !asked {
			var err error
			if can, err = r.gated(ctx, q, x); err != nil {
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
