package server

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/akashi-audit/akashi/internal/account"
	"github.com/akashi-audit/akashi/internal/api"
	"github.com/akashi-audit/akashi/internal/job"
	"github.com/akashi-audit/akashi/internal/web"
)

// service is a server before it listens.
type service struct {
	cfg    Config
	jobs   *job.Runner
	src    source
	data   *dataSource
	set    *settings
	beside *errands  // what takes longer than an answer may
	id     *identity // nil = plain HTTP
	local  bool      // only this machine reaches it
	hosts  hosts
	health *health // what the folder knows of itself
	saved  savedSearches
}

// prepare decides between plain HTTP, which only loopback has, and TLS, which
// loopback has too when akashi.toml names a certificate.
func prepare(ctx context.Context, cfg Config, beside *errands) (*service, error) {
	host, _, err := net.SplitHostPort(cfg.Listen)
	if err != nil {
		return nil, fmt.Errorf("listen address %q: %w", cfg.Listen, err)
	}
	c := cfg.Engine.Config()
	cfg.gate = newGate(defaultGate())
	s := &service{cfg: cfg, beside: beside, local: loopback(host), set: newSettings(cfg), saved: newSaved(cfg.Engine)}
	s.health = newHealth(cfg, beside)
	if s.src, err = newSource(cfg); err != nil {
		return nil, err
	}
	s.data = newData(cfg.Engine, s.src.zone)
	if s.jobs, err = newJobs(ctx, cfg, s.data); err != nil {
		return nil, err
	}
	if !s.local || c.Serve.Cert != "" {
		if s.id, err = loadIdentity(cfg.Engine.Dir(), c.Serve, time.Now()); err != nil {
			return nil, err
		}
	}
	s.hosts = newHosts(s.local, c.Serve.Names, s.id)
	return s, nil
}

// at says where the server answers, in the form that people use.
func (s *service) at(x Serving, first string) At {
	a := At{Addr: x.Addr, URL: "http://" + x.Addr}
	if s.id != nil {
		host, port, err := net.SplitHostPort(x.Addr)
		if err != nil {
			host = x.Addr
		}
		if ip := net.ParseIP(host); ip != nil && ip.IsUnspecified() {
			names, _ := ownNames(s.cfg.Engine.Config().Serve.Names)
			host = names[len(names)-1]
		}
		a.URL = "https://" + net.JoinHostPort(host, port)
		if s.id.own {
			a.Fingerprint = s.id.fingerprint()
		}
	}
	if first != "" {
		a.First = a.URL + "/first?" + url.Values{"code": {first}}.Encode()
	}
	return a
}

// newPages makes the HTML pages over the engine.
func (s *service) newPages(d *door) (http.Handler, error) {
	e, set := s.cfg.Engine, s.set
	return web.New(web.Config{
		Source: s.src, Paths: paths{s.src.e, s.src.gate}, Rules: rules(), Language: e.Config().Language, Version: s.cfg.Version, Log: s.cfg.Log,
		Jobs: s.jobs, Data: s.data, Mask: s.src.e.Mask, Saved: s.saved, Proofs: proofs{e}, Marked: newMarked(s.beside.ctx, e).is,
		Health: s.health, Calendar: set.calendar, Settings: set, Imports: imported{e}, Steps: steps{e}, Go: s.beside.run,
		Desk: d.desk, Trail: d.trail, Note: d.note, NoteAs: d.noteAs, Refused: d.refused,
	})
}

// apiConfig puts the JSON API over the same sources.
func (s *service) apiConfig(d *door) api.Config {
	lang := s.cfg.Engine.Config().Language
	kept := keeping{s.data, s.saved, s.src.zone}
	c := api.Config{
		Source: apiSource{s.src}, Keeping: kept, Care: s.data, Saves: apiSaves{kept}, Settings: s.set, Desk: d.desk, Once: d.once, Seal: apiSeal(s.health),
		Zone: s.src.zone, Language: lang, Log: s.cfg.Log, Note: d.note,
	}
	if s.jobs != nil {
		c.Jobs = apiJobs{s.jobs, s.src.zone}
	}
	if d.trail != nil {
		c.Trail = d.trail
	}
	return c
}

