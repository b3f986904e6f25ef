package web

import (
	"context"
	"errors"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/akashi-audit/akashi/internal/care"
	"github.com/akashi-audit/akashi/internal/job"
	"github.com/akashi-audit/akashi/internal/query"
	"github.com/akashi-audit/akashi/internal/record"
)

const (
	previewDays    = 30
	previewRecords = 200_000         // most records that a preview reads
	previewTime    = 3 * time.Second // and the longest that it takes
	previewPage    = 1000
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
	v := filtersView{frame: s.frame(rq, "/settings/filters", "web.flt.title"), Preview: p, Busy: busy, Done: saved(rq), Outdated: len(rq.status.Outdated)}
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

// preview counts the newest records of people that b names. It reads no more than
// previewRecords, and no longer than previewTime.
func (s *site) preview(rq *request, b Background) (*preview, error) {
	ctx, cancel := context.WithTimeout(rq.r.Context(), previewTime)
	defer cancel()
	m := newNamer(b)
	p := &preview{Entries: make([]previewEntry, len(m.entries))}
	for i, e := range m.entries {
		p.Entries[i].Text = record.Visible(e)
	}
	from := midnight(rq.now.In(rq.zone)).AddDate(0, 0, -(previewDays - 1))
	p.From = from.Format(time.DateOnly)
	q := query.Query{From: from.UnixNano(), Limit: previewPage}
	for {
		page, err := s.cfg.Source.Search(ctx, q)
		if errors.Is(err, context.DeadlineExceeded) && rq.r.Context().Err() == nil {
			p.Cut = true
			return p, nil
		}
		if err != nil {
			return nil, err
		}
		for i := range page.Records {
			p.Read++
			if hits := m.hits(&page.Records[i]); len(hits) > 0 {
				p.N++
				for _, h := range hits {
					p.Entries[h].N++
				}
			}
		}
		if q.Cursor = page.Next; q.Cursor == "" {
			return p, nil
		}
		if p.Read >= previewRecords {
			p.Cut = true
			return p, nil
		}
	}
}

// namer finds the entries that name a record.
type namer struct {
	entries  []string
	users    map[string]int // DOMAIN\name, name or SID, in lower case
	prefixes map[netip.Prefix]int
	programs map[string]int // names of files in lower case
	starts   map[string]int // their beginnings
}

func newNamer(b Background) *namer {
	m := &namer{users: map[string]int{}, prefixes: map[netip.Prefix]int{}, programs: map[string]int{}, starts: map[string]int{}}
	add := func(s string) int { m.entries = append(m.entries, s); return len(m.entries) - 1 }
	for _, s := range b.Accounts {
		m.users[strings.ToLower(s)] = add(s)
	}
	for _, s := range b.Addresses {
		if a, err := netip.ParseAddr(s); err == nil {
			m.prefixes[netip.PrefixFrom(a.Unmap().WithZone(""), a.Unmap().BitLen())] = add(s)
		} else if p, err := netip.ParsePrefix(s); err == nil {
			m.prefixes[p.Masked()] = add(s)
		}
	}
	for _, s := range b.Processes {
		if start, ok := strings.CutSuffix(strings.ToLower(s), "*"); ok {
			m.starts[start] = add(s)
		} else {
			m.programs[strings.ToLower(s)] = add(s)
		}
	}
	return m
}

// hits are the entries that name the record.
func (m *namer) hits(r *record.Record) []int {
	var l []int
	put := func(i int, ok bool) {
		if ok && !slices.Contains(l, i) {
			l = append(l, i)
		}
	}
	user := strings.ToLower(r.User)
	for _, name := range []string{user, user[strings.LastIndexByte(user, '\\')+1:], strings.ToLower(r.SID)} {
		i, ok := m.users[name]
		put(i, ok && name != "")
	}
	if a, err := netip.ParseAddr(r.ClientIP); err == nil {
		for p, i := range m.prefixes {
			put(i, p.Contains(a.Unmap().WithZone("")))
		}
	}
	if r.Process != "" {
		name := strings.ToLower(r.Process[strings.LastIndexAny(r.Process, `\/`)+1:])
		i, ok := m.programs[name]
		put(i, ok)
		for start, i := range m.starts {
			put(i, strings.HasPrefix(name, start))
		}
	}
	return l
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
	j, err := runner.Submit(rq.r.Context(), rq.who, job.Request{Kind: "reconvert", Params: ReconvertRequest{DryRun: dry}, About: rq.p.T(about)})
	if err != nil {
		return jobError(err)
	}
	http.Redirect(rq.w, rq.r, "/jobs/"+j.ID, http.StatusSeeOther)
	return nil
}
