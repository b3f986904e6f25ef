package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/akashi-audit/akashi/internal/config"
	"github.com/akashi-audit/akashi/internal/engine"
	"github.com/akashi-audit/akashi/internal/record"
	"github.com/akashi-audit/akashi/internal/store"
)

// careOptions are those of the commands that look after a folder.
type careOptions struct {
	Data, By    string
	Records     bool
	Quiet, JSON bool
}

func (a *app) newCare(use, name string, args cobra.PositionalArgs, run func(context.Context, careOptions, []string) error) (*cobra.Command, *careOptions) {
	o := &careOptions{By: importer()}
	c := &cobra.Command{
		Use: use, Short: a.p.T("cli.store." + name + ".short"), Long: a.p.T("cli.store." + name + ".long"), Args: args,
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := a.needData(o.Data); err != nil {
				return err
			}
			return run(cmd.Context(), *o, args)
		},
	}
	a.dataFlag(c, &o.Data)
	c.Flags().BoolVarP(&o.Quiet, "quiet", "q", false, a.p.T("cli.import.quiet"))
	c.Flags().BoolVar(&o.JSON, "json", false, a.p.T("cli.store.json"))
	return c, o
}

func (a *app) newCheck() *cobra.Command {
	c, _ := a.newCare("check --data DIR [--json]", "check", a.noArgs, a.runCheck)
	return c
}

func (a *app) newRepair() *cobra.Command {
	c, _ := a.newCare("repair --data DIR [--json]", "repair", a.noArgs, a.runRepair)
	return c
}

func (a *app) newRebuild() *cobra.Command {
	c, o := a.newCare("rebuild --data DIR [--records]", "rebuild", a.noArgs, a.runRebuild)
	c.Flags().BoolVar(&o.Records, "records", false, a.p.T("cli.store.rebuild.records"))
	return c
}

func (a *app) newSnapshot() *cobra.Command {
	c, _ := a.newCare("snapshot --data DIR DEST", "snapshot", func(_ *cobra.Command, args []string) error {
		if len(args) != 1 {
			return usage(errors.New(a.p.T("cli.store.snapshot.dest")))
		}
		return nil
	}, a.runSnapshot)
	return c
}

// blockProgress shows how much of a folder was read.
func (a *app) blockProgress(quiet bool) (*progress, func(done, all int64, file string)) {
	show := a.newProgress(quiet)
	show.line = func(p engine.Progress) string {
		return a.p.T("cli.store.check.progress", "done", a.p.Bytes(p.BytesDone), "all", a.p.Bytes(p.Bytes), "file", p.File)
	}
	return show, func(done, all int64, file string) {
		show.update(engine.Progress{BytesDone: done, Bytes: all, File: file})
	}
}

func (a *app) runCheck(ctx context.Context, o careOptions, _ []string) error {
	show, progress := a.blockProgress(o.Quiet)
	r, err := engine.Check(ctx, o.Data, progress)
	show.end()
	if err != nil {
		return err
	}
	if o.JSON {
		if err := json.NewEncoder(a.Stdout).Encode(r); err != nil {
			return err
		}
	} else {
		zone, err := a.zoneOf(o.Data)
		if err != nil {
			return err
		}
		a.printCheck(r, zone)
	}
	return outcome(false, len(r.Findings) > 0)
}

func (a *app) zoneOf(dir string) (*time.Location, error) {
	conf, err := config.Load(dir)
	if err != nil {
		return nil, err
	}
	return conf.Location()
}

func (a *app) printCheck(r *store.CheckReport, zone *time.Location) {
	for _, f := range r.Findings {
		fmt.Fprintln(a.Stdout, a.p.T("cli.store.check.line", "file", f.File, "offset", fmt.Sprint(f.Offset), "size", fmt.Sprint(f.Size), "reason", f.Reason))
		first, last := "–", "–"
		if f.First != 0 || f.Last != 0 {
			first, last = a.when(f.First, zone), a.when(f.Last, zone)
		}
		fmt.Fprintln(a.Stdout, a.p.T("cli.store.check.affects", "what", a.p.T("cli.store.in."+f.In), "server", record.Visible(f.Server),
			"first", first, "last", last, "records", f.Records, "events", f.Events))
		fmt.Fprintln(a.Stdout, a.p.T("cli.store.check.remedy", "remedy", a.p.T("cli.store.remedy."+f.Remedy)))
	}
	if n := len(r.Findings); n > 0 {
		fmt.Fprintln(a.Stdout, a.p.T("cli.store.check.found", "n", n, "files", r.Files))
		return
	}
	fmt.Fprintln(a.Stdout, a.p.T("cli.store.check.clean", "files", r.Files, "bytes", a.p.Bytes(r.Bytes), "records", r.Records, "events", r.Events, "commits", r.Commits))
}

