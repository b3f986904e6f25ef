package store

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	erasures "github.com/akashi-audit/akashi/internal/erasure"
	"github.com/akashi-audit/akashi/internal/facets"
	"github.com/akashi-audit/akashi/internal/query"
	"github.com/akashi-audit/akashi/internal/seal"
	"github.com/akashi-audit/akashi/internal/segment"
)

// ErrOrder is the error of an order of a term that does not say what, or by whom.
var ErrOrder = erasures.ErrOrder

// TakeOut makes orders of terms durable and honours them from then on: in every answer,
// over whatever is converted or imported later too. What they hide leaves the files by
// DropTaken and by every merge. Each is sealed before any holds. Orders that are known
// are left alone.
func (s *Store) TakeOut(ctx context.Context, l []Erasure) error {
	if s.opt.ReadOnly {
		return errors.New("term of a class: the data folder is open for reading only")
	}
	have := s.Erasures()
	var fresh []Erasure
	for i := range l {
		e := &l[i]
		if err := e.Check(); err != nil {
			return err
		}
		if e.Order == nil || strings.TrimSpace(e.Ground) == "" || strings.TrimSpace(e.By) == "" {
			return ErrOrder
		}
		if !slices.ContainsFunc(have, func(o Erasure) bool { return o.Equal(e) }) {
			fresh = append(fresh, *e)
		}
	}
	if len(fresh) == 0 {
		return nil
	}
	for i := range fresh {
		e := &fresh[i]
		b, err := json.Marshal(e)
		if err != nil {
			return fmt.Errorf("encode order: %w", err)
		}
		if err := s.record(ctx, seal.Entry{Kind: seal.KindClassRemoval, Subject: string(b), By: e.By, Ground: e.Ground, Time: e.Time}); err != nil {
			return err
		}
	}
	if _, err := s.Append(ctx, &Commit{erasures: fresh}); err != nil {
		return fmt.Errorf("take records out: %w", err)
	}
	return nil
}

// DropTaken takes what orders of terms hide out of the files, and tells how many bytes
// came free. Raw events stay. What it cannot read stays, and is listed. Stopped
// anywhere, the next call goes on.
func (s *Store) DropTaken(ctx context.Context) (*Removal, error) {
	if s.opt.ReadOnly {
		return nil, errors.New("term of a class: the data folder is open for reading only")
	}
	out := &Removal{Left: []Left{}}
	if len(erasures.OrdersOf(s.Erasures())) == 0 {
		return out, nil
	}
	if err := s.eraseTails(ctx); err != nil {
		return nil, err
	}
	defer s.alone()()
	if err := s.flush(ctx); err != nil {
		return nil, err
	}
	before := s.recordBytes()
	for _, name := range s.ServerNames() {
		if err := s.dropTaken(ctx, name, out); err != nil {
			return nil, fmt.Errorf("take records of %s out: %w", name, err)
		}
	}
	if out.Segments == 0 {
		return out, nil
	}
	out.Bytes = before - s.recordBytes()
	return out, s.forget()
}

// recordBytes is the size of the segments and of the path catalogue. The caller holds
// work.
func (s *Store) recordBytes() (n int64) {
	for _, l := range [...][]manifestFile{s.manifest.Segments, s.manifest.Paths} {
		for _, f := range l {
			n += f.Size
		}
	}
	return n
}

// dropTaken writes the segments of a server again that hold what terms took out. The
// caller holds merging and work.
func (s *Store) dropTaken(ctx context.Context, name string, out *Removal) error {
	release := s.pins.hold()
	defer release()
	s.mu.RLock()
	sv := s.index.servers[name].clone()
	s.mu.RUnlock()
	filters := sv.taken()
	if len(filters) == 0 {
		return nil
	}
	some := false
	for _, r := range slices.Concat(sv.segments, sv.oldSegments) {
		rows := uint64(0)
		for _, f := range filters {
			n, err := s.countRows(ctx, r, f, segment.View{})
			if err != nil {
				return err
			}
			rows += n
		}
		switch {
		case s.isDamaged(r.name()):
			if rows > 0 {
				out.leave(r.name(), LeftDamaged)
			}
			continue
		case rows == 0:
			continue
		}
		g := &group{server: name, month: r.month, superseded: r.meta.Superseded, list: []*segmentRef{r}, over: true}
		if err := s.mergeWithout(ctx, g, []*segmentRef{r}, nil); err != nil {
			return err
		}
		some = true
		out.Segments++
		out.Records += int64(rows)
	}
	if !some {
		return nil
	}
	return s.rebuildPaths(ctx, name)
}

