package server

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"strconv"
	"sync"
	"time"

	"github.com/akashi-audit/akashi/internal/account"
	"github.com/akashi-audit/akashi/internal/engine"
	"github.com/akashi-audit/akashi/internal/fsx"
	"github.com/akashi-audit/akashi/internal/pool"
	"github.com/akashi-audit/akashi/internal/record"
)

// meters counts what the server does and answers GET /metrics in the text format
// of Prometheus. Names begin with akashi_; none holds a person or a path.
type meters struct {
	e   *engine.Engine
	log *slog.Logger
	set *numbers

	mu       sync.Mutex // guards the next two
	unsealed int        // archive days
	counted  time.Time

	poolMu    sync.Mutex // guards the rest
	volumesOf *pool.Status
	volumesAt time.Time
}

// unsealedFor is how long the number of unsealed days is kept.
const unsealedFor = time.Minute

func newMeters(e *engine.Engine, log *slog.Logger) *meters {
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	return &meters{e: e, log: log, set: newNumbers()}
}

// searched counts a search that began then.
func (m *meters) searched(kind string, begun time.Time) {
	if m == nil {
		return
	}
	m.set.count(fmt.Sprintf("akashi_searches_total{kind=%q}", kind))
	m.set.took(fmt.Sprintf("akashi_search_duration_seconds{kind=%q}", kind), time.Since(begun))
}

// measure counts the answers of a handler.
func (m *meters) measure(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		begun := time.Now()
		c := &coded{ResponseWriter: w, code: http.StatusOK}
		defer func() {
			m.set.count(fmt.Sprintf("akashi_http_requests_total{code=%q}", strconv.Itoa(c.code)))
			m.set.took("akashi_http_request_duration_seconds", time.Since(begun))
		}()
		next.ServeHTTP(c, r)
	})
}

// coded remembers the code of an answer.
type coded struct {
	http.ResponseWriter
	code  int
	wrote bool
}

func (c *coded) WriteHeader(code int) {
	if !c.wrote {
		c.code, c.wrote = code, code >= 200
	}
	c.ResponseWriter.WriteHeader(code)
}

func (c *coded) Write(b []byte) (int, error) {
	c.wrote = true
	return c.ResponseWriter.Write(b)
}

// Unwrap is for http.ResponseController.
func (c *coded) Unwrap() http.ResponseWriter { return c.ResponseWriter }

// mayMeasure reports whether a request may read the metrics: from this machine
// itself and not through a proxy, or by somebody who manages all of the folder.
func mayMeasure(r *http.Request) bool {
	who := account.From(r.Context())
	if who.May(account.Manage) && who.Scope.All() {
		return true
	}
	for _, h := range [...]string{"Forwarded", "X-Forwarded-For", "X-Forwarded-Host", "X-Real-Ip", "Via"} {
		if r.Header.Get(h) != "" {
			return false
		}
	}
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	return err == nil && loopback(host)
}

// ServeHTTP writes the metrics.
func (m *meters) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Cache-Control", "no-store")
	if !mayMeasure(r) {
		http.Error(w, "metrics are for this machine and for people who manage the folder", http.StatusForbidden)
		return
	}
	s := newNumbers()
	if err := m.state(r.Context(), s); err != nil {
		m.log.ErrorContext(r.Context(), "metrics failed", slog.Any("error", err))
		http.Error(w, "the data folder does not answer", http.StatusServiceUnavailable)
		return
	}
	w.Header().Set("Content-Type", "text/plain; version=0.0.4; charset=utf-8")
	if s.write(w) == nil {
		_ = m.set.write(w) // the asker may have gone
	}
}

// state sets what the data folder is like now.
func (m *meters) state(ctx context.Context, s *numbers) error {
	st, err := m.e.Status(ctx)
	if err != nil {
		return err
	}
	gauge := s.gauge
	gauge("akashi_records", float64(st.Records))
	gauge("akashi_raw_events", float64(st.RawEvents))
	gauge("akashi_imports", float64(len(st.Imports)))
	failed, lost := 0, 0
	for _, i := range st.Imports {
		if i.Error != "" {
			failed++
		}
		for _, d := range i.Damage {
			lost += d.Lost
		}
	}
	gauge("akashi_imports_failed", float64(failed))
	gauge("akashi_import_events_lost", float64(lost))
	gauge("akashi_damage", float64(len(st.Damage)))
	running := 0.0
	if st.Running != nil {
		running = 1
	}
	gauge("akashi_import_running", running)
	for _, x := range st.Servers {
		if x.Name == record.OwnServer {
			continue
		}
		name := fmt.Sprintf("{server=%q}", m.e.Mask(x.Name))
		gauge("akashi_server_records"+name, float64(x.Records))
		gauge("akashi_server_last_record_timestamp_seconds"+name, float64(x.Last)/1e9)
	}
	if free, err := fsx.Free(m.e.Dir()); err == nil {
		gauge("akashi_disk_free_bytes", float64(free))
	}
	if n, err := m.days(ctx); err == nil {
		gauge("akashi_archive_days_unsealed", float64(n))
	} else {
		m.log.WarnContext(ctx, "unsealed days", slog.Any("error", err))
	}
	if err := m.pool(ctx, gauge); err != nil {
		m.log.WarnContext(ctx, "volumes of the archive", slog.Any("error", err))
	}
	return nil
}

// days counts the closed days that are not wholly in the archive.
func (m *meters) days(ctx context.Context) (int, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if !m.counted.IsZero() && time.Since(m.counted) < unsealedFor {
		return m.unsealed, nil
	}
	n, err := m.e.UnsealedDays(ctx)
	if err != nil {
		return 0, err
	}
	m.unsealed, m.counted = n, time.Now()
	return n, nil
}
