package web

import (
	"fmt"
	"net/http"
	"slices"
	"time"

	"github.com/akashi-audit/akashi/internal/query"
	"github.com/akashi-audit/akashi/internal/record"
)

// aroundRows is how many records before and after another one are shown.
const aroundRows = 25

// aroundView is what happened before and after a record.
type aroundView struct {
	frame
	Here    row
	By      string // "server", "session", "person"
	Ways    []aroundWay
	Rows    []row // newest first, Here among them
	At      int   // index of Here
	Layout  layout
	NewURL  string // further on, "" = nothing there
	OldURL  string
	Session string
}

// aroundWay is another set of records around the same one.
type aroundWay struct {
	Key, URL string
	On       bool
}

// around shows the records before and after one: on its server, in its session,
// or of its person.
func (s *site) around(rq *request) error {
	id, err := record.ParseID(rq.r.PathValue("id"))
	if err != nil {
		return errPage{http.StatusNotFound, "web.error.no_record"}
	}
	ctx := rq.r.Context()
	r, err := s.cfg.Source.Record(ctx, id)
	if err != nil {
		return fmt.Errorf("record %s: %w", id, err)
	}
	v := aroundView{frame: s.frame(rq, "/search", "find.around.title"), Here: newRow(rq, r), By: rq.r.URL.Query().Get("by")}
	q := query.Query{Servers: []string{r.Server}, Classes: query.AllClasses(), Limit: aroundRows}
	switch {
	case v.By == "session" && r.Session != 0:
		q.Sessions = []uint64{r.Session}
		q = within(q, r.Time-int64(sessionReach), r.Time+int64(sessionReach))
	case v.By == "person" && r.User != "":
		q.Users, q.Servers = []string{r.User}, nil
	default:
		v.By = "server"
	}
	if err := s.note(rq, "search", "around "+id.String()+" "+v.By); err != nil {
		return err
	}
	way := func(by string, can bool) {
		if can {
			v.Ways = append(v.Ways, aroundWay{"find.around." + by, aroundURL(id, by), v.By == by})
		}
	}
	way("server", true)
	way("session", r.Session != 0)
	way("person", r.User != "")
	at := query.PositionOf(r)
	q.Cursor = at.Cursor()
	older, err := s.cfg.Source.Search(ctx, q)
	if err != nil {
		return err
	}
	q.Oldest = true
	newer, err := s.cfg.Source.Search(ctx, q)
	if err != nil {
		return err
	}
	slices.Reverse(newer.Records)
	if newer.Next != "" {
		v.NewURL = aroundURL(newer.Records[0].ID(), v.By)
	}
	if older.Next != "" {
		v.OldURL = aroundURL(older.Records[len(older.Records)-1].ID(), v.By)
	}
	v.Rows, v.At = append(append(rows(rq, newer.Records), v.Here), rows(rq, older.Records)...), len(newer.Records)
	v.Layout = s.layout(rq, &form{Page: "/search"})
	v.Rows[v.At].Here = true
	return s.render(rq, http.StatusOK, "around", v)
}

// sessionReach is how far a session's records are looked for: a log-on id is
// used again after a restart.
const sessionReach = 24 * time.Hour

// aroundURL is the page of what happened before and after a record.
func aroundURL(id record.ID, by string) string {
	u := "/around/" + escapePath(id.String())
	if by != "server" {
		u += "?by=" + by
	}
	return u
}
