package store

import (
	"context"
	"fmt"
	"io"
	"slices"

	"github.com/akashi-audit/akashi/internal/catalogue"
	"github.com/akashi-audit/akashi/internal/record"
	"github.com/akashi-audit/akashi/internal/segment"
)

// aheadBytes bounds what all servers have ready for the next flush. Beyond it a
// flush reads the log.
const aheadBytes = 320 << 20

// hinted is how many records are looked for at a time; it divides
// record.BlockRecords.
const hinted = 64

// ahead is records of one server that wait in the log, in the form in which a
// flush writes them. They are taken in as they are appended, so that the flush
// need not read them back. It is a copy: the log has them too.
type ahead struct {
	blocks  []*recBlock // of whose records it is made
	batches []*batch
}

// batch is what becomes one segment of each month, and one part of the catalogue.
type batch struct {
	rows *segment.Builder
	acts *catalogue.Acts // nil for superseded records, which have no part
}

func newBatch(server string, superseded bool, opt segment.Options) *batch {
	b := &batch{rows: segment.NewBuilder(server, superseded, opt)}
	if !superseded {
		b.acts = catalogue.NewActs()
	}
	return b
}

// add takes a record; hint is what the rows said of it, or 0.
func (b *batch) add(r *record.Record, seq uint64, hint uint32) {
	path, newPath := b.rows.AddHinted(r, seq, hint)
	if b.acts != nil {
		b.acts.Add(r, path, newPath)
	}
}

// bytes estimates the memory of the batch.
func (b *batch) bytes() int {
	n := b.rows.Bytes()
	if b.acts != nil {
		n += 96 * b.acts.Len()
	}
	return n
}

// besideRecords is from how many records on a commit is taken ahead beside its writing.
const besideRecords = record.BlockRecords

// takeBeside begins to take the records of an arranged commit ahead while it is written:
// what the log does not take is forgotten by tookAhead, which waits for the result. nil =
// it was not begun. The caller holds append until then.
func (s *Store) takeBeside(c *Commit, seq uint64) (done <-chan struct{}) {
	if len(c.Records) < besideRecords || c.Rewind != nil || c.Window != nil {
		return nil
	}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		s.takeAhead(c, seq)
	}()
	return ended
}

// tookAhead ends taking a commit ahead whose frame was written, or was not when err is
// not nil. The caller holds append.
func (s *Store) tookAhead(c *Commit, f *frame, beside <-chan struct{}, err error) {
	if beside != nil {
		<-beside
	}
	if err != nil {
		if beside != nil {
			s.forgetAhead(c.Server)
		}
		return
	}
	if c.Rewind != nil || c.Window != nil {
		s.forgetAhead(c.Server) // some of it is void now
	}
	if beside == nil {
		s.takeAhead(c, f.seq)
	}
	if a := s.ahead[c.Server]; a != nil {
		a.blocks = append(a.blocks, f.records...)
	}
}

// takeAhead takes the records of an arranged commit, oldest first: in the order in which
// a segment has those of a person. Their blocks are noted by tookAhead. The caller holds
// append.
func (s *Store) takeAhead(c *Commit, seq uint64) {
	server, records := c.Server, c.Records
	if len(records) == 0 || server == "" || s.aheadOff {
		return
	}
	a := s.ahead[server]
	if a == nil {
		a = &ahead{}
		s.ahead[server] = a
	}
	for _, b := range a.batches {
		s.aheadSize -= b.bytes()
	}
	opt := segment.Options{Zone: s.opt.Zone, Level: flushLevel}
	var hints [hinted]uint32
	for end := len(records); end > 0; { // what is left
		from := (end - 1) / hinted * hinted
		l := records[from:end]
		if c.rises {
			l = records[len(records)-end : len(records)-from]
		}
		n := len(a.batches)
		if n == 0 || end%record.BlockRecords == 0 && a.batches[n-1].bytes() > buildBytes {
			a.batches = append(a.batches, newBatch(server, false, opt))
			n++
		}
		b := a.batches[n-1]
		b.rows.Hint(l, hints[:])
		for i := range l {
			if !c.rises {
				i = len(l) - 1 - i
			}
			b.add(&l[i], seq, hints[i])
		}
		end = from
	}
	for _, b := range a.batches {
		s.aheadSize += b.bytes()
	}
	if s.aheadSize > aheadBytes {
		s.dropAhead()
		s.aheadOff = true
	}
}

