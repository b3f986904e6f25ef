package collect

import (
	"bufio"
	"context"
	"errors"
	"io"

	"github.com/akashi-audit/akashi/internal/event"
)

// maxJSONEvent bounds one event of a JSON file, in bytes.
const maxJSONEvent = 4 << 20

// decodeJSON reads top-level objects: one per line, in an array, or spread over
// lines. Damage is reported and the reading goes on at the next line that
// begins with "{".
func decodeJSON(ctx context.Context, r *bufio.Reader, bad func(int64, string), fn func(*event.Event) error) error {
	schemas := newSchemas()
	s := &objectScanner{r: bufio.NewReaderSize(textReader(r), 64<<10)}
	var auto uint64
	for n := 0; ; n++ {
		if n%256 == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
		text, start, err := s.next()
		if errors.Is(err, io.EOF) && len(text) == 0 {
			return nil
		}
		if err != nil && !errors.Is(err, errCut) && !errors.Is(err, io.EOF) {
			return err
		}
		var e *event.Event
		var idle bool
		if err == nil {
			e, idle, err = parseJSONEvent(text, schemas)
		}
		if err != nil {
			bad(start, "json_event")
			continue
		}
		if idle { // the source names no record id: its time stands in, made unique within the file
			auto = max(auto+1, uint64(e.Time))
			e.RecordID = auto
		}
		if err := fn(e); err != nil {
			return err
		}
	}
}

// objectScanner cuts a stream into top-level JSON objects.
type objectScanner struct {
	r   *bufio.Reader
	pos int64
	buf []byte
}

var errCut = errors.New("object has no end")

// next returns the bytes of one object and where it began. errCut comes with
// what was read of an object that is cut or too long.
func (s *objectScanner) next() (text []byte, start int64, err error) {
	s.buf = s.buf[:0]
	depth, inString, escaped, lineStart := 0, false, false, false
	for {
		c, err := s.r.ReadByte()
		if err != nil {
			if depth > 0 {
				return s.buf, start, errCut
			}
			return nil, s.pos, err
		}
		if depth > 0 && lineStart && c == '{' || len(s.buf) > maxJSONEvent {
			return s.buf, start, errors.Join(errCut, s.r.UnreadByte())
		}
		s.pos++
		lineStart = c == '\n'
		if depth == 0 {
			if c != '{' {
				continue
			}
			start = s.pos - 1
		}
		s.buf = append(s.buf, c)
		switch {
		case escaped:
			escaped = false
		case inString && c == '\\':
			escaped = true
		case c == '"':
			inString = !inString
		case inString && c == '\n': // JSON strings hold no line end: the object was cut here
			return s.buf, start, errCut
		case inString:
		case c == '{':
			depth++
		case c == '}':
			if depth--; depth == 0 {
				return s.buf, start, nil
			}
		}
	}
}

// jnode is a JSON value that keeps the order of its keys.
type jnode struct {
	text string // of a string, number or literal
	keys []string
	vals []jnode // of an object or array
	obj  bool
	leaf bool
}

func (n jnode) get(keys ...string) jnode {
	for _, k := range keys {
		next, ok := n.find(k)
		if !ok {
			return jnode{leaf: true}
		}
		n = next
	}
	return n
}

func (n jnode) find(key string) (jnode, bool) {
	for i, k := range n.keys {
		if k == key {
			return n.vals[i], true
		}
	}
	return jnode{}, false
}

func (n jnode) has(key string) bool {
	_, ok := n.find(key)
	return ok
}