// countRows counts the rows of a segment that a filter finds.
func (s *Store) countRows(ctx context.Context, r *segmentRef, f *segment.Filter, v segment.View) (uint64, error) {
	if err := ctx.Err(); err != nil {
		return 0, err
	}
	c := facets.New(&query.Query{Lists: query.ListOps}, s.opt.Zone)
	if err := r.seg.Count(ctx, f, v, c); err != nil && !isDamage(err) {
		return 0, err
	}
	l, err := c.Facets(ctx)
	if err != nil {
		return 0, err
	}
	return l.Total, nil
}

// ClassDue is the records of a class of a server and month that are past their term.
type ClassDue struct {
	Class      string        `json:"class"` // erasure.ClassBackground …
	Server     string        `json:"server"`
	Month      segment.Month `json:"-"`
	Period     string        `json:"month"`      // 2026-04
	Records    int64         `json:"records"`    // that hold
	Superseded int64         `json:"superseded"` // earlier ones that a conversion replaced
	Archived   bool          `json:"archived"`
	Held       []string      `json:"held,omitempty"`   // cases
	Unsure     string        `json:"unsure,omitempty"` // why it is not sure that the archive has them
}

// Free reports whether nothing forbids to take the records out; without says that what
// is not archived goes too.
func (d *ClassDue) Free(without bool) bool {
	return len(d.Held) == 0 && (without || d.Archived && d.Unsure == "")
}

// ClassDue lists what the terms of classes of records that are in force in a schedule
// would take out at a moment, by server, month and class.
func (s *Store) ClassDue(ctx context.Context, sch Schedule, now int64, archived Archived) ([]ClassDue, error) {
	out := []ClassDue{}
	classes := slices.DeleteFunc(erasures.Classes(), func(c string) bool { return !sch.Has(c) })
	if len(classes) == 0 {
		return out, nil
	}
	r, err := s.reader()
	if err != nil {
		return nil, err
	}
	defer r.release()
	for _, sv := range r.servers {
		first := len(out)
		for _, class := range classes {
			t := sch.Of(class, sv.name)
			if t == nil || t.Months <= 0 {
				continue
			}
			l, err := r.classRows(ctx, sv, class, s.pastDue(t, now))
			if err != nil {
				return nil, err
			}
			out = append(out, l...)
		}
		slices.SortStableFunc(out[first:], func(a, b ClassDue) int { return int(a.Month) - int(b.Month) })
	}
	for i := range out {
		out[i].Archived = s.archived(out[i].Server, out[i].Month, archived)
	}
	return out, nil
}

// classRows counts the records of a class of a server in the months before limit. What
// is hidden already does not count.
func (r *reader) classRows(ctx context.Context, sv *serverIndex, class string, limit segment.Month) (out []ClassDue, err error) {
	q := erasures.ClassQuery(class)
	f := segment.NewFilter(q)
	at := make(map[segment.Month]*ClassDue)
	of := func(m segment.Month) *ClassDue {
		if at[m] == nil {
			at[m] = &ClassDue{Class: class, Server: sv.name, Month: m, Period: m.String()}
		}
		return at[m]
	}
	for i, l := range [...][]*segmentRef{sv.segments, sv.oldSegments} {
		v := sv.view()
		if i > 0 {
			v.Void = nil
		}
		for _, ref := range l {
			if ref.month >= limit {
				continue
			}
			n, err := r.s.countRows(ctx, ref, f, v)
			if err != nil {
				return nil, err
			}
			switch {
			case n == 0:
				continue
			case i == 0:
				of(ref.month).Records += int64(n)
			default:
				of(ref.month).Superseded += int64(n)
			}
			if r.s.isDamaged(ref.name()) {
				of(ref.month).Unsure = "the segment " + ref.name() + " is damaged"
			}
		}
	}
	m := newMatcher(q, sv.erasures)
	for i, l := range [...][]*recBlock{sv.records, sv.tail, sv.superseded} {
		err := r.eachMatch(ctx, l, m, func(t int64) {
			month := r.s.monthOf(t)
			switch {
			case month >= limit:
			case i < 2:
				of(month).Records++
			default:
				of(month).Superseded++
			}
		})
		if err != nil {
			return nil, err
		}
	}
	for _, d := range at {
		out = append(out, *d)
	}
	return out, nil
}

// eachMatch calls fn with the times of the records of blocks that match. Damaged blocks
// are left out.
func (r *reader) eachMatch(ctx context.Context, blocks []*recBlock, m *matcher, fn func(t int64)) error {
	for _, ref := range blocks {
		b, err := r.s.block(ctx, ref)
		if isDamage(err) {
			continue
		}
		if err != nil {
			return err
		}
		for i := range b.Len() {
			if m.match(b, i) {
				fn(b.Time(i))
			}
		}
	}
	return nil
}

// MonthBounds are the first moment of a month and that of the next, Unix ns.
func (s *Store) MonthBounds(m segment.Month) (from, to int64) { return s.monthBounds(m) }
