package seal

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
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

// journal is the form in which earlier versions kept entries: lines of JSON in one file. It
// is read, and taken over by a Log.
type journal struct {
	path string
	end  int64
	seq  uint64
	prev Hash
}

func readAll(r io.Reader) ([]byte, error) {
	b, err := io.ReadAll(io.LimitReader(r, maxJournal+1))
	if err == nil && len(b) > maxJournal {
		err = errors.New("it is too large")
	}
	return b, err
}

// verify walks the whole lines of b and sets where they end.
func (j *journal) verify(b []byte, fn func(Entry)) error {
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

// readJournal returns the entries of a journal, oldest first. Beside a
// *DamageError are those before the damage.
func readJournal(dir string) ([]Entry, error) {
	j := &journal{path: filepath.Join(dir, FileName)}
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
