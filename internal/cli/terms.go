package cli

import (
	"context"
	"errors"

	"github.com/spf13/cobra"

	"github.com/akashi-audit/akashi/internal/engine"
	"github.com/akashi-audit/akashi/internal/store"
)

// termOptions are what the retention of the store and that of the archive ask alike.
type termOptions struct {
	Data, Set, Server, By, Ground string
	Confirm, Delete, JSON         bool
}

// termFlags adds the flags of them; deletes is the key of what --delete does.
func (a *app) termFlags(c *cobra.Command, o *termOptions, deletes string) {
	a.dataFlag(c, &o.Data)
	f, t := c.Flags(), a.p.T
	f.StringVar(&o.Set, "set", "", t("cli.store.retention.set"))
	f.StringVar(&o.Server, "server", "", t("cli.store.retention.server"))
	f.BoolVar(&o.Confirm, "confirm", false, t("cli.store.retention.confirmflag"))
	f.BoolVar(&o.Delete, "delete", false, t(deletes))
	f.StringVar(&o.By, "by", "", t("cli.store.by"))
	f.StringVar(&o.Ground, "ground", "", t("cli.store.ground"))
	f.BoolVar(&o.JSON, "json", false, t("cli.store.json"))
}

// runTerms proposes a term of a class, confirms what waits, or deletes; what is not a
// deletion ends with show. none, worded by the key unconfirmed, says that no term is in
// force.
func (a *app) runTerms(ctx context.Context, o termOptions, class string, expire, show func(*engine.Engine) error, none error, unconfirmed string) error {
	change := func(*engine.Engine) error { return nil }
	switch {
	case o.Set != "":
		months, year, err := a.parseTerm(o.Set)
		if err != nil {
			return err
		}
		if err := a.needGround(o.By, "-"); err != nil {
			return err
		}
		t := store.Term{Class: class, Server: o.Server, Months: months, Year: year, By: o.By}
		change = func(e *engine.Engine) error { return e.ProposeConsole(ctx, t, importer()) }
	case o.Confirm:
		if err := a.needGround(o.By, o.Ground); err != nil {
			return err
		}
		change = func(e *engine.Engine) error { return e.ConfirmConsole(ctx, o.By, o.Ground, importer()) }
	case o.Delete:
		change = expire
	}
	err := a.withEngine(ctx, o.Data, o.Set == "" && !o.Confirm && !o.Delete, func(e *engine.Engine) error {
		if err := change(e); err != nil || o.Delete {
			return err
		}
		return show(e)
	})
	switch {
	case errors.Is(err, engine.ErrOwnProposal):
		return errors.New(a.p.T("cli.retention.own"))
	case errors.Is(err, store.ErrNoProposal):
		return errors.New(a.p.T("cli.store.retention.noproposal"))
	case errors.Is(err, none):
		return errors.New(a.p.T(unconfirmed))
	}
	return a.heldError(err)
}
