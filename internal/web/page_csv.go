package web

import (
	"encoding/csv"
	"log/slog"
	"mime"
	"net/http"
	"strings"
	"time"

	"github.com/akashi-audit/akashi/internal/record"
)

// csvValues is the form of a page as parameters of its CSV.
func csvValues(f *form) string {
	v := f.values()
	v.Del("cursor")
	v.Set("page", strings.TrimPrefix(f.Page, "/"))
	return v.Encode()
}

// csv streams the records of a search, newest first, up to csvRows. The file
// begins with a byte order mark, so that spreadsheets read it as UTF-8.
func (s *site) csv(rq *request) error {
	u := *rq.r.URL
	switch page := u.Query().Get("page"); page {
	case "people", "files":
		u.Path = "/" + page
	default:
		u.Path = "/search"
	}
	f := parseForm(&u, rq.zone, rq.now)
	if len(f.Problems) > 0 {
		return errPage{http.StatusBadRequest, f.Problems[0]}
	}
	q := f.query()
	q.Limit, q.Cursor = 1000, ""
	page, err := s.cfg.Source.Search(rq.r.Context(), q)
	if err != nil {
		return err
	}
	h := rq.w.Header()
	h.Set("Content-Type", "text/csv; charset=utf-8")
	h.Set("Content-Disposition", mime.FormatMediaType("attachment", map[string]string{
		"filename": "akashi-" + rq.now.In(rq.zone).Format("20060102-150405") + ".csv",
	}))
	if _, err := rq.w.Write([]byte("\ufeff")); err != nil {
		return nil // the reader went away
	}
	w := csv.NewWriter(rq.w)
	w.UseCRLF = true
	var head []string
	for _, k := range record.Fields() {
		head = append(head, rq.p.T("web.csv."+k))
	}
	_ = w.Write(head) // an error of the writer stays and is seen at Flush
	for n := 0; ; {
		for i := range page.Records {
			r := &page.Records[i]
			_ = w.Write(csvCells(rq, r))
			if n++; n == csvRows {
				w.Flush()
				return nil
			}
		}
		if w.Flush(); w.Error() != nil || page.Next == "" {
			return nil
		}
		q.Cursor = page.Next
		if page, err = s.cfg.Source.Search(rq.r.Context(), q); err != nil {
			// The head is sent: end the connection, so that half a file is not
			// taken for a whole one.
			s.log.ErrorContext(rq.r.Context(), "csv stopped", slog.Any("error", err))
			panic(http.ErrAbortHandler)
		}
	}
}

// csvCells is a record for a spreadsheet: times in the folder's zone with its
// offset, words in the reader's language, no formulas.
func csvCells(rq *request, r *record.Record) []string {
	cells := r.CSV()
	for i, k := range record.Fields() {
		switch k {
		case "time", "end_time", "received":
			if t, err := time.Parse(time.RFC3339Nano, cells[i]); err == nil {
				cells[i] = t.In(rq.zone).Format("2006-01-02T15:04:05.000-07:00")
			}
		case "op", "result", "object", "confidence", "class":
			cells[i] = rq.p.T("web." + k + "." + cells[i])
		default:
			cells[i] = guard(cells[i])
		}
	}
	return cells
}

// guard puts an apostrophe before a cell that a spreadsheet would run as a
// formula, and before one that begins with an apostrophe: taking off one
// leading apostrophe gives every cell back.
func guard(s string) string {
	if s == "" {
		return s
	}
	if strings.ContainsRune("=+-@\t\r\n'＝＋－＠", []rune(s[:min(len(s), 4)])[0]) {
		return "'" + s
	}
	return s
}
