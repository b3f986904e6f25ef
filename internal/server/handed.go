package server

import (
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"time"
)

// takeWork reads what the command line hands over to the process that holds the folder,
// JSON of at most 1 MB, for whoever has the token of serve.json. When it reports false
// the answer is given.
func takeWork(w http.ResponseWriter, r *http.Request, token string, v any) bool {
	w.Header().Set("Cache-Control", "no-store")
	if !holdsToken(r, token) {
		http.Error(w, "the token of "+FileName+" is missing or is not that of the running server", http.StatusUnauthorized)
		return false
	}
	d := json.NewDecoder(http.MaxBytesReader(w, r.Body, 1<<20))
	d.DisallowUnknownFields()
	if err := d.Decode(v); err != nil {
		http.Error(w, "body: "+err.Error(), http.StatusBadRequest)
		return false
	}
	return true
}

// answerLines begins an answer of lines of JSON, which takes as long as it takes. send
// writes one. The asker's leaving ends the context of the request.
func answerLines(ctx context.Context, w http.ResponseWriter, log *slog.Logger) (send func(line any)) {
	rc := http.NewResponseController(w)
	if err := rc.SetWriteDeadline(time.Time{}); err != nil {
		log.DebugContext(ctx, "no write deadline", slog.Any("error", err))
	}
	w.Header().Set("Content-Type", "application/x-ndjson")
	w.WriteHeader(http.StatusOK)
	enc := json.NewEncoder(w)
	return func(line any) {
		if enc.Encode(line) == nil {
			_ = rc.Flush()
		}
	}
}
