package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/akashi-audit/akashi/internal/engine"
	"github.com/akashi-audit/akashi/internal/record"
	"github.com/akashi-audit/akashi/internal/seal"
	"github.com/akashi-audit/akashi/internal/server"
	"github.com/akashi-audit/akashi/internal/store"
)

// runSealRenew hashes everything sealed anew under another algorithm. What could not be
// carried over is named, and is exit status 5.
func (a *app) runSealRenew(ctx context.Context, o sealOptions, _ []string) error {
	alg, err := seal.ParseAlgorithm(o.Hash)
	if err != nil || o.Rate < 0 {
		return usage(errors.New(a.p.T("cli.seal.renew.needhash")))
	}
	show := a.newProgress(o.JSON)
	var at engine.RenewProgress
	show.line = func(engine.Progress) string {
		return a.p.T("cli.seal.renew.line", "done", at.Done, "all", at.All, "bytes", a.p.Bytes(at.Bytes))
	}
	tell := func(p engine.RenewProgress) {
		at = p
		show.update(engine.Progress{})
	}
	r, err := a.renew(ctx, o, engine.RenewRequest{Algorithm: alg, By: importer(), Rate: o.Rate << 20, Begin: o.Begin, Progress: tell})
	show.end()
	if err != nil {
		return err
	}
	if o.JSON {
		err = json.NewEncoder(a.Stdout).Encode(r)
	} else {
		a.printRenewed(r)
	}
	return errors.Join(err, outcome(false, len(r.Broken) > 0))
}

// renew does it here, or lets the server that holds the folder do it.
func (a *app) renew(ctx context.Context, o sealOptions, q engine.RenewRequest) (r *engine.RenewResult, err error) {
	e, err := engine.Open(ctx, o.Data, engine.Options{})
	switch {
	case errors.Is(err, store.ErrLocked):
		r, err = a.handRenewal(ctx, o.Data, server.RenewalRequest{Hash: string(q.Algorithm), By: q.By, Rate: q.Rate, Begin: q.Begin}, q.Progress)
		if errors.Is(err, errNoServer) {
			err = errors.New(a.p.T("cli.store.locked"))
		}
	case err == nil:
		r, err = e.Renew(ctx, q)
		err = errors.Join(err, e.Close())
	}
	return r, err
}

func (a *app) printRenewed(r *engine.RenewResult) {
	if r.Begun {
		fmt.Fprintln(a.Stdout, a.p.T("cli.seal.renew.begun", "hash", string(r.Algorithm)))
		return
	}
	for _, b := range r.Broken {
		fmt.Fprintln(a.Stdout, a.p.T("cli.seal.renew.broken", "name", record.Visible(b.Name), "reason", record.Visible(b.Why)))
	}
	fmt.Fprintln(a.Stdout, a.p.T("cli.seal.renew.done", "hash", string(r.Algorithm), "lines", r.Lines, "leaves", r.Leaves, "bytes", a.p.Bytes(r.Bytes)))
	switch {
	case r.StampTime == 0:
		fmt.Fprintln(a.Stdout, a.p.T("cli.seal.renew.unstamped"))
	default:
		fmt.Fprintln(a.Stdout, a.p.T("cli.seal.renew.stamped", "time", time.Unix(0, r.StampTime).UTC().Format(time.RFC3339), "name", record.Visible(r.Authority)))
	}
	if r.StampBy == seal.SHA256 {
		fmt.Fprintln(a.Stdout, a.p.T("cli.seal.renew.weak"))
	}
}
