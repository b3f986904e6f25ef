package web

import (
	"context"
	"log/slog"
	"time"

	"github.com/akashi-audit/akashi/internal/query"
	"github.com/akashi-audit/akashi/internal/record"
)

// What belongs to a record: relatedRows of each kind are shown.
const (
	relatedRows = 6
	burstReach  = 3 * time.Second     // one act of a program comes within it
	fileReach   = 30 * 24 * time.Hour // before and after
)

// related is one kind of records that belong to another one.
type related struct {
	Key  string
	Rows []row
	All  string // the search for all of them
	More bool
}

// relatedTo finds the records of the same session, of the same file, and those
// that the same session made at the same moment. One that is not found leaves
// its list empty: the record itself is shown all the same.
func (s *site) relatedTo(ctx context.Context, rq *request, r *record.Record) []related {
	var l []related
	add := func(key string, q query.Query, all string) {
		q.Classes, q.Limit = query.AllClasses(), relatedRows+1
		page, err := s.cfg.Source.Search(ctx, q)
		if err != nil {
			s.log.ErrorContext(ctx, "related records", slog.Any("error", err))
			return
		}
		x := related{Key: key, All: all, More: page.Next != ""}
		for i := range page.Records {
			if o := &page.Records[i]; o.ID() != r.ID() && len(x.Rows) < relatedRows {
				x.Rows = append(x.Rows, newRow(rq, o))
			}
		}
		if len(x.Rows) > 0 {
			l = append(l, x)
		}
	}
	typedTime := func(ns int64) string { return time.Unix(0, ns).In(rq.zone).Format("2006-01-02T15:04:05") }
	f := func(reach time.Duration) *form {
		return &form{Page: "/search", Servers: []string{r.Server}, From: typedTime(r.Time - int64(reach)), To: typedTime(r.Time + int64(reach) + int64(time.Second)), Noise: true, Network: true}
	}
	if r.Session != 0 {
		q := query.Query{Servers: []string{r.Server}, Sessions: []uint64{r.Session}}
		burst := f(burstReach)
		burst.Rest.Sessions = q.Sessions
		add("find.related.burst", within(q, r.Time-int64(burstReach), r.Time+int64(burstReach)), burst.url())
		add("find.related.session", within(q, r.Time-int64(sessionReach), r.Time+int64(sessionReach)), aroundURL(r.ID(), "session"))
	}
	if isFile(r.Object) && r.Path != "" {
		q := query.Query{Servers: []string{r.Server}, Files: []string{r.Path}}
		if r.NewPath != "" {
			q.Files = append(q.Files, r.NewPath)
		}
		file := f(fileReach)
		file.File = r.Path
		if r.NewPath != "" {
			file.Also = []string{r.NewPath}
		}
		add("find.related.file", within(q, r.Time-int64(fileReach), r.Time+int64(fileReach)), file.url())
	}
	return l
}
