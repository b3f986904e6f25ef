package web

import (
	"errors"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/akashi-audit/akashi/internal/care"
	"github.com/akashi-audit/akashi/internal/job"
	"github.com/akashi-audit/akashi/internal/record"
)

// filterField is one list of what counts as background.
type filterField struct {
	Name    string // accounts, addresses, processes
	Value   string
	Problem string // in words, "" = none
}

// filtersView is the page of what counts as background.
type filtersView struct {
	frame
	Fields   []filterField
	Preview  *preview
	Busy     bool
	Done     string
	Outdated int
	History  []changeView
}

type changeView struct {
	SettingChange
	When string
}

// preview is what a change would make background, of the last records.
type preview struct {
	N, Read uint64
	Cut     bool // there are more records than were read
	From    string
	Entries []previewEntry
}

type previewEntry struct {
	Text string
	N    uint64
}

func (s *site) filtersPage(rq *request) error {
	set, err := s.settings()
	if err != nil {
		return err
	}
	return s.filtersForm(rq, http.StatusOK, set.Background(), nil, nil, false)
}

func (s *site) filtersForm(rq *request, code int, b Background, bad []SettingProblem, p *preview, busy bool) error {
	set, err := s.settings()
	if err != nil {
		return err
	}
	v := filtersView{frame: s.frame(rq, "/settings/filters", "web.nav.filters"), Preview: p, Busy: busy, Done: saved(rq), Outdated: len(rq.status.Outdated)}
	for _, f := range []struct {
		name string
		l    []string
	}{{"accounts", b.Accounts}, {"addresses", b.Addresses}, {"processes", b.Processes}} {
		x := filterField{Name: f.name, Value: strings.Join(f.l, "\n")}
		if len(bad) > 0 { // what was refused may hold anything
			shown := make([]string, len(f.l))
			for i := range f.l {
				shown[i] = record.Visible(f.l[i])
			}
			x.Value = strings.Join(shown, "\n")
		}
		for _, e := range bad {
			if e.Key == "background."+f.name && x.Problem == "" {
				x.Problem = rq.p.T("web.flt.bad_"+f.name, "value", named(f.l, e.Index))
			}
		}
		v.Fields = append(v.Fields, x)
	}
	l, err := set.History(rq.r.Context())
	if err != nil {
		return err
	}
	for _, c := range l {
		v.History = append(v.History, changeView{c, clock(c.Time, rq.zone)})
	}
	return s.render(rq, code, "filters", v)
}

// filtersSave is POST /settings/filters: it shows what would change, or changes it.
func (s *site) filtersSave(rq *request) error {
	set, err := s.settingsForm(rq)
	if err != nil {
		return err
	}
	f := rq.r.PostForm
	b := Background{Accounts: lines(f.Get("accounts")), Addresses: lines(f.Get("addresses")), Processes: lines(f.Get("processes"))}
	if f.Get("do") == "preview" {
		p, err := s.preview(rq, b)
		if err != nil {
			return err
		}
		return s.filtersForm(rq, http.StatusOK, b, nil, p, false)
	}
	before := set.Background()
	if slices.Equal(before.Accounts, b.Accounts) && slices.Equal(before.Addresses, b.Addresses) && slices.Equal(before.Processes, b.Processes) {
		http.Redirect(rq.w, rq.r, "/settings/filters?done=same", http.StatusSeeOther)
		return nil
	}
	if err := s.note(rq, "settings", "background: "+b.String()); err != nil {
		return err
	}
	bad, err := set.SetBackground(rq.r.Context(), care.Author{Name: rq.who.Name}, b)
	switch {
	case errors.Is(err, care.ErrBusy):
		return s.filtersForm(rq, http.StatusConflict, b, nil, nil, true)
	case err != nil:
		return err
	case len(bad) > 0:
		return s.filtersForm(rq, http.StatusUnprocessableEntity, b, bad, nil, false)
	}
	http.Redirect(rq.w, rq.r, "/settings/filters?done=saved", http.StatusSeeOther)
	return nil
}

// preview counts the newest records of people that b names.
func (s *site) preview(rq *request, b Background) (*preview, error) {
	from := midnight(rq.now.In(rq.zone)).AddDate(0, 0, -(care.PreviewDays - 1))
	x, err := care.PreviewOf(rq.r.Context(), s.cfg.Source.Search, b, from.UnixNano())
	if err != nil {
		return nil, err
	}
	p := &preview{N: x.N, Read: x.Read, Cut: x.Cut, From: from.Format(time.DateOnly)}
	for _, e := range x.Entries {
		p.Entries = append(p.Entries, previewEntry{record.Visible(e.Text), e.N})
	}
	return p, nil
}

// reconvert is POST /settings/filters/reconvert: the records are made again under
// the settings of now, or it is told what that would change.
func (s *site) reconvert(rq *request) error {
	if _, err := posted(rq); err != nil {
		return err
	}
	runner, err := s.jobs()
	if err != nil {
		return err
	}
	dry := rq.r.PostForm.Get("do") == "try"
	about, note := "web.flt.about_do", "reconvert"
	if dry {
		about, note = "web.flt.about_try", "reconvert try"
	}
	if err := s.note(rq, note, ""); err != nil {
		return err
	}
	j, err := runner.Submit(rq.r.Context(), rq.who, job.Request{Kind: "reconvert", Params: ReconvertRequest{DryRun: dry}, Words: []job.Word{{Key: about}}})
	if err != nil {
		return jobError(err)
	}
	http.Redirect(rq.w, rq.r, "/jobs/"+j.ID, http.StatusSeeOther)
	return nil
}
