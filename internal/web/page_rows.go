package web

import (
	"strings"
	"time"

	"github.com/akashi-audit/akashi/internal/gloss"
	"github.com/akashi-audit/akashi/internal/record"
)

// row is one record in a table, made safe to show.
type row struct {
	URL                  string
	Time, Machine        string
	Person               person
	PersonURL            string
	Client, ClientDetail string
	Op, Result           string // keys of words
	Bad                  bool   // not a success
	Name                 name
	New                  name
	FileURL              string
	Extra                string
	Inferred             bool
	Rule                 string // in words, the reason of the mark
	Count                uint32
	Quiet                bool // background
	System               bool
	Group                group
	Server, UNC, Process string
	Session, SID         string
	Received             string
	Here                 bool // the record that others stand around
}

func rows(rq *request, records []record.Record) []row {
	l := make([]row, 0, len(records))
	for i := range records {
		l = append(l, newRow(rq, &records[i]))
	}
	return l
}

func newRow(rq *request, r *record.Record) row {
	x := row{
		URL: recordURL(r.ID()), Time: clock(r.Time, rq.zone), Machine: machine(r.Time),
		Person: splitPerson(r.User, r.SID),
		Op:     "web.op." + r.Op.String(), Result: "web.result." + r.Result.String(), Bad: r.Result != record.Success,
		Name: splitName(r.Path), Inferred: r.Confidence == record.Inferred, Rule: r.Rule, Count: r.Count,
		Quiet: r.Class == record.ClassBackground, System: r.Class == record.ClassSystem, Group: groupOf(r.Op),
		Server: record.Visible(r.Server), UNC: record.Visible(r.UNC()), Process: record.Visible(r.Process),
		Session: r.SessionText(), SID: r.SID, Received: clock(r.Received, rq.zone),
	}
	if r.NewPath != "" {
		x.New = splitName(r.NewPath)
		if x.New.Dir == x.Name.Dir { // a rename shows the new name only
			x.New.Dir = ""
		}
	}
	switch {
	case r.ClientName != "" && r.ClientIP != "" && r.ClientIP != "local":
		x.Client, x.ClientDetail = record.Visible(r.ClientName), record.Visible(r.ClientIP)
	case r.ClientName != "":
		x.Client = record.Visible(r.ClientName)
	default:
		x.Client = clientName(rq, r.ClientIP)
	}
	id := r.User
	if id == "" {
		id = r.SID
	}
	if id != "" {
		x.PersonURL = (&form{Page: "/files", Users: []string{id}}).url()
	}
	if isFile(r.Object) && r.Path != "" {
		f := &form{Page: "/people", File: r.Path}
		if r.Object == record.ObjectDirectory {
			f.File, f.Folder = "", r.Path
		}
		x.FileURL = f.url()
	}
	x.Extra = gloss.Summary(rq.p.Printer, rq.zone, r)
	return x
}

func isFile(o record.Object) bool { return o == record.ObjectFile || o == record.ObjectDirectory }

// recordURL is the page of a record. The id goes into the path escaped as a
// whole: servers and channels are hostile names too.
func recordURL(id record.ID) string { return "/records/" + escapePath(id.String()) }

func escapePath(s string) string {
	const keep = "-._~"
	var b strings.Builder
	for i := range len(s) {
		c := s[i]
		if c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || strings.IndexByte(keep, c) >= 0 {
			b.WriteByte(c)
			continue
		}
		const hex = "0123456789ABCDEF"
		b.Write([]byte{'%', hex[c>>4], hex[c&15]})
	}
	return b.String()
}

// aroundPerson is the search for what the same person did shortly before and after.
func aroundPerson(rq *request, r *record.Record) string {
	t := time.Unix(0, r.Time).In(rq.zone)
	const layout = "2006-01-02T15:04:05"
	f := &form{Page: "/search", From: t.Add(-10 * time.Minute).Format(layout), To: t.Add(10 * time.Minute).Format(layout), Noise: true, Network: true}
	if r.User != "" {
		f.Users = []string{r.User}
	} else {
		f.Servers = []string{r.Server}
	}
	return f.url()
}
