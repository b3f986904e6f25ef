package server

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"runtime/debug"
	"strings"
	"time"

	"github.com/akashi-audit/akashi/internal/account"
	"github.com/akashi-audit/akashi/internal/engine"
	"github.com/akashi-audit/akashi/internal/job"
	"github.com/akashi-audit/akashi/internal/web"
)

// ErrNotLoopback refuses an address that other machines could reach.
var ErrNotLoopback = errors.New("until log-in exists the page is served to this machine only: listen on 127.0.0.1, [::1] or localhost")

// FileName is the file in the data folder that tells the command line where the
// server listens.
const FileName = "serve.json"

// Config of Serve.
type Config struct {
	Engine  *engine.Engine
	Listen  string            // host:port, loopback only; port 0 takes a free one
	Ready   func(addr string) // called once with the real address; nil = nothing
	Version string            // shown at the foot of the pages
	Log     *slog.Logger      // nil = no log
}

// Serving is the content of FileName.
type Serving struct {
	Addr  string `json:"addr"`  // host:port
	Token string `json:"token"` // for the header "Authorization: Bearer …"
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
	if err := checkListen(cfg.Listen); err != nil {
		return err
	}
	jobs, err := newJobs(ctx, cfg)
	if err != nil {
		return err
	}
	site, err := newPages(cfg, jobs)
	if err != nil {
		return err
	}
	ln, err := (&net.ListenConfig{}).Listen(ctx, "tcp", cfg.Listen)
	if err != nil {
		return fmt.Errorf("listen on %s: %w", cfg.Listen, err)
	}
	at := Serving{Addr: ln.Addr().String(), Token: rand.Text()}
	if err := writeServing(cfg.Engine.Dir(), at); err != nil {
		return errors.Join(err, ln.Close())
	}
	defer removeServing(cfg.Engine.Dir(), at)
	srv := &http.Server{
		Handler:           handler(ctx, cfg, site, at.Token),
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
	go func() { ended <- srv.Serve(ln) }()
	if cfg.Ready != nil {
		cfg.Ready(at.Addr)
	}
	select {
	case err := <-ended:
		return fmt.Errorf("serve on %s: %w", at.Addr, err)
	case <-ctx.Done():
	}
	stop, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
	defer cancel()
	if err := srv.Shutdown(stop); err != nil {
		err = errors.Join(err, srv.Close())
		cfg.Log.WarnContext(stop, "connections cut at the end", slog.Any("error", err))
	}
	if err := <-ended; !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("serve on %s: %w", at.Addr, err)
	}
	return nil
}

// checkListen refuses every address but loopback.
func checkListen(listen string) error {
	host, _, err := net.SplitHostPort(listen)
	if err != nil {
		return fmt.Errorf("listen address %q: %w", listen, err)
	}
	if !loopback(host) {
		return fmt.Errorf("listen address %q: %w", listen, ErrNotLoopback)
	}
	return nil
}

// loopback reports whether host names this machine only.
func loopback(host string) bool {
	if strings.EqualFold(host, "localhost") {
		return true
	}
	ip := net.ParseIP(host)
	return ip != nil && ip.IsLoopback()
}

// newPages makes the HTML pages over the engine.
func newPages(cfg Config, jobs *job.Runner) (http.Handler, error) {
	c := cfg.Engine.Config()
	zone, err := c.Location()
	if err != nil {
		return nil, fmt.Errorf("zone %s: %w", c.Zone, err)
	}
	return web.New(web.Config{
		Source: source{cfg.Engine, zone}, Paths: paths{cfg.Engine}, Rules: rules(), Language: c.Language, Version: cfg.Version, Log: cfg.Log, Jobs: jobs,
	})
}

// handler mounts everything behind the checks that hold for all requests.
func handler(ctx context.Context, cfg Config, pages http.Handler, token string) http.Handler {
	mux := http.NewServeMux()
	mux.Handle("/", visited(pages))
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Cache-Control", "no-store")
		if _, err := cfg.Engine.Status(r.Context()); err != nil {
			http.Error(w, "the data folder does not answer", http.StatusServiceUnavailable)
			return
		}
		_, _ = io.WriteString(w, "ok\n") // the asker may have gone
	})
	mux.Handle("POST /api/v1/imports", &imports{engine: cfg.Engine, token: token, stop: ctx, log: cfg.Log})
	mux.Handle("POST /api/v1/evidence", &bundles{engine: cfg.Engine, version: cfg.Version, token: token, stop: ctx, log: cfg.Log})
	return hostCheck(http.NewCrossOriginProtection().Handler(mux))
}

// visited gives every request its visitor: until log-in exists, the owner of
// this machine.
func visited(next http.Handler) http.Handler {
	owner := &account.Visitor{Name: "local", Roles: account.Roles(), Rights: account.AllRights}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		next.ServeHTTP(w, r.WithContext(account.With(r.Context(), owner)))
	})
}

// hostCheck answers only requests that name this machine by a loopback name: a
// foreign name that was made to point here (DNS rebinding) gets nothing.
func hostCheck(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		host := r.Host
		if h, _, err := net.SplitHostPort(host); err == nil {
			host = h
		}
		if !loopback(strings.Trim(host, "[]")) {
			http.Error(w, "this server answers to loopback names only", http.StatusMisdirectedRequest)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// writeServing puts serve.json in place as a whole, readable by its owner only.
func writeServing(dir string, at Serving) error {
	b, err := json.Marshal(at)
	if err != nil {
		return err
	}
	f, err := os.CreateTemp(dir, FileName+".*") // mode 0600
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
