package cli

import (
	"bufio"
	"context"
	"errors"
	"io"
	"os"
	"time"

	"golang.org/x/term"

	"github.com/akashi-audit/akashi/internal/engine"
	"github.com/akashi-audit/akashi/internal/query"
	"github.com/akashi-audit/akashi/internal/record"
)

// pageSize bounds what is in memory at a time.
const pageSize = 1000

// records prints the records that are found, page by page.
func (s *search) records(ctx context.Context) (bool, error) {
	write, done, drop, err := s.writer()
	if err != nil {
		return false, err
	}
	limit := s.o.Limit
	if s.q.Limit > 0 {
		limit = s.q.Limit
	}
	shown := s.findProgress()
	q, found := s.q, 0
	var reached query.Reached
	defer func() { reached.Sort(); s.tellReached(&reached) }()
	for {
		q.Limit = pageSize
		if !s.o.All {
			q.Limit = min(limit-found, pageSize)
		}
		var page *query.Page
		if page, err = s.in.Search(ctx, q); err == nil {
			shown.end()
			err = write(page.Records)
		}
		if err != nil {
			break
		}
		reached.Add(&page.Reached)
		found += len(page.Records)
		q.Cursor = page.Next
		if n := len(page.Records); n > 0 {
			at := time.Unix(0, page.Records[n-1].Time).In(s.zone)
			shown.update(engine.Progress{Records: int64(found), File: s.p.Time(at)})
		}
		if page.Next == "" || !s.o.All && found >= limit {
			break
		}
	}
	shown.end()
	if err != nil || ctx.Err() != nil {
		if s.o.Out != "" { // half a file is none
			err = errors.Join(err, drop())
		}
	}
	if ctx.Err() != nil && s.o.Out == "" { // what was found until now is whole
		if err := done(); err != nil {
			return found > 0, err
		}
		s.note("cli.search.interrupted", "n", found)
		return found > 0, &exit{code: exitInterrupted}
	}
	if err != nil {
		return found > 0, err
	}
	if err := done(); err != nil {
		return found > 0, err
	}
	if q.Cursor != "" && s.o.Format == "table" {
		key := "cli.search.more"
		if q.Oldest {
			key = "cli.search.more_oldest"
		}
		s.note(key, "n", found)
	}
	return found > 0, nil
}

// findProgress shows how far a long search has come, when standard error is a
// terminal and the records go elsewhere.
func (s *search) findProgress() *progress {
	p := s.newProgress(false)
	p.quiet = !p.tty
	if f, ok := s.Stdout.(*os.File); ok && term.IsTerminal(int(f.Fd())) {
		p.quiet = true // the records show
	}
	p.line = func(at engine.Progress) string {
		return s.p.T("cli.search.progress", "n", at.Records, "time", at.File)
	}
	return p
}

// writer prints records in the wanted format; done is called once at the end,
// or drop when there is none.
func (s *search) writer() (write func([]record.Record) error, done, drop func() error, err error) {
	none := func() error { return nil }
	if s.o.Out != "" {
		return s.fileWriter()
	}
	switch s.o.Format {
	case "table":
		t := &table{out: s.Stdout, p: s.p, zone: s.zone, width: s.width()}
		return t.write, none, none, nil
	case "json":
		w := &jsonArray{buf: bufio.NewWriterSize(s.Stdout, 1<<16)}
		return w.write, w.end, none, nil
	}
	w, err := s.newRecordWriter(s.o.Format, s.Stdout)
	if err != nil {
		return nil, nil, nil, err
	}
	return w.write, w.flush, none, nil
}

// jsonArray writes records as one JSON array, a record a line.
type jsonArray struct {
	buf  *bufio.Writer
	some bool
	line []byte
}

func (w *jsonArray) write(records []record.Record) error {
	for i := range records {
		w.line = append(w.line[:0], "[\n"...)
		if w.some {
			w.line = append(w.line[:0], ",\n"...)
		}
		w.some = true
		if _, err := w.buf.Write(records[i].AppendJSON(w.line)); err != nil {
			return err
		}
	}
	return nil
}

func (w *jsonArray) end() error {
	text := "[]\n"
	if w.some {
		text = "\n]\n"
	}
	if _, err := io.WriteString(w.buf, text); err != nil {
		return err
	}
	return w.buf.Flush()
}

// width is the terminal's, or 0 when the output is no terminal: then nothing is
// cut.
func (a *app) width() int {
	f, ok := a.Stdout.(*os.File)
	if !ok || !term.IsTerminal(int(f.Fd())) {
		return 0
	}
	w, _, err := term.GetSize(int(f.Fd()))
	if err != nil {
		return 0
	}
	return w
}
