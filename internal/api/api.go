package api

import (
	"context"
	_ "embed"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"time"

	"golang.org/x/text/language"

	"github.com/akashi-audit/akashi/internal/account"
	"github.com/akashi-audit/akashi/internal/i18n"
)

// Prefix begins the address of every route.
const Prefix = "/api/v1"

//go:embed openapi.yaml
var document []byte

// Config of the API.
type Config struct {
	Source   Source
	Jobs     Jobs          // nil = there are none
	Keeping  Keeping       // nil = there is none
	Trail    Trail         // nil = there is none
	Care     Care          // nil = the folder is looked after elsewhere
	Saves    Saves         // nil = no search is kept
	Settings Settings      // nil = there are none
	Desk     *account.Desk // where people log in; nil = nobody can
	Once     Once          // nil = no answer is kept, and keys are refused
	// Seal tells of the seal of the folder; nil = there is none.
	Seal func(ctx context.Context) (*Seal, error)

	Zone     *time.Location   // of days and times without a zone; nil = UTC
	Language string           // of a client that wants none of ours; "" = ja
	Now      func() time.Time // nil = time.Now
	Log      *slog.Logger     // nil = no log
	// Note takes what the visitor in ctx does into the sealed trail; nil = nowhere.
	// What cannot be noted is not answered.
	Note func(ctx context.Context, action, object, ground string) error
	// Rate is how many requests a second a visitor may make on average, and Burst
	// how many at once; 0 = 10 and 40.
	Rate  float64
	Burst int
}

// server is the handler's state. All fields are set once.
type server struct {
	cfg    Config
	limits *limits
	log    *slog.Logger
}

// New returns the handler of all routes.
func New(cfg Config) http.Handler {
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.Zone == nil {
		cfg.Zone = time.UTC
	}
	if cfg.Language != i18n.English {
		cfg.Language = i18n.Japanese
	}
	if cfg.Rate <= 0 {
		cfg.Rate = 10
	}
	if cfg.Burst <= 0 {
		cfg.Burst = 40
	}
	s := &server{cfg: cfg, limits: newLimits(cfg.Rate, cfg.Burst), log: cfg.Log}
	if s.log == nil {
		s.log = slog.New(slog.DiscardHandler)
	}
	mux := http.NewServeMux()
	for _, rt := range s.table() {
		mux.HandleFunc(rt.method+" "+Prefix+rt.path, s.guard(rt))
	}
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		var allowed []string
		for _, m := range []string{http.MethodGet, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete} {
			if _, pattern := mux.Handler(&http.Request{Method: m, URL: r.URL, Host: r.Host}); pattern != "/" {
				allowed = append(allowed, m)
			}
		}
		if len(allowed) > 0 {
			w.Header().Set("Allow", strings.Join(allowed, ", "))
			s.fail(&request{w: w, r: r, p: s.printer(r)}, &Problem{Status: http.StatusMethodNotAllowed, Code: "method"})
			return
		}
		s.fail(&request{w: w, r: r, p: s.printer(r)}, &Problem{Status: http.StatusNotFound, Code: "no_route"})
	})
	return mux
}

// route is what answers to a method and a path, and the right that it needs.
type route struct {
	method, path string
	need         account.Right
	open         bool // also without log-in
	absent       bool // this server has nothing behind it
	key          keyUse
	serve        func(*request) error
}

// table is every route.
func (s *server) table() []route {
	return slices.Concat([]route{
		{method: "GET", path: "/openapi.yaml", open: true, serve: s.document},
		{method: "GET", path: "/records", need: account.See, serve: s.records},
		{method: "GET", path: "/records/{id}", need: account.See, serve: s.record},
		{method: "GET", path: "/records/{id}/raw", need: account.See, serve: s.raw},
		{method: "GET", path: "/records/{id}/versions", need: account.See, serve: s.versions},
		{method: "POST", path: "/records/{id}/unmask", key: noKey, need: account.See | account.Unmask, serve: s.unmask},
		{method: "GET", path: "/facets", need: account.See, serve: s.facets},
		{method: "GET", path: "/paths", need: account.See, serve: s.paths},
		{method: "GET", path: "/follow", need: account.See, serve: s.follow},
		{method: "GET", path: "/status", need: account.See, serve: s.status},
		{method: "GET", path: "/coverage", need: account.See, serve: s.coverage},
		{method: "GET", path: "/me", serve: s.me},
		{method: "GET", path: "/jobs", need: account.See, serve: s.jobs, absent: s.cfg.Jobs == nil},
		{method: "GET", path: "/jobs/{id}", need: account.See, serve: s.job, absent: s.cfg.Jobs == nil},
		{method: "POST", path: "/jobs/{id}/cancel", need: account.See, serve: s.cancel, absent: s.cfg.Jobs == nil},
		{method: "GET", path: "/jobs/{id}/files/{name}", need: account.See, serve: s.file, absent: s.cfg.Jobs == nil},
		{method: "POST", path: "/exports", need: account.See | account.Export, serve: s.export, absent: s.cfg.Jobs == nil},
		{method: "GET", path: "/saved", need: account.See, serve: s.saved, absent: s.cfg.Keeping == nil},
		{method: "GET", path: "/servers", need: account.See, serve: s.servers, absent: s.cfg.Keeping == nil},
		{method: "GET", path: "/servers/{name}/days", need: account.See, serve: s.days, absent: s.cfg.Keeping == nil},
		{method: "GET", path: "/holds", need: account.See | account.Hold, serve: s.holds, absent: s.cfg.Keeping == nil},
		{method: "GET", path: "/trail", need: account.Trail, serve: s.trail, absent: s.cfg.Trail == nil},
	}, s.restoreRoutes(), s.writes(), s.ownRoutes(), s.poolRoutes())
}

