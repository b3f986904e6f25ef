package store

import (
	"cmp"
	"context"
	"fmt"
	"iter"
	"reflect"
	"slices"

	"github.com/akashi-audit/akashi/internal/query"
	"github.com/akashi-audit/akashi/internal/record"
	"github.com/akashi-audit/akashi/internal/segment"
)

// supersedeStep says what the superseded records of a commit belong to. A
// comparison can take several commits: they count when its last one is there.
type supersedeStep uint8

const (
	supersedeFirst supersedeStep = 1 << iota // what an earlier comparison left half done is void
	supersedeLast                            // the comparison is complete
)

// supersedeBatch is the most superseded records of one commit.
const supersedeBatch = 1 << 16

// keepVoid notes the blocks that a rewind makes void. The tail counts only when
// the conversion had come to its end, that is, when the rewind takes back more
// than nothing. Format 1 knew no superseded records.
func (s *serverIndex) keepVoid(f *frame, void func(uint64) bool) {
	if f.version < 2 {
		return
	}
	for _, b := range s.records {
		if void(b.seq) {
			s.old = append(s.old, b)
		}
	}
	if slices.ContainsFunc(s.checkpoints, func(c checkpoint) bool { return void(c.seq) }) {
		s.old = append(s.old, s.tail...)
	}
}

// supersede takes the superseded records of a commit.
func (s *serverIndex) supersede(f *frame) {
	if f.step&supersedeFirst != 0 {
		s.drafts = nil
	}
	s.drafts = append(s.drafts, f.superseded...)
	if f.step&supersedeLast != 0 {
		s.superseded = append(s.superseded, s.drafts...)
		s.drafts, s.old = nil, nil
		s.voids = slices.Clone(s.voids)
		for i := range s.voids {
			s.voids[i].Settled = true
		}
	}
}

// Difference counts what a conversion changed against an earlier one.
type Difference struct {
	Same    int64 // as before
	Changed int64 // the same id and time with another content
	Gone    int64 // no longer there
	Added   int64 // not there before
}

// rows lists the records of one conversion, newest first. The record is valid
// until the next one. After the end err tells what went wrong.
func (r *reader) rows(ctx context.Context, x *selection, err *error) iter.Seq[*record.Record] {
	return func(yield func(*record.Record) bool) {
		q := query.Query{Classes: query.AllClasses()}
		l := r.sources(&q, []*selection{x}, segment.NewFilter(q), nil, batchMost, isLost)
		*err = (&streams{}).merge(ctx, l, yield, func(int64) {})
	}
}

// compareRows walks two conversions side by side, both newest first, and calls
// replaced for every record of the old one that the new one has not.
func compareRows(old, now iter.Seq[*record.Record], replaced func(*record.Record) error) (d Difference, err error) {
	next, stop := iter.Pull(now)
	defer stop()
	n, ok := next()
	matched := false // n has a record of the old conversion
	advance := func() {
		if !matched {
			d.Added++
		}
		n, ok = next()
		matched = false
	}
	var last record.Record // the old record before, of which a doubled conversion can hold copies
	for o := range old {
		for ok && compareRecords(n.Time, n.ID(), o.Time, o.ID()) < 0 {
			advance()
		}
		if last.FirstID == o.FirstID && last.Time == o.Time && sameContent(&last, o) {
			continue
		}
		last = *o
		found := ok && compareRecords(n.Time, n.ID(), o.Time, o.ID()) == 0
		switch {
		case found && sameContent(n, o):
			d.Same++
			matched = true
			continue
		case found:
			d.Changed++
			matched = true
		default:
			d.Gone++
		}
		if err := replaced(o); err != nil {
			return d, err
		}
	}
	for ok {
		advance()
	}
	return d, nil
}

// sameContent compares records but for when and under which rules they were
// made.
func sameContent(a, b *record.Record) bool {
	if a.ID() != b.ID() || a.Time != b.Time || !slices.Equal(a.Detail, b.Detail) || !slices.Equal(a.RawIDs, b.RawIDs) {
		return false
	}
	x, y := *a, *b
	for _, r := range [...]*record.Record{&x, &y} {
		r.Received, r.RulesVersion, r.SupersededBy, r.Detail, r.RawIDs = 0, 0, 0, nil, nil
	}
	return reflect.DeepEqual(&x, &y)
}

// Supersede compares the records of a server that conversions since the last
// call replaced with those that hold now. Those that differ become superseded,
// by the given version of the rules; those that came out the same are left out.
// Killed in the middle it starts anew (State.Unsettled).
func (s *Store) Supersede(ctx context.Context, server string, by uint32) (d Difference, err error) {
	r, err := s.reader()
	if err != nil {
		return d, err
	}
	defer r.release()
	old, now := r.conversions(server)
	if old == nil {
		return d, nil
	}
	var oldErr, nowErr error
	var batch []record.Record
	step := supersedeFirst
	flush := func(more supersedeStep) error {
		_, err := s.Append(ctx, &Commit{Server: server, superseded: batch, step: step | more})
		batch, step = nil, 0
		if err != nil {
			return fmt.Errorf("keep superseded records: %w", err)
		}
		return nil
	}
	d, err = compareRows(r.rows(ctx, old, &oldErr), r.rows(ctx, now, &nowErr), func(r *record.Record) error {
		c := *r
		c.Detail, c.RawIDs, c.SupersededBy = slices.Clone(r.Detail), slices.Clone(r.RawIDs), by
		if batch = append(batch, c); len(batch) < supersedeBatch {
			return nil
		}
		return flush(0)
	})
	for _, e := range [...]error{err, oldErr, nowErr} {
		if e != nil {
			return d, e
		}
	}
	return d, flush(supersedeLast)
}