// mount is one route of the server beside the pages.
type mount struct {
	pattern string // of http.ServeMux
	// open routes need no visitor: health, and what the token of serve.json protects.
	open    bool
	handler http.Handler
}

// mounts lists everything that the server answers; the pages are behind "/". API
// routes are mounted here and ask account.From for their visitor.
func (s *service) mounts(ctx context.Context, d *door, pages http.Handler, token string) []mount {
	return []mount{
		{pattern: "GET /healthz", open: true, handler: http.HandlerFunc(s.alive)},
		{pattern: "POST /api/v1/imports", open: true, handler: &imports{engine: s.cfg.Engine, token: token, stop: ctx, log: s.cfg.Log}},
		{pattern: "POST /local/evidence", open: true, handler: &bundles{engine: s.cfg.Engine, version: s.cfg.Version, token: token, stop: ctx, log: s.cfg.Log}},
		{pattern: "POST /local/renewal", open: true, handler: &renewals{engine: s.cfg.Engine, token: token, stop: ctx, log: s.cfg.Log}},
		{pattern: api.Prefix + "/", handler: api.New(s.apiConfig(d))},
		{pattern: "GET /metrics", handler: s.src.metrics},
		{pattern: "POST /local/people", open: true, handler: &localPeople{door: d, token: token}},
		{pattern: "GET /static/", open: true, handler: pages},
		{pattern: "/", handler: pages},
	}
}

func (s *service) alive(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Cache-Control", "no-store")
	if _, err := s.cfg.Engine.Status(r.Context()); err != nil {
		http.Error(w, "the data folder does not answer", http.StatusServiceUnavailable)
		return
	}
	_, _ = io.WriteString(w, "ok\n") // the asker may have gone
}

// handler mounts everything behind the checks that hold for all requests, and makes
// the code of the first start when there are no people.
func (s *service) handler(ctx context.Context, at Serving) (h http.Handler, first string, err error) {
	_, port, err := net.SplitHostPort(at.Addr)
	if err != nil {
		return nil, "", fmt.Errorf("listen address %q: %w", at.Addr, err)
	}
	d, err := newDoor(ctx, s.cfg, s.local, s.id != nil, port)
	if err != nil {
		return nil, "", err
	}
	if !d.desk.Demo() {
		if first, err = d.desk.FirstCode(ctx); err != nil {
			return nil, "", err
		}
	}
	pages, err := s.newPages(d)
	if err != nil {
		return nil, "", err
	}
	mux := http.NewServeMux()
	for _, m := range s.mounts(ctx, d, pages, at.Token) {
		if m.open {
			mux.Handle(m.pattern, m.handler)
		} else {
			mux.Handle(m.pattern, d.desk.Handler(m.handler))
		}
	}
	return s.src.metrics.measure(s.hosts.check(s.strict(foreign(mux)))), first, nil
}

// foreign refuses what another site's page asks a browser to change: the browser would
// send the visitor's cookie along. A request with an API token is let through, because
// no browser sends one by itself and the cookie does not count beside it (Desk.Handler).
func foreign(next http.Handler) http.Handler {
	protected := http.NewCrossOriginProtection().Handler(next)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if byToken(r) && strings.HasPrefix(r.Header.Get("Authorization"), "Bearer "+account.TokenPrefix) {
			next.ServeHTTP(w, r)
			return
		}
		protected.ServeHTTP(w, r)
	})
}

// byToken says for which requests an API token counts.
func byToken(r *http.Request) bool {
	return strings.HasPrefix(r.URL.Path, api.Prefix+"/") || r.URL.Path == "/metrics"
}

// strict tells browsers to stay with TLS. A certificate that akashi made for itself
// does not say so: a browser would then let nobody pass its warning.
func (s *service) strict(next http.Handler) http.Handler {
	if s.id == nil || s.id.own {
		return next
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Strict-Transport-Security", "max-age=31536000")
		next.ServeHTTP(w, r)
	})
}