// writes is every route by which something is changed or that shows what can be.
func (s *server) writes() []route {
	const (
		manage = account.See | account.Manage
		hold   = account.See | account.Hold
	)
	noCare, noSet, noDesk := s.cfg.Care == nil || s.cfg.Jobs == nil, s.cfg.Settings == nil || s.cfg.Seal == nil || s.cfg.Jobs == nil, s.cfg.Desk == nil
	return []route{
		{method: "POST", path: "/saved", need: account.See, serve: s.save, absent: s.cfg.Saves == nil},
		{method: "PATCH", path: "/saved/{id}", need: account.See, serve: s.share, absent: s.cfg.Saves == nil},
		{method: "DELETE", path: "/saved/{id}", need: account.See, serve: s.forget, absent: s.cfg.Saves == nil},

		{method: "POST", path: "/holds", need: hold, serve: s.addHold, absent: noCare},
		{method: "POST", path: "/holds/{case}/release", need: hold, serve: s.releaseHold, absent: noCare},
		{method: "GET", path: "/retention", need: account.See, serve: s.retention, absent: noCare},
		{method: "POST", path: "/retention/proposals", need: manage, serve: s.proposeTerm, absent: noCare},
		{method: "POST", path: "/retention/confirmation", need: account.See | account.Approve, serve: s.confirmTerms, absent: noCare},
		{method: "POST", path: "/care", need: manage, serve: s.startCare, absent: noCare},

		{method: "GET", path: "/settings", need: account.Settings, serve: s.settingsFile, absent: noSet},
		{method: "GET", path: "/settings/background", need: account.Settings, serve: s.background, absent: noSet},
		{method: "POST", path: "/settings/background/preview", key: noKey, need: account.Settings | account.See, serve: s.previewBackground, absent: noSet},
		{method: "PUT", path: "/settings/background", need: account.Settings, serve: s.setBackground, absent: noSet},
		{method: "GET", path: "/settings/background/history", need: account.Settings, serve: s.backgroundHistory, absent: noSet},
		{method: "GET", path: "/settings/calendar", need: account.Settings, serve: s.calendar, absent: noSet},
		{method: "PUT", path: "/settings/calendar", need: account.Settings, serve: s.setCalendar, absent: noSet},
		{method: "GET", path: "/settings/folders", need: account.Settings, serve: s.marked, absent: noSet},
		{method: "PUT", path: "/settings/folders", need: account.Settings, serve: s.setMarked, absent: noSet},
		{method: "GET", path: "/settings/folders/history", need: account.Settings, serve: s.markedHistory, absent: noSet},
		{method: "GET", path: "/settings/language", need: account.Settings, serve: s.language, absent: noSet},
		{method: "PUT", path: "/settings/language", need: account.Settings, serve: s.setLanguage, absent: noSet},
		{method: "POST", path: "/reconversions", need: account.Settings, serve: s.reconvert, absent: noSet},
		{method: "GET", path: "/seal", need: account.Settings, serve: s.seal, absent: noSet},
		{method: "POST", path: "/seal/checkpoints", need: account.Settings, serve: s.sealNow, absent: noSet},

		{method: "GET", path: "/people", need: account.People, serve: s.people, absent: noDesk},
		{method: "POST", path: "/people", key: tellsOnce, need: account.People, serve: s.addPerson, absent: noDesk},
		{method: "GET", path: "/people/{id}", need: account.People, serve: s.member, absent: noDesk},
		{method: "PATCH", path: "/people/{id}", need: account.People, serve: s.rename, absent: noDesk},
		{method: "PUT", path: "/people/{id}/grant", need: account.People, serve: s.grant, absent: noDesk},
		{method: "POST", path: "/people/{id}/disable", need: account.People, serve: s.disable, absent: noDesk},
		{method: "POST", path: "/people/{id}/enable", need: account.People, serve: s.enable, absent: noDesk},
		{method: "POST", path: "/people/{id}/reset", key: tellsOnce, need: account.People, serve: s.reset, absent: noDesk},
		{method: "GET", path: "/people/{id}/tokens", need: account.People, serve: s.memberTokens, absent: noDesk},
		{method: "DELETE", path: "/people/{id}/tokens/{token}", need: account.People, serve: s.revokeOf, absent: noDesk},
		{method: "GET", path: "/proposals", need: account.See, serve: s.proposals, absent: noDesk},
		{method: "POST", path: "/proposals/{id}/decision", need: account.See, serve: s.decide, absent: noDesk},
	}
}

