package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/akashi-audit/akashi/internal/engine"
	"github.com/akashi-audit/akashi/internal/record"
)

// runSealSend seals and sends what is owed to each target now. What was not sent is
// exit status 3.
func (a *app) runSealSend(ctx context.Context, o sealOptions, _ []string) error {
	zone, err := a.zoneOf(o.Data)
	if err != nil {
		return err
	}
	return a.withEngine(ctx, o.Data, false, func(e *engine.Engine) error {
		if _, err := e.SealNow(ctx); err != nil {
			return err
		}
		l, err := e.SendOwed(ctx, true)
		if err != nil {
			return err
		}
		if len(l) == 0 {
			return usage(errors.New(a.p.T("cli.seal.send.need")))
		}
		if o.JSON {
			err = json.NewEncoder(a.Stdout).Encode(l)
		} else {
			a.printSends(l, zone)
		}
		for i := range l {
			if l[i].Owed > 0 || l[i].Failed != "" {
				return errors.Join(err, outcome(true, false))
			}
		}
		return err
	})
}

// printSends tells of each target what is sent, owed and failing.
func (a *app) printSends(l []engine.Outgoing, zone *time.Location) {
	for i := range l {
		x := &l[i]
		to := a.p.T("seal.send.to." + x.Kind)
		switch {
		case x.Sent > 0:
			fmt.Fprintln(a.Stdout, a.p.T("seal.send.sent", "to", to, "address", record.Visible(x.Address), "size", x.Sent, "time", a.when(x.SentAt, zone), "owed", x.Owed))
		default:
			fmt.Fprintln(a.Stdout, a.p.T("seal.send.never", "to", to, "address", record.Visible(x.Address), "owed", x.Owed))
		}
		if x.Failed != "" {
			fmt.Fprintln(a.Stdout, a.p.T("seal.send.failed", "n", x.Tries, "time", a.when(x.TriedAt, zone), "reason", record.Visible(x.Failed)))
		}
		if x.Unsure > 0 {
			fmt.Fprintln(a.Stdout, a.p.T("seal.send.unsure", "size", x.Unsure))
		}
	}
}
