package server

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"path/filepath"
	"sync"
	"time"

	"github.com/akashi-audit/akashi/internal/engine"
	"github.com/akashi-audit/akashi/internal/evidence"
	"github.com/akashi-audit/akashi/internal/query"
)

// BundleRequest is the body of POST /local/evidence, by which the command line lets
// the server that has the folder make an evidence bundle.
type BundleRequest struct {
	Case   string `json:"case"`
	By     string `json:"by"`
	Ground string `json:"ground,omitempty"`
	Unmask bool   `json:"unmask,omitempty"`
	Query  string `json:"query"` // text language
	Out    string `json:"out"`   // absolute path of the ZIP, which must not be there
}

// BundleLine is a line of the answer: "progress", then "result", "none" (no record
// meets the query) or "error".
type BundleLine struct {
	Progress *BundleProgress  `json:"progress,omitempty"`
	Result   *evidence.Result `json:"result,omitempty"`
	None     bool             `json:"none,omitempty"`
	Error    string           `json:"error,omitempty"`
}

// BundleProgress is how much was gathered.
type BundleProgress struct {
	Records int64 `json:"records"`
	Events  int64 `json:"events"`
}

// bundles is POST /local/evidence.
type bundles struct {
	engine  *engine.Engine
	version string
	token   string
	stop    context.Context
	log     *slog.Logger
	one     sync.Mutex // held by the bundle that is made
}

// ServeHTTP makes one bundle. The asker's leaving ends it, and nothing is left of the
// file.
func (h *bundles) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	var req BundleRequest
	if !takeWork(w, r, h.token, &req) {
		return
	}
	if !filepath.IsAbs(req.Out) {
		http.Error(w, "body: out must be an absolute path", http.StatusBadRequest)
		return
	}
	cfg := h.engine.Config()
	zone, err := cfg.Location()
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	q, err := query.Parse(req.Query, query.Clock{Now: time.Now(), Zone: zone})
	if err != nil {
		http.Error(w, "query: "+err.Error(), http.StatusBadRequest)
		return
	}
	if !h.one.TryLock() {
		http.Error(w, "another evidence bundle is being made; start this one when it is done", http.StatusConflict)
		return
	}
	defer h.one.Unlock()
	ctx, cancel := context.WithCancel(r.Context())
	defer cancel()
	defer context.AfterFunc(h.stop, cancel)()
	h.run(ctx, w, req, q)
}

func (h *bundles) run(ctx context.Context, w http.ResponseWriter, req BundleRequest, q query.Query) {
	send := answerLines(ctx, w, h.log)
	send(BundleLine{Progress: &BundleProgress{}})
	res, err := h.engine.Evidence(ctx, evidence.Options{
		Case: req.Case, By: req.By, Ground: req.Ground, Unmask: req.Unmask, Query: q, Software: "akashi " + h.version, Out: req.Out,
		Progress: func(records, events int64) { send(BundleLine{Progress: &BundleProgress{records, events}}) },
	})
	switch {
	case errors.Is(err, evidence.ErrNone):
		send(BundleLine{None: true})
	case err != nil:
		h.log.WarnContext(ctx, "evidence bundle ended", slog.Any("error", err))
		send(BundleLine{Error: err.Error()})
	default:
		send(BundleLine{Result: res})
	}
}
