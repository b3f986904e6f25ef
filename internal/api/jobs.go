package api

import (
	"encoding/json"
	"errors"
	"io"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/akashi-audit/akashi/internal/account"
	"github.com/akashi-audit/akashi/internal/export"
	"github.com/akashi-audit/akashi/internal/i18n"
	"github.com/akashi-audit/akashi/internal/job"
)

// maxCase bounds the name of a case, bytes.
const maxCase = 200

// task is job.Job as clients get it.
type task struct {
	ID       string     `json:"id"`
	Kind     string     `json:"kind"`
	By       string     `json:"by"`
	About    Text       `json:"about"`
	State    job.State  `json:"state"`
	Created  Time       `json:"created"`
	Started  Time       `json:"started"`
	Ended    Time       `json:"ended"`
	Done     int64      `json:"done"`
	All      int64      `json:"all"`
	Unit     string     `json:"unit"`
	Percent  *int       `json:"percent"` // null = not known
	Messages []told     `json:"messages"`
	Files    []job.File `json:"files"`
	Until    Time       `json:"until"` // when the files go
	// Take says why the visitor cannot take the files, "" = he can.
	Take string `json:"take"`
}

// told is a message of a job, in words.
type told struct {
	Time  Time   `json:"time"`
	Level string `json:"level"`
	Key   string `json:"key"`
	Text  Text   `json:"text"`
}

func (s *server) task(rq *request, j *job.Job) task {
	t := task{
		ID: j.ID, Kind: j.Kind, By: j.By, About: Text(s.cfg.Source.Mask(j.Say(rq.p.T))), State: j.State, Created: Time(j.Created), Started: Time(j.Started), Ended: Time(j.Ended),
		Done: j.Done, All: j.All, Unit: j.Unit, Messages: []told{}, Files: append([]job.File{}, j.Files...), Until: Time(j.Until),
	}
	if p := j.Percent(); p >= 0 {
		t.Percent = &p
	}
	for _, m := range j.Messages {
		args := make([]any, len(m.Args))
		for i, a := range m.Args {
			args[i] = s.cfg.Source.Mask(a)
		}
		t.Messages = append(t.Messages, told{Time(m.Time), m.Level, m.Key, Text(rq.p.T(m.Key, args...))})
	}
	var p *Problem
	switch err := jobError(j.Take(rq.who)); {
	case err == nil:
	case errors.As(err, &p):
		t.Take = p.Code
	}
	return t
}

// jobError makes errors of a Runner problems.
func jobError(err error) error {
	switch {
	case errors.Is(err, job.ErrNotFound):
		return &Problem{Status: http.StatusNotFound, Code: "no_job"}
	case errors.Is(err, job.ErrRight):
		return &Problem{Status: http.StatusForbidden, Code: "not_yours"}
	case errors.Is(err, job.ErrScope):
		return &Problem{Status: http.StatusForbidden, Code: "other_scope"}
	case errors.Is(err, job.ErrRemoved):
		return &Problem{Status: http.StatusGone, Code: "removed"}
	case errors.Is(err, job.ErrTooMany):
		return &Problem{Status: http.StatusTooManyRequests, Code: "too_many_jobs", after: time.Minute}
	case errors.Is(err, job.ErrEnded):
		return &Problem{Status: http.StatusConflict, Code: "ended"}
	}
	return err
}

// jobs lists the visitor's jobs, newest first; with all=yes and the right to manage
// those of everybody.
func (s *server) jobs(rq *request) error {
	v := rq.r.URL.Query()
	if err := known(v, "all"); err != nil {
		return err
	}
	all, err := yes(v, "all")
	if err != nil {
		return err
	}
	if all && !(rq.who.May(account.Manage) && rq.who.Scope.All()) {
		return &Problem{Status: http.StatusForbidden, Code: "no_right"}
	}
	l, err := s.cfg.Jobs.List(rq.r.Context(), rq.who, all)
	if err != nil {
		return jobError(err)
	}
	out := make([]task, 0, len(l))
	for _, j := range l {
		out = append(out, s.task(rq, j))
	}
	return s.json(rq, struct {
		Jobs []task `json:"jobs"`
	}{out})
}

// yes reads a parameter that is yes or no; without it no.
func yes(v url.Values, name string) (bool, error) {
	switch v.Get(name) {
	case "yes":
		return true, nil
	case "", "no":
		return false, nil
	}
	return false, wrong(name, "value")
}

func (s *server) job(rq *request) error {
	if err := known(rq.r.URL.Query()); err != nil {
		return err
	}
	j, err := s.cfg.Jobs.Get(rq.r.Context(), rq.who, rq.r.PathValue("id"))
	if err != nil {
		return jobError(err)
	}
	return s.json(rq, s.task(rq, j))
}