// request is one request on its way.
type request struct {
	w   http.ResponseWriter
	r   *http.Request
	who *account.Visitor
	p   *i18n.Printer
}

// guard checks log-in, right and rate before anything is read.
func (s *server) guard(rt route) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Cache-Control", "no-store")
		h.Set("X-Content-Type-Options", "nosniff")
		rq := &request{w: w, r: r, who: account.From(r.Context()), p: s.printer(r)}
		var err error
		switch {
		case rt.open:
		case rq.who == nil:
			h.Set("WWW-Authenticate", `Bearer realm="akashi"`)
			err = &Problem{Status: http.StatusUnauthorized, Code: "log_in"}
		case !rq.who.May(rt.need):
			err = &Problem{Status: http.StatusForbidden, Code: "no_right"}
		default:
			err = s.limits.take(rq.who, s.cfg.Now())
		}
		if err == nil && rt.absent {
			err = &Problem{Status: http.StatusNotFound, Code: "no_route"}
		}
		if err == nil {
			err = s.once(rq, rt)
		}
		if err != nil {
			s.fail(rq, err)
		}
	}
}

// printer speaks the language that the client asks for.
func (s *server) printer(r *http.Request) *i18n.Printer {
	tags, _, err := language.ParseAcceptLanguage(r.Header.Get("Accept-Language"))
	if err == nil {
		for _, t := range tags {
			if b, _ := t.Base(); b.String() == i18n.Japanese || b.String() == i18n.English {
				return i18n.For(b.String())
			}
		}
	}
	return i18n.For(s.cfg.Language)
}

// note takes an action into the trail.
func (s *server) note(rq *request, action, object, ground string) error {
	if s.cfg.Note == nil {
		return nil
	}
	return s.cfg.Note(rq.r.Context(), action, object, ground)
}

// json writes an answer.
func (s *server) json(rq *request, v any) error { return s.answer(rq, http.StatusOK, v) }

// answer writes an answer with a status of its own.
func (s *server) answer(rq *request, status int, v any) error {
	b, err := json.Marshal(v)
	if err != nil {
		return err
	}
	rq.w.Header().Set("Content-Type", "application/json")
	rq.w.WriteHeader(status)
	_, _ = rq.w.Write(append(b, '\n')) // the asker may have gone
	return nil
}

func (s *server) bytes(rq *request, kind string, b []byte) error {
	rq.w.Header().Set("Content-Type", kind)
	_, _ = rq.w.Write(b) // the asker may have gone
	return nil
}

func (s *server) document(rq *request) error {
	return s.bytes(rq, "application/yaml", document)
}

// fail writes an error as a problem. What only the operator may know goes to the
// log.
func (s *server) fail(rq *request, err error) {
	if rq.r.Context().Err() != nil && !errors.Is(err, context.DeadlineExceeded) {
		return // the asker went away
	}
	p := s.problem(rq, err)
	if p.Status == http.StatusTooManyRequests || p.Status == http.StatusServiceUnavailable || p.after > 0 {
		rq.w.Header().Set("Retry-After", p.retry())
	}
	b, err := json.Marshal(p)
	if err != nil {
		s.log.ErrorContext(rq.r.Context(), "problem cannot be written", slog.Any("error", err))
		return
	}
	rq.w.Header().Set("Content-Type", "application/problem+json")
	rq.w.WriteHeader(p.Status)
	_, _ = rq.w.Write(append(b, '\n'))
}

// wants reports whether the client asks for a kind of content.
func wants(r *http.Request, kind string) bool {
	for part := range strings.SplitSeq(strings.Join(r.Header.Values("Accept"), ","), ",") {
		if name, _, _ := strings.Cut(part, ";"); strings.EqualFold(strings.TrimSpace(name), kind) {
			return true
		}
	}
	return false
}
