package web

import (
	"context"
	"fmt"
	"net/http"
	"strings"

	"github.com/akashi-audit/akashi/internal/account"
	"github.com/akashi-audit/akashi/internal/event"
	"github.com/akashi-audit/akashi/internal/gloss"
	"github.com/akashi-audit/akashi/internal/mask"
	"github.com/akashi-audit/akashi/internal/record"
)

// Unmasker gives a record that the visitor in ctx may see, and the events behind
// it, with all Individual Numbers. Right and ground are the page's.
type Unmasker interface {
	Unmasked(ctx context.Context, id record.ID) (*record.Record, []*event.Event, error)
}

// maxGround is the characters of a ground.
const maxGround = 500

// scopeRoutes are the pages about what visitors may see.
func (s *site) scopeRoutes() []route {
	return []route{
		{pattern: "POST /records/{id}/unmask", need: account.See | account.Unmask, serve: s.unmask},
	}
}

// unmaskView is one record with its numbers.
type unmaskView struct {
	frame
	ID, Ground string
	Back       string // the record's page
	Fields     []pair
	Events     []rawEvent
}

// unmask shows one record unmasked, once: it is a POST, so that the page has no
// address, and the ground is noted first.
func (s *site) unmask(rq *request) error {
	u, ok := s.cfg.Source.(Unmasker)
	id, err := record.ParseID(rq.r.PathValue("id"))
	if err != nil || !ok {
		return errPage{http.StatusNotFound, "web.error.no_record"}
	}
	form, err := posted(rq)
	if err != nil {
		return err
	}
	ground := strings.TrimSpace(strings.ToValidUTF8(form.Get("ground"), "\uFFFD"))
	if ground == "" || len([]rune(ground)) > maxGround {
		return errPage{http.StatusBadRequest, "scope.error.ground"}
	}
	if _, err := s.cfg.Source.Record(rq.r.Context(), id); err != nil {
		return fmt.Errorf("record %s: %w", id, err)
	}
	if s.cfg.Note != nil {
		if err := s.cfg.Note(rq.r.Context(), "unmask", s.masked(id.String()), s.masked(ground)); err != nil {
			return err
		}
	}
	r, events, err := u.Unmasked(rq.r.Context(), id)
	if err != nil {
		return fmt.Errorf("record %s: %w", id, err)
	}
	v := unmaskView{
		frame: s.frame(rq, "/search", "scope.unmask.title"), ID: record.Visible(s.masked(id.String())), Ground: record.Visible(s.masked(ground)), Back: recordURL(id),
	}
	cells := r.CSV()
	for i, f := range record.Fields() {
		switch f {
		case "detail":
			continue
		case "time", "end_time":
			cells[i] = fine(map[string]int64{"time": r.Time, "end_time": r.EndTime}[f], rq.zone)
		case "received":
			cells[i] = clock(r.Received, rq.zone)
		case "op", "result", "object", "confidence", "class":
			cells[i] = rq.p.T("web." + f + "." + cells[i])
		}
		if cells[i] != "" {
			v.Fields = append(v.Fields, pair{rq.p.T("web.csv." + f), record.Visible(cells[i])})
		}
	}
	for _, d := range r.Detail {
		v.Fields = append(v.Fields, pair{gloss.DetailName(rq.p.Printer, d.Key), gloss.DetailValue(rq.p.Printer, rq.zone, d.Key, d.Value)})
	}
	for _, e := range events[:min(len(events), shownRaw)] {
		v.Events = append(v.Events, newRawEvent(rq, e))
	}
	return s.render(rq, http.StatusOK, "record-unmasked", v)
}

// masked is a text that a visitor typed as it may be shown.
func (s *site) masked(text string) string {
	if s.cfg.Mask == nil {
		return text
	}
	return s.cfg.Mask(text)
}

// maskedURL is the address of a request with the numbers in its values masked, ""
// when there are none.
func (s *site) maskedURL(r *http.Request) string {
	if s.cfg.Mask == nil || r.URL.RawQuery == "" {
		return ""
	}
	v, changed := r.URL.Query(), false
	for _, l := range v {
		for i, x := range l {
			if m := s.cfg.Mask(x); m != x {
				l[i], changed = m, true
			}
		}
	}
	if !changed {
		return ""
	}
	u := *r.URL
	u.RawQuery = v.Encode()
	return localURL(&u)
}

// Masked reports whether something on the record's page is masked.
func (v recordView) Masked() bool {
	l := []string{v.Row.Name.Full, v.New.Full, v.UNC, v.Share, v.Process, v.Row.Person.Full, v.Row.Client, v.Server, v.Comes}
	for _, d := range v.Details {
		l = append(l, d.Value)
	}
	for _, e := range v.Events {
		for _, f := range e.Data {
			for _, x := range f.Lines {
				l = append(l, x.Value)
			}
		}
	}
	for _, s := range l {
		if mask.Tagged(s) {
			return true
		}
	}
	return false
}

// UnmaskURL is where the record is shown unmasked.
func (v recordView) UnmaskURL() string {
	id, err := record.ParseID(v.rawID)
	if err != nil {
		return ""
	}
	return recordURL(id) + "/unmask"
}
