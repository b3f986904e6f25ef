package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/spf13/cobra"

	"github.com/akashi-audit/akashi/internal/engine"
	"github.com/akashi-audit/akashi/internal/pace"
	"github.com/akashi-audit/akashi/internal/simulate"
)

type demoOptions struct {
	Serve  bool
	Listen string
	Seed   uint64
	Days   int
	People int
}

func (a *app) newDemo() *cobra.Command {
	var opts demoOptions
	c := &cobra.Command{
		Use: "demo [--serve] DIR", Short: a.p.T("cli.demo.short"), Long: a.p.T("cli.demo.long"),
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) != 1 {
				return usage(errors.New(a.p.T("cli.error.folder")))
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error { return a.runDemo(cmd.Context(), opts, args[0]) },
	}
	f, t := c.Flags(), a.p.T
	f.BoolVar(&opts.Serve, "serve", false, t("cli.demo.serve"))
	f.StringVar(&opts.Listen, "listen", "", t("cli.serve.listen"))
	f.Uint64Var(&opts.Seed, "seed", 1, t("cli.demo.seed"))
	f.IntVar(&opts.Days, "days", 30, t("cli.demo.days"))
	f.IntVar(&opts.People, "people", 60, t("cli.demo.people"))
	return c
}

// demoZone is where the demonstration company lives.
const demoZone = "Asia/Tokyo"

func (a *app) runDemo(ctx context.Context, opts demoOptions, dir string) (err error) {
	if opts.Days < 1 || opts.People < 1 {
		return usage(errors.New(a.p.T("cli.error.positive")))
	}
	if err := a.checkListen(opts.Listen); err != nil {
		return err
	}
	defer pace.Memory()()
	e, err := engine.Open(ctx, dir, engine.Options{Create: true, Demo: true, Zone: demoZone, Log: a.log()})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, e.Close()) }()
	st, err := e.Status(ctx)
	if err != nil {
		return err
	}
	if !st.Demo {
		return errors.New(a.p.T("cli.demo.notdemo", "dir", dir))
	}
	if !opts.Serve {
		return a.fillDemo(ctx, e, opts, dir)
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var wg sync.WaitGroup
	wg.Go(func() {
		if ferr := a.fillDemo(ctx, e, opts, dir); ferr != nil && ctx.Err() == nil {
			a.fail(ferr) // the page stays up with what is there
		}
	})
	err = a.serve(ctx, e, opts.Listen)
	cancel()
	wg.Wait()
	return err
}

// demoBytes bounds the logs of a demonstration, in bytes. It grows with the company and the
// days, so that each person does at least as much as in the company of 60 people over 30 days.
func demoBytes(people, days int) int64 {
	const usual = 300 << 20 // of 60 people over 30 days
	return max(usual, int64(float64(usual)*float64(people)*float64(days)/(60*30)))
}

// fillDemo makes the logs unless they are there whole, and imports them:
// importing twice adds nothing.
func (a *app) fillDemo(ctx context.Context, e *engine.Engine, opts demoOptions, dir string) error {
	logs := filepath.Join(dir, "demo-logs")
	if _, err := os.Stat(filepath.Join(logs, "truth.jsonl")); err != nil {
		zone, err := time.LoadLocation(demoZone)
		if err != nil {
			return fmt.Errorf("zone of the demonstration: %w", err)
		}
		now := time.Now().In(zone)
		bound := demoBytes(opts.People, opts.Days)
		a.note("cli.demo.making", "people", opts.People, "days", opts.Days, "size", a.p.Bytes(bound))
		making := logs + ".making"
		if err := os.RemoveAll(making); err != nil {
			return err
		}
		_, err = simulate.Demo(ctx, making, simulate.DemoOptions{
			Seed: opts.Seed, Days: opts.Days, People: opts.People, Zone: zone, MaxBytes: bound,
			EndDay: time.Date(now.Year(), now.Month(), now.Day(), 0, 0, 0, 0, zone),
		})
		if err != nil {
			return errors.Join(fmt.Errorf("make the demonstration: %w", err), os.RemoveAll(making))
		}
		if err := errors.Join(os.RemoveAll(logs), os.Rename(making, logs)); err != nil {
			return err
		}
	}
	paths, err := demoLogs(logs)
	if err != nil {
		return err
	}
	show := a.newProgress(false)
	sum, err := e.Import(ctx, engine.ImportRequest{Paths: paths, Importer: importer()}, show.update)
	show.end()
	if err != nil {
		return err
	}
	a.note("cli.demo.done", "events", sum.Events, "records", sum.Records, "time", a.p.Duration(sum.Elapsed))
	return nil
}

// demoLogs lists the server folders: the ground truth beside them is no log.
func demoLogs(logs string) ([]string, error) {
	l, err := os.ReadDir(logs)
	if err != nil {
		return nil, err
	}
	var paths []string
	for _, d := range l {
		if d.IsDir() {
			paths = append(paths, filepath.Join(logs, d.Name()))
		}
	}
	return paths, nil
}
