package cli

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"sync"

	"github.com/spf13/cobra"

	"github.com/akashi-audit/akashi/internal/engine"
	"github.com/akashi-audit/akashi/internal/pace"
	"github.com/akashi-audit/akashi/internal/server"
)

type serveOptions struct {
	Data   string
	Listen string
}

func (a *app) newServe() *cobra.Command {
	var opts serveOptions
	c := &cobra.Command{
		Use: "serve --data DIR [--listen ADDR]", Short: a.p.T("cli.serve.short"), Long: a.p.T("cli.serve.long"), Args: a.noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return a.runServe(cmd.Context(), opts) },
	}
	a.dataFlag(c, &opts.Data)
	c.Flags().StringVar(&opts.Listen, "listen", "", a.p.T("cli.serve.listen"))
	return c
}

func (a *app) runServe(ctx context.Context, opts serveOptions) error {
	if err := a.needData(opts.Data); err != nil {
		return err
	}
	if err := a.checkListen(opts.Listen); err != nil {
		return err
	}
	if _, err := os.Stat(opts.Data); errors.Is(err, os.ErrNotExist) {
		a.note("cli.serve.created", "dir", opts.Data)
	}
	e, err := engine.Open(ctx, opts.Data, engine.Options{Create: true, Log: a.log()})
	if err != nil {
		return err
	}
	ctx, stop := context.WithCancel(ctx)
	var work sync.WaitGroup
	defer pace.Memory()()
	work.Go(func() { e.SealClosed(ctx, "akashi serve") })
	work.Go(func() { e.WarmPaths(ctx) })
	work.Go(func() { e.CarePool(ctx) })
	work.Go(func() { e.CareSeal(ctx) })
	work.Go(func() { e.CareAgain(ctx) })
	err = a.serve(ctx, e, opts.Listen)
	stop()
	work.Wait()
	return errors.Join(err, e.Close())
}

// serve answers until ctx ends.
func (a *app) serve(ctx context.Context, e *engine.Engine, listen string) error {
	if listen == "" {
		st, err := e.Status(ctx)
		if err != nil {
			return err
		}
		listen = st.Listen
	}
	return server.Serve(ctx, server.Config{
		Engine: e, Listen: listen, Version: Version, Log: a.log(),
		Ready: a.ready,
	})
}

// ready says where the pages are, and how the first administrator is made.
func (a *app) ready(at server.At) {
	fmt.Fprintln(a.Stdout, a.p.T("cli.serve.ready", "url", at.URL))
	if at.Fingerprint != "" {
		fmt.Fprintln(a.Stdout, a.p.T("cli.serve.fingerprint", "fingerprint", at.Fingerprint))
	}
	if at.First != "" {
		fmt.Fprintln(a.Stdout, a.p.T("cli.serve.first", "url", at.First))
	}
}

// checkListen refuses what is no address.
func (a *app) checkListen(listen string) error {
	if listen == "" {
		return nil
	}
	if _, _, err := net.SplitHostPort(listen); err != nil {
		return usage(errors.New(a.p.T("cli.error.listen", "addr", listen)))
	}
	return nil
}

func (a *app) log() *slog.Logger {
	return slog.New(slog.NewTextHandler(a.Stderr, &slog.HandlerOptions{Level: slog.LevelWarn}))
}
