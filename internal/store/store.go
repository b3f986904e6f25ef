package store

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/akashi-audit/akashi/internal/catalogue"
	"github.com/akashi-audit/akashi/internal/event"
	"github.com/akashi-audit/akashi/internal/fsx"
	"github.com/akashi-audit/akashi/internal/rawfile"
	"github.com/akashi-audit/akashi/internal/record"
	"github.com/akashi-audit/akashi/internal/segment"
)

const (
	lockName        = "lock"
	formatName      = "format"
	defaultFileSize = 256 << 20
	segmentCache    = 256 << 20 // bytes of decoded blocks of segments
)

// Store is an open data folder.
type Store struct {
	dir   string
	opt   Options
	fs    fsx.FS
	codec *codec
	lock  *fsx.Lock

	append    sync.Mutex        // held by the one writer; taken before mu
	records   *record.Encoder   // guarded by append
	ahead     map[string]*ahead // by server; guarded by append
	aheadSize int               // bytes of them; guarded by append
	aheadOff  bool              // until the next flush nothing is made ready; guarded by append
	raw       *event.Encoder    // guarded by append
	body      []byte            // of the commit before, to be used again; guarded by append
	written   []byte            // its frame, the same

	// merging is held by the one merge, or by what must see none; taken before work.
	// Segments and parts of the catalogue are only taken away while it is held.
	merging sync.Mutex

	completeTime time.Duration // how long Complete looks for the times of its hits; set before the store is used
	cheapNames   int           // see the constant; the same
	onceRows     int64         // see the constants; the same
	onceNames    int64

	work sync.Mutex // held by the one flush or repair, and when a merge becomes true; taken before append
	pins pins       // readers
	back background

	mu       sync.RWMutex // guards the fields below
	index    *index
	manifest *manifest   // in force; its generation is 0 when there is none
	older    *manifest   // the one before; nil when there is none
	doubtful []*manifest // that could not be written, and may be on disk
	files    []*logFile  // ascending; the last takes new frames
	kept     []*logFile  // files of kept blocks, ascending
	nextFile uint32      // number of the next file of any kind
	making   []uint32    // numbers of files that a merge writes
	nextLog  uint32      // number of the log file that follows a flush; 0 = any
	flushed  time.Time   // when the last flush began
	failed   error       // an append left the file in an unknown state
	closed   bool
	cache    *cache         // blocks of the log
	blocks   *segment.Cache // blocks of segments
	names    *catalogue.Cache
	recent   recents
	packer   *rawfile.Packer // guarded by work
	unpacker *rawfile.Unpacker

	leavingMu sync.Mutex // guards leaving; taken after mu
	leaving   []*logFile // files that only readers from before need

	damageMu sync.Mutex // guards damage
	damage   []*DamageError

	sealMu sync.Mutex           // guards the fields below
	pure   map[string]compacted // by server: state of which nothing erased is in the files
	left   map[string]leftOver  // by server: what SealEvents leaves out
}

// Open opens the data folder at dir. Without ReadOnly it takes the folder's
// lock, or fails with ErrLocked, and clears an unfinished commit away. A folder
// of a newer format gives a *FormatError, a missing one ErrNoStore.
func Open(dir string, opt Options) (*Store, error) {
	if opt.Zone == nil {
		opt.Zone = time.UTC
	}
	if opt.FileSize == 0 {
		opt.FileSize = defaultFileSize
	}
	s := &Store{
		dir: dir, opt: opt, fs: opt.FS, index: newIndex(), manifest: &manifest{}, cache: newCache(cacheBytes),
		ahead: make(map[string]*ahead), records: record.NewEncoder(), raw: event.NewEncoder(), names: catalogue.NewCache(catalogueCache),
		completeTime: completeTime, cheapNames: cheapNames, onceRows: onceRows, onceNames: onceNames, pure: make(map[string]compacted), left: make(map[string]leftOver),
	}
	if s.fs == nil {
		s.fs = fsx.OS{}
	}
	var err error
	if s.codec, err = newCodec(); err != nil {
		return nil, err
	}
	if s.packer, err = rawfile.NewPacker(); err != nil {
		return nil, err
	}
	if s.unpacker, err = rawfile.NewUnpacker(); err != nil {
		return nil, err
	}
	if s.blocks, err = segment.NewCache(segmentCache); err != nil {
		return nil, err
	}
	if err := s.open(); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	s.aheadOff = s.index.logRows > 0 // a flush reads all that waits, or nothing
	if !opt.ReadOnly && opt.FlushRows >= 0 {
		s.start()
	}
	return s, nil
}

func (s *Store) open() error {
	create := s.opt.Create && !s.opt.ReadOnly
	if create {
		if err := errors.Join(fsx.MakeDir(s.fs, s.dir, 0o700), fsx.MakeDir(s.fs, filepath.Join(s.dir, logDir), 0o700)); err != nil {
			return fmt.Errorf("make data folder: %w", err)
		}
	}
	if !s.opt.ReadOnly {
		if _, err := s.fs.ReadDir(s.dir); errors.Is(err, os.ErrNotExist) {
			return fmt.Errorf("%s: %w", s.dir, ErrNoStore)
		}
		var err error
		if s.lock, err = s.fs.TryLock(filepath.Join(s.dir, lockName)); err != nil {
			if errors.Is(err, ErrLocked) {
				return fmt.Errorf("data folder %s is %w: stop that process, or hand the work over to it", s.dir, err)
			}
			return fmt.Errorf("lock data folder: %w", err)
		}
		if err := errors.Join(fsx.ClearUnfinished(s.fs, s.dir), fsx.ClearUnfinished(s.fs, filepath.Join(s.dir, quarantineDir))); err != nil {
			return fmt.Errorf("clear unfinished files: %w", err)
		}
	}
	if err := s.checkFormat(create); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.loadManifest(nil); err != nil {
		return err
	}
	if err := s.load(); err != nil {
		return err
	}
	if !s.opt.ReadOnly {
		return s.repair()
	}
	return nil
}

