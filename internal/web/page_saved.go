package web

import (
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/akashi-audit/akashi/internal/account"
	"github.com/akashi-audit/akashi/internal/record"
)

// savedView is the searches that a visitor kept or that others share.
type savedView struct {
	frame
	Mine, Others []savedLine
	Mistake      string // key
	Name         string // as it was typed
	URL          string
	Shared       bool
}

// savedLine is one search.
type savedLine struct {
	ID      int64
	Name    string
	Owner   string
	Page    string // key of the page's title
	Text    string
	URL     string
	Shared  bool
	Made    string
	Machine string
	May     bool // the visitor may change it
}

// savedPage lists them.
func (s *site) savedPage(rq *request) error {
	return s.showSaved(rq, http.StatusOK, savedView{})
}

func (s *site) showSaved(rq *request, code int, v savedView) error {
	if s.cfg.Saved == nil {
		return errPage{http.StatusNotFound, "web.error.no_page"}
	}
	v.frame = s.frame(rq, "/search", "find.saved.title")
	l, err := s.cfg.Saved.List(rq.r.Context(), rq.who.Name)
	if err != nil {
		return err
	}
	for _, x := range l {
		mine := strings.EqualFold(x.Owner, rq.who.Name)
		line := savedLine{
			ID: x.ID, Name: record.Visible(x.Name), Owner: record.Visible(x.Owner), URL: x.URL, Shared: x.Shared,
			Made: clock(x.Made.UnixNano(), rq.zone), Machine: machine(x.Made.UnixNano()), May: mine || rq.who.May(account.People),
		}
		if u, err := url.Parse(x.URL); err == nil {
			f := parseForm(u, rq.zone, rq.now)
			line.Text, line.Page = f.Text(), "web"+strings.ReplaceAll(f.Page, "/", ".")+".title"
		}
		if mine {
			v.Mine = append(v.Mine, line)
		} else {
			v.Others = append(v.Others, line)
		}
	}
	return s.render(rq, code, "saved", v)
}

// saveSearch keeps a search. Its address is read as a search and written anew,
// so that nothing else is kept.
func (s *site) saveSearch(rq *request) error {
	if s.cfg.Saved == nil {
		return errPage{http.StatusNotFound, "web.error.no_page"}
	}
	if _, err := posted(rq); err != nil {
		return err
	}
	v := savedView{Name: strings.TrimSpace(rq.r.PostForm.Get("name")), URL: rq.r.PostForm.Get("url"), Shared: rq.r.PostForm.Get("shared") == "1"}
	u, said, wrong := SearchURL(v.URL, rq.zone, rq.now)
	if wrong != "" {
		return errPage{http.StatusBadRequest, wrong}
	}
	x := SavedSearch{Owner: rq.who.Name, Name: v.Name, URL: u, Shared: v.Shared, Made: rq.now.Truncate(time.Second)}
	err := s.cfg.Saved.Add(rq.r.Context(), x)
	switch {
	case errors.Is(err, ErrSaved):
		v.Mistake, v.URL = "find.saved.bad_name", x.URL
		return s.showSaved(rq, http.StatusUnprocessableEntity, v)
	case err != nil:
		return err
	}
	if err := s.note(rq, "save", s.masked(x.Name+": "+said)); err != nil {
		return err
	}
	http.Redirect(rq.w, rq.r, "/saved", http.StatusSeeOther)
	return nil
}

// changeSaved shares a search, or no longer, or forgets it.
func (s *site) changeSaved(rq *request) error {
	if s.cfg.Saved == nil {
		return errPage{http.StatusNotFound, "web.error.no_page"}
	}
	form, err := posted(rq)
	if err != nil {
		return err
	}
	id, err := strconv.ParseInt(form.Get("id"), 10, 64)
	if err != nil {
		return errPage{http.StatusBadRequest, "find.saved.unreadable"}
	}
	owner := rq.who.Name
	if rq.who.May(account.People) {
		owner = ""
	}
	ctx, do := rq.r.Context(), rq.r.PostForm.Get("do")
	switch do {
	case "share", "unshare":
		err = s.cfg.Saved.Share(ctx, id, owner, do == "share")
	case "remove":
		err = s.cfg.Saved.Remove(ctx, id, owner)
	default:
		return errPage{http.StatusBadRequest, "find.saved.unreadable"}
	}
	if errors.Is(err, ErrNotYours) {
		return errPage{http.StatusNotFound, "find.saved.not_yours"}
	}
	if err != nil {
		return err
	}
	if err := s.note(rq, "saved "+do, strconv.FormatInt(id, 10)); err != nil {
		return err
	}
	http.Redirect(rq.w, rq.r, "/saved", http.StatusSeeOther)
	return nil
}

// SearchURL is the address of a search as it is kept: read as a search and written anew,
// so that nothing else is kept. said is it in words of the trail; wrong is a key of the
// catalogue that says why it is none, "" = it is one.
func SearchURL(address string, zone *time.Location, now time.Time) (kept, said, wrong string) {
	u, err := url.Parse(address)
	if err != nil || u.Host != "" || u.Scheme != "" || !slices.Contains([]string{"/people", "/files", "/search"}, u.Path) {
		return "", "", "find.saved.no_search"
	}
	f := parseForm(u, zone, now)
	if f.Cursor = ""; len(f.Problems) > 0 {
		return "", "", f.Problems[0]
	}
	return f.url(), f.said(), ""
}

// SearchText is the search of a page's address in the search language, as of now.
// What cannot be read of it is left out.
func SearchText(u *url.URL, zone *time.Location, now time.Time) string {
	q := parseForm(u, zone, now).query()
	q.Limit, q.Cursor = 0, ""
	return q.Text(zone)
}
