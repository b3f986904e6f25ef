package store

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/akashi-audit/akashi/internal/fsx"
)

const (
	logDir        = "log"
	quarantineDir = "quarantine"
)

func logName(n uint32) string { return fmt.Sprintf("%06d.akl", n) }

// logFile is one open file of the log.
type logFile struct {
	num  uint32
	name string // relative to the data folder
	f    fsx.File
	last int64 // begin of the last frame, 0 when there is none
	end  int64 // behind the last good frame
	kept bool  // a file of kept blocks, see keep.go
	// unread is why the scan could not read something. A writer must not take
	// it for an unfinished commit, or go on without what is there.
	unread error
}

func (l *logFile) readAt(b []byte, off int64) (int, error) {
	n, err := l.f.ReadAt(b, off)
	if err != nil && !errors.Is(err, io.EOF) {
		l.unread = err
	}
	return n, err
}

// openLog opens a log file; write makes it when it is missing.
func (s *Store) openLog(num uint32, write bool) (*logFile, error) {
	name := filepath.Join(logDir, logName(num))
	flag := os.O_RDONLY
	if write {
		flag = os.O_RDWR | os.O_CREATE
	}
	f, err := s.fs.OpenFile(filepath.Join(s.dir, name), flag, 0o600)
	if err != nil {
		return nil, fmt.Errorf("open log: %w", err)
	}
	return &logFile{num: num, name: filepath.ToSlash(name), f: f}, nil
}

// size of the file now.
func (l *logFile) size() (int64, error) {
	st, err := l.f.Stat()
	if err != nil {
		return 0, fmt.Errorf("size of %s: %w", l.name, err)
	}
	return st.Size(), nil
}

// logNumbers lists the log files of the folder, ascending.
func (s *Store) logNumbers() ([]uint32, error) {
	entries, err := s.fs.ReadDir(filepath.Join(s.dir, logDir))
	if err != nil {
		return nil, fmt.Errorf("list log: %w", err)
	}
	var l []uint32
	for _, e := range entries { // sorted by name
		var n uint32
		if _, err := fmt.Sscanf(e.Name(), "%06d.akl", &n); err == nil && e.Name() == logName(n) {
			l = append(l, n)
		}
	}
	return l, nil
}

// scan reads the frames behind l.end and applies them. In the last file the
// frame at the end may be cut short: scan stops before it and returns what is
// left there, which a writer then clears away.
func (s *Store) scan(l *logFile, last bool) (rest int64, err error) {
	size, err := l.size()
	if err != nil {
		return 0, err
	}
	if l.end == 0 {
		if size < int64(len(fileMagic)) {
			return size, nil
		}
		b := make([]byte, len(fileMagic))
		if _, err := l.readAt(b, 0); err != nil || string(b) != fileMagic {
			if l.unread != nil && !s.opt.ReadOnly {
				return 0, fmt.Errorf("read %s: %w", l.name, l.unread)
			}
			if last && size == int64(len(b)) {
				return size, nil // begun, but its head never reached the disk
			}
			s.damaged(&DamageError{File: l.name, Size: int64(len(b)), Reason: "head of the file"})
		}
		l.end = int64(len(fileMagic))
	}
	for l.end < size {
		n, f, derr := s.readFrame(l, l.end, size)
		end := last && l.end+n >= size
		unfinished := end && (derr != nil || !s.intact(f, l)) // cut short, or not yet written
		switch {
		case l.unread != nil && !s.opt.ReadOnly:
			return 0, fmt.Errorf("read %s: %w", l.name, l.unread)
		case unfinished:
			return size - l.end, nil
		case derr != nil:
			s.damaged(&DamageError{File: l.name, Offset: l.end, Size: n, Reason: derr.Error(), Err: l.unread})
		default:
			if s.opt.salvage && f.seq <= s.manifest.Absorbed { // in segments already
				f.records, f.superseded = nil, nil
			}
			s.index.apply(f)
		}
		l.last = l.end
		l.end += n
	}
	return 0, nil
}

var (
	errShort  = errors.New("frame is cut short")
	errHeader = errors.New("frame header")
)

// readFrame reads the meta of the frame at off. n is its size, or for a damaged
// one the distance to the next frame or the end of the file.
func (s *Store) readFrame(l *logFile, off, size int64) (n int64, f *frame, err error) {
	b := make([]byte, headerSize)
	k, err := l.readAt(b, off)
	if err != nil && !errors.Is(err, io.EOF) {
		return size - off, nil, err
	}
	h, ok := parseHeader(b[:k])
	if !ok {
		return s.resync(l, off+1, size) - off, nil, errHeader
	}
	if h.size() > size-off {
		next := s.resync(l, off+1, size)
		return next - off, nil, errShort
	}
	packed := make([]byte, h.metaLen)
	if _, err := l.readAt(packed, off+headerSize); err != nil {
		return h.size(), nil, err
	}
	if checksum(packed) != h.metaCRC {
		return h.size(), nil, errors.New("checksum of the frame's meta")
	}
	if h.kind != frameCommit || h.version > metaVersion {
		return h.size(), nil, fmt.Errorf("frame of unknown type %d version %d", h.kind, h.version)
	}
	meta, err := s.codec.unpack(packed)
	if err == nil {
		f, err = decodeFrame(meta, h, l.num, off+headerSize+int64(h.metaLen))
	}
	return h.size(), f, err
}

