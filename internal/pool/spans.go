package pool

import (
	"errors"
	"fmt"
	"slices"
	"sync"

	"github.com/akashi-audit/akashi/internal/manifest"
	"github.com/akashi-audit/akashi/internal/seal"
)

// maxSpan bounds a span that is read whole to be checked, in bytes.
const maxSpan = 256 << 20

// inMemory is a small object, checked.
type inMemory struct{ b []byte }

// whole reads and checks a small object and closes its copies.
func (r *failover) whole() (_ Reader, err error) {
	defer func() { err = errors.Join(err, r.Close()) }()
	want, err := checkName(r.name)
	if err != nil {
		return nil, err
	}
	b := make([]byte, r.size)
	err = r.read(b, 0, func(b []byte) error { return sameHash(r.name, want, b) })
	if err != nil {
		return nil, fmt.Errorf("open object %s: %w", r.name, err)
	}
	return inMemory{b}, nil
}

func sameHash(name string, want seal.Hash, b []byte) error {
	h := newSum()
	h.Write(b)
	if got := seal.Hash(h.Sum(nil)); got != want {
		return &damageError{name, want, got}
	}
	return nil
}

// spanned checks each span when it is first read.
type spanned struct {
	*failover
	spans []manifest.Span

	mu    sync.Mutex // guards known
	known map[int]*openCopy
}

// checked is a reader that knows the spans; they must lie one behind the other.
func (r *failover) checked(spans []manifest.Span) Reader {
	end := int64(0)
	for _, s := range spans {
		if s.Offset != end || s.Size < 0 || s.Size > maxSpan || s.Size > r.size-end {
			return r
		}
		end += s.Size
	}
	if len(spans) == 0 || end != r.size {
		return r
	}
	return &spanned{failover: r, spans: spans, known: map[int]*openCopy{}}
}

// readSpan reads a part of one span. A span that was checked on the copy that is
// read now is not read whole again.
func (s *spanned) readSpan(i int, b []byte, off int64) error {
	x := &s.spans[i]
	now, _, err := s.current()
	if err != nil {
		return err
	}
	s.mu.Lock()
	known := s.known[i] == now
	s.mu.Unlock()
	if known {
		return s.read(b, off, nil)
	}
	all := b
	if len(b) < int(x.Size) {
		all = make([]byte, x.Size)
	}
	err = s.read(all, x.Offset, func(b []byte) error { return sameHash(s.name+" ("+x.What+")", x.SHA256, b) })
	if err != nil {
		return err
	}
	if len(b) < len(all) {
		copy(b, all[off-x.Offset:])
	}
	if now, _, err = s.current(); err == nil {
		s.mu.Lock()
		s.known[i] = now
		s.mu.Unlock()
	}
	return nil
}

func (m inMemory) ReadAt(b []byte, off int64) (int, error) {
	n, end := clip(b, off, m.Size())
	copy(b[:n], m.b[min(off, m.Size()):])
	return n, end
}

func (s *spanned) ReadAt(b []byte, off int64) (int, error) {
	n, end := clip(b, off, s.size)
	if n == 0 {
		return 0, end
	}
	i, _ := slices.BinarySearchFunc(s.spans, off, func(x manifest.Span, off int64) int {
		switch {
		case x.Offset+x.Size <= off:
			return -1
		case x.Offset > off:
			return 1
		}
		return 0
	})
	for done := 0; done < n; i++ {
		x := &s.spans[i]
		if x.Size == 0 {
			continue
		}
		from := off + int64(done)
		part := b[done:min(n, done+int(x.Offset+x.Size-from))]
		if err := s.readSpan(i, part, from); err != nil {
			return done, fmt.Errorf("read object %s: %w", s.name, err)
		}
		done += len(part)
	}
	return n, end
}

func (m inMemory) Size() int64 { return int64(len(m.b)) }

func (m inMemory) Close() error { return nil }
