package store

import (
	"bufio"
	"cmp"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"sync"

	"github.com/akashi-audit/akashi/internal/fsx"
	"github.com/akashi-audit/akashi/internal/segment"
)

// writeBuffer is how many bytes of a new file go to the disk at once.
const writeBuffer = 1 << 20

// Folders of immutable files. All files of a data folder share one sequence of
// numbers, so that a number names one file.
const (
	segmentDir = "segments" // record segments
	rawDir     = "raw"      // packed raw events
	keepDir    = "keep"     // blocks of the log that outlive it: checkpoints, tails, facts
	pathDir    = "paths"    // path catalogue
)

var fileEnds = map[string]string{segmentDir: ".aks", rawDir: ".akr", keepDir: ".akk", pathDir: ".akc", logDir: ".akl"}

// fileName is the name of a file relative to the data folder.
func fileName(dir string, num uint32) string {
	return fmt.Sprintf("%s/%06d%s", dir, num, fileEnds[dir])
}

// fileNumber is the inverse of fileName for a base name.
func fileNumber(dir, base string) (num uint32, ok bool) {
	if _, err := fmt.Sscanf(base, "%d", &num); err != nil {
		return 0, false
	}
	return num, fileName(dir, num) == dir+"/"+base
}

// fileNumbers lists the files of one kind, ascending. A missing folder has none.
func (s *Store) fileNumbers(dir string) ([]uint32, error) {
	entries, err := s.fs.ReadDir(filepath.Join(s.dir, dir))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("list %s: %w", dir, err)
	}
	var l []uint32
	for _, e := range entries { // sorted by name
		if n, ok := fileNumber(dir, e.Name()); ok {
			l = append(l, n)
		}
	}
	return l, nil
}

// newNumber gives a number to a file that is about to be made.
func (s *Store) newNumber() uint32 {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.nextFile++
	return s.nextFile - 1
}

// beginFile is newNumber for a file that is made while work is not held: until endFile
// it is not taken for one that a failed flush has left.
func (s *Store) beginFile() uint32 {
	num := s.newNumber()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.making = append(s.making, num)
	return num
}

// endFile ends what beginFile began: a manifest names the file, or it may go.
func (s *Store) endFile(num uint32) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.making = slices.DeleteFunc(s.making, func(n uint32) bool { return n == num })
}

// writeFile makes an immutable file: written whole and synced under its number,
// which no manifest names yet. The caller syncs the folder (syncDirs).
func (s *Store) writeFile(dir string, num uint32, write func(io.Writer) error) (size int64, err error) {
	return s.writeFileEarly(dir, num, 0, write)
}

// writeFileEarly is writeFile of a file that goes to the disk while it is written, so many
// bytes at a time: somebody waits for it. 0 = at its end.
func (s *Store) writeFileEarly(dir string, num uint32, piece int, write func(io.Writer) error) (size int64, err error) {
	if err := s.fs.MkdirAll(filepath.Join(s.dir, dir), 0o700); err != nil {
		return 0, fmt.Errorf("make folder %s: %w", dir, err)
	}
	name := fileName(dir, num)
	path := filepath.Join(s.dir, filepath.FromSlash(name))
	f, err := s.fs.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return 0, fmt.Errorf("make %s: %w", name, err)
	}
	early := &earlySync{f: f, piece: piece}
	w := bufio.NewWriterSize(early, writeBuffer)
	err = write(w)
	if err == nil {
		err = w.Flush()
	}
	if err = cmp.Or(err, early.wait()); err == nil {
		err = f.Sync()
	}
	if err == nil {
		size, err = sizeOf(f)
	}
	if err = errors.Join(err, f.Close()); err != nil {
		return 0, errors.Join(fmt.Errorf("write %s: %w", name, err), ignoreMissing(s.fs.Remove(path)))
	}
	return size, nil
}

// earlyPiece is how much of a large file goes to the disk at a time, in bytes.
const earlyPiece = 32 << 20

// earlySync writes to a file and syncs it now and then beside the writing.
type earlySync struct {
	f     fsx.File
	piece int // bytes from sync to sync; 0 = never
	n     int // written since the last one began
	busy  chan error
}

func (w *earlySync) Write(b []byte) (int, error) {
	n, err := w.f.Write(b)
	if w.n += n; err != nil || w.piece == 0 || w.n < w.piece {
		return n, err
	}
	if err := w.wait(); err != nil {
		return n, err
	}
	w.n, w.busy = 0, make(chan error, 1)
	go func(done chan<- error) { done <- w.f.Sync() }(w.busy)
	return n, nil
}

