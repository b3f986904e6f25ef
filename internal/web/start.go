package web

import (
	"context"
	"net/http"

	"github.com/akashi-audit/akashi/internal/account"
)

// Steps of the guided first start that people say they are done with.
const (
	StepCheck = "check" // somebody looked whether records are missing
	StepClose = "close" // nobody wants to see the steps any more
)

// Steps remembers the guided first start for all visitors.
type Steps interface {
	// People counts those who may log in; -1 = nobody needs to.
	People(ctx context.Context) (int, error)
	IsDone(ctx context.Context, step string) (bool, error)
	Done(ctx context.Context, step, by string) error
}

// firstSteps is the guided first start.
type firstSteps struct {
	Steps []firstStep
	Left  int
	Hint  bool // at the demonstration: nothing was imported yet
}

// firstStep is one step of it: what to do and whether it is done.
type firstStep struct {
	Key  string // of its title; with "_text" of what it is
	URL  string // "" = the visitor may not
	Done bool
	Now  bool // the first that is left
}

// firstSteps is nil for visitors who cannot do them, when all are done, and when
// somebody closed them.
func (s *site) firstSteps(rq *request) *firstSteps {
	ctx := rq.r.Context()
	if s.cfg.Steps == nil || !rq.who.May(account.Import) {
		return nil
	}
	done := func(step string) bool {
		ok, err := s.cfg.Steps.IsDone(ctx, step)
		if err != nil {
			s.log.WarnContext(ctx, "first steps", errorAttr(err))
		}
		return ok || err != nil
	}
	if done(StepClose) {
		return nil
	}
	f := &firstSteps{Hint: rq.status.RawEvents == 0 && !rq.status.Demo}
	add := func(key, url string, need account.Right, done bool) {
		if !rq.who.May(need) || !s.gets[url] {
			url = ""
		}
		x := firstStep{Key: key, URL: url, Done: done}
		if !done {
			x.Now = f.Left == 0
			f.Left++
		}
		f.Steps = append(f.Steps, x)
	}
	if n, err := s.cfg.Steps.People(ctx); err == nil && n >= 0 && s.gets["/settings/people"] {
		add("web.start.people", "/settings/people", account.People, n > 1)
	}
	add("web.start.import", "/settings/import", account.Import, rq.status.RawEvents > 0)
	add("web.start.check", "/coverage", account.See, rq.status.RawEvents > 0 && done(StepCheck))
	if f.Left == 0 {
		return nil
	}
	return f
}

// startClose is POST /start/close.
func (s *site) startClose(rq *request) error {
	if s.cfg.Steps == nil {
		return errPage{http.StatusNotFound, "web.error.no_page"}
	}
	if err := s.note(rq, "first steps closed", ""); err != nil {
		return err
	}
	if err := s.cfg.Steps.Done(rq.r.Context(), StepClose, rq.who.Name); err != nil {
		return err
	}
	http.Redirect(rq.w, rq.r, "/", http.StatusSeeOther)
	return nil
}
