package server

import (
	"context"
	"crypto/rand"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"runtime/debug"
	"time"

	"github.com/akashi-audit/akashi/internal/engine"
	"github.com/akashi-audit/akashi/internal/job"
	"github.com/akashi-audit/akashi/internal/web"
)

// FileName is the file in the data folder that tells the command line where the
// server listens.
const FileName = "serve.json"

// Config of Serve.
type Config struct {
	Engine  *engine.Engine
	Listen  string       // host:port; port 0 takes a free one
	Ready   func(At)     // called once the port is open; nil = nothing
	Version string       // shown at the foot of the pages
	Log     *slog.Logger // nil = no log
}

// At is where a server answers.
type At struct {
	Addr string // host:port
	URL  string // of the first page, without a slash at its end
	// Fingerprint is the SHA-256 of the certificate that akashi made for itself, "" for
	// another one and for none.
	Fingerprint string
	// First is the address at which the first administrator is made, "" when there are
	// people.
	First string
}

// Serving is the content of FileName.
type Serving struct {
	Addr  string `json:"addr"`  // host:port
	Token string `json:"token"` // for the header "Authorization: Bearer …"
	// TLS is the SHA-256 of the certificate, "" = plain HTTP.
	TLS string `json:"tls,omitempty"`
}

// Serve answers until ctx ends, then lets running answers finish for ten
// seconds. It returns nil after an orderly end. An address in use comes back as
// an error that is syscall.EADDRINUSE.
func Serve(ctx context.Context, cfg Config) error {
	if b, ok := debug.ReadBuildInfo(); ok && cfg.Version == "" {
		cfg.Version = b.Main.Version
	}
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	jobs, err := newJobs(ctx, cfg)
	if err != nil {
		return err
	}
	s, err := prepare(cfg, jobs)
	if err != nil {
		return err
	}
	ln, err := (&net.ListenConfig{}).Listen(ctx, "tcp", cfg.Listen)
	if err != nil {
		return fmt.Errorf("listen on %s: %w", cfg.Listen, err)
	}
	at := Serving{Addr: ln.Addr().String(), Token: rand.Text()}
	if s.id != nil {
		at.TLS = s.id.fingerprint()
	}
	h, first, err := s.handler(ctx, at)
	if err == nil {
		err = writeServing(cfg.Engine.Dir(), at)
	}
	if err != nil {
		return errors.Join(err, ln.Close())
	}
	defer removeServing(cfg.Engine.Dir(), at)
	srv := &http.Server{
		Handler:           h,
		ReadHeaderTimeout: 10 * time.Second,
		WriteTimeout:      10 * time.Minute,
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    512 << 10, // a path has up to 32,767 characters, escaped up to nine bytes each
		ErrorLog:          slog.NewLogLogger(cfg.Log.Handler(), slog.LevelWarn),
	}
	worked := make(chan struct{})
	work, stopWork := context.WithCancel(ctx)
	go func() { defer close(worked); jobs.Run(work) }()
	defer func() { stopWork(); <-worked }()
	ended := make(chan error, 1)
	if s.id != nil {
		srv.TLSConfig = &tls.Config{Certificates: []tls.Certificate{s.id.cert}, MinVersion: tls.VersionTLS12}
		go func() { ended <- srv.ServeTLS(ln, "", "") }()
	} else {
		go func() { ended <- srv.Serve(ln) }()
	}
	if cfg.Ready != nil {
		cfg.Ready(s.at(at, first))
	}
	select {
	case err := <-ended:
		return fmt.Errorf("serve on %s: %w", at.Addr, err)
	case <-ctx.Done():
	}
	return shutDown(ctx, srv, ended, at.Addr, cfg.Log)
}

// shutDown lets running answers finish.
func shutDown(ctx context.Context, srv *http.Server, ended <-chan error, addr string, log *slog.Logger) error {
	stop, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
	defer cancel()
	if err := srv.Shutdown(stop); err != nil {
		err = errors.Join(err, srv.Close())
		log.WarnContext(stop, "connections cut at the end", slog.Any("error", err))
	}
	if err := <-ended; !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("serve on %s: %w", addr, err)
	}
	return nil
}

