package web

import (
	"errors"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/akashi-audit/akashi/internal/account"
	"github.com/akashi-audit/akashi/internal/care"
	"github.com/akashi-audit/akashi/internal/job"
)

// RestoredDay is a day of a server that the archive alone has.
type RestoredDay struct {
	Day      string // 2026-11-23
	Records  int64
	Restored bool // and current
	Stale    bool // restored, and the archive is another one now
	Size     int64
}

// RestoreRequest is the parameters of the jobs of kind restore and release_days.
type RestoreRequest struct {
	Servers []string `json:"servers,omitempty"` // none = all
	From    string   `json:"from,omitempty"`    // day, included; "" = no bound
	To      string   `json:"to,omitempty"`      // included; "" = no bound
}

// restoreView is what a server's page says of days that the archive alone has.
type restoreView struct {
	Server            string
	First, Last       string
	Days, Quick, Old  int // all; restored and current; stale
	Size              int64
	restored, release map[string]int // by Monday of the week: days to restore, and to release
}

// restoreOf finds what is to be said; nil when the store has every day, or for those
// who may not know.
func (s *site) restoreOf(rq *request, data Data, server string) (*restoreView, error) {
	l, err := data.Restored(rq.r.Context(), server)
	if errors.Is(err, ErrRestricted) || len(l) == 0 {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	v := &restoreView{Server: server, First: l[0].Day, Last: l[len(l)-1].Day, Days: len(l), restored: map[string]int{}, release: map[string]int{}}
	for _, d := range l {
		monday := mondayOf(d.Day)
		switch {
		case d.Restored:
			v.Quick++
			v.release[monday]++
		case d.Stale:
			v.Old++
			v.restored[monday]++
			v.release[monday]++
		default:
			v.restored[monday]++
		}
		v.Size += d.Size
	}
	return v, nil
}

// mondayOf is the Monday of the week of a day.
func mondayOf(day string) string {
	t, err := time.Parse(time.DateOnly, day)
	if err != nil {
		return ""
	}
	return t.AddDate(0, 0, -((int(t.Weekday()) + 6) % 7)).Format(time.DateOnly)
}

// mark says for each week what can be restored and released.
func (v *restoreView) mark(weeks []weekView) {
	if v == nil {
		return
	}
	for i := range weeks {
		w := &weeks[i]
		w.Server, w.ToRestore, w.ToRelease = v.Server, v.restored[w.Monday], v.release[w.Monday]
	}
}

// restorePost asks, and then starts, a job that restores days of a server or releases
// them.
func (s *site) restorePost(rq *request) error {
	_, v, err := s.careForm(rq)
	if err != nil {
		return err
	}
	what, server, from, to := v.Get("what"), v.Get("server"), v.Get("from"), v.Get("to")
	a, err1 := time.Parse(time.DateOnly, from)
	b, err2 := time.Parse(time.DateOnly, to)
	if what != "restore" && what != "release_days" || server == "" {
		return errPage{http.StatusBadRequest, "web.data.bad_form"}
	}
	if !care.SeesAll(rq.who) {
		return errPage{http.StatusForbidden, "web.data.restricted"}
	}
	wrong := ""
	if err1 != nil || err2 != nil || b.Before(a) {
		wrong = "restore.wrong_days"
	}
	if !certain(v) || wrong != "" {
		q := sure{
			dataFrame: s.dataFrame(rq, "days", "web.job.kind."+what), Words: strings.Split(rq.p.T("web.data.sure."+what), "\n"), Wrong: wrong,
			Facts: []fact{{"web.field.server", visible(server)}}, Button: "web.data.go." + what, Back: serverURL(server, 0),
		}
		if wrong == "" {
			q.Facts = append(q.Facts, fact{"restore.days", from + " – " + to})
			return s.ask(rq, q, v)
		}
		return s.ask(rq, q, url.Values{"what": {what}, "server": {server}, "from": {from}, "to": {to}})
	}
	about := server + " " + from + " – " + to
	if err := s.note(rq, what, about); err != nil {
		return err
	}
	return s.submit(rq, job.Request{Kind: what, Params: RestoreRequest{Servers: []string{server}, From: from, To: to}, About: about, Need: account.See | account.Manage})
}
