package server

import (
	"context"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"github.com/akashi-audit/akashi/internal/engine"
	"github.com/akashi-audit/akashi/internal/seal"
)

// RenewalRequest is the body of POST /local/renewal, by which the command line lets the
// server that has the folder hash everything that is sealed anew.
type RenewalRequest struct {
	Hash  string `json:"hash"`
	By    string `json:"by"`
	Rate  int64  `json:"rate,omitempty"` // bytes a second that are read, 0 = as fast as it goes
	Begin bool   `json:"begin,omitempty"`
}

// RenewalLine is a line of the answer: "progress", then "result" or "error".
type RenewalLine struct {
	Progress *engine.RenewProgress `json:"progress,omitempty"`
	Result   *engine.RenewResult   `json:"result,omitempty"`
	Error    string                `json:"error,omitempty"`
}

// renewalEvery is how often the asker of a renewal is told how far it is.
const renewalEvery = 200 * time.Millisecond

// renewals is POST /local/renewal.
type renewals struct {
	engine *engine.Engine
	token  string
	stop   context.Context
	log    *slog.Logger
	one    sync.Mutex // held by the renewal that runs for an asker
}

// ServeHTTP does one renewal. The asker's leaving stops it; what was hashed stays, and
// the server goes on with it in the background.
func (h *renewals) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	var req RenewalRequest
	if !takeWork(w, r, h.token, &req) {
		return
	}
	alg, err := seal.ParseAlgorithm(req.Hash)
	if err != nil || req.Rate < 0 {
		http.Error(w, "body: hash must be sha512 or sha384, and rate no negative number", http.StatusBadRequest)
		return
	}
	if !h.one.TryLock() {
		http.Error(w, "another seal renew runs already", http.StatusConflict)
		return
	}
	defer h.one.Unlock()
	ctx, cancel := context.WithCancel(r.Context())
	defer cancel()
	defer context.AfterFunc(h.stop, cancel)()
	send := answerLines(ctx, w, h.log)
	last := time.Now()
	send(RenewalLine{Progress: &engine.RenewProgress{}})
	res, err := h.engine.Renew(ctx, engine.RenewRequest{Algorithm: alg, By: req.By, Rate: req.Rate, Begin: req.Begin, Progress: func(p engine.RenewProgress) {
		if time.Since(last) >= renewalEvery {
			last = time.Now()
			send(RenewalLine{Progress: &p})
		}
	}})
	if err != nil {
		h.log.WarnContext(ctx, "renewal of the seal ended", slog.Any("error", err))
		send(RenewalLine{Error: err.Error()})
		return
	}
	send(RenewalLine{Result: res})
}
