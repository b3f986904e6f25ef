package web

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/akashi-audit/akashi/internal/account"
	"github.com/akashi-audit/akashi/internal/calendar"
	"github.com/akashi-audit/akashi/internal/pace"
	"github.com/akashi-audit/akashi/internal/query"
	"github.com/akashi-audit/akashi/internal/trail"
)

// Config of the pages.
type Config struct {
	Source   Source
	Rules    []Rule
	Language string           // of a visitor whose browser wants none of ours; "" = ja
	Version  string           // shown at the foot
	Now      func() time.Time // nil = time.Now
	Log      *slog.Logger     // nil = no log
	// Visitor is who asks, nil when nobody has logged in; nil = account.From of
	// the request's context.
	Visitor func(*http.Request) *account.Visitor
	Paths   Paths  // completion and lives of files; nil = without
	Saved   Saved  // searches that people keep; nil = without
	Proofs  Proofs // what seals a record; nil = without
	// Marked tells which folders hold specific personal information
	// (特定個人情報); nil = none is known.
	Marked func(path string) bool
	// Mask is a text as it may be shown, with a tag that the Source understands in
	// place of each Individual Number; nil = as it is. What the Source gives is
	// masked already; this is for what visitors type.
	Mask func(text string) string
	Jobs Jobs // work in the background; nil = without
	Data Data // what the folder holds by day, and its care; nil = without
	// Note takes what the visitor in ctx does into the sealed trail: an action
	// ("search", "record", "export", …), on what, and the ground where one is
	// asked for. nil = nowhere.
	Note func(ctx context.Context, action, object, ground string) error
	// NoteAs is Note for a person who is not the visitor of ctx yet: at his log-in. nil
	// = nowhere.
	NoteAs func(ctx context.Context, p *account.Person, action, object string) error
	// Refused takes what a visitor may not do into the trail. nil = nowhere.
	Refused func(ctx context.Context, action, object string)
	// Desk is where people log in; nil = nobody can, and the pages of people are not
	// there.
	Desk  *account.Desk
	Trail Trail // nil = the trail cannot be read
	// Health tells of seals, gaps and disk space; nil = pages say nothing of them.
	Health Health
	// Calendar is the business calendar of now; nil = an office in Japan.
	Calendar func() *calendar.Calendar
	// Cards are what other parts put on the dashboard, in the order shown; nil = none.
	Cards    func(ctx context.Context, lang string) ([]Card, error)
	Settings Settings // nil = without the pages of settings
	Imports  Imports  // nil = without import
	Steps    Steps    // the guided first start; nil = without
	// Go runs what takes longer than a page may beside the answers, until the server
	// ends; nil = pages wait for it.
	Go func(func(context.Context))
}

// Trail is what the page of the trail reads.
type Trail interface {
	Read(ctx context.Context, f trail.Filter) (*trail.Page, error)
}

// site is the handler's state. All fields but tallies are set once.
type site struct {
	cfg    Config
	pages  map[string]*renderer // by language
	assets *assets
	rules  map[string]Rule
	log    *slog.Logger
	gets   map[string]bool // addresses of the pages of this build
	posts  map[string]bool // and of its actions

	tallies tallies
	numbers numbersCache
}

// New returns the handler of all pages and their static files.
func New(cfg Config) (http.Handler, error) {
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.Visitor == nil {
		cfg.Visitor = func(r *http.Request) *account.Visitor { return account.From(r.Context()) }
	}
	if cfg.Language != "en" {
		cfg.Language = "ja"
	}
	s := &site{cfg: cfg, rules: map[string]Rule{}, log: cfg.Log}
	if s.log == nil {
		s.log = slog.New(slog.DiscardHandler)
	}
	for _, r := range cfg.Rules {
		s.rules[r.ID] = r
	}
	var err error
	if s.assets, err = loadAssets(); err != nil {
		return nil, err
	}
	if s.pages, err = loadPages(s.assets); err != nil {
		return nil, err
	}
	s.gets, s.posts = patterns(s.table(), http.MethodGet), patterns(s.table(), http.MethodPost)
	return s.routes(), nil
}

func (s *site) routes() http.Handler {
	mux := http.NewServeMux()
	mux.Handle("GET /static/", s.assets)
	mux.HandleFunc("GET /favicon.ico", func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, s.assets.url("seal.svg"), http.StatusFound)
	})
	for _, rt := range s.table() {
		mux.HandleFunc(rt.pattern, s.page(rt))
	}
	return headers(mux)
}

// route is one page or action: what it answers to and the right that it needs.
type route struct {
	pattern string        // of http.ServeMux
	need    account.Right // 0 = everybody who has logged in
	open    bool          // also without log-in
	serve   func(*request) error
}

// table is every route of the pages. A route that is not here does not exist.
func (s *site) table() []route {
	return slices.Concat(
		[]route{
			{pattern: "GET /status-line", need: account.See, serve: s.statusLine},
			{pattern: "GET /", open: true, serve: func(*request) error { return errPage{http.StatusNotFound, "web.error.no_page"} }},
		},
		s.searchRoutes(),
		s.accountRoutes(),
		s.frameRoutes(),
		s.dashRoutes(),
		s.settingsRoutes(),
		s.jobRoutes(),
		s.exportRoutes(),
		s.scopeRoutes(),
		s.dataRoutes(), s.volumeRoutes(), s.keepRoutes(),
	)
}

// policy allows what the pages need: files of this server only.
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; " +
	"form-action 'self'; base-uri 'none'; frame-ancestors 'none'"