// forgetAhead forgets what is ready of one server. The caller holds append.
func (s *Store) forgetAhead(server string) {
	if a := s.ahead[server]; a != nil {
		for _, b := range a.batches {
			s.aheadSize -= b.bytes()
		}
		delete(s.ahead, server)
	}
}

// dropAhead forgets what is ready. The caller holds append.
func (s *Store) dropAhead() { s.ahead, s.aheadSize = make(map[string]*ahead), 0 }

// batches are the records of some blocks of a server for segments: those that
// are ready, when they are just these, else what the log has. use is called for
// each in turn.
func (f *flush) batches(ctx context.Context, server string, blocks []*recBlock, superseded bool, use func(*batch) error) error {
	if a := f.ahead[server]; !superseded && a != nil {
		delete(f.ahead, server) // what was written needs no memory
		if slices.Equal(a.blocks, blocks) {
			for i, b := range a.batches {
				a.batches[i] = nil
				if err := use(b); err != nil {
					return err
				}
			}
			return nil
		}
	}
	opt := segment.Options{Zone: f.s.opt.Zone, Level: flushLevel}
	b := newBatch(server, superseded, opt)
	var r record.Record
	for _, ref := range oldestFirst(blocks) {
		bl, err := f.s.decode(ctx, ref)
		if isLost(err) {
			continue // noted; the log file is kept aside
		}
		if err != nil {
			return err
		}
		for i := bl.Len() - 1; i >= 0; i-- {
			bl.Read(i, &r)
			b.add(&r, ref.seq, 0)
		}
		if b.bytes() > buildBytes {
			if err := use(b); err != nil {
				return err
			}
			b = newBatch(server, superseded, opt)
		}
	}
	return use(b)
}

// oldestFirst are blocks of the log, commit by commit, those of each commit from
// the last to the first.
func oldestFirst(l []*recBlock) []*recBlock {
	l = slices.Clone(l)
	for i := 0; i < len(l); {
		j := i + 1
		for j < len(l) && l[j].seq == l[i].seq {
			j++
		}
		slices.Reverse(l[i:j])
		i = j
	}
	return l
}

// segments turns blocks of records into segments, one per month, or several
// when they are large, and parts of the path catalogue.
func (f *flush) segments(ctx context.Context, server string, blocks []*recBlock, superseded bool) (segments []*segmentRef, paths []*pathRef, err error) {
	if len(blocks) == 0 {
		return nil, nil, nil
	}
	err = f.batches(ctx, server, blocks, superseded, func(b *batch) error {
		months := make(map[catalogue.Month][]catalogue.Named)
		dict := b.rows.Dictionary() // none yet
		for _, m := range b.rows.Months() {
			r, err := f.segment(b.rows, m)
			if err != nil {
				return err
			}
			segments = append(segments, r)
			if b.acts != nil {
				var l []catalogue.Named
				b.rows.EachPath(func(path string, number uint32, n uint64) {
					l = append(l, catalogue.Named{Path: path, Number: number, N: n})
				})
				months[catalogue.Month(m)] = l
				dict = b.rows.Dictionary()
			}
		}
		if len(months) == 0 {
			return nil
		}
		p, err := f.catalogue(server, func(w io.Writer) error { return b.acts.Write(w, server, months, dict) })
		if err != nil {
			return fmt.Errorf("path catalogue: %w", err)
		}
		paths = append(paths, p)
		if r := segments[len(segments)-1]; len(months) == 1 && p.part.Len() == r.seg.Paths().Len() {
			r.paths = p
		}
		return nil
	})
	return segments, paths, err
}
