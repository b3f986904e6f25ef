package server

import (
	"context"
	"errors"
	"time"

	"github.com/akashi-audit/akashi/internal/care"
	"github.com/akashi-audit/akashi/internal/engine"
	"github.com/akashi-audit/akashi/internal/job"
	"github.com/akashi-audit/akashi/internal/seal"
)

// renew hashes everything sealed anew under another algorithm, and keeps what came of it.
// When it is cancelled, or the process ends, the server goes on with it by itself.
func (w work) renew(ctx context.Context, t *job.Task) error {
	var x care.Request
	if err := t.Params(&x); err != nil {
		return err
	}
	alg, err := seal.ParseAlgorithm(x.Hash)
	if err != nil {
		return err
	}
	r, err := w.e.Renew(ctx, engine.RenewRequest{Algorithm: alg, By: t.By().Name, Rate: x.Rate << 20, Progress: func(p engine.RenewProgress) {
		t.Progress(int64(p.Done), int64(p.All), "things")
	}})
	switch {
	case errors.Is(err, seal.ErrNoKey):
		return &job.Error{Key: "job.renew.no_key", Err: err}
	case err != nil:
		return err
	}
	level := "info"
	if len(r.Broken) > 0 {
		level = "warn"
	}
	t.Say(level, "job.renew.done", "hash", care.HashName(string(r.Algorithm)), "leaves", count(r.Leaves), "lines", count(r.Lines), "broken", count(int64(len(r.Broken))))
	for _, b := range r.Broken[:min(len(r.Broken), 20)] {
		t.Say("warn", "job.renew.broken", "name", b.Name, "reason", b.Why)
	}
	if r.StampTime == 0 {
		t.Say("info", "job.renew.unstamped")
	} else {
		t.Say("info", "job.renew.stamped", "time", time.Unix(0, r.StampTime).UTC().Format(time.RFC3339), "name", r.Authority)
	}
	if r.StampBy == seal.SHA256 {
		t.Say("warn", "job.renew.weak")
	}
	return result(ctx, t, "renew.json", asJSON(r))
}
