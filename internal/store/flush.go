package store

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"time"

	"github.com/akashi-audit/akashi/internal/segment"
)

// A flush moves what the log holds into immutable files: records into segments,
// raw events into packs, and what a restart needs (checkpoints, tails, facts)
// into a file of kept blocks. Then a manifest says so, and the log before it is
// needed no more. A flush that is cut short leaves files that no manifest
// names: the next open removes them, and the log still holds everything.

const (
	flushRows  = 256 << 10        // unflushed records that start a flush
	flushMany  = 768 << 10        // the same while they come fast: fewer and larger segments cost less
	flushFast  = 30 * time.Second // since the flush before: records come fast
	flushBytes = 96 << 20         // unflushed log that starts a flush
	buildBytes = 256 << 20        // memory of a segment that is being built
	flushAhead = 4                // an append waits when so many flushes are due
	manyAhead  = 2                // the same, of flushMany
	flushLevel = 1                // zstd level of segments that are soon merged
)

// flush is the work of one flush.
type flush struct {
	s        *Store
	cut      uint64   // commits up to here are flushed
	chain    [32]byte // hash of commit cut
	firstLog uint32
	servers  map[string]*serverIndex // copies, as of cut
	names    []string
	imports  []Import
	facts    []*factBlock
	spread   uint64
	erasures []Erasure
	schedule Schedule

	keep   *keeper
	ahead  map[string]*ahead
	dirs   map[string]bool
	made   []uint32 // numbers of new segments, per server in built
	built  map[string]*built
	packs  []*packRef
	packed map[string]map[string][]*rawBlock // by server and channel
}

// built is what a flush made of one server.
type built struct {
	segments, old []*segmentRef
	paths         []*pathRef
}

// Flush moves all committed records and events from the log into segments and
// packs, and waits for it.
func (s *Store) Flush(ctx context.Context) error {
	if s.opt.ReadOnly {
		return errors.New("flush: the data folder is open for reading only")
	}
	s.work.Lock()
	defer s.work.Unlock()
	return s.flush(ctx)
}

// flush does one flush. The caller holds work.
func (s *Store) flush(ctx context.Context) error {
	release := s.pins.hold()
	defer release()
	if err := s.room(s.logBytes()); err != nil { // stops before the disk is full; the log keeps everything
		return fmt.Errorf("flush: %w", err)
	}
	f := s.beginFlush()
	if f == nil {
		return nil
	}
	err := f.build(ctx)
	if err == nil {
		err = f.commit()
	}
	if err != nil {
		f.undo()
		return fmt.Errorf("flush: %w", err)
	}
	return nil
}

// logBytes is the size of the log, which bounds what a flush writes.
func (s *Store) logBytes() (n uint64) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	for _, l := range s.files {
		n += uint64(l.end)
	}
	return n
}

// beginFlush seals the log file in use and copies the index as it stands; nil
// when the log holds nothing.
func (s *Store) beginFlush() *flush {
	s.append.Lock()
	defer s.append.Unlock()
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.index.seq == s.manifest.Absorbed || s.closed || s.failed != nil {
		return nil
	}
	s.nextLog, s.nextFile = s.nextFile, s.nextFile+1
	s.flushed = time.Now()
	f := &flush{
		s: s, cut: s.index.seq, chain: s.index.chain, firstLog: s.nextLog, servers: make(map[string]*serverIndex),
		imports: slices.Clone(s.index.imports), facts: slices.Clone(s.index.facts), spread: s.index.spread,
		erasures: slices.Clone(s.index.erasures), schedule: s.index.schedule,
		dirs: make(map[string]bool), built: make(map[string]*built), packed: make(map[string]map[string][]*rawBlock),
	}
	f.ahead = s.ahead
	s.dropAhead()
	s.aheadOff = false
	f.keep = newKeeper(f)
	for name, sv := range s.index.servers {
		f.servers[name] = sv.clone()
	}
	f.names = slices.Sorted(maps.Keys(f.servers))
	return f
}

// clone is a copy that appends and flushes do not change.
func (s *serverIndex) clone() *serverIndex {
	c := *s
	c.raw, c.parts = make(map[string][]*rawBlock, len(s.raw)), maps.Clone(s.parts)
	for ch, l := range s.raw {
		c.raw[ch] = slices.Clone(l)
	}
	c.records, c.tail, c.old, c.drafts, c.superseded = slices.Clone(s.records), slices.Clone(s.tail), slices.Clone(s.old), slices.Clone(s.drafts), slices.Clone(s.superseded)
	c.checkpoints, c.voids, c.erasures = slices.Clone(s.checkpoints), slices.Clone(s.voids), slices.Clone(s.erasures)
	for i := range c.checkpoints {
		c.checkpoints[i].traces = slices.Clone(c.checkpoints[i].traces)
	}
	c.segments, c.oldSegments = slices.Clone(s.segments), slices.Clone(s.oldSegments)
	return &c
}

func (f *flush) build(ctx context.Context) error {
	if err := f.packEvents(ctx); err != nil {
		return err
	}
	for _, name := range f.names {
		sv := f.servers[name]
		b := &built{}
		f.built[name] = b
		var err error
		if b.segments, b.paths, err = f.segments(ctx, name, sv.records, false); err != nil {
			return err
		}
		if b.old, _, err = f.segments(ctx, name, sv.superseded, true); err != nil {
			return err
		}
	}
	return f.keepBlocks(ctx)
}

// segment writes one segment and opens it.
func (f *flush) segment(b *segment.Builder, m segment.Month) (*segmentRef, error) {
	num := f.s.newNumber()
	_, err := f.s.writeFile(segmentDir, num, func(w io.Writer) error {
		_, err := b.WriteMonth(w, m)
		return err
	})
	if err != nil {
		return nil, err
	}
	f.dirs[segmentDir] = true
	f.made = append(f.made, num)
	return f.s.openSegment(num)
}

