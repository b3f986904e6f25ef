package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/akashi-audit/akashi/internal/engine"
	"github.com/akashi-audit/akashi/internal/pace"
	"github.com/akashi-audit/akashi/internal/record"
	"github.com/akashi-audit/akashi/internal/store"
)

type reconvertOptions struct {
	Data, Server string
	DryRun       bool
	Quiet, JSON  bool
}

func (a *app) newReconvert() *cobra.Command {
	var opts reconvertOptions
	c := &cobra.Command{
		Use: "reconvert --data DIR [--server NAME] [--dry-run]", Short: a.p.T("cli.reconvert.short"), Long: a.p.T("cli.reconvert.long"), Args: a.noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return a.runReconvert(cmd.Context(), opts) },
	}
	a.dataFlag(c, &opts.Data)
	c.Flags().StringVar(&opts.Server, "server", "", a.p.T("cli.reconvert.server"))
	c.Flags().BoolVar(&opts.DryRun, "dry-run", false, a.p.T("cli.reconvert.dry"))
	c.Flags().BoolVarP(&opts.Quiet, "quiet", "q", false, a.p.T("cli.import.quiet"))
	c.Flags().BoolVar(&opts.JSON, "json", false, a.p.T("cli.import.json"))
	return c
}

func (a *app) runReconvert(ctx context.Context, opts reconvertOptions) error {
	defer pace.Memory()()
	if err := a.needData(opts.Data); err != nil {
		return err
	}
	show := a.newProgress(opts.Quiet)
	show.line = a.reconvertLine
	sum, err := a.reconvert(ctx, opts, show.update)
	show.end()
	switch {
	case errors.Is(err, store.ErrLocked):
		return errors.New(a.p.T("cli.reconvert.locked"))
	case errors.Is(err, engine.ErrNoServer):
		return &exit{exitNotFound, errors.New(a.p.T("cli.reconvert.noserver", "server", record.Visible(opts.Server)))}
	case err != nil:
		return err
	}
	if opts.JSON {
		return json.NewEncoder(a.Stdout).Encode(sum)
	}
	a.printReconvert(sum)
	return nil
}

func (a *app) reconvert(ctx context.Context, opts reconvertOptions, progress func(engine.Progress)) (sum *engine.ReconvertSummary, err error) {
	e, err := engine.Open(ctx, opts.Data, engine.Options{ReadOnly: opts.DryRun})
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, e.Close()) }()
	return e.Reconvert(ctx, engine.ReconvertRequest{Server: opts.Server, DryRun: opts.DryRun}, progress)
}

func (a *app) reconvertLine(p engine.Progress) string {
	left := "–"
	if p.Left > 0 {
		left = a.p.Duration(p.Left)
	}
	return a.p.T("cli.reconvert.progress", "server", record.Visible(p.File), "done", p.FilesDone, "servers", p.Files,
		"events", p.Events, "all", p.AllEvents, "records", p.Records, "left", left)
}

func (a *app) printReconvert(s *engine.ReconvertSummary) {
	var all engine.Reconverted
	for _, v := range s.Servers {
		all.Before, all.After = all.Before+v.Before, all.After+v.After
		all.Changed, all.Superseded = all.Changed+v.Changed, all.Superseded+v.Superseded
		fmt.Fprintln(a.Stdout, a.p.T("cli.reconvert.server_line", "server", record.Visible(v.Server), "before", v.Before, "after", v.After,
			"same", v.Same, "changed", v.Changed, "added", v.Added, "gone", v.Gone, "superseded", v.Superseded))
	}
	key := "cli.reconvert.done"
	if s.DryRun {
		key = "cli.reconvert.tried"
	}
	fmt.Fprintln(a.Stdout, a.p.T(key, "n", len(s.Servers), "rules", int64(s.Rules), "before", all.Before, "after", all.After,
		"changed", all.Changed, "superseded", all.Superseded, "time", a.p.Duration(s.Elapsed)))
}
