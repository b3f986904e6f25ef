package web

import (
	"context"
	"errors"
	"mime"
	"net/http"
	"net/url"
	"os"
	"strconv"
	"time"

	"github.com/akashi-audit/akashi/internal/account"
	"github.com/akashi-audit/akashi/internal/care"
	"github.com/akashi-audit/akashi/internal/job"
	"github.com/akashi-audit/akashi/internal/record"
)

// Jobs is the work in the background; see job.Runner, the one in use.
type Jobs interface {
	Submit(ctx context.Context, v *account.Visitor, q job.Request) (*job.Job, error)
	Get(ctx context.Context, v *account.Visitor, id string) (*job.Job, error)
	List(ctx context.Context, v *account.Visitor, all bool) ([]*job.Job, error)
	Cancel(ctx context.Context, v *account.Visitor, id string) error
	OpenFile(ctx context.Context, v *account.Visitor, id, name string) (*os.File, *job.File, error)
}

// jobRoutes are the pages of jobs. Everybody has jobs; each sees the own ones.
func (s *site) jobRoutes() []route {
	return []route{
		{pattern: "GET /jobs", need: account.See, serve: s.jobList},
		{pattern: "GET /jobs/{id}", need: account.See, serve: s.jobPage},
		{pattern: "POST /jobs/{id}/cancel", need: account.See, serve: s.jobCancel},
		{pattern: "GET /jobs/{id}/files/{name}", need: account.See, serve: s.jobFile},
	}
}

// jobView is a job as a page shows it.
type jobView struct {
	*job.Job
	About                  string // in the reader's words
	When, Began, End, Gone string
	Percent                int // -1 = unknown
	Rate                   uint64
	Left                   time.Duration
	Took                   time.Duration
	Lines                  []jobLine
	Own                    bool
	Why                    string // key: why the results cannot be taken, "" = they can
	Open                   bool   // not ended
}

// RateBytes is Rate for the template function of sizes.
func (v jobView) RateBytes() int64 { return int64(v.Rate) }

// jobLine is a message in the visitor's language.
type jobLine struct{ When, Level, Text string }

func (s *site) viewJob(rq *request, j *job.Job) jobView {
	v := jobView{
		Job: j, About: j.Say(rq.p.T), When: clock(j.Created, rq.zone), Began: clock(j.Started, rq.zone), End: clock(j.Ended, rq.zone), Percent: j.Percent(),
		Rate: uint64(j.Rate(rq.now)), Left: roundLeft(j.Left(rq.now)), Own: j.Own(rq.who), Open: !j.State.Ended(),
	}
	if j.Until != 0 {
		v.Gone = clock(j.Until, rq.zone)
	}
	if j.Removed != 0 {
		v.Gone = clock(j.Removed, rq.zone)
	}
	if j.Started != 0 {
		end := j.Ended
		if end == 0 {
			end = rq.now.UnixNano()
		}
		v.Took = time.Duration(max(end-j.Started, 0))
	}
	for _, m := range j.Messages {
		v.Lines = append(v.Lines, jobLine{clock(m.Time, rq.zone), m.Level, tell(rq, m)})
	}
	switch err := j.Take(rq.who); {
	case errors.Is(err, job.ErrScope):
		v.Why = "web.job.scope"
	case errors.Is(err, job.ErrRemoved):
		v.Why = "web.job.removed"
	case err != nil:
		v.Why = "web.job.not_yours"
	}
	return v
}

// tell is a message of a job in words. Values that are whole numbers get the
// form of numbers, others may be hostile.
func tell(rq *request, m job.Message) string {
	args := make([]any, len(m.Args))
	for i, a := range m.Args {
		if args[i] = record.Visible(a); i%2 == 1 {
			if n, err := strconv.ParseInt(a, 10, 64); err == nil {
				args[i] = n
			}
		}
	}
	return rq.p.T(m.Key, args...)
}

// jobs is the seam, or a page that says there is none.
func (s *site) jobs() (Jobs, error) {
	if s.cfg.Jobs == nil {
		return nil, errPage{http.StatusNotFound, "web.error.no_page"}
	}
	return s.cfg.Jobs, nil
}

