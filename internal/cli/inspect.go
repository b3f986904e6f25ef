package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sort"
	"strings"

	"github.com/spf13/cobra"

	"github.com/akashi-audit/akashi/internal/collect"
	"github.com/akashi-audit/akashi/internal/evtx"
)

type inspectOptions struct{ JSON bool }

func (a *app) newInspect() *cobra.Command {
	var opts inspectOptions
	c := &cobra.Command{
		Use: "inspect [--json] FILE…", Short: a.p.T("cli.inspect.short"), Long: a.p.T("cli.inspect.long"), Args: a.needArgs,
		RunE: func(cmd *cobra.Command, args []string) error { return a.runInspect(cmd.Context(), opts, args) },
	}
	c.Flags().BoolVar(&opts.JSON, "json", false, a.p.T("cli.inspect.json"))
	return c
}

func (a *app) runInspect(ctx context.Context, opts inspectOptions, args []string) error {
	files, err := a.evtxFiles(args)
	if err != nil {
		return err
	}
	var skipped, damaged bool
	for _, path := range files {
		s, err := evtx.Inspect(ctx, path)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err != nil {
			skipped = true
			if st, serr := os.Stat(path); serr == nil && st.Size() == 0 {
				err = collect.ErrEmpty
			}
			s.Error = err.Error()
		}
		damaged = damaged || len(s.Damage) > 0
		if opts.JSON {
			b, err := json.Marshal(s)
			if err != nil {
				return fmt.Errorf("write summary of %s: %w", path, err)
			}
			fmt.Fprintf(a.Stdout, "%s\n", b)
			continue
		}
		a.printSummary(s, err)
	}
	return outcome(skipped, damaged)
}

// evtxFiles expands folders to the *.evtx files below them.
func (a *app) evtxFiles(args []string) ([]string, error) {
	var l []string
	for _, p := range args {
		st, err := os.Stat(p)
		if err != nil || !st.IsDir() {
			l = append(l, p) // a missing file is reported with the others
			continue
		}
		err = filepath.WalkDir(p, func(path string, d fs.DirEntry, err error) error {
			if err == nil && d.Type().IsRegular() && strings.EqualFold(filepath.Ext(path), ".evtx") {
				l = append(l, path)
			}
			return err
		})
		if err != nil {
			return nil, fmt.Errorf("read folder %s: %w", p, err)
		}
	}
	if len(l) == 0 {
		return nil, &exit{exitNotFound, errors.New(a.p.T("cli.error.noevtx", "path", strings.Join(args, ", ")))}
	}
	return l, nil
}

func (a *app) printSummary(s *evtx.Summary, err error) {
	p := a.p
	fmt.Fprintln(a.Stdout, s.File)
	if err != nil {
		fmt.Fprintln(a.Stdout, "  "+p.T("cli.error", "error", a.explain(err)))
		return
	}
	fmt.Fprintln(a.Stdout, "  "+p.T("cli.inspect.records", "n", s.Records, "distinct", s.DistinctRecords, "chunks", s.Chunks))
	if s.FirstTime != "" {
		fmt.Fprintf(a.Stdout, "  %s – %s\n", s.FirstTime, s.LastTime)
	}
	names := make([]string, 0, len(s.Channels))
	for n := range s.Channels {
		names = append(names, n)
	}
	sort.Strings(names)
	for _, n := range names {
		fmt.Fprintln(a.Stdout, "  "+p.T("cli.inspect.channel", "name", n, "n", s.Channels[n]))
	}
	if s.Recovered > 0 {
		fmt.Fprintln(a.Stdout, "  "+p.T("cli.inspect.recovered", "n", s.Recovered))
	}
	for _, d := range s.Damage {
		fmt.Fprintln(a.Stdout, "  "+a.damage(d.Chunk, d.Offset, d.Kind, d.Lost))
	}
}