func headers(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", policy)
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		next.ServeHTTP(w, r)
	})
}

// errPage is an error with its own status and words.
type errPage struct {
	code int
	key  string
}

func (e errPage) Error() string { return fmt.Sprintf("status %d: %s", e.code, e.key) }

// request is one request on its way through a page.
type request struct {
	w      http.ResponseWriter
	r      *http.Request
	who    *account.Visitor // nil on open routes only
	lang   string
	p      *renderer
	status *Status
	zone   *time.Location
	now    time.Time
	began  time.Time // by the machine's own clock
}

// partial reports whether htmx asks for a part of the page. It asks for a whole
// one when it picks the part itself or goes back in the history.
func (rq *request) partial() bool {
	h := rq.r.Header
	return h.Get("HX-Request") == "true" && h.Get("HX-Request-Type") != "full" && h.Get("HX-History-Restore-Request") == ""
}

// page wraps a route: language, log-in, rights, status, error pages.
func (s *site) page(rt route) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if lang := r.URL.Query().Get("lang"); lang != "" {
			setLanguage(w, r, lang)
			return
		}
		if to := s.maskedURL(r); to != "" && r.Method == http.MethodGet {
			http.Redirect(w, r, to, http.StatusSeeOther) // the number stays in no address
			return
		}
		rq := &request{w: w, r: r, who: s.cfg.Visitor(r), now: s.cfg.Now(), began: time.Now()}
		rq.lang = pickLanguage(r, rq.who, s.language())
		rq.p = s.pages[rq.lang]
		h := w.Header()
		h.Set("Cache-Control", "no-store")
		h.Set("Vary", "HX-Request, HX-Request-Type, Accept-Language, Cookie")
		rq.status, rq.zone = &Status{}, time.UTC
		if err := s.answer(rq, rt); err != nil {
			s.fail(rq, err)
		}
	}
}

// answer checks the right before anything of a page is read.
func (s *site) answer(rq *request, rt route) error {
	switch {
	case rt.open:
	case rq.who == nil:
		return s.askToLogIn(rq)
	case rq.who.Needs != "" && rt.need != 0:
		return s.redirect(rq, "/me")
	case !rq.who.May(rt.need):
		if s.cfg.Refused != nil {
			s.cfg.Refused(rq.r.Context(), "page", rq.r.Method+" "+rq.r.URL.Path)
		}
		if rq.who.May(account.See) { // the frame of the page tells of the folder
			if err := s.readStatus(rq); err != nil {
				return err
			}
		}
		return errPage{http.StatusForbidden, "web.error.no_right"}
	}
	if rq.who != nil {
		if err := s.readStatus(rq); err != nil {
			return err
		}
	}
	return rt.serve(rq)
}

// readStatus reads what the frame of a page tells of the folder, and the zone of its times.
func (s *site) readStatus(rq *request) error {
	st, err := s.cfg.Source.Status(rq.r.Context())
	if err != nil {
		return err
	}
	rq.status = st
	if st.Zone != nil {
		rq.zone = st.Zone
	}
	if z, err := time.LoadLocation(rq.who.Zone); err == nil && rq.who.Zone != "" {
		rq.zone = z
	}
	return nil
}

// fail draws the error page. What only the operator may know goes to the log.
func (s *site) fail(rq *request, err error) {
	var e errPage
	switch {
	case rq.r.Context().Err() != nil:
		return // the reader went away
	case errors.As(err, &e):
	case errors.Is(err, ErrNotFound):
		e = errPage{http.StatusNotFound, "web.error.no_record"}
	case errors.Is(err, pace.ErrBusy):
		rq.w.Header().Set("Retry-After", "10")
		e = errPage{http.StatusServiceUnavailable, "scope.error.busy"}
	case errors.Is(err, pace.ErrTooLong):
		e = errPage{http.StatusServiceUnavailable, "scope.error.too_long"}
	default:
		s.log.ErrorContext(rq.r.Context(), "page failed", slog.String("page", rq.r.URL.Path), slog.Any("error", err))
		e = errPage{http.StatusInternalServerError, "web.error.failed"}
	}
	v := struct {
		frame
		Key string
	}{s.frame(rq, "", "web.error.title"), e.key}
	if err := s.render(rq, e.code, "error", v); err != nil {
		s.log.ErrorContext(rq.r.Context(), "error page failed", slog.Any("error", err))
	}
}

// note takes an action of the visitor into the trail. What cannot be noted is
// not shown: the caller returns the error.
func (s *site) note(rq *request, action, object string) error {
	if s.cfg.Note == nil {
		return nil
	}
	return s.cfg.Note(rq.r.Context(), action, object, "")
}

// render executes a template into memory first, so that a failing template
// never sends half a page.
func (s *site) render(rq *request, code int, name string, view any) error {
	var b bytes.Buffer
	if err := rq.p.execute(&b, name, view); err != nil {
		return fmt.Errorf("render %s: %w", name, err)
	}
	rq.w.Header().Set("Content-Type", "text/html; charset=utf-8")
	rq.w.Header().Set("Server-Timing", "page;dur="+strconv.FormatFloat(time.Since(rq.began).Seconds()*1000, 'f', 1, 64))
	writeMaybeGzip(rq.w, rq.r, code, b.Bytes())
	return nil
}

// scopeKey tells apart who may see different things.
func scopeKey(who *account.Visitor) string {
	if who == nil {
		return "nobody"
	}
	return query.Extent{Servers: who.Scope.Servers, Folders: who.Scope.Folders}.Key()
}
