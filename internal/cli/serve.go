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
	if err := a.loopback(opts.Listen); err != nil {
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
	work.Go(func() { e.SealClosed(ctx, "akashi serve") })
	work.Go(func() { e.CarePool(ctx) })
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
		if err := a.loopback(listen); err != nil {
			return err
		}
	}
	return server.Serve(ctx, server.Config{
		Engine: e, Listen: listen, Version: Version, Log: a.log(),
		Ready: func(addr string) { fmt.Fprintln(a.Stdout, a.p.T("cli.serve.ready", "addr", addr)) },
	})
}

// loopback refuses any address but this machine's own: there is no log-in yet.
func (a *app) loopback(listen string) error {
	if listen == "" {
		return nil
	}
	host, _, err := net.SplitHostPort(listen)
	if err != nil {
		return usage(errors.New(a.p.T("cli.error.listen", "addr", listen)))
	}
	if ip := net.ParseIP(host); host == "localhost" || ip != nil && ip.IsLoopback() {
		return nil
	}
	return usage(errors.New(a.p.T("cli.error.loopback", "addr", listen)))
}

func (a *app) log() *slog.Logger {
	return slog.New(slog.NewTextHandler(a.Stderr, &slog.HandlerOptions{Level: slog.LevelWarn}))
}
