package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/akashi-audit/akashi/internal/collect"
	"github.com/akashi-audit/akashi/internal/config"
	"github.com/akashi-audit/akashi/internal/coverage"
	"github.com/akashi-audit/akashi/internal/engine"
	"github.com/akashi-audit/akashi/internal/event"
)

type coverageOptions struct {
	Data, Zone string
	JSON       bool
}

func (a *app) newCoverage() *cobra.Command {
	var opts coverageOptions
	c := &cobra.Command{
		Use: "coverage [--data DIR | --zone NAME] [--json] PATH…", Short: a.p.T("cli.coverage.short"), Long: a.p.T("cli.coverage.long"), Args: a.needArgs,
		RunE: func(cmd *cobra.Command, args []string) error { return a.runCoverage(cmd.Context(), opts, args) },
	}
	c.Flags().StringVar(&opts.Data, "data", a.Getenv("AKASHI_DATA"), a.p.T("cli.coverage.data"))
	c.Flags().StringVar(&opts.Zone, "zone", "", a.p.T("cli.coverage.zone"))
	c.Flags().BoolVar(&opts.JSON, "json", false, a.p.T("cli.coverage.json"))
	return c
}

// coverageZone is the zone of the times for people: the one that was named, else
// that of the data folder, else the default of a new folder.
func (a *app) coverageZone(opts coverageOptions) (*time.Location, error) {
	conf := config.Default()
	if opts.Data != "" {
		var err error
		if conf, err = config.Load(opts.Data); err != nil {
			return nil, err
		}
	}
	if opts.Zone != "" {
		conf.Zone = opts.Zone
	}
	zone, err := conf.Location()
	if err != nil {
		return nil, usage(errors.New(a.p.T("cli.error.zone", "zone", conf.Zone)))
	}
	return zone, nil
}

func (a *app) runCoverage(ctx context.Context, opts coverageOptions, args []string) error {
	zone, err := a.coverageZone(opts)
	if err != nil {
		return err
	}
	set, err := collect.OpenSet(ctx, args, collect.SetOptions{})
	if err != nil {
		return err
	}
	defer set.Close()
	var incomplete bool
	for _, server := range set.Servers() {
		t := coverage.New(server, coverage.Options{})
		n, shown := int64(0), a.readProgress(server)
		err := set.Events(ctx, server, func(e *event.Event) error {
			t.Add(e)
			if n++; n%takeEvery == 0 {
				shown.update(engine.Progress{Events: n})
			}
			return nil
		})
		shown.end()
		if err != nil {
			return fmt.Errorf("read the events of %s: %w", server, err)
		}
		r := t.Report()
		incomplete = incomplete || !r.Complete
		if !opts.JSON {
			w := &failing{w: a.Stdout}
			(&coveragePrinter{w, a.p, zone}).server(r)
			if w.err != nil {
				return w.err
			}
			continue
		}
		b, err := json.Marshal(r)
		if err != nil {
			return fmt.Errorf("write the coverage of %s: %w", server, err)
		}
		if _, err := fmt.Fprintf(a.Stdout, "%s\n", b); err != nil {
			return err
		}
	}
	skipped, harmed := a.noteFiles(set.Files())
	return outcome(skipped, incomplete || harmed)
}
