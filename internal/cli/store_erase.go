package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/akashi-audit/akashi/internal/engine"
	"github.com/akashi-audit/akashi/internal/pool"
	"github.com/akashi-audit/akashi/internal/record"
	"github.com/akashi-audit/akashi/internal/store"
)

type eraseOptions struct {
	Data, From, To    string
	What              store.Erasure
	DryRun, Yes, JSON bool
	Pending           bool
}

func (a *app) newErase() *cobra.Command {
	var o eraseOptions
	c := &cobra.Command{
		Use:   "erase --data DIR --file PATH|--folder PATH|--user NAME --ground TEXT --by NAME [--dry-run] | --pending",
		Short: a.p.T("cli.store.erase.short"), Long: a.p.T("cli.store.erase.long"), Args: a.noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return a.runErase(cmd.Context(), o) },
	}
	a.dataFlag(c, &o.Data)
	f, t := c.Flags(), a.p.T
	f.StringArrayVar(&o.What.Files, "file", nil, t("cli.store.erase.file"))
	f.StringArrayVar(&o.What.Folders, "folder", nil, t("cli.store.erase.folder"))
	f.StringArrayVar(&o.What.Users, "user", nil, t("cli.store.erase.user"))
	f.StringArrayVar(&o.What.Servers, "server", nil, t("cli.store.erase.server"))
	f.StringVar(&o.From, "from", "", t("cli.store.erase.from"))
	f.StringVar(&o.To, "to", "", t("cli.store.erase.to"))
	f.StringVar(&o.What.Ground, "ground", "", t("cli.store.ground"))
	f.StringVar(&o.What.By, "by", "", t("cli.store.by"))
	f.BoolVar(&o.DryRun, "dry-run", false, t("cli.store.erase.dry"))
	f.BoolVar(&o.Pending, "pending", false, t("cli.erase.pending"))
	f.BoolVar(&o.Yes, "yes", false, t("cli.store.yes"))
	f.BoolVar(&o.JSON, "json", false, t("cli.store.json"))
	return c
}

func (a *app) runErase(ctx context.Context, o eraseOptions) error {
	if err := a.needData(o.Data); err != nil {
		return err
	}
	if o.Pending {
		return a.withEngine(ctx, o.Data, true, func(e *engine.Engine) error { return a.erasePending(ctx, e, o.JSON) })
	}
	if len(o.What.Files)+len(o.What.Folders)+len(o.What.Users) == 0 {
		return usage(errors.New(a.p.T("cli.store.erase.what")))
	}
	if !o.DryRun {
		if err := a.needGround(o.What.By, o.What.Ground); err != nil {
			return err
		}
	}
	return a.withEngine(ctx, o.Data, o.DryRun, func(e *engine.Engine) error { return a.erase(ctx, e, o) })
}

func (a *app) erase(ctx context.Context, e *engine.Engine, o eraseOptions) error {
	conf := e.Config()
	zone, err := conf.Location()
	if err != nil {
		return err
	}
	if o.What.From, err = a.time(o.From, zone); err != nil {
		return err
	}
	if o.What.To, err = a.time(o.To, zone); err != nil {
		return err
	}
	l, err := e.Affected(ctx, o.What)
	if err != nil {
		return err
	}
	if o.JSON && o.DryRun {
		return json.NewEncoder(a.Stdout).Encode(map[string]any{"dry_run": true, "affected": append([]store.Affected{}, l...)})
	}
	if !o.JSON {
		a.printAffected(l, zone)
	}
	if o.DryRun {
		if len(l) == 0 {
			return &exit{code: exitNotFound}
		}
		return nil
	}
	if err := a.confirmed(o.Yes); err != nil {
		return err
	}
	out, err := e.Erase(ctx, o.What)
	if err != nil {
		return a.heldError(err)
	}
	if o.JSON {
		return json.NewEncoder(a.Stdout).Encode(map[string]any{"affected": append([]store.Affected{}, l...), "removed": out})
	}
	fmt.Fprintln(a.Stdout, a.p.T("cli.store.erase.done", "records", out.Records, "events", out.Events, "segments", out.Segments, "packs", out.Packs))
	if x := out.Archived; len(x.Days) > 0 {
		fmt.Fprintln(a.Stdout, a.p.T("cli.erase.archived", "days", len(x.Days), "records", x.Records, "events", x.Events, "objects", x.Removed))
	}
	a.printPending(out.Pending, zone)
	return nil
}

