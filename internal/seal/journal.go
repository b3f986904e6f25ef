package seal

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"github.com/akashi-audit/akashi/internal/fsx"
)

// FileName is the name of the journal in a data folder.
const FileName = "seal.jsonl"

// maxJournal bounds what is read of a journal, in bytes.
const maxJournal = 1 << 30

// line is the stored form of an entry.
type line struct {
	Seq  uint64 `json:"seq"`  // from 1
	Prev Hash   `json:"prev"` // of the line before, without its end; zero in the first
	Entry
}

// DamageError says that a line of the journal is not as it was written, or that
// one is missing before it. Entries before it hold.
type DamageError struct {
	Path   string
	Offset int64
	Line   int // from 1
	Reason string
}

func (e *DamageError) Error() string {
	return fmt.Sprintf("journal %s is damaged in line %d (byte %d): %s", e.Path, e.Line, e.Offset, e.Reason)
}

// Journal keeps entries as lines of JSON in one file.
type Journal struct {
	path string
	fs   fsx.FS

	mu     sync.Mutex // guards the fields below
	f      fsx.File   // nil until the first entry
	end    int64
	seq    uint64
	prev   Hash
	failed error // a write left the file in an unknown state
}

// Open opens the journal of a data folder; the file is made with the first
// entry. A damaged journal gives a *DamageError. fs nil is the operating
// system's. An unfinished last line, which was never acknowledged, is cut.
func Open(fs fsx.FS, dir string) (*Journal, error) {
	if fs == nil {
		fs = fsx.OS{}
	}
	j := &Journal{path: filepath.Join(dir, FileName), fs: fs}
	f, err := fs.OpenFile(j.path, os.O_RDWR, 0o600)
	if errors.Is(err, os.ErrNotExist) {
		return j, nil
	}
	if err != nil {
		return nil, fmt.Errorf("open journal: %w", err)
	}
	j.f = f
	if err := j.load(); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return j, nil
}

// load verifies the lines and cuts an unfinished last one.
func (j *Journal) load() error {
	b, err := readAll(j.f)
	if err != nil {
		return fmt.Errorf("read journal: %w", err)
	}
	err = j.verify(b, func(Entry) {})
	if err != nil || j.end == int64(len(b)) {
		return err
	}
	if err := j.f.Truncate(j.end); err != nil {
		return fmt.Errorf("cut the unfinished line of the journal: %w", err)
	}
	if err := j.f.Sync(); err != nil {
		return fmt.Errorf("cut the unfinished line of the journal: %w", err)
	}
	return nil
}

func readAll(r io.Reader) ([]byte, error) {
	b, err := io.ReadAll(io.LimitReader(r, maxJournal+1))
	if err == nil && len(b) > maxJournal {
		err = errors.New("it is too large")
	}
	return b, err
}

// verify walks the whole lines of b and sets where they end.
func (j *Journal) verify(b []byte, fn func(Entry)) error {
	for n := 1; ; n++ {
		text, _, whole := bytes.Cut(b[j.end:], []byte("\n"))
		if !whole {
			return nil
		}
		damage := func(reason string) error {
			return &DamageError{Path: j.path, Offset: j.end, Line: n, Reason: reason}
		}
		var l line
		if err := json.Unmarshal(text, &l); err != nil {
			return damage("it does not follow the format")
		}
		if l.Seq != j.seq+1 || l.Prev != j.prev {
			return damage("it does not follow on the line before")
		}
		fn(l.Entry)
		j.seq, j.prev, j.end = l.Seq, sha256.Sum256(text), j.end+int64(len(text))+1
	}
}

// Record appends an entry and syncs it.
func (j *Journal) Record(ctx context.Context, e Entry) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	for _, s := range [...]*string{&e.Kind, &e.Subject, &e.By, &e.Ground} {
		*s = strings.ToValidUTF8(*s, "\ufffd")
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.failed != nil {
		return fmt.Errorf("the journal must be opened again after an earlier failure: %w", j.failed)
	}
	b, err := json.Marshal(line{j.seq + 1, j.prev, e})
	if err != nil {
		return fmt.Errorf("encode journal entry: %w", err)
	}
	if err := j.make(); err != nil {
		return fmt.Errorf("make journal: %w", err)
	}
	_, err = j.f.WriteAt(append(b, '\n'), j.end)
	if err == nil {
		err = j.f.Sync()
	}
	if err != nil {
		if cut := errors.Join(j.f.Truncate(j.end), j.f.Sync()); cut != nil {
			j.failed = err
		}
		return fmt.Errorf("write journal entry: %w", err)
	}
	j.seq, j.prev, j.end = j.seq+1, sha256.Sum256(b), j.end+int64(len(b))+1
	return nil
}

func (j *Journal) make() error {
	if j.f != nil {
		return nil
	}
	f, err := j.fs.OpenFile(j.path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return err
	}
	if err := j.fs.SyncDir(filepath.Dir(j.path)); err != nil {
		return errors.Join(err, f.Close())
	}
	j.f = f
	return nil
}

// Close ends the use of the journal.
func (j *Journal) Close() error {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.f == nil {
		return nil
	}
	f := j.f
	j.f, j.failed = nil, os.ErrClosed
	return f.Close()
}

// readJournal returns the entries of a journal, oldest first. Beside a
// *DamageError are those before the damage.
func readJournal(dir string) ([]Entry, error) {
	j := &Journal{path: filepath.Join(dir, FileName)}
	f, err := os.Open(j.path)
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("open journal: %w", err)
	}
	b, err := readAll(f)
	if err = errors.Join(err, f.Close()); err != nil {
		return nil, fmt.Errorf("read journal: %w", err)
	}
	var l []Entry
	err = j.verify(b, func(e Entry) { l = append(l, e) })
	return l, err
}