// wait waits for a sync that was begun. When it failed the file is of no use: a later
// sync says nothing about what it failed to save.
func (w *earlySync) wait() error {
	if w.busy == nil {
		return nil
	}
	err := <-w.busy
	w.busy = nil
	return err
}

func sizeOf(f interface{ Stat() (os.FileInfo, error) }) (int64, error) {
	st, err := f.Stat()
	if err != nil {
		return 0, err
	}
	return st.Size(), nil
}

func ignoreMissing(err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

// syncDirs makes the names in the folders durable.
func (s *Store) syncDirs(dirs ...string) error {
	for _, d := range append(dirs, ".") {
		if err := s.fs.SyncDir(filepath.Join(s.dir, d)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("sync folder %s: %w", d, err)
		}
	}
	return nil
}

// segmentRef is an open segment.
type segmentRef struct {
	num  uint32
	size int64
	file io.Closer
	seg  *segment.Segment
	meta *segment.Meta

	month segment.Month
	// paths, when it is in the index, is a part of the catalogue with just the
	// dictionary of the segment. nil = none is known. Guarded by merging.
	paths *pathRef
}

func (r *segmentRef) name() string { return fileName(segmentDir, r.num) }

// maxSeq is the last commit that the segment has rows of.
func (r *segmentRef) maxSeq() uint64 { return r.meta.Seqs[len(r.meta.Seqs)-1].Seq }

// rows counts the rows whose commit none of the ranges makes void.
func (r *segmentRef) rows(voids []void) int64 {
	n := r.meta.Rows
	for _, q := range r.meta.Seqs {
		if isVoid(voids, q.Seq) {
			n -= q.Rows
		}
	}
	return n
}

// openSegment opens a segment file. Damage found in it later is noted.
func (s *Store) openSegment(num uint32) (*segmentRef, error) {
	name := fileName(segmentDir, num)
	f, err := s.fs.OpenFile(filepath.Join(s.dir, filepath.FromSlash(name)), os.O_RDONLY, 0)
	if err != nil {
		return nil, fmt.Errorf("open segment: %w", err)
	}
	size, err := sizeOf(f)
	if err == nil {
		var seg *segment.Segment
		seg, err = segment.Open(f, size, segment.OpenOptions{Name: name, Cache: s.blocks, Damaged: s.noteSegment(name)})
		if err == nil && (len(seg.Meta().Days) == 0 || len(seg.Meta().Seqs) == 0) {
			err = errors.New("it holds no rows")
		}
		if err == nil {
			m := seg.Meta()
			return &segmentRef{num: num, size: size, file: f, seg: seg, meta: m, month: segment.MonthOf(m.Days[0].Day)}, nil
		}
	}
	return nil, errors.Join(fmt.Errorf("open %s: %w", name, err), f.Close())
}

// noteSegment notes damage in a segment.
func (s *Store) noteSegment(name string) func(*segment.DamageError) {
	return func(d *segment.DamageError) {
		s.damaged(&DamageError{File: name, Offset: d.Offset, Size: d.Size, Reason: d.Reason})
	}
}

// pins keeps files that a running reader may use from being closed and removed.
type pins struct {
	mu      sync.Mutex
	now     uint64         // counts what was retired
	held    map[uint64]int // readers by the value of now when they began
	retired []retired      // ascending
}

type retired struct {
	at  uint64
	end func()
}

// hold begins a reader; it must call release once at its end.
func (p *pins) hold() (release func()) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.held == nil {
		p.held = make(map[uint64]int)
	}
	at := p.now
	p.held[at]++
	return func() {
		p.mu.Lock()
		if p.held[at]--; p.held[at] == 0 {
			delete(p.held, at)
		}
		ends := p.sweep()
		p.mu.Unlock()
		for _, end := range ends {
			end()
		}
	}
}

// retire calls end as soon as no reader is left that began before.
func (p *pins) retire(end func()) {
	p.mu.Lock()
	p.retired = append(p.retired, retired{p.now, end})
	p.now++
	ends := p.sweep()
	p.mu.Unlock()
	for _, end := range ends {
		end()
	}
}

// sweep takes what no reader holds any more.
func (p *pins) sweep() (ends []func()) {
	oldest := p.now
	for at := range p.held {
		oldest = min(oldest, at)
	}
	n := 0
	for n < len(p.retired) && p.retired[n].at < oldest {
		ends = append(ends, p.retired[n].end)
		n++
	}
	p.retired = p.retired[n:]
	return ends
}