// erasePending lists what is erased, and what of it still lies somewhere.
func (a *app) erasePending(ctx context.Context, e *engine.Engine, asJSON bool) error {
	out, err := e.Pending(ctx)
	if err != nil {
		return err
	}
	if asJSON {
		return json.NewEncoder(a.Stdout).Encode(out)
	}
	conf := e.Config()
	zone, err := conf.Location()
	if err != nil {
		return err
	}
	if len(out.Erasures) == 0 {
		fmt.Fprintln(a.Stdout, a.p.T("cli.erase.none"))
		return nil
	}
	for i := range out.Erasures {
		x := &out.Erasures[i]
		what := slices.Concat(x.Files, x.Folders, x.Users)
		for i := range what {
			what[i] = record.Visible(what[i])
		}
		fmt.Fprintln(a.Stdout, a.p.T("cli.erase.order", "time", a.when(x.Time, zone), "what", strings.Join(what, ", "), "by", record.Visible(x.By), "ground", record.Visible(x.Ground)))
	}
	a.printPending(out, zone)
	return nil
}

// printPending tells what of erasures still lies somewhere, and until when.
func (a *app) printPending(out *engine.Pending, zone *time.Location) {
	if len(out.Copies)+len(out.Days)+len(out.Files) == 0 {
		fmt.Fprintln(a.Stdout, a.p.T("cli.erase.all"))
		return
	}
	if len(out.Copies) > 0 {
		fmt.Fprintln(a.Stdout, a.p.T("cli.erase.copies", "n", len(out.Copies)))
	}
	for _, g := range grouped(out.Copies) {
		if g.Until != 0 {
			fmt.Fprintln(a.Stdout, a.p.T("cli.erase.locked", "volume", record.Visible(g.Volume), "object", record.Visible(g.Name), "n", g.n, "until", a.when(g.Until, zone)))
		} else {
			fmt.Fprintln(a.Stdout, a.p.T("cli.erase.away", "volume", record.Visible(g.Volume), "object", record.Visible(g.Name), "n", g.n))
		}
	}
	for _, d := range out.Days {
		fmt.Fprintln(a.Stdout, a.p.T("cli.erase.day", "server", record.Visible(d.Server), "day", d.Day))
	}
	a.printLeft(out.Files)
}

func (a *app) printAffected(l []store.Affected, zone *time.Location) {
	if len(l) == 0 {
		fmt.Fprintln(a.Stdout, a.p.T("cli.store.erase.nothing"))
		return
	}
	var n, old int64
	servers := make(map[string]bool)
	for _, x := range l {
		n, old = n+x.Records, old+x.Superseded
		servers[x.Server] = true
		fmt.Fprintln(a.Stdout, a.p.T("cli.store.erase.line", "server", record.Visible(x.Server), "month", x.Period, "n", x.Records, "old", x.Superseded,
			"first", a.when(x.First, zone), "last", a.when(x.Last, zone)))
	}
	fmt.Fprintln(a.Stdout, a.p.T("cli.store.erase.all", "n", n, "old", old, "servers", len(servers)))
}

// leftDay is the copies of an archived day on a volume that cannot be deleted yet.
type leftDay struct {
	pool.Left
	n int
}

// grouped are copies by volume and archived day, until the last of them may go.
func grouped(l []pool.Left) (out []leftDay) {
	for _, c := range l {
		c.Name = path.Dir(c.Name)
		i := slices.IndexFunc(out, func(o leftDay) bool { return o.Volume == c.Volume && o.Name == c.Name })
		if i < 0 {
			i = len(out)
			out = append(out, leftDay{Left: c})
		}
		out[i].n++
		out[i].Until = max(out[i].Until, c.Until)
	}
	return out
}

func (a *app) printLeft(left []store.Left) {
	for _, l := range left {
		fmt.Fprintln(a.Stdout, a.p.T("cli.store.left", "file", l.File, "reason", a.p.T("cli.store.left."+l.Reason)))
	}
}
