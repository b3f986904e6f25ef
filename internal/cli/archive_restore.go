package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"github.com/akashi-audit/akashi/internal/engine"
	"github.com/akashi-audit/akashi/internal/pace"
	"github.com/akashi-audit/akashi/internal/query"
	"github.com/akashi-audit/akashi/internal/record"
)

// restoreOptions are those of restore and release.
type restoreOptions struct {
	Data, By string
	engine.Period
	All, JSON, Quiet bool
}

func (a *app) newArchiveRestore() *cobra.Command {
	o := restoreOptions{By: importer()}
	c := &cobra.Command{
		Use: "restore --data DIR (--from DAY [--to DAY] | --all) [--server NAME…]", Short: a.p.T("cli.restore.short"), Long: a.p.T("cli.restore.long"), Args: a.noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return a.runRestore(cmd.Context(), o) },
	}
	a.restoreFlags(c, &o)
	c.Flags().BoolVarP(&o.Quiet, "quiet", "q", false, a.p.T("cli.import.quiet"))
	return c
}

func (a *app) newArchiveRelease() *cobra.Command {
	o := restoreOptions{By: importer()}
	c := &cobra.Command{
		Use: "release --data DIR (--from DAY [--to DAY] | --all) [--server NAME…]", Short: a.p.T("cli.release.short"), Long: a.p.T("cli.release.long"), Args: a.noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return a.runRelease(cmd.Context(), o) },
	}
	a.restoreFlags(c, &o)
	return c
}

func (a *app) restoreFlags(c *cobra.Command, o *restoreOptions) {
	a.dataFlag(c, &o.Data)
	c.Flags().StringVar(&o.From, "from", "", a.p.T("cli.archive.export.from"))
	c.Flags().StringVar(&o.To, "to", "", a.p.T("cli.archive.export.to"))
	c.Flags().StringArrayVar(&o.Servers, "server", nil, a.p.T("cli.restore.server"))
	c.Flags().BoolVar(&o.All, "all", false, a.p.T("cli.restore.all"))
	c.Flags().BoolVar(&o.JSON, "json", false, a.p.T("cli.archive.json"))
}

// checkRestore refuses what names no days, or everything by accident.
func (a *app) checkRestore(o restoreOptions) error {
	if err := a.needData(o.Data); err != nil {
		return err
	}
	if (o.From == "" && o.To == "") != o.All {
		return usage(errors.New(a.p.T("cli.restore.period")))
	}
	for _, d := range [...]string{o.From, o.To} {
		if _, err := time.Parse(time.DateOnly, d); d != "" && err != nil {
			return usage(errors.New(a.p.T("cli.archive.export.day", "day", record.Visible(d))))
		}
	}
	return nil
}

func (a *app) runRestore(ctx context.Context, o restoreOptions) error {
	if err := a.checkRestore(o); err != nil {
		return err
	}
	return a.withEngine(ctx, o.Data, false, func(e *engine.Engine) error {
		show := a.newProgress(o.Quiet || o.JSON)
		var at engine.RestoreProgress
		show.line = func(engine.Progress) string {
			return a.p.T("cli.restore.progress", "days", at.Days, "all", at.AllDays, "bytes", a.p.Bytes(at.Done), "total", a.p.Bytes(at.All))
		}
		q := engine.RestoreRequest{Period: o.Period, By: o.By, Progress: func(p engine.RestoreProgress) {
			at = p
			show.update(engine.Progress{})
		}}
		s, err := e.Restore(ctx, q)
		show.end()
		if err != nil && (s == nil || s.Days == 0) {
			return err
		}
		if err := a.printRestored("cli.restore.done", s, o.JSON); err != nil {
			return err
		}
		if s.Held > 0 && !o.JSON {
			a.note("cli.restore.held", "days", s.Held)
		}
		if ctx.Err() != nil {
			return &exit{code: exitInterrupted}
		}
		if err == nil && s.Days+s.Current == 0 {
			return &exit{code: exitNotFound}
		}
		return err
	})
}

func (a *app) printRestored(key string, s *engine.RestoreSummary, asJSON bool) error {
	if asJSON {
		return json.NewEncoder(a.Stdout).Encode(s)
	}
	_, err := fmt.Fprintln(a.Stdout, a.p.T(key, "days", s.Days, "records", s.Records, "size", a.p.Bytes(s.Bytes), "current", s.Current))
	return err
}

func (a *app) runRelease(ctx context.Context, o restoreOptions) error {
	if err := a.checkRestore(o); err != nil {
		return err
	}
	return a.withEngine(ctx, o.Data, false, func(e *engine.Engine) error {
		s, err := e.Release(ctx, o.Period, o.By)
		if err != nil {
			return err
		}
		if err := a.printRestored("cli.release.done", s, o.JSON); err != nil {
			return err
		}
		if s.Days == 0 {
			return &exit{code: exitNotFound}
		}
		return nil
	})
}

// printRestoredDays says what of the archive is restored, and what is stale.
func (a *app) printRestoredDays(l []engine.ArchivedDay) {
	for _, d := range l {
		key := "cli.restore.day"
		switch {
		case d.Stale:
			key = "cli.restore.day.stale"
		case !d.Restored:
			continue
		}
		fmt.Fprintln(a.Stdout, a.p.T(key, "day", d.Day, "server", record.Visible(d.Server), "size", a.p.Bytes(d.Size), "by", record.Visible(d.By)))
	}
}

// listRestored lists what is restored, as lines or as JSON.
func (a *app) listRestored(days []engine.ArchivedDay, asJSON bool) error {
	days = slices.DeleteFunc(days, func(d engine.ArchivedDay) bool { return !d.Restored && !d.Stale })
	if asJSON {
		if err := json.NewEncoder(a.Stdout).Encode(days); err != nil {
			return err
		}
	} else {
		a.printRestoredDays(days)
	}
	if len(days) == 0 {
		return &exit{code: exitNotFound}
	}
	return nil
}

// tellReached says where days of an answer came from that the store no longer holds. Of
// an answer of what terms took out the store may still hold the days: it says only where
// they were read.
func (s *search) tellReached(r *query.Reached) {
	a := s.app
	if s.q.Removed {
		a.tellRemoved(r)
		return
	}
	a.tellArchived(r.Archived)
	for _, x := range []struct {
		key  string
		days []string
	}{{"cli.restore.reached", r.Restored}, {"cli.restore.stale", r.Stale}} {
		if n := len(x.days); n > 0 {
			a.note(x.key, "days", n, "first", x.days[0], "last", x.days[n-1])
		}
	}
	a.tellUnread(r.Unread)
	a.tellTaken(r.Taken)
}

// tellRemoved says where the records were read that terms took out of the store.
func (a *app) tellRemoved(r *query.Reached) {
	days := slices.Concat(r.Archived, r.Restored, r.Stale)
	slices.Sort(days)
	if days = slices.Compact(days); len(days) > 0 {
		a.note("cli.search.removed_reached", "days", len(days), "first", days[0], "last", days[len(days)-1])
	}
	a.tellUnread(r.Unread)
}

// countProgress tells how many days of the archive are counted, on a terminal.
func (s *search) countProgress(ctx context.Context) (context.Context, *progress) {
	show := s.newProgress(false)
	show.quiet = !show.tty
	var done, all int
	show.line = func(engine.Progress) string { return s.p.T("cli.restore.counting", "days", done, "all", all) }
	return pace.WithProgress(ctx, func(d, n int) {
		done, all = d, n
		show.update(engine.Progress{})
	}), show
}
