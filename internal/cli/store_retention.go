package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/akashi-audit/akashi/internal/engine"
	"github.com/akashi-audit/akashi/internal/record"
	"github.com/akashi-audit/akashi/internal/store"
)

type retentionOptions struct {
	Data, Set, By, Ground                 string
	Confirm, Delete, WithoutArchive, JSON bool
}

func (a *app) newRetention() *cobra.Command {
	var o retentionOptions
	c := &cobra.Command{
		Use: "retention --data DIR [--set TERM --by NAME | --confirm --by NAME --ground TEXT | --delete]", Args: a.noArgs,
		Short: a.p.T("cli.store.retention.short"), Long: a.p.T("cli.store.retention.long"),
		RunE: func(cmd *cobra.Command, _ []string) error { return a.runRetention(cmd.Context(), o) },
	}
	a.dataFlag(c, &o.Data)
	f, t := c.Flags(), a.p.T
	f.StringVar(&o.Set, "set", "", t("cli.store.retention.set"))
	f.BoolVar(&o.Confirm, "confirm", false, t("cli.store.retention.confirmflag"))
	f.BoolVar(&o.Delete, "delete", false, t("cli.store.retention.delete"))
	f.BoolVar(&o.WithoutArchive, "without-archive", false, t("cli.store.retention.without"))
	f.StringVar(&o.By, "by", "", t("cli.store.by"))
	f.StringVar(&o.Ground, "ground", "", t("cli.store.ground"))
	f.BoolVar(&o.JSON, "json", false, t("cli.store.json"))
	c.MarkFlagsMutuallyExclusive("set", "confirm", "delete")
	return c
}

// parseTerm reads 7y, 84m or none.
func (a *app) parseTerm(s string) (months int, err error) {
	if s == "none" {
		return 0, nil
	}
	unit := map[string]int{"y": 12, "m": 1}[s[len(s)-1:]]
	n, err := strconv.Atoi(strings.TrimRight(s, "ym"))
	if err != nil || unit == 0 || n < 1 || n*unit > 1200 || len(strconv.Itoa(n)) != len(s)-1 {
		return 0, usage(errors.New(a.p.T("cli.store.retention.badterm", "term", s)))
	}
	return n * unit, nil
}

func (a *app) runRetention(ctx context.Context, o retentionOptions) error {
	if err := a.needData(o.Data); err != nil {
		return err
	}
	change := func(e *engine.Engine) error { return nil }
	switch {
	case o.Set != "":
		months, err := a.parseTerm(o.Set)
		if err != nil {
			return err
		}
		if err := a.needGround(o.By, "-"); err != nil {
			return err
		}
		change = func(e *engine.Engine) error { return e.ProposeRetention(ctx, months, o.By) }
	case o.Confirm:
		if err := a.needGround(o.By, o.Ground); err != nil {
			return err
		}
		change = func(e *engine.Engine) error { return e.ConfirmRetention(ctx, o.By, o.Ground) }
	case o.Delete:
		change = func(e *engine.Engine) error { return a.expire(ctx, e, o) }
	}
	err := a.withEngine(ctx, o.Data, o.Set == "" && !o.Confirm && !o.Delete, func(e *engine.Engine) error {
		if err := change(e); err != nil || o.Delete {
			return err
		}
		return a.printRetention(ctx, e, o.JSON)
	})
	switch {
	case errors.Is(err, store.ErrNoProposal):
		return errors.New(a.p.T("cli.store.retention.noproposal"))
	case errors.Is(err, store.ErrUnconfirmed):
		return errors.New(a.p.T("cli.store.retention.unconfirmed"))
	}
	return err
}

func (a *app) expire(ctx context.Context, e *engine.Engine, o retentionOptions) error {
	x, err := e.Expire(ctx, o.WithoutArchive)
	if err != nil {
		return err
	}
	if o.JSON {
		return json.NewEncoder(a.Stdout).Encode(x)
	}
	a.printDue(x.Deleted)
	fmt.Fprintln(a.Stdout, a.p.T("cli.store.retention.deleted", "n", len(x.Deleted), "records", x.Removed.Records, "events", x.Removed.Events, "kept", len(x.Kept)))
	a.printLeft(x.Removed)
	return nil
}

func (a *app) printRetention(ctx context.Context, e *engine.Engine, asJSON bool) error {
	now, due, err := e.Retention(ctx)
	if err != nil {
		return err
	}
	if asJSON {
		return json.NewEncoder(a.Stdout).Encode(map[string]any{"schedule": now, "due": append([]store.Due{}, due...)})
	}
	conf := e.Config()
	zone, err := conf.Location()
	if err != nil {
		return err
	}
	line := func(key string, t *store.Term) {
		fmt.Fprintln(a.Stdout, a.p.T(key, "term", a.term(t.Months), "by", t.By, "time", a.when(t.Time, zone), "ground", t.Ground))
	}
	if now.Confirmed != nil {
		line("cli.store.retention.confirmed", now.Confirmed)
	} else {
		fmt.Fprintln(a.Stdout, a.p.T("cli.store.retention.none"))
	}
	if now.Proposed != nil {
		line("cli.store.retention.proposed", now.Proposed)
	}
	if len(due) == 0 {
		fmt.Fprintln(a.Stdout, a.p.T("cli.store.retention.nothing"))
		return nil
	}
	fmt.Fprintln(a.Stdout, a.p.T("cli.store.retention.due"))
	a.printDue(due)
	return nil
}

func (a *app) term(months int) string {
	if months == 0 {
		return a.p.T("cli.store.retention.forever")
	}
	return a.p.T("cli.store.retention.months", "n", months)
}

func (a *app) printDue(l []store.Due) {
	for _, d := range l {
		archived := a.p.T("cli.store.retention.unarchived")
		if d.Archived {
			archived = a.p.T("cli.store.retention.archived")
		}
		fmt.Fprintln(a.Stdout, a.p.T("cli.store.retention.line", "server", record.Visible(d.Server), "month", d.Period, "records", d.Records,
			"events", d.Events, "bytes", a.p.Bytes(d.Bytes), "archived", archived))
	}
}
