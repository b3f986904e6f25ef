package trail

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"time"
)

// Bounds of reading.
const (
	readChunk = 256 << 10 // bytes
	readMost  = 32 << 20  // bytes that one page looks through
	readLimit = 500       // entries of a page
)

// ErrCursor refuses a cursor that is none.
var ErrCursor = errors.New("this place in the trail does not exist")

// Filter says which entries are wanted. Zero fields want all.
type Filter struct {
	From, To time.Time // half-open
	Who      string    // exactly, without case
	Action   string    // exactly, or the area before the point
	Text     string    // a part of any field, without case
	Cursor   string    // of the page before
	Limit    int       // 1 to 500; 0 = 100
}

// Line is an entry with its place and its seal.
type Line struct {
	Entry
	File   string
	Offset int64
	Sealed bool // a leaf of the seal holds it
}

// Page is a part of the trail, newest first.
type Page struct {
	Lines []Line
	// Next is the cursor of the next page, "" at the end. It can be set when Lines is
	// short: a page looks through 32 MiB at most.
	Next string
}

func (f *Filter) wants(e *Entry) bool {
	switch {
	case !f.From.IsZero() && e.Time.Before(f.From), !f.To.IsZero() && !e.Time.Before(f.To):
		return false
	case f.Who != "" && !strings.EqualFold(f.Who, e.Who):
		return false
	case f.Action != "" && e.Action != f.Action && !strings.HasPrefix(e.Action, f.Action+"."):
		return false
	}
	if f.Text == "" {
		return true
	}
	want := strings.ToLower(f.Text)
	for _, s := range []string{e.Who, e.Token, e.From, e.Action, e.Object, e.Ground, e.Result} {
		if strings.Contains(strings.ToLower(s), want) {
			return true
		}
	}
	return false
}

// Read returns one page, newest first.
func (l *Log) Read(ctx context.Context, f Filter) (*Page, error) {
	if f.Limit <= 0 || f.Limit > readLimit {
		f.Limit = 100
	}
	names, err := listNames(l.opt.FS, l.base)
	if err != nil {
		return nil, err
	}
	start := position{at: -1}
	if f.Cursor != "" {
		if start, err = parseCursor(f.Cursor); err != nil {
			return nil, err
		}
	}
	l.mu.Lock()
	sealed, current := l.sealed, position{l.name, l.end}
	l.mu.Unlock()
	p := &Page{}
	left := int64(readMost)
	for i := len(names) - 1; i >= 0; i-- {
		n := names[i]
		end := int64(-1)
		switch {
		case start.at >= 0 && start.name.before(n):
			continue
		case start.at >= 0 && start.name == n:
			end = start.at
		case n == current.name:
			end = current.at
		}
		if !f.From.IsZero() && n.month < f.From.UTC().Format("2006-01") {
			break
		}
		at, err := l.readFile(ctx, n, end, sealed, &f, p, &left)
		if err != nil {
			return nil, err
		}
		if len(p.Lines) >= f.Limit || left <= 0 {
			if at > 0 || i > 0 {
				p.Next = n.String() + ":" + strconv.FormatInt(at, 10)
			}
			return p, nil
		}
	}
	return p, nil
}

func parseCursor(s string) (position, error) {
	i := strings.LastIndexByte(s, ':')
	if i < 0 {
		return position{}, ErrCursor
	}
	n, ok := parseName(s[:i])
	at, err := strconv.ParseInt(s[i+1:], 10, 64)
	if !ok || err != nil || at < 0 {
		return position{}, ErrCursor
	}
	return position{n, at}, nil
}

// readFile reads a file backwards from end (-1 = its end) until the page is full, and
// returns where the first entry that was looked at begins.
func (l *Log) readFile(ctx context.Context, n fileName, end int64, sealed position, f *Filter, p *Page, left *int64) (at int64, err error) {
	file, err := l.opt.FS.OpenFile(l.path(n), os.O_RDONLY, 0)
	if errors.Is(err, os.ErrNotExist) {
		return 0, nil
	}
	if err != nil {
		return 0, fmt.Errorf("read the trail: %w", err)
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	st, err := file.Stat()
	if err != nil {
		return 0, fmt.Errorf("read the trail: %w", err)
	}
	if end < 0 || end > st.Size() {
		end = st.Size()
	}
	var rest []byte // the beginning of the entry at the end of what is read next
	for at = end; end > 0 && *left > 0; {
		if err := ctx.Err(); err != nil {
			return 0, err
		}
		size := min(int64(readChunk), end)
		b := make([]byte, size, size+int64(len(rest)))
		if _, err := file.ReadAt(b, end-size); err != nil && !errors.Is(err, io.EOF) {
			return 0, fmt.Errorf("read the trail: %w", err)
		}
		b = append(b, rest...)
		end -= size
		*left -= size
		for len(b) > 0 {
			i := bytes.LastIndexByte(b[:len(b)-1], '\n') + 1
			if i == 0 && end > 0 {
				break
			}
			line := b[i:]
			b = b[:i]
			at = end + int64(i)
			e, err := decode(bytes.TrimSuffix(line, []byte("\n")))
			if err != nil { // what was changed on disk is shown as it is
				e = Entry{Action: "damaged", Object: string(line[:min(len(line), 200)]), Result: Failed}
			}
			if err == nil && !f.wants(&e) || err != nil && f.Action+f.Who+f.Text != "" {
				continue
			}
			whole := position{n, at + int64(len(line))}
			p.Lines = append(p.Lines, Line{e, n.String(), at, !sealed.before(whole)})
			if len(p.Lines) >= f.Limit {
				return at, nil
			}
		}
		rest = bytes.Clone(b)
		if len(rest) > 16*maxText { // no entry is so long
			rest = nil
		}
	}
	return at, nil
}