// conversions are the rows that wait to be compared and those that replaced
// them; nil when nothing waits.
func (r *reader) conversions(server string) (old, now *selection) {
	sv := r.server(server)
	if sv == nil {
		return nil, nil
	}
	old = &selection{sv: sv, blocks: sv.old, segments: sv.unsettled(), view: sv.oldView()}
	if len(old.blocks)+len(old.segments) == 0 {
		return nil, nil
	}
	from := ^uint64(0) // what replaces void records was made by the commit that made them void, or later
	_, no := sv.settled()
	for i := range no {
		from = min(from, no[i].by())
	}
	if len(no) == 0 { // as a folder of format 4 may have it
		from = 1
	}
	now = &selection{sv: sv, view: sv.view()}
	now.view.Only = []segment.SeqRange{{Lo: from - 1, Hi: ^uint64(0)}}
	for _, b := range slices.Concat(sv.records, sv.tail) {
		if b.seq >= from {
			now.blocks = append(now.blocks, b)
		}
	}
	for _, ref := range sv.segments {
		if ref.maxSeq() >= from {
			now.segments = append(now.segments, ref)
		}
	}
	return old, now
}

// whole is all that holds of a server.
func (r *reader) whole(server string) *selection {
	sv := r.server(server)
	if sv == nil {
		sv = newServerIndex(server)
	}
	return &selection{sv: sv, blocks: slices.Concat(sv.records, sv.tail), segments: sv.segments, view: sv.view()}
}

// Compare tells how the records of a server in now differ from those in s.
// Both stores only need to be readable.
func (s *Store) Compare(ctx context.Context, server string, now *Store) (d Difference, err error) {
	a, err := s.reader()
	if err != nil {
		return d, err
	}
	defer a.release()
	b, err := now.reader()
	if err != nil {
		return d, err
	}
	defer b.release()
	var oldErr, nowErr error
	d, err = compareRows(a.rows(ctx, a.whole(server), &oldErr), b.rows(ctx, b.whole(server), &nowErr), func(*record.Record) error { return nil })
	for _, e := range [...]error{err, oldErr, nowErr} {
		if e != nil {
			return d, e
		}
	}
	return d, nil
}

// Versions lists the superseded records with this id, newest conversion first.
func (s *Store) Versions(ctx context.Context, id record.ID) ([]record.Record, error) {
	r, err := s.reader()
	if err != nil {
		return nil, err
	}
	defer r.release()
	sv := r.server(id.Server)
	if sv == nil {
		return nil, nil
	}
	return r.versions(ctx, sv, id)
}

func (r *reader) versions(ctx context.Context, sv *serverIndex, id record.ID) ([]record.Record, error) {
	l, err := r.inBlocks(ctx, sv, sv.superseded, id)
	if err != nil && !isDamage(err) {
		return nil, err
	}
	for _, ref := range sv.oldSegments {
		err := ref.seg.Versions(ctx, id, segment.View{Hide: sv.hidden()}, func(r *record.Record) { l = append(l, own(r)) })
		if err != nil {
			return nil, err
		}
	}
	slices.SortStableFunc(l, func(a, b record.Record) int { return cmp.Compare(b.Received, a.Received) })
	return l, nil
}

// scanBlocks calls fn for the records of blocks of the log from one time up to but
// without another, with the number of their commit. Damaged blocks are noted and
// left out, and so is what was erased. The record is valid during the call.
func (s *Store) scanBlocks(ctx context.Context, sv *serverIndex, refs []*recBlock, from, to int64, fn func(r *record.Record, commit uint64)) error {
	var rec record.Record
	for _, ref := range refs {
		if ref.max < from || ref.min >= to {
			continue
		}
		b, err := s.block(ctx, ref)
		if isDamage(err) {
			continue
		}
		if err != nil {
			return err
		}
		for i := range b.Len() {
			if t := b.Time(i); from <= t && t < to {
				if b.Read(i, &rec); !sv.erased(&rec) {
					fn(&rec, ref.seq)
				}
			}
		}
	}
	return nil
}

// Scan calls fn for the records of a server that hold, from one time (Unix ns)
// up to but without another, with the number of the commit that made each, in
// no order. The record is valid during the call.
func (s *Store) Scan(ctx context.Context, server string, from, to int64, fn func(r *record.Record, commit uint64)) error {
	r, err := s.reader()
	if err != nil {
		return err
	}
	defer r.release()
	x := r.whole(server)
	if err := s.scanBlocks(ctx, x.sv, x.blocks, from, to, fn); err != nil {
		return err
	}
	f := segment.NewFilter(query.Query{From: from, To: to, Classes: query.AllClasses()})
	for _, ref := range x.segments {
		if ref.meta.Last < from || ref.meta.First >= to {
			continue
		}
		err := ref.seg.Each(ctx, f, x.view, func(r *record.Record, seq uint64) error {
			fn(r, seq)
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}
