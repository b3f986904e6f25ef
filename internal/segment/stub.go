// Package segment stub.
package segment

import (
	"context"
	"encoding/gob"
	"io"
	"slices"
	"time"

	"github.com/akashi-audit/akashi/internal/facets"
	"github.com/akashi-audit/akashi/internal/query"
	"github.com/akashi-audit/akashi/internal/record"
)

type Options struct {
	Zone  *time.Location
	Level int
}
type Month int

func (m Month) String() string { return time.Month(m%12 + 1).String() }

type Row struct {
	R   record.Record
	Seq uint64
}
type Builder struct {
	server string
	sup    bool
	opt    Options
	rows   map[Month][]Row
	n      int
}

func NewBuilder(server string, sup bool, opt Options) *Builder {
	return &Builder{server, sup, opt, map[Month][]Row{}, 0}
}
func own(r *record.Record) record.Record {
	c := *r
	c.Detail, c.RawIDs = slices.Clone(r.Detail), slices.Clone(r.RawIDs)
	return c
}
func (b *Builder) Add(r *record.Record, seq uint64) {
	t := time.Unix(0, r.Time).In(b.opt.Zone)
	m := Month(t.Year()*12 + int(t.Month()) - 1)
	b.rows[m] = append(b.rows[m], Row{own(r), seq})
	b.n++
}
func (b *Builder) Len() int   { return b.n }
func (b *Builder) Bytes() int { return b.n * 200 }
func (b *Builder) Months() []Month {
	var l []Month
	for m := range b.rows {
		l = append(l, m)
	}
	slices.Sort(l)
	return l
}

type SeqRows struct {
	Seq  uint64
	Rows int64
}
type Day struct {
	Date        int
	Rows        int64
	First, Last int64
}
type Meta struct {
	Server      string
	Superseded  bool
	Month       Month
	Rows        int64
	First, Last int64
	MaxSeq      uint64
	Seqs        []SeqRows
	Days        []Day
}
type file struct {
	Meta Meta
	Rows []Row
}

func (b *Builder) WriteMonth(w io.Writer, m Month) (*Meta, error) {
	return write(w, b.rows[m], Meta{Server: b.server, Superseded: b.sup, Month: m}, b.opt)
}
func write(w io.Writer, rows []Row, meta Meta, opt Options) (*Meta, error) {
	days := map[int]*Day{}
	seqs := map[uint64]int64{}
	for i := range rows {
		t := time.Unix(0, rows[i].R.Time).In(opt.Zone)
		d := days[t.Day()]
		ns := rows[i].R.Time
		if d == nil {
			d = &Day{Date: t.Day(), First: ns, Last: ns}
			days[t.Day()] = d
		}
		d.Rows++
		d.First, d.Last = min(d.First, ns), max(d.Last, ns)
		if i == 0 {
			meta.First, meta.Last = ns, ns
		}
		meta.First, meta.Last = min(meta.First, ns), max(meta.Last, ns)
		seqs[rows[i].Seq]++
		meta.MaxSeq = max(meta.MaxSeq, rows[i].Seq)
	}
	meta.Rows = int64(len(rows))
	for s, n := range seqs {
		meta.Seqs = append(meta.Seqs, SeqRows{s, n})
	}
	for _, d := range days {
		meta.Days = append(meta.Days, *d)
	}
	slices.SortFunc(meta.Days, func(a, b Day) int { return a.Date - b.Date })
	return &meta, gob.NewEncoder(w).Encode(file{meta, rows})
}

type SeqRange struct{ Lo, Hi uint64 }
type View struct {
	Void, Only []SeqRange
	Hide       []*Filter
}
type Filter struct {
	q query.Query
	m *query.Matcher
}

func NewFilter(q query.Query) *Filter { return &Filter{q, query.NewMatcher(q)} }

type DamageError struct {
	Name   string
	Offset int64
	Size   int64
	Reason string
}
type OpenOptions struct {
	Name    string
	Cache   *Cache
	Damaged func(*DamageError)
}
type Cache struct{}

func NewCache(n int64) *Cache { return &Cache{} }

type Segment struct {
	f    file
	zone *time.Location
}

func Open(r io.ReaderAt, size int64, opt OpenOptions) (*Segment, error) {
	s := &Segment{}
	return s, gob.NewDecoder(io.NewSectionReader(r, 0, size)).Decode(&s.f)
}
func (s *Segment) Meta() *Meta { return &s.f.Meta }
func in(l []SeqRange, seq uint64) bool {
	return slices.ContainsFunc(l, func(r SeqRange) bool { return r.Lo < seq && seq < r.Hi })
}
func (s *Segment) each(f *Filter, v View, fn func(*Row)) {
	for i := range s.f.Rows {
		r := &s.f.Rows[i]
		if in(v.Void, r.Seq) || v.Only != nil && !in(v.Only, r.Seq) || !f.m.Match(&r.R) {
			continue
		}
		if slices.ContainsFunc(v.Hide, func(h *Filter) bool { return h.m.Match(&r.R) }) {
			continue
		}
		fn(r)
	}
}
func (s *Segment) Top(ctx context.Context, f *Filter, v View, day int, after *query.Position, limit int) ([]record.Record, error) {
	d := s.f.Meta.Days[day]
	var l []record.Record
	s.each(f, v, func(r *Row) {
		if r.R.Time < d.First || r.R.Time > d.Last {
			return
		}
		at := query.PositionOf(&r.R)
		if after != nil {
			c := at.Compare(after)
			if f.q.Oldest {
				c = -c
			}
			if c <= 0 {
				return
			}
		}
		l = append(l, r.R)
	})
	slices.SortFunc(l, func(a, b record.Record) int {
		x, y := query.PositionOf(&a), query.PositionOf(&b)
		c := x.Compare(&y)
		if f.q.Oldest {
			c = -c
		}
		return c
	})
	return l[:min(len(l), limit)], nil
}
func (s *Segment) Count(ctx context.Context, f *Filter, v View, into *facets.Counter) error {
	s.each(f, v, func(r *Row) { into.Add(&r.R) })
	return nil
}
func (s *Segment) Each(ctx context.Context, f *Filter, v View, fn func(r *record.Record, seq uint64) error) (err error) {
	s.each(f, v, func(r *Row) {
		if err == nil {
			err = fn(&r.R, r.Seq)
		}
	})
	return err
}
func (s *Segment) Versions(ctx context.Context, id record.ID, v View, fn func(*record.Record)) error {
	s.each(NewFilter(query.Query{Classes: query.AllClasses()}), v, func(r *Row) {
		if r.R.ID() == id {
			fn(&r.R)
		}
	})
	return nil
}
func (s *Segment) Record(ctx context.Context, id record.ID, v View) (*record.Record, error) {
	var out *record.Record
	err := s.Versions(ctx, id, v, func(r *record.Record) { c := own(r); out = &c })
	return out, err
}
func Merge(ctx context.Context, w io.Writer, in []*Segment, drop View, opt Options) (*Meta, error) {
	var rows []Row
	all := NewFilter(query.Query{Classes: query.AllClasses()})
	for _, s := range in {
		s.each(all, drop, func(r *Row) { rows = append(rows, *r) })
	}
	m := in[0].f.Meta
	return write(w, rows, Meta{Server: m.Server, Superseded: m.Superseded, Month: m.Month}, opt)
}
