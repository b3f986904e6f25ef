package cli

import (
	"context"
	"encoding/json"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"github.com/akashi-audit/akashi/internal/archive"
	"github.com/akashi-audit/akashi/internal/engine"
	"github.com/akashi-audit/akashi/internal/erasure"
	"github.com/akashi-audit/akashi/internal/record"
	"github.com/akashi-audit/akashi/internal/store"
)

type keptOptions struct {
	termOptions
	Originals, Marked bool
}

func (a *app) newArchiveRetention() *cobra.Command {
	var o keptOptions
	c := &cobra.Command{
		Use: "retention --data DIR [--set TERM [--server NAME | --marked | --originals] --by NAME | --confirm --by NAME --ground TEXT | --delete]", Args: a.noArgs,
		Short: a.p.T("cli.archive.retention.short"), Long: a.p.T("cli.archive.retention.long"),
		RunE: func(cmd *cobra.Command, _ []string) error { return a.runArchiveRetention(cmd.Context(), o) },
	}
	a.termFlags(c, &o.termOptions, "cli.archive.retention.delete")
	f, t := c.Flags(), a.p.T
	f.BoolVar(&o.Originals, "originals", false, t("cli.archive.retention.originals"))
	f.BoolVar(&o.Marked, "marked", false, t("cli.archive.retention.marked"))
	c.MarkFlagsMutuallyExclusive("set", "confirm", "delete")
	c.MarkFlagsMutuallyExclusive("server", "originals")
	c.MarkFlagsMutuallyExclusive("marked", "originals")
	return c
}

func (a *app) runArchiveRetention(ctx context.Context, o keptOptions) error {
	if err := a.needData(o.Data); err != nil {
		return err
	}
	class := store.KeepArchive
	switch {
	case o.Originals:
		class = store.KeepOriginals
	case o.Marked:
		class = store.KeepMarked
	}
	return a.runTerms(ctx, o.termOptions, class,
		func(e *engine.Engine) error { return a.expireKept(ctx, e, o) },
		func(e *engine.Engine) error { return a.printKept(ctx, e, o.JSON) },
		engine.ErrNoKeptTerm, "cli.archive.retention.unconfirmed")
}

func (a *app) expireKept(ctx context.Context, e *engine.Engine, o keptOptions) error {
	x, err := e.ExpireKept(ctx)
	if err != nil {
		return err
	}
	if o.JSON {
		return json.NewEncoder(a.Stdout).Encode(x)
	}
	zone, err := a.zoneOf(o.Data)
	if err != nil {
		return err
	}
	a.printKeptDue(&x.Deleted, zone)
	if len(x.Kept.Days)+len(x.Kept.Files) > 0 {
		a.line("cli.store.retention.kept")
		a.printKeptDue(&x.Kept, zone)
	}
	a.line("cli.archive.retention.deleted", "days", len(x.Deleted.Days), "objects", x.Objects, "files", len(x.Deleted.Files), "kept", len(x.Kept.Days)+len(x.Kept.Files))
	l, err := e.DeletedCopies()
	if err != nil {
		return err
	}
	a.printCopiesLeft(l, zone)
	return nil
}

// printKept says which terms there are, and what they would delete now.
func (a *app) printKept(ctx context.Context, e *engine.Engine, asJSON bool) error {
	now, _, err := e.Retention(ctx)
	if err != nil {
		return err
	}
	due, err := e.KeptDue(ctx)
	if err != nil {
		return err
	}
	if asJSON {
		return json.NewEncoder(a.Stdout).Encode(map[string]any{"schedule": now, "due": due})
	}
	conf := e.Config()
	zone, err := conf.Location()
	if err != nil {
		return err
	}
	some := false
	list := func(key string, l []store.Term) {
		for i := range l {
			if t := &l[i]; t.Class != store.KeepStore && !slices.Contains(erasure.Classes(), t.Class) {
				a.line(key, "term", a.term(t), "by", t.By, "time", a.when(t.Time, zone), "ground", t.Ground)
				some = true
			}
		}
	}
	list("cli.store.retention.confirmed", now.Terms())
	list("cli.store.retention.proposed", now.Waiting())
	if !some {
		a.line("cli.archive.retention.none")
	}
	if len(due.Days)+len(due.Files) == 0 {
		a.line("cli.archive.retention.nothing")
		return nil
	}
	a.line("cli.archive.retention.due")
	a.printKeptDue(due, zone)
	return nil
}

func (a *app) printKeptDue(x *engine.KeptDue, zone *time.Location) {
	for i := range x.Days {
		d := &x.Days[i]
		a.line("cli.archive.retention.day", "server", record.Visible(d.Server), "day", d.Day, "records", d.Records, "events", d.Events, "bytes", a.p.Bytes(d.Bytes), "why", a.whyKept(d, zone))
	}
	for i := range x.Files {
		d := &x.Files[i]
		why := ""
		switch {
		case len(d.Held) > 0:
			why = a.p.T("cli.archive.retention.why.held", "cases", visibleAll(d.Held))
		case d.Unsure != "":
			why = a.p.T("cli.archive.retention.why.unsure", "reason", d.Unsure)
		}
		a.line("cli.archive.retention.file", "file", d.File, "name", record.Visible(d.Name), "time", a.when(d.Time, zone), "bytes", a.p.Bytes(d.Bytes), "why", why)
	}
}

// whyKept says what forbids to delete a day; "" when nothing does.
func (a *app) whyKept(d *archive.DueDay, zone *time.Location) (s string) {
	if d.Stored {
		s += a.p.T("cli.archive.retention.why.stored")
	}
	if len(d.Held) > 0 {
		s += a.p.T("cli.archive.retention.why.held", "cases", visibleAll(d.Held))
	}
	if d.Until > 0 {
		s += a.p.T("cli.archive.retention.why.locked", "time", a.when(d.Until, zone))
	}
	if d.Unsure != "" {
		s += a.p.T("cli.archive.retention.why.unsure", "reason", record.Visible(d.Unsure))
	}
	return s
}