// resync finds the next frame header at or behind off, or the end of the file.
func (s *Store) resync(l *logFile, off, size int64) int64 {
	magic := []byte("AKF1")
	buf := make([]byte, 1<<16)
	for off < size {
		n, err := l.readAt(buf, off)
		if n < headerSize || err != nil && !errors.Is(err, io.EOF) {
			return size
		}
		for at := 0; ; {
			i := bytes.Index(buf[at:n], magic)
			if i < 0 {
				break
			}
			at += i
			if h, ok := parseHeader(buf[at:n]); ok && off+int64(at)+h.size() <= size {
				return off + int64(at)
			}
			at++
		}
		off += int64(n - headerSize + 1)
	}
	return size
}

// intact checks every block of a frame.
func (s *Store) intact(f *frame, l *logFile) bool {
	var refs []*blockRef
	for _, b := range f.raw {
		refs = append(refs, &b.blockRef)
	}
	for _, b := range f.records {
		refs = append(refs, &b.blockRef)
	}
	for _, b := range f.tail {
		refs = append(refs, &b.blockRef)
	}
	for _, b := range f.superseded {
		refs = append(refs, &b.blockRef)
	}
	for _, b := range f.facts {
		refs = append(refs, &b.blockRef)
	}
	if f.checkpoint != nil {
		refs = append(refs, f.checkpoint)
	}
	if f.trace != nil {
		refs = append(refs, f.trace)
	}
	for _, r := range refs {
		b := make([]byte, r.size)
		if _, err := l.readAt(b, r.off); err != nil || checksum(b) != r.crc {
			return false
		}
	}
	return true
}

// clear cuts an unfinished frame from the end of the log. Bytes that could be
// more than that are kept aside in the quarantine folder first.
func (s *Store) clear(l *logFile, rest int64) error {
	b := make([]byte, min(rest, headerSize))
	if _, err := l.f.ReadAt(b, l.end); err != nil {
		return fmt.Errorf("read end of %s: %w", l.name, err)
	}
	h, ok := parseHeader(b)
	plain := rest < headerSize || len(bytes.Trim(b, "\x00")) == 0 || ok && h.size() > rest
	if !plain {
		if err := s.quarantine(l, rest); err != nil {
			return err
		}
	}
	if err := l.f.Truncate(l.end); err != nil {
		return fmt.Errorf("cut unfinished frame of %s: %w", l.name, err)
	}
	if err := l.f.Sync(); err != nil {
		return fmt.Errorf("cut unfinished frame of %s: %w", l.name, err)
	}
	return nil
}

// secure writes the last frame again and syncs it. A process that died, or whose
// sync failed, may have left it in the memory of the system only, and a later
// sync says nothing about what an earlier one failed to save.
func (s *Store) secure(l *logFile) error {
	b := make([]byte, l.end-l.last)
	if _, err := l.f.ReadAt(b, l.last); err != nil {
		return fmt.Errorf("read end of %s: %w", l.name, err)
	}
	_, err := l.f.WriteAt(b, l.last)
	if err == nil {
		err = l.f.Sync()
	}
	if err == nil {
		err = s.fs.SyncDir(filepath.Join(s.dir, logDir))
	}
	if err != nil {
		return fmt.Errorf("secure end of %s: %w", l.name, err)
	}
	return nil
}

func (s *Store) quarantine(l *logFile, rest int64) error {
	dir := filepath.Join(s.dir, quarantineDir)
	if err := fsx.MakeDir(s.fs, dir, 0o700); err != nil {
		return fmt.Errorf("make quarantine: %w", err)
	}
	name := fmt.Sprintf("%06d-%d.bin", l.num, l.end)
	err := fsx.WriteAtomic(s.fs, filepath.Join(dir, name), 0o600, func(w io.Writer) error {
		_, err := io.Copy(w, io.NewSectionReader(l.f, l.end, rest))
		return err
	})
	if err != nil {
		return fmt.Errorf("quarantine end of %s: %w", l.name, err)
	}
	return nil
}

// quarantined reports what was put aside at this and earlier opens.
func (s *Store) quarantined() {
	entries, err := s.fs.ReadDir(filepath.Join(s.dir, quarantineDir))
	if err != nil {
		return // there is none
	}
	for _, e := range entries {
		var num uint32
		var off int64
		if n, ok := fileNumber(logDir, e.Name()); ok { // put aside when the rest of it was flushed
			s.damaged(&DamageError{File: fileName(logDir, n), Reason: "a damaged file of the log; it is in " + quarantineDir + "/" + e.Name()})
			continue
		}
		if _, err := fmt.Sscanf(e.Name(), "%06d-%d.bin", &num, &off); err != nil || !strings.HasSuffix(e.Name(), ".bin") {
			continue
		}
		var size int64
		if st, err := e.Info(); err == nil {
			size = st.Size()
		}
		s.damaged(&DamageError{File: logDir + "/" + logName(num), Offset: off, Size: size,
			Reason: "the last frame did not read back when the folder was opened; its bytes are in " + quarantineDir + "/" + e.Name()})
	}
}