// owned says that a folder is in use in the words of these commands.
func (a *app) owned(err error) error {
	if errors.Is(err, store.ErrLocked) {
		return errors.New(a.p.T("cli.store.locked"))
	}
	return err
}

func (a *app) runRepair(ctx context.Context, o careOptions, _ []string) error {
	show := a.newProgress(o.Quiet)
	show.line = a.reconvertLine
	r, sum, err := engine.Repair(ctx, o.Data, o.By, show.update)
	show.end()
	if err != nil {
		return a.owned(err)
	}
	lost := false
	for _, f := range r.Files {
		lost = lost || f.Lost > 0 && (!f.Convert || f.In == store.InRaw)
	}
	if o.JSON {
		if err := json.NewEncoder(a.Stdout).Encode(map[string]any{"repair": r, "reconvert": sum}); err != nil {
			return err
		}
		return outcome(false, lost)
	}
	zone, err := a.zoneOf(o.Data)
	if err != nil {
		return err
	}
	a.printRepair(r, sum, zone)
	return outcome(false, lost)
}

func (a *app) printRepair(r *store.RepairReport, sum *engine.ReconvertSummary, zone *time.Location) {
	p := a.p
	if r.Manifest {
		fmt.Fprintln(a.Stdout, p.T("cli.store.repair.manifest"))
	} else if len(r.Found) == 0 {
		fmt.Fprintln(a.Stdout, p.T("cli.store.repair.clean"))
	}
	for _, f := range r.Files {
		aside := ""
		if f.Aside != "" {
			aside = p.T("cli.store.repair.aside", "file", f.Aside)
		}
		fmt.Fprintln(a.Stdout, p.T("cli.store.repair.line", "file", f.File, "kept", f.Kept, "lost", f.Lost, "aside", aside))
	}
	for _, s := range sum.Servers {
		fmt.Fprintln(a.Stdout, p.T("cli.store.repair.converted", "server", record.Visible(s.Server), "events", s.Events, "after", s.After))
	}
	for _, f := range r.Files {
		key := "cli.store.repair.lost"
		switch {
		case f.Lost == 0 || f.Convert && f.In != store.InRaw:
			continue
		case f.In == store.InRaw:
			key = "cli.store.repair.lostraw"
		}
		fmt.Fprintln(a.Stdout, p.T(key, "server", record.Visible(f.Server), "first", a.when(f.First, zone), "last", a.when(f.Last, zone), "n", f.Lost))
	}
}

func (a *app) runRebuild(ctx context.Context, o careOptions, _ []string) error {
	show := a.newProgress(o.Quiet)
	show.line = a.reconvertLine
	return a.withEngine(ctx, o.Data, false, func(e *engine.Engine) error {
		if o.Records {
			sum, err := e.Reconvert(ctx, engine.ReconvertRequest{}, show.update)
			show.end()
			if err != nil {
				return err
			}
			a.printReconvert(sum)
		}
		if err := e.RebuildPaths(ctx, o.By); err != nil {
			return err
		}
		fmt.Fprintln(a.Stdout, a.p.T("cli.store.rebuild.done"))
		return nil
	})
}

func (a *app) runSnapshot(ctx context.Context, o careOptions, args []string) error {
	show, progress := a.blockProgress(o.Quiet)
	return a.withEngine(ctx, o.Data, true, func(e *engine.Engine) error {
		s, err := e.Snapshot(ctx, args[0], progress)
		show.end()
		if errors.Is(err, store.ErrNotEmpty) {
			return errors.New(a.p.T("cli.store.snapshot.notempty", "dir", args[0]))
		}
		if err != nil {
			return err
		}
		if o.JSON {
			if err := json.NewEncoder(a.Stdout).Encode(s); err != nil {
				return err
			}
		} else {
			if len(s.Check.Findings) > 0 {
				zone, err := a.zoneOf(o.Data)
				if err != nil {
					return err
				}
				a.printCheck(s.Check, zone)
			}
			fmt.Fprintln(a.Stdout, a.p.T("cli.store.snapshot.done", "commit", s.Commit, "files", s.Files, "linked", s.Linked,
				"bytes", a.p.Bytes(s.Bytes), "records", s.Check.Records, "events", s.Check.Events))
		}
		return outcome(false, len(s.Check.Findings) > 0)
	})
}
