package export

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/akashi-audit/akashi/internal/mask"
	"github.com/akashi-audit/akashi/internal/query"
	"github.com/akashi-audit/akashi/internal/record"
)

// Format is how records are written.
type Format string

// The formats.
const (
	CSV      Format = "csv"       // UTF-8 with a byte order mark
	CSVPlain Format = "csv-plain" // UTF-8 without
	SJIS     Format = "sjis-csv"  // Shift_JIS as Windows writes it (CP932)
	XLSX     Format = "xlsx"
	Parquet  Format = "parquet"
	NDJSON   Format = "ndjson"
)

// Formats lists all formats.
func Formats() []Format { return []Format{CSV, CSVPlain, SJIS, XLSX, Parquet, NDJSON} }

// Ext is the end of the file's name, with its dot.
func (f Format) Ext() string {
	switch f {
	case XLSX:
		return ".xlsx"
	case Parquet:
		return ".parquet"
	case NDJSON:
		return ".ndjson"
	}
	return ".csv"
}

// Options say how records are written.
type Options struct {
	Format Format
	// Header names a field for people; nil = the names of record.Fields.
	Header func(field string) string
	// Word is the word for a value of op, result, object, confidence and class;
	// nil = the value.
	Word func(field, value string) string
	// Zone is that of times in CSV and XLSX, written with their offset; nil = UTC.
	// Parquet and JSON Lines are UTC always.
	Zone *time.Location
	// Mask puts stars in the place of My Numbers; nil = they are shown.
	Mask *mask.Masker
	// Entity writes what Shift_JIS does not have as &#xHHHH; instead of 〓.
	Entity bool
	// Temp is the folder of temporary files (XLSX); "" = the system's.
	Temp string
	// rows of a sheet, for tests; 0 = what XLSX allows
	sheetRows int
}

// Result counts what was written.
type Result struct {
	Records int64 `json:"records"`
	Masked  int64 `json:"masked"`  // numbers
	Cut     int64 `json:"cut"`     // cells longer than XLSX allows
	Changed int64 `json:"changed"` // characters that were written as another that means the same (Shift_JIS)
	Lost    int64 `json:"lost"`    // characters that were replaced (Shift_JIS)
	Sheets  int   `json:"sheets"`  // XLSX
}

// Writer writes records one after the other.
type Writer struct {
	opt  Options
	sink sink
	res  Result
	loss *loss // of Shift_JIS
	cell []string
}

// sink is a file format. The cells belong to the caller.
type sink interface {
	head(cells []string) error
	write(r *record.Record, cells []string) error
	close() error
}

// New begins a file. Nothing is complete before Close.
func New(out io.Writer, opt Options) (*Writer, error) {
	w := &Writer{opt: opt}
	switch opt.Format {
	case CSV, CSVPlain, SJIS:
		s, err := newCSV(out, opt)
		if err != nil {
			return nil, err
		}
		w.sink, w.loss = s, s.loss
	case XLSX:
		s, err := newXLSX(out, opt, &w.res)
		if err != nil {
			return nil, err
		}
		w.sink = s
	case Parquet:
		w.sink = newParquet(out)
	case NDJSON:
		w.sink = newLines(out)
	default:
		return nil, fmt.Errorf("export: unknown format %q", opt.Format)
	}
	head := record.Fields()
	if opt.Header != nil {
		for i, f := range head {
			head[i] = opt.Header(f)
		}
	}
	return w, w.sink.head(head)
}

// Write adds a record, which is not changed.
func (w *Writer) Write(r *record.Record) error {
	if w.opt.Mask != nil {
		r = w.masked(r)
	}
	w.res.Records++
	var cells []string
	if w.opt.Format != Parquet && w.opt.Format != NDJSON {
		cells = w.cells(r)
	}
	return w.sink.write(r, cells)
}

// Close completes the file.
func (w *Writer) Close() error { return w.sink.close() }

// Result is what was written until now.
func (w *Writer) Result() Result {
	if w.loss != nil {
		w.res.Changed, w.res.Lost = w.loss.changed, w.loss.lost
	}
	return w.res
}

// masked is the record as it may be shown; itself when nothing is masked.
func (w *Writer) masked(r *record.Record) *record.Record {
	c := *r
	c.Detail = slices.Clone(r.Detail)
	l := []*string{&c.Server, &c.Channel, &c.User, &c.SID, &c.ClientIP, &c.ClientName, &c.Path, &c.NewPath, &c.Share, &c.Process}
	for i := range c.Detail {
		l = append(l, &c.Detail[i].Key, &c.Detail[i].Value)
	}
	n := 0
	for _, s := range l {
		shown, commits := w.opt.Mask.Text(*s)
		*s = shown
		n += len(commits)
	}
	if n == 0 {
		return r
	}
	w.res.Masked += int64(n)
	return &c
}

// cells is a record for a spreadsheet: one line of text each, with what does not
// show as record.Visible writes it.
func (w *Writer) cells(r *record.Record) []string {
	w.cell = r.CSV()
	for i, k := range record.Fields() {
		switch k {
		case "time", "end_time", "received":
			if t, err := time.Parse(time.RFC3339Nano, w.cell[i]); err == nil && w.opt.Zone != nil {
				w.cell[i] = t.In(w.opt.Zone).Format("2006-01-02T15:04:05.000-07:00")
			}
		case "op", "result", "object", "confidence", "class":
			if w.opt.Word != nil {
				w.cell[i] = w.opt.Word(k, w.cell[i])
			}
		default:
			w.cell[i] = strings.ToValidUTF8(record.Visible(w.cell[i]), "\ufffd")
		}
	}
	return w.cell
}

// Source finds records; *engine.Engine is one.
type Source interface {
	Search(ctx context.Context, q query.Query) (*query.Page, error)
}

// FirstRows and PageRows are how many records are asked for at first, so that the
// first ones come soon, and then at a time, which are in memory together (some
// 10 MB). Each page begins the search anew: with pages of a thousand that was most
// of the work.
const (
	FirstRows = 1000
	PageRows  = 10_000
)

// Copy writes everything that the query finds, and tells the days of the archive
// that could not be read. progress, when not nil, hears the number of records.
func Copy(ctx context.Context, src Source, q query.Query, w *Writer, progress func(n int64)) (unread []string, err error) {
	q.Limit, q.Cursor = FirstRows, ""
	for {
		page, err := src.Search(ctx, q)
		if err != nil {
			return unread, fmt.Errorf("export: %w", err)
		}
		for i := range page.Records {
			if err := w.Write(&page.Records[i]); err != nil {
				return unread, err
			}
		}
		for _, d := range page.Unread {
			if !slices.Contains(unread, d) {
				unread = append(unread, d)
			}
		}
		if progress != nil {
			progress(w.res.Records)
		}
		if page.Next == "" {
			return unread, nil
		}
		q.Limit, q.Cursor = PageRows, page.Next
	}
}
