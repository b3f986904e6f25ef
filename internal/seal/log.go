package seal

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/akashi-audit/akashi/internal/fsx"
)

// The names of the log in a data folder.
const (
	DirName         = "seal"
	LockName        = "seal.lock" // beside DirName
	LeavesName      = "leaves.jsonl"
	CheckpointsName = "checkpoints.txt"
	FolderName      = "folder" // folder of the manifest that the last checkpoint covers
	StampsName      = "stamps" // folder of time stamps
	KeyName         = "key"
	OldKeyName      = "key.old" // signs beside the new one for Overlap
)

// Overlap is how long the key before signs beside its follower.
const Overlap = 30 * 24 * time.Hour

// LogOptions say how a log is opened.
type LogOptions struct {
	ReadOnly bool
	Now      func() time.Time // nil = time.Now
	// KeyFile is where the private key is kept, when not in the data folder.
	KeyFile string
	// Passphrase, when not nil, gives the words that the key file is encrypted
	// with (age, scrypt). It is asked for when a checkpoint is due.
	Passphrase func() (string, error)
}

// Log is the Merkle log of a data folder. Leaf i is the canonical JSON of entry i.
type Log struct {
	dir, base string // base is the data folder
	fs        fsx.FS
	opt       LogOptions

	mu     sync.Mutex // guards the fields below
	f      fsx.File   // nil until the first leaf
	end    int64
	at     []int64 // where each line begins
	tree   tree
	failed error // a write left the file in an unknown state
	closed bool

	keys    []KeyChange
	keyAt   []int64            // leaves of keys
	keyTime []int64            // Unix ns
	folder  int64              // last leaf of KindFolder, -1 = none
	kinds   map[string][]int64 // the leaves of each kind
	lock    *fsx.Lock
	calls   int64 // leaves that need no checkpoint by themselves, behind the last one
	points  []*Checkpoint
	pointsF fsx.File
	pointsN int64 // bytes
}

// OpenLog opens the log of a data folder; its files are made with the first
// leaf. A folder that has a journal (seal.jsonl) only gives its entries as the
// first leaves. What was damaged gives a *DamageError. An unfinished last line,
// which was never acknowledged, is cut. fs nil is the operating system's.
func OpenLog(fs fsx.FS, dir string, opt LogOptions) (*Log, error) {
	if fs == nil {
		fs = fsx.OS{}
	}
	if opt.Now == nil {
		opt.Now = time.Now
	}
	l := &Log{dir: filepath.Join(dir, DirName), base: dir, fs: fs, opt: opt, folder: -1, kinds: map[string][]int64{}}
	if err := l.takeLock(); err != nil {
		return nil, err
	}
	if err := l.load(); err != nil {
		l.mu.Lock()
		defer l.mu.Unlock()
		return nil, errors.Join(err, l.closeFiles())
	}
	return l, nil
}

// takeLock keeps a second writer away, in another process too.
func (l *Log) takeLock() (err error) {
	if l.opt.ReadOnly {
		return nil
	}
	if l.lock, err = l.fs.TryLock(filepath.Join(l.base, LockName)); err != nil {
		return fmt.Errorf("lock the seal of %s: %w", l.base, err)
	}
	return nil
}

func (l *Log) path(name string) string { return filepath.Join(l.dir, name) }

func (l *Log) flag() int {
	if l.opt.ReadOnly {
		return os.O_RDONLY
	}
	return os.O_RDWR
}

func (l *Log) load() error {
	f, err := l.fs.OpenFile(l.path(LeavesName), l.flag(), 0)
	if errors.Is(err, os.ErrNotExist) {
		f, err = l.takeOver()
	}
	if err != nil {
		return fmt.Errorf("open the leaves of the seal: %w", err)
	}
	l.f = f
	if err := l.loadPoints(); err != nil {
		return err
	}
	if f != nil {
		if err := l.loadLeaves(); err != nil {
			return err
		}
	}
	return l.checkPoints()
}