// keepBlocks copies the blocks that stay as they are.
func (f *flush) keepBlocks(ctx context.Context) error {
	for _, name := range f.names {
		sv := f.servers[name]
		sv.checkpoints = thin(sv.checkpoints)
		for _, l := range [...][]*recBlock{sv.tail, sv.old, sv.drafts} {
			for i, b := range l {
				c := *b
				if err := f.keep.move(ctx, &c.blockRef); err != nil {
					return err
				}
				f.keep.records[b] = &c
				l[i] = &c
			}
		}
		for i := range sv.checkpoints {
			if err := f.keep.move(ctx, &sv.checkpoints[i].ref); err != nil {
				return err
			}
			for j := range sv.checkpoints[i].traces {
				if err := f.keep.move(ctx, &sv.checkpoints[i].traces[j]); err != nil {
					return err
				}
			}
		}
	}
	for i, b := range f.facts {
		c := *b
		if err := f.keep.move(ctx, &c.blockRef); err != nil {
			return err
		}
		f.keep.facts[b] = &c
		f.facts[i] = &c
	}
	return f.keep.write()
}

// commit makes the flush true: folders, manifest, index.
func (f *flush) commit() error {
	s := f.s
	if err := s.syncDirs(slices.Sorted(maps.Keys(f.dirs))...); err != nil {
		return err
	}
	m := f.manifest()
	if err := s.publish(m); err != nil {
		return err
	}
	s.mu.Lock()
	s.leave(f.apply(), nil)
	s.mu.Unlock()
	s.clean()
	return nil
}

// undo forgets what was written. The files stay until the next open when they
// cannot be removed.
func (f *flush) undo() {
	for _, b := range f.built {
		for _, r := range slices.Concat(b.segments, b.old) {
			_ = r.file.Close() // was only read
		}
		for _, r := range b.paths {
			_ = r.file.Close()
		}
	}
	for _, p := range f.packs {
		_ = p.file.Close()
	}
	f.s.removeOrphans()
}

// apply puts the new files in the place of what they hold. What was appended
// since the flush began stays. The caller holds mu. It returns the log files
// that nothing needs any more.
func (f *flush) apply() []*logFile {
	s := f.s
	x := s.index
	for _, name := range f.names {
		flushed, sv := f.servers[name], x.servers[name].clone()
		x.servers[name] = sv
		b := f.built[name]
		was := make(map[*recBlock]bool)
		for _, l := range [...][]*recBlock{flushed.records, flushed.superseded} {
			for _, r := range l {
				was[r] = true
			}
		}
		drop := func(l []*recBlock) []*recBlock {
			return slices.DeleteFunc(l, func(r *recBlock) bool { return was[r] })
		}
		sv.records, sv.superseded = drop(sv.records), f.keep.moved(drop(sv.superseded))
		sv.old, sv.drafts, sv.tail = f.keep.moved(drop(sv.old)), f.keep.moved(sv.drafts), f.keep.moved(sv.tail)
		sv.segments, sv.oldSegments = append(sv.segments, b.segments...), append(sv.oldSegments, b.old...)
		sv.checkpoints = f.keep.movedCheckpoints(sv.checkpoints, f.cut, flushed.checkpoints)
		for ch, l := range f.packed[name] {
			old := flushed.raw[ch]
			at := slices.IndexFunc(old, func(b *rawBlock) bool { return b.inLog() })
			sv.raw[ch] = slices.Concat(old[:at], l, sv.raw[ch][len(old):])
			delete(sv.parts, ch)
		}
		sv.prune()
		x.paths = append(x.paths, b.paths...)
	}
	for i, b := range x.facts {
		if c := f.keep.facts[b]; c != nil {
			x.facts[i] = c
		}
	}
	x.packs = append(x.packs, f.packs...)
	x.logRows = 0
	for _, sv := range x.servers {
		for _, l := range [...][]*recBlock{sv.records, sv.superseded, sv.drafts} {
			for _, b := range l {
				x.logRows += b.n
			}
		}
	}
	x.settle()
	if f.keep.file != nil {
		s.kept = append(s.kept, f.keep.file)
	}
	n, _ := slices.BinarySearchFunc(s.files, f.firstLog, func(l *logFile, num uint32) int { return cmp.Compare(l.num, num) })
	gone := s.files[:n:n]
	s.files = slices.Clone(s.files[n:])
	used := f.keeps()
	for _, l := range s.kept {
		if !used[l.num] {
			gone = append(gone, l)
		}
	}
	s.kept = slices.DeleteFunc(slices.Clone(s.kept), func(l *logFile) bool { return !used[l.num] })
	return gone
}

// keeps are the files of kept blocks that are still in use.
func (f *flush) keeps() map[uint32]bool {
	used := make(map[uint32]bool)
	f.refs(func(r *blockRef) { used[r.file] = true })
	return used
}

// leave closes files as soon as no reader is left that may use them. The caller
// holds mu.
func (s *Store) leave(files []*logFile, more []io.Closer) {
	s.leavingMu.Lock()
	s.leaving = append(slices.Clone(s.leaving), files...)
	s.leavingMu.Unlock()
	s.pins.retire(func() {
		s.leavingMu.Lock()
		s.leaving = slices.DeleteFunc(slices.Clone(s.leaving), func(l *logFile) bool { return slices.Contains(files, l) })
		s.leavingMu.Unlock()
		for _, l := range files {
			more = append(more, l.f)
		}
		closeAll(more)
	})
}

func closeAll(l []io.Closer) {
	for _, c := range l {
		_ = c.Close() // was only read since it was synced
	}
}
