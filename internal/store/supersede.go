package store

import (
	"context"
	"fmt"
	"iter"
	"reflect"
	"slices"

	"github.com/akashi-audit/akashi/internal/query"
	"github.com/akashi-audit/akashi/internal/record"
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
	}
}

// Difference counts what a conversion changed against an earlier one.
type Difference struct {
	Same    int64 // as before
	Changed int64 // the same id and time with another content
	Gone    int64 // no longer there
	Added   int64 // not there before
}

// rows lists the records of blocks, newest first. The record is valid until the
// next one. After the end err tells what went wrong.
func (s *Store) rows(ctx context.Context, blocks []*recBlock, err *error) iter.Seq[*record.Record] {
	blocks = slices.Clone(blocks)
	sortBlocks(blocks)
	return func(yield func(*record.Record) bool) {
		var r record.Record
		m := newMatcher(query.Query{Classes: query.AllClasses()})
		*err = s.walkBlocks(ctx, blocks, m, nil, isLost, func(b *record.Block, row int) bool {
			b.Read(row, &r)
			return yield(&r)
		})
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
	s.mu.RLock()
	var old, now []*recBlock
	if sv := s.index.servers[server]; sv != nil {
		old = slices.Clone(sv.old)
		from := ^uint64(0)
		for _, b := range old {
			from = min(from, b.seq)
		}
		for _, b := range slices.Concat(sv.records, sv.tail) {
			if b.seq >= from {
				now = append(now, b)
			}
		}
	}
	s.mu.RUnlock()
	if len(old) == 0 {
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
	d, err = compareRows(s.rows(ctx, old, &oldErr), s.rows(ctx, now, &nowErr), func(r *record.Record) error {
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

// Compare tells how the records of a server in now differ from those in s.
// Both stores only need to be readable.
func (s *Store) Compare(ctx context.Context, server string, now *Store) (d Difference, err error) {
	blocks := func(st *Store) []*recBlock {
		st.mu.RLock()
		defer st.mu.RUnlock()
		if sv := st.index.servers[server]; sv != nil {
			return slices.Concat(sv.records, sv.tail)
		}
		return nil
	}
	var oldErr, nowErr error
	d, err = compareRows(s.rows(ctx, blocks(s), &oldErr), now.rows(ctx, blocks(now), &nowErr), func(*record.Record) error { return nil })
	for _, e := range [...]error{err, oldErr, nowErr} {
		if e != nil {
			return d, e
		}
	}
	return d, nil
}

// Versions lists the superseded records with this id, newest conversion first.
func (s *Store) Versions(ctx context.Context, id record.ID) ([]record.Record, error) {
	if err := s.Refresh(); err != nil {
		return nil, err
	}
	s.mu.RLock()
	var refs []*recBlock
	if sv := s.index.servers[id.Server]; sv != nil {
		for _, b := range sv.superseded {
			if b.holds(id) {
				refs = append(refs, b)
			}
		}
	}
	s.mu.RUnlock()
	var l []record.Record
	for _, ref := range slices.Backward(refs) {
		b, err := s.block(ctx, ref)
		if isDamage(err) {
			continue
		}
		if err != nil {
			return nil, err
		}
		for i := range b.Len() {
			if b.ID(i) == id {
				l = append(l, b.Record(i))
			}
		}
	}
	slices.SortStableFunc(l, func(a, b record.Record) int {
		switch {
		case a.Received > b.Received:
			return -1
		case a.Received < b.Received:
			return 1
		}
		return 0
	})
	return l, nil
}

// Scan calls fn for the records of a server that hold, from one time (Unix ns)
// up to but without another, with the number of the commit that made each, in
// no order. The record is valid during the call.
func (s *Store) Scan(ctx context.Context, server string, from, to int64, fn func(r *record.Record, commit uint64)) error {
	s.mu.RLock()
	var refs []*recBlock
	if sv := s.index.servers[server]; sv != nil {
		for _, b := range slices.Concat(sv.records, sv.tail) {
			if b.max >= from && b.min < to {
				refs = append(refs, b)
			}
		}
	}
	s.mu.RUnlock()
	var r record.Record
	for _, ref := range refs {
		b, err := s.block(ctx, ref)
		if isDamage(err) {
			continue
		}
		if err != nil {
			return err
		}
		for i := range b.Len() {
			if t := b.Time(i); from <= t && t < to {
				b.Read(i, &r)
				fn(&r, ref.seq)
			}
		}
	}
	return nil
}
