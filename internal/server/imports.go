package server

import (
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"path/filepath"
	"sync"
	"time"

	"github.com/akashi-audit/akashi/internal/engine"
)

// imports is POST /api/v1/imports: an engine.ImportRequest in, lines of JSON
// out. Each line has one of the keys "progress", "summary" (the last line of an
// import that ended) and "error" (the last line of one that did not).
type imports struct {
	engine *engine.Engine
	token  string
	stop   context.Context // ends with the server, and with it a running import
	log    *slog.Logger
	one    sync.Mutex // held by the import that runs
}

type importLine struct {
	Progress *engine.Progress `json:"progress,omitempty"`
	Summary  *engine.Summary  `json:"summary,omitempty"`
	Error    string           `json:"error,omitempty"`
}

// ServeHTTP runs one import. The asker's leaving ends it; what was committed
// stays, and running it again completes it.
func (h *imports) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Cache-Control", "no-store")
	if !holdsToken(r, h.token) {
		http.Error(w, "the token of "+FileName+" is missing or is not that of the running server", http.StatusUnauthorized)
		return
	}
	var req engine.ImportRequest
	d := json.NewDecoder(http.MaxBytesReader(w, r.Body, 4<<20))
	d.DisallowUnknownFields()
	if err := d.Decode(&req); err != nil {
		http.Error(w, "body: "+err.Error(), http.StatusBadRequest)
		return
	}
	if len(req.Paths) == 0 {
		http.Error(w, "body: paths is empty", http.StatusBadRequest)
		return
	}
	for _, p := range req.Paths {
		if !filepath.IsAbs(p) {
			http.Error(w, "body: paths must be absolute", http.StatusBadRequest)
			return
		}
	}
	if !h.one.TryLock() {
		busy(w)
		return
	}
	defer h.one.Unlock()
	if st, err := h.engine.Status(r.Context()); err == nil && st.Running != nil {
		busy(w)
		return
	}
	ctx, cancel := context.WithCancel(r.Context())
	defer cancel()
	defer context.AfterFunc(h.stop, cancel)()
	h.run(ctx, w, req)
}

func busy(w http.ResponseWriter) {
	http.Error(w, "another import is running; start this one when it has ended", http.StatusConflict)
}

func (h *imports) run(ctx context.Context, w http.ResponseWriter, req engine.ImportRequest) {
	rc := http.NewResponseController(w)
	if err := rc.SetWriteDeadline(time.Time{}); err != nil { // an import takes as long as it takes
		h.log.DebugContext(ctx, "no write deadline", slog.Any("error", err))
	}
	w.Header().Set("Content-Type", "application/x-ndjson")
	w.WriteHeader(http.StatusOK)
	enc := json.NewEncoder(w)
	var mu sync.Mutex // progress may come from a goroutine of the import
	send := func(l importLine) {
		mu.Lock()
		defer mu.Unlock()
		if enc.Encode(l) == nil {
			_ = rc.Flush() // the asker's leaving ends ctx
		}
	}
	send(importLine{Progress: &engine.Progress{Phase: "scan"}})
	sum, err := h.engine.ImportConsole(ctx, req, func(p engine.Progress) { send(importLine{Progress: &p}) })
	if err != nil {
		h.log.WarnContext(ctx, "import ended", slog.Any("error", err))
		send(importLine{Error: err.Error()})
		return
	}
	send(importLine{Summary: sum})
}