// jobError gives an error of a Runner its page.
func jobError(err error) error {
	switch {
	case errors.Is(err, job.ErrNotFound):
		return errPage{http.StatusNotFound, "web.job.none"}
	case errors.Is(err, job.ErrRight):
		return errPage{http.StatusForbidden, "web.job.not_yours"}
	case errors.Is(err, job.ErrScope):
		return errPage{http.StatusForbidden, "web.job.scope"}
	case errors.Is(err, job.ErrRemoved):
		return errPage{http.StatusGone, "web.job.removed"}
	case errors.Is(err, job.ErrTooMany):
		return errPage{http.StatusTooManyRequests, "web.job.too_many"}
	}
	return err
}

// submit starts a job and shows its page.
func (s *site) submit(rq *request, q job.Request) error {
	jobs, err := s.jobs()
	if err != nil {
		return err
	}
	j, err := jobs.Submit(rq.r.Context(), rq.who, q)
	if err != nil {
		return jobError(err)
	}
	return seeOther(rq, "/jobs/"+j.ID)
}

// seeOther leads the browser to a page of this server.
func seeOther(rq *request, to string) error {
	http.Redirect(rq.w, rq.r, to, http.StatusSeeOther)
	return nil
}

func (s *site) jobList(rq *request) error {
	jobs, err := s.jobs()
	if err != nil {
		return err
	}
	all := rq.r.URL.Query().Get("all") == "1"
	l, err := jobs.List(rq.r.Context(), rq.who, all)
	if err != nil {
		return jobError(err)
	}
	v := struct {
		frame
		All, Open bool
		Everybody bool   // the visitor may see the jobs of others
		Tab, Done string // of the tabs of data management
		Jobs      []jobView
	}{frame: s.frame(rq, "/data", "web.jobs.title"), All: all, Everybody: rq.who.May(account.Manage) && care.SeesAll(rq.who), Tab: "jobs"}
	for _, j := range l {
		x := s.viewJob(rq, j)
		v.Open = v.Open || x.Open
		v.Jobs = append(v.Jobs, x)
	}
	return s.render(rq, http.StatusOK, "jobs", v)
}

func (s *site) jobPage(rq *request) error {
	jobs, err := s.jobs()
	if err != nil {
		return err
	}
	j, err := jobs.Get(rq.r.Context(), rq.who, rq.r.PathValue("id"))
	if err != nil {
		return jobError(err)
	}
	v := struct {
		frame
		Job jobView
	}{s.frame(rq, "/data", "web.job.kind."+j.Kind), s.viewJob(rq, j)}
	v.Crumbs = []crumb{{rq.p.T("web.nav.data"), "/data"}, {rq.p.T("web.jobs.title"), "/jobs"}, {v.Title, ""}}
	return s.render(rq, http.StatusOK, "job", v)
}

func (s *site) jobCancel(rq *request) error {
	jobs, err := s.jobs()
	if err != nil {
		return err
	}
	id := rq.r.PathValue("id")
	if err := jobs.Cancel(rq.r.Context(), rq.who, id); err != nil && !errors.Is(err, job.ErrEnded) {
		return jobError(err)
	}
	if err := s.note(rq, "job_cancel", id); err != nil {
		return err
	}
	return seeOther(rq, "/jobs/"+url.PathEscape(id))
}

// jobFile sends a result. Who takes it is noted first.
func (s *site) jobFile(rq *request) error {
	jobs, err := s.jobs()
	if err != nil {
		return err
	}
	id, name := rq.r.PathValue("id"), rq.r.PathValue("name")
	f, file, err := jobs.OpenFile(rq.r.Context(), rq.who, id, name)
	if err != nil {
		return jobError(err)
	}
	defer func() { _ = f.Close() }() // it is open for reading only
	if err := s.note(rq, "download", id+" "+file.Name+" "+file.SHA256); err != nil {
		return err
	}
	h := rq.w.Header()
	h.Set("Content-Type", fileType(file.Name))
	h.Set("Content-Disposition", mime.FormatMediaType("attachment", map[string]string{"filename": file.Name}))
	h.Set("ETag", `"`+file.SHA256+`"`)
	_ = http.NewResponseController(rq.w).SetWriteDeadline(time.Time{}) // a large file takes as long as it takes; without a deadline there is none to lift
	http.ServeContent(rq.w, rq.r, "", time.Time{}, f)
	return nil
}

// fileType is the media type of a result. None is one that a browser shows.
func fileType(name string) string {
	for end, t := range map[string]string{
		".csv": "text/csv", ".txt": "text/plain; charset=utf-8", ".zip": "application/zip", ".ndjson": "application/x-ndjson",
		".xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
	} {
		if len(name) > len(end) && name[len(name)-len(end):] == end {
			return t
		}
	}
	return "application/octet-stream"
}
