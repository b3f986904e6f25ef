package server

import (
	"context"
	"crypto/rand"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"runtime/debug"
	"time"

	"github.com/akashi-audit/akashi/internal/engine"
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

	gate *gate // shares the machine among searches; set by Serve
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
	life, end := context.WithCancel(ctx)
	beside := &errands{ctx: life}
	defer func() { end(); beside.wg.Wait() }()
	s, err := prepare(ctx, cfg, beside)
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
	go func() { defer close(worked); s.jobs.Run(work) }()
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