// service is a server before it listens.
type service struct {
	cfg   Config
	jobs  *job.Runner
	id    *identity // nil = plain HTTP
	local bool      // only this machine reaches it
	hosts hosts
}

// prepare decides between plain HTTP, which only loopback has, and TLS, which
// loopback has too when akashi.toml names a certificate.
func prepare(cfg Config, jobs *job.Runner) (*service, error) {
	host, _, err := net.SplitHostPort(cfg.Listen)
	if err != nil {
		return nil, fmt.Errorf("listen address %q: %w", cfg.Listen, err)
	}
	c := cfg.Engine.Config()
	s := &service{cfg: cfg, jobs: jobs, local: loopback(host)}
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
func (s *service) newPages(g *gate) (http.Handler, error) {
	c := s.cfg.Engine.Config()
	zone, err := c.Location()
	if err != nil {
		return nil, fmt.Errorf("zone %s: %w", c.Zone, err)
	}
	return web.New(web.Config{
		Source: source{s.cfg.Engine, zone}, Paths: paths{s.cfg.Engine}, Rules: rules(), Language: c.Language, Version: s.cfg.Version, Log: s.cfg.Log, Jobs: s.jobs,
		Desk: g.desk, Trail: g.trail, Note: g.note, NoteAs: g.noteAs, Refused: g.refused,
	})
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
func (s *service) mounts(ctx context.Context, g *gate, pages http.Handler, token string) []mount {
	return []mount{
		{pattern: "GET /healthz", open: true, handler: http.HandlerFunc(s.health)},
		{pattern: "POST /api/v1/imports", open: true, handler: &imports{engine: s.cfg.Engine, token: token, stop: ctx, log: s.cfg.Log}},
		{pattern: "POST /local/people", open: true, handler: &localPeople{gate: g, token: token}},
		{pattern: "GET /static/", open: true, handler: pages},
		{pattern: "/", handler: pages},
	}
}

func (s *service) health(w http.ResponseWriter, r *http.Request) {
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
	g, err := newGate(ctx, s.cfg, s.local, s.id != nil, port)
	if err != nil {
		return nil, "", err
	}
	if !g.desk.Demo() {
		if first, err = g.desk.FirstCode(ctx); err != nil {
			return nil, "", err
		}
	}
	pages, err := s.newPages(g)
	if err != nil {
		return nil, "", err
	}
	mux := http.NewServeMux()
	for _, m := range s.mounts(ctx, g, pages, at.Token) {
		if m.open {
			mux.Handle(m.pattern, m.handler)
		} else {
			mux.Handle(m.pattern, g.desk.Handler(m.handler))
		}
	}
	return s.hosts.check(s.strict(http.NewCrossOriginProtection().Handler(mux))), first, nil
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

// writeServing puts serve.json in place as a whole, readable by its owner only.
func writeServing(dir string, at Serving) error {
	b, err := json.Marshal(at)
	if err != nil {
		return err
	}
	f, err := os.CreateTemp(dir, FileName+".*.tmp") // mode 0600
	if err != nil {
		return fmt.Errorf("write %s: %w", FileName, err)
	}
	_, err = f.Write(append(b, '\n'))
	if err = errors.Join(err, f.Close()); err == nil {
		err = os.Rename(f.Name(), filepath.Join(dir, FileName))
	}
	if err != nil {
		return fmt.Errorf("write %s: %w", FileName, errors.Join(err, os.Remove(f.Name())))
	}
	return nil
}

// removeServing takes serve.json away unless another server has replaced it.
func removeServing(dir string, at Serving) {
	name := filepath.Join(dir, FileName)
	b, err := os.ReadFile(name)
	var now Serving
	if err == nil && json.Unmarshal(b, &now) == nil && now == at {
		_ = os.Remove(name) // a stale file only sends the command line to a closed port
	}
}