// takeOver makes the leaves of a folder that has a journal.
func (l *Log) takeOver() (fsx.File, error) {
	j := &journal{path: filepath.Join(l.base, FileName)}
	b, err := readFile(l.fs, j.path, maxJournal)
	if errors.Is(err, os.ErrNotExist) || l.opt.ReadOnly && err == nil {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var text []byte
	var bad error
	err = j.verify(b, func(e Entry) {
		data, err := EncodeLeaf(e)
		bad = errors.Join(bad, err)
		text = appendLine(text, data, LeafHash(data), false)
	})
	if err = errors.Join(err, bad); err != nil {
		return nil, err
	}
	if err := fsx.MakeDir(l.fs, l.dir, 0o700); err != nil {
		return nil, err
	}
	if err := write(l.fs, l.path(LeavesName), text); err != nil {
		return nil, err
	}
	return l.fs.OpenFile(l.path(LeavesName), os.O_RDWR, 0)
}

// loadLeaves reads the lines. What a power failure left of leaves that were
// never acknowledged is cut: the end of the file from its first line that does
// not hold, unless a later write follows or a checkpoint covers it.
func (l *Log) loadLeaves() error {
	st, err := l.f.Stat()
	if err != nil {
		return fmt.Errorf("read the leaves of the seal: %w", err)
	}
	r := bufio.NewReaderSize(io.NewSectionReader(l.f, 0, st.Size()), 1<<16)
	var bad *DamageError
	for {
		line, err := readLine(r)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil && !errors.Is(err, errLong) {
			return fmt.Errorf("read the leaves of the seal: %w", err)
		}
		if bad != nil {
			if _, _, err := ParseLine(line); err == nil && bytes.HasPrefix(line, []byte(linePrefix)) {
				return bad
			}
			continue
		}
		if err == nil {
			err = l.acceptLine(line)
		}
		if err != nil {
			bad = &DamageError{Path: l.path(LeavesName), Offset: l.end, Line: len(l.at) + 1, Reason: err.Error()}
		}
	}
	if bad != nil && len(l.points) > 0 && l.tree.size < l.points[len(l.points)-1].Size {
		return bad
	}
	if l.end == st.Size() || l.opt.ReadOnly {
		return nil
	}
	if err := errors.Join(l.f.Truncate(l.end), l.f.Sync()); err != nil {
		return fmt.Errorf("cut the unfinished leaf of the seal: %w", err)
	}
	return nil
}

func (l *Log) acceptLine(line []byte) error {
	data, h, err := ParseLine(line)
	if err != nil {
		return err
	}
	e, err := ParseLeaf(data)
	if err != nil {
		return err
	}
	return l.accept(e, h, int64(len(line))+1)
}

// accept takes a leaf that is on disk into the tree.
func (l *Log) accept(e Entry, h Hash, size int64) error {
	switch e.Kind {
	case KindKey:
		k, err := ParseKeyChange(e.Subject)
		if err != nil {
			return err
		}
		l.keys, l.keyAt, l.keyTime = append(l.keys, *k), append(l.keyAt, l.tree.size), append(l.keyTime, e.Time)
	case KindFolder:
		l.folder = l.tree.size
	case KindStamp, KindDelivery:
		l.calls++
	}
	l.kinds[e.Kind] = append(l.kinds[e.Kind], l.tree.size)
	if err := l.tree.add(h); err != nil {
		return err
	}
	l.at = append(l.at, l.end)
	l.end += size
	return nil
}

var errLong = errors.New("the line is too long")

// readLine reads a line without its end. An unfinished one is io.EOF.
func readLine(r *bufio.Reader) ([]byte, error) {
	var line []byte
	for {
		part, err := r.ReadSlice('\n')
		line = append(line, part...)
		if err == nil {
			return line[:len(line)-1], nil
		}
		if !errors.Is(err, bufio.ErrBufferFull) {
			return nil, err
		}
		if len(line) > maxLeaf+lineFixed {
			return nil, skipLine(r)
		}
	}
}

// skipLine reads on to the end of a line that is too long.
func skipLine(r *bufio.Reader) error {
	for {
		_, err := r.ReadSlice('\n')
		if err == nil {
			return errLong
		}
		if !errors.Is(err, bufio.ErrBufferFull) {
			return err
		}
	}
}

// Record appends a leaf; it is durable when Record returns.
func (l *Log) Record(ctx context.Context, e Entry) error {
	_, err := l.RecordAll(ctx, []Entry{e})
	return err
}

// RecordAll appends leaves with one sync, and returns the place of the first.
func (l *Log) RecordAll(ctx context.Context, entries []Entry) (int64, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.record(ctx, entries)
}

func (l *Log) record(ctx context.Context, entries []Entry) (int64, error) {
	if err := ctx.Err(); err != nil {
		return 0, err
	}
	if l.closed || l.opt.ReadOnly {
		return 0, errors.New("the log of the seal is not open for writing")
	}
	if l.failed != nil {
		return 0, fmt.Errorf("the log of the seal must be opened again after an earlier failure: %w", l.failed)
	}
	first := l.tree.size
	if len(entries) == 0 {
		return first, nil
	}
	var text []byte
	var hashes []Hash
	var sizes []int64
	for i, e := range entries {
		data, err := EncodeLeaf(e)
		if err != nil {
			return 0, err
		}
		if e.Kind == KindKey {
			if _, err := ParseKeyChange(e.Subject); err != nil {
				return 0, err
			}
		}
		before := len(text)
		hashes = append(hashes, LeafHash(data))
		text = appendLine(text, data, hashes[len(hashes)-1], i > 0)
		sizes = append(sizes, int64(len(text)-before))
	}
	if err := l.make(&l.f, LeavesName); err != nil {
		return 0, fmt.Errorf("make the log of the seal: %w", err)
	}
	if err := l.append(l.f, text, l.end); err != nil {
		return 0, fmt.Errorf("write leaf of the seal: %w", err)
	}
	for i, e := range entries {
		if err := l.accept(e, hashes[i], sizes[i]); err != nil {
			l.failed = err
			return 0, err
		}
	}
	return first, nil
}

// append adds bytes at the end of a file, or nothing.
func (l *Log) append(f fsx.File, b []byte, end int64) error {
	_, err := f.WriteAt(b, end)
	if err == nil {
		err = f.Sync()
	}
	if err != nil && errors.Join(f.Truncate(end), f.Sync()) != nil {
		l.failed = err
	}
	return err
}

// make makes a file of the log, if need be, so that it stays.
func (l *Log) make(f *fsx.File, name string) error {
	if *f != nil {
		return nil
	}
	if err := fsx.MakeDir(l.fs, l.dir, 0o700); err != nil {
		return err
	}
	g, err := l.fs.OpenFile(l.path(name), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return err
	}
	if err := l.fs.SyncDir(l.dir); err != nil {
		return errors.Join(err, g.Close())
	}
	*f = g
	return nil
}

// Close ends the use of the log.
func (l *Log) Close() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.closed = true
	return l.closeFiles()
}

func (l *Log) closeFiles() error {
	var errs []error
	for _, f := range []*fsx.File{&l.f, &l.pointsF} {
		if *f != nil {
			errs = append(errs, (*f).Close())
			*f = nil
		}
	}
	if l.lock != nil {
		errs = append(errs, l.lock.Unlock())
		l.lock = nil
	}
	return errors.Join(errs...)
}
