package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/akashi-audit/akashi/internal/engine"
	"github.com/akashi-audit/akashi/internal/erasure"
	"github.com/akashi-audit/akashi/internal/record"
	"github.com/akashi-audit/akashi/internal/store"
)

type retentionOptions struct {
	termOptions
	WithoutArchive, Propose bool
	Class                   string
}

func (a *app) newRetention() *cobra.Command {
	var o retentionOptions
	c := &cobra.Command{
		Use: "retention --data DIR [--set TERM [--class background|logon|system] [--server NAME] --by NAME | --confirm --by NAME --ground TEXT | --delete | --propose]", Args: a.noArgs,
		Short: a.p.T("cli.store.retention.short"), Long: a.p.T("cli.store.retention.long"),
		RunE: func(cmd *cobra.Command, _ []string) error { return a.runRetention(cmd.Context(), o) },
	}
	a.termFlags(c, &o.termOptions, "cli.store.retention.delete")
	f, t := c.Flags(), a.p.T
	f.StringVar(&o.Class, "class", "", t("cli.class.flag"))
	f.BoolVar(&o.Propose, "propose", false, t("cli.store.retention.propose"))
	f.BoolVar(&o.WithoutArchive, "without-archive", false, t("cli.store.retention.without"))
	c.MarkFlagsMutuallyExclusive("set", "confirm", "delete", "propose")
	return c
}

// parseTerm reads 7y, 84m or none; a term and + is that and the current year.
func (a *app) parseTerm(text string) (months int, year bool, err error) {
	if text == "none" {
		return 0, false, nil
	}
	s, year := strings.CutSuffix(text, "+")
	if s == "" {
		return 0, false, usage(errors.New(a.p.T("cli.store.retention.badterm", "term", text)))
	}
	unit := map[string]int{"y": 12, "m": 1}[s[len(s)-1:]]
	n, err := strconv.Atoi(strings.TrimRight(s, "ym"))
	if err != nil || unit == 0 || n < 1 || n*unit > 1200 || len(strconv.Itoa(n)) != len(s)-1 {
		return 0, false, usage(errors.New(a.p.T("cli.store.retention.badterm", "term", text)))
	}
	return n * unit, year, nil
}

func (a *app) runRetention(ctx context.Context, o retentionOptions) error {
	if err := a.needData(o.Data); err != nil {
		return err
	}
	if o.Propose {
		return a.printLadder(o.JSON)
	}
	if o.Class != "" && (!slices.Contains(erasure.Classes(), o.Class) || o.Set == "") {
		return usage(errors.New(a.p.T("cli.class.bad", "classes", strings.Join(erasure.Classes(), ", "))))
	}
	return a.runTerms(ctx, o.termOptions, o.Class,
		func(e *engine.Engine) error { return a.expire(ctx, e, o) },
		func(e *engine.Engine) error { return a.printRetention(ctx, e, o.JSON) },
		store.ErrUnconfirmed, "cli.store.retention.unconfirmed")
}

func (a *app) expire(ctx context.Context, e *engine.Engine, o retentionOptions) error {
	x, err := e.Expire(ctx, o.WithoutArchive)
	if err != nil {
		return err
	}
	if o.JSON {
		return json.NewEncoder(a.Stdout).Encode(x)
	}
	if sch := e.Schedule(); sch.InForce() {
		a.printDue(x.Deleted)
		if len(x.Kept) > 0 {
			fmt.Fprintln(a.Stdout, a.p.T("cli.store.retention.kept"))
			a.printDue(x.Kept)
		}
		fmt.Fprintln(a.Stdout, a.p.T("cli.store.retention.deleted", "n", len(x.Deleted), "records", x.Removed.Records, "events", x.Removed.Events, "kept", len(x.Kept)))
		a.printLeft(x.Removed.Left)
	}
	return a.printClassExpiry(e, &x.Classes)
}

func (a *app) printRetention(ctx context.Context, e *engine.Engine, asJSON bool) error {
	now, due, err := e.Retention(ctx)
	if err != nil {
		return err
	}
	classes, err := e.ClassDue(ctx)
	if err != nil {
		return err
	}
	if asJSON {
		return json.NewEncoder(a.Stdout).Encode(map[string]any{
			"schedule": now, "due": append([]store.Due{}, due...), "class_due": classes, "orders": append([]store.Erasure{}, e.Orders()...),
		})
	}
	conf := e.Config()
	zone, err := conf.Location()
	if err != nil {
		return err
	}
	line := func(key string, t *store.Term) {
		fmt.Fprintln(a.Stdout, a.p.T(key, "term", a.term(t), "by", t.By, "time", a.when(t.Time, zone), "ground", t.Ground))
	}
	if !now.InForce() && !now.HasClass() {
		fmt.Fprintln(a.Stdout, a.p.T("cli.store.retention.none"))
	}
	for _, t := range now.Terms() {
		line("cli.store.retention.confirmed", &t)
	}
	for _, t := range now.Waiting() {
		line("cli.store.retention.proposed", &t)
	}
	if len(due) == 0 {
		fmt.Fprintln(a.Stdout, a.p.T("cli.store.retention.nothing"))
	} else {
		fmt.Fprintln(a.Stdout, a.p.T("cli.store.retention.due"))
		a.printDue(due)
	}
	if len(classes) > 0 {
		a.line("cli.class.due")
		a.printClassDue(classes)
	}
	a.printOrders(e.Orders(), zone)
	return nil
}

func (a *app) term(t *store.Term) string {
	s := a.p.T("cli.store.retention.forever")
	switch {
	case t.Months > 0 && t.Year:
		s = a.p.T("cli.store.retention.yearend", "n", t.Months)
	case t.Months > 0:
		s = a.p.T("cli.store.retention.months", "n", t.Months)
	}
	if t.Class != store.KeepStore {
		s = a.p.T("cli.keep.class."+t.Class, "term", s)
	}
	if t.Server != "" {
		s = a.p.T("cli.store.retention.of", "server", record.Visible(t.Server), "term", s)
	}
	return s
}

func (a *app) printDue(l []store.Due) {
	for _, d := range l {
		archived := a.p.T("cli.store.retention.unarchived")
		if d.Archived {
			archived = a.p.T("cli.store.retention.archived")
		}
		if len(d.Held) > 0 {
			archived += a.p.T("cli.store.retention.held", "cases", visibleAll(d.Held))
		}
		fmt.Fprintln(a.Stdout, a.p.T("cli.store.retention.line", "server", record.Visible(d.Server), "month", d.Period, "records", d.Records,
			"events", d.Events, "bytes", a.p.Bytes(d.Bytes), "archived", archived))
	}
}