// cancel ends a job. It may take a moment until its state says so.
func (s *server) cancel(rq *request) error {
	id := rq.r.PathValue("id")
	if err := s.cfg.Jobs.Cancel(rq.r.Context(), rq.who, id); err != nil {
		return jobError(err)
	}
	if err := s.note(rq, "job_cancel", id, ""); err != nil {
		return err
	}
	j, err := s.cfg.Jobs.Get(rq.r.Context(), rq.who, id)
	if err != nil {
		return jobError(err)
	}
	return s.json(rq, s.task(rq, j))
}

// file sends a result. Who takes it is noted first.
func (s *server) file(rq *request) error {
	id, name := rq.r.PathValue("id"), rq.r.PathValue("name")
	f, file, err := s.cfg.Jobs.OpenFile(rq.r.Context(), rq.who, id, name)
	if err != nil {
		return jobError(err)
	}
	defer func() { _ = f.Close() }() // it is open for reading only
	if err := s.note(rq, "download", id+" "+file.Name+" "+file.SHA256, ""); err != nil {
		return err
	}
	h := rq.w.Header()
	h.Set("Content-Type", "application/octet-stream")
	h.Set("Content-Disposition", mime.FormatMediaType("attachment", map[string]string{"filename": file.Name}))
	h.Set("ETag", `"`+file.SHA256+`"`)
	_ = http.NewResponseController(rq.w).SetWriteDeadline(time.Time{}) // a large file takes as long as it takes; without a deadline there is none to lift
	http.ServeContent(rq.w, rq.r, "", time.Time{}, f)
	return nil
}

// ordered is the body of POST /exports.
type ordered struct {
	Kind     string        `json:"kind"`
	Format   export.Format `json:"format"`
	Entity   bool          `json:"entity"`
	Language string        `json:"language"`
	Unmask   bool          `json:"unmask"`
	Ground   string        `json:"ground"`
	Case     string        `json:"case"`
}

// export starts a job that takes out what the parameters of the address find.
func (s *server) export(rq *request) error {
	q, err := s.search(rq.r.URL.Query())
	if err != nil {
		return err
	}
	in := ordered{Kind: "export"}
	d := json.NewDecoder(http.MaxBytesReader(rq.w, rq.r.Body, 64<<10))
	d.DisallowUnknownFields()
	if err := d.Decode(&in); err != nil && !errors.Is(err, io.EOF) {
		return &Problem{Status: http.StatusBadRequest, Code: "body"}
	}
	if err := in.check(); err != nil {
		return err
	}
	o := Order{
		Kind: in.Kind, Query: q, Text: s.cfg.Source.Mask(q.Text(s.cfg.Zone)), Format: in.Format, Entity: in.Entity, Lang: in.Language, Unmask: in.Unmask,
		Ground: in.Ground, Case: in.Case, Need: account.See | account.Export,
	}
	what := string(in.Format)
	if in.Kind == "evidence" {
		what = "evidence " + in.Case
	}
	if in.Unmask {
		o.Need |= account.Unmask
	}
	if !rq.who.May(o.Need) {
		return &Problem{Status: http.StatusForbidden, Code: "no_right"}
	}
	if err := s.note(rq, "export", s.cfg.Source.Mask(what+": "+o.Text), s.cfg.Source.Mask(in.Ground)); err != nil {
		return err
	}
	j, err := s.cfg.Jobs.Export(rq.r.Context(), rq.who, o)
	if err != nil {
		return jobError(err)
	}
	rq.w.Header().Set("Location", Prefix+"/jobs/"+url.PathEscape(j.ID))
	return s.answer(rq, http.StatusAccepted, s.task(rq, j))
}

// check refuses what is not an order.
func (o *ordered) check() error {
	o.Ground, o.Case = strings.TrimSpace(strings.ToValidUTF8(o.Ground, "\uFFFD")), strings.TrimSpace(strings.ToValidUTF8(o.Case, "\uFFFD"))
	switch {
	case o.Kind != "export" && o.Kind != "evidence":
		return wrong("kind", "value")
	case o.Kind == "evidence" && o.Format != "", o.Kind == "export" && !slices.Contains(export.Formats(), o.Format):
		return wrong("format", "value")
	case o.Language != "" && o.Language != i18n.Japanese && o.Language != i18n.English:
		return wrong("language", "value")
	case o.Unmask && o.Ground == "":
		return wrong("ground", "missing")
	case len(o.Ground) > maxGround:
		return wrong("ground", "value")
	case o.Kind == "evidence" && o.Case == "":
		return wrong("case", "missing")
	case len(o.Case) > maxCase:
		return wrong("case", "value")
	}
	return nil
}
