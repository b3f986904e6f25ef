package web

import (
	"log/slog"
	"mime"
	"net/http"
	"strings"

	"github.com/akashi-audit/akashi/internal/export"
	"github.com/akashi-audit/akashi/internal/mask"
)

// csvValues is the form of a page as parameters of its CSV.
func csvValues(f *form) string {
	v := f.values()
	v.Del("cursor")
	v.Set("page", strings.TrimPrefix(f.Page, "/"))
	return v.Encode()
}

// csv streams the records of a search at once, newest first, up to csvRows, with
// My Numbers masked; a job (exportStart) has no such end.
func (s *site) csv(rq *request) error {
	f := s.exportForm(rq, rq.r.URL.Query())
	if len(f.Problems) > 0 {
		return errPage{http.StatusBadRequest, f.Problems[0]}
	}
	q := f.query()
	q.Limit, q.Cursor = export.FirstRows, ""
	page, err := s.cfg.Source.Search(rq.r.Context(), q)
	if err != nil {
		return err
	}
	if err := s.note(rq, "export", "csv: "+textOf(q, rq)); err != nil {
		return err
	}
	h := rq.w.Header()
	h.Set("Content-Type", "text/csv; charset=utf-8")
	h.Set("Content-Disposition", mime.FormatMediaType("attachment", map[string]string{
		"filename": "akashi-" + rq.now.In(rq.zone).Format("20060102-150405") + ".csv",
	}))
	w, err := export.New(rq.w, export.Options{
		Format: export.CSV, Zone: rq.zone, Mask: mask.New([]byte(rq.r.URL.Path)), // the commitments go nowhere
		Header: func(k string) string { return rq.p.T("web.csv." + k) },
		Word:   func(k, v string) string { return rq.p.T("web." + k + "." + v) },
	})
	for n := 0; err == nil; {
		for i := range page.Records {
			if err = w.Write(&page.Records[i]); err != nil {
				break
			}
			if n++; n == csvRows {
				page.Next = ""
				break
			}
		}
		if err != nil || page.Next == "" {
			break
		}
		q.Limit, q.Cursor = min(export.PageRows, csvRows-n), page.Next
		page, err = s.cfg.Source.Search(rq.r.Context(), q)
	}
	if err == nil {
		err = w.Close()
	}
	if err != nil && rq.r.Context().Err() == nil {
		// The head is sent: end the connection, so that half a file is not taken for
		// a whole one.
		s.log.ErrorContext(rq.r.Context(), "csv stopped", slog.Any("error", err))
		panic(http.ErrAbortHandler)
	}
	return nil
}