// checkFormat reads the folder's format version, and writes it in a new folder.
func (s *Store) checkFormat(create bool) error {
	path := filepath.Join(s.dir, formatName)
	f, err := s.fs.OpenFile(path, os.O_RDONLY, 0)
	if errors.Is(err, os.ErrNotExist) {
		if !create {
			return fmt.Errorf("%s: %w", s.dir, ErrNoStore)
		}
		return s.writeFormat(path)
	}
	if err != nil {
		return fmt.Errorf("read format: %w", err)
	}
	b, err := io.ReadAll(io.LimitReader(f, 64))
	if err = errors.Join(err, f.Close()); err != nil {
		return fmt.Errorf("read format: %w", err)
	}
	n, err := strconv.Atoi(strings.TrimSpace(strings.TrimPrefix(string(b), "akashi data folder")))
	if err != nil || n < 1 {
		return &DamageError{File: formatName, Size: int64(len(b)), Reason: "want \"akashi data folder " + strconv.Itoa(FormatVersion) + "\""}
	}
	if n > FormatVersion {
		return &FormatError{Dir: s.dir, Have: n}
	}
	if n < FormatVersion && !s.opt.ReadOnly { // older programs must not read what this one will write
		return s.writeFormat(path)
	}
	return nil
}

func (s *Store) writeFormat(path string) error {
	err := fsx.WriteAtomic(s.fs, path, 0o600, func(w io.Writer) error {
		_, err := fmt.Fprintf(w, "akashi data folder %d\n", FormatVersion)
		return err
	})
	if err != nil {
		return fmt.Errorf("write format: %w", err)
	}
	return nil
}

// load scans all log files from where the last load ended.
func (s *Store) load() error {
	nums, err := s.logNumbers()
	if err != nil {
		if s.opt.ReadOnly && errors.Is(err, os.ErrNotExist) {
			return nil
		}
		return err
	}
	nums = slices.DeleteFunc(nums, func(n uint32) bool { return n < s.manifest.FirstLog })
	for i, n := range nums {
		last := i == len(nums)-1
		s.nextFile = max(s.nextFile, n+1)
		at, have := slices.BinarySearchFunc(s.files, n, func(l *logFile, n uint32) int { return cmp.Compare(l.num, n) })
		if !have {
			l, err := s.openLog(n, last && !s.opt.ReadOnly)
			if err != nil {
				return err
			}
			s.files = slices.Insert(s.files, at, l)
		}
		if have && at < len(s.files)-1 {
			continue // followed by a later file when it was read
		}
		if _, err := s.scan(s.files[at], last); err != nil {
			return err
		}
	}
	if s.opt.salvage {
		s.index.absorbed()
	}
	s.index.settle()
	s.quarantined()
	return nil
}

// repair clears the unfinished end of the last file and makes sure of the rest.
func (s *Store) repair() error {
	if len(s.files) == 0 {
		return nil
	}
	l := s.files[len(s.files)-1]
	size, err := l.size()
	if err != nil {
		return err
	}
	if rest := size - l.end; rest > 0 {
		if err := s.clear(l, rest); err != nil {
			return err
		}
		s.damageMu.Lock()
		s.damage = slices.DeleteFunc(s.damage, func(d *DamageError) bool { return strings.Contains(d.Reason, quarantineDir+"/") })
		s.damageMu.Unlock()
		s.quarantined()
	}
	return s.secure(l)
}

// damaged notes a damaged place once.
func (s *Store) damaged(d *DamageError) {
	s.damageMu.Lock()
	defer s.damageMu.Unlock()
	for _, o := range s.damage {
		if o.File == d.File && o.Offset == d.Offset {
			return
		}
	}
	s.damage = append(s.damage, d)
}

// read returns a block unpacked. A block that does not read back is noted as
// damage and gives a *DamageError.
func (s *Store) read(ctx context.Context, r *blockRef) ([]byte, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	l := s.fileOf(r.file)
	if l == nil {
		return nil, s.missing(r)
	}
	b := make([]byte, r.size)
	_, err := l.f.ReadAt(b, r.off)
	if errors.Is(err, os.ErrClosed) {
		return nil, err
	}
	reason := "checksum of a block"
	if err == nil && checksum(b) == r.crc {
		if b, err := s.codec.unpack(b); err == nil {
			return b, nil
		}
		reason = "unpack a block"
	}
	d := &DamageError{File: l.name, Offset: r.off, Size: int64(r.size), Reason: reason}
	if err != nil {
		d.Reason = "read a block: " + err.Error()
		if !errors.Is(err, io.EOF) {
			d.Err = err
		}
	}
	return nil, s.note(d)
}

// missing is the error for a block whose file is not open: it is missing, or the
// store is closed.
func (s *Store) missing(r *blockRef) error {
	s.mu.RLock()
	closed, dir := s.closed, logDir
	if s.manifest.keeps()[r.file] {
		dir = keepDir
	}
	s.mu.RUnlock()
	if closed {
		return os.ErrClosed
	}
	return s.noteBlock(fileName(dir, r.file), r, "the file is missing")
}

func (s *Store) noteBlock(file string, r *blockRef, reason string) error {
	return s.note(&DamageError{File: file, Offset: r.off, Size: int64(r.size), Reason: reason})
}

func (s *Store) note(d *DamageError) error {
	s.damaged(d)
	return d
}
