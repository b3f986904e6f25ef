package cli

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/akashi-audit/akashi/internal/engine"
	"github.com/akashi-audit/akashi/internal/store"
)

func (a *app) newStore() *cobra.Command {
	c := &cobra.Command{
		Use: "store", Short: a.p.T("cli.store.short"), Long: a.p.T("cli.store.long"), Args: a.noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	c.AddCommand(a.newStats(), a.newCheck(), a.newRepair(), a.newRebuild(), a.newSnapshot(), a.newRetention(), a.newErase())
	return c
}

// withEngine opens a data folder for a command and closes it.
func (a *app) withEngine(ctx context.Context, dir string, readOnly bool, fn func(*engine.Engine) error) (err error) {
	e, err := engine.Open(ctx, dir, engine.Options{ReadOnly: readOnly})
	if errors.Is(err, store.ErrLocked) {
		return errors.New(a.p.T("cli.store.locked"))
	}
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, e.Close()) }()
	return fn(e)
}

// confirmed asks on a terminal whether to go on.
func (a *app) confirmed(yes bool) error {
	if yes {
		return nil
	}
	if !term.IsTerminal(int(os.Stdin.Fd())) {
		return usage(errors.New(a.p.T("cli.store.noterminal")))
	}
	fmt.Fprint(a.Stderr, a.p.T("cli.store.confirm"))
	line, err := bufio.NewReader(os.Stdin).ReadString('\n')
	if err != nil || strings.TrimSpace(line) != "yes" {
		a.note("cli.store.cancelled")
		return &exit{code: exitError}
	}
	return nil
}

// needGround wants a person and a reason.
func (a *app) needGround(by, ground string) error {
	if strings.TrimSpace(by) == "" || strings.TrimSpace(ground) == "" {
		return usage(errors.New(a.p.T("cli.store.needby")))
	}
	return nil
}

func (a *app) when(t int64, zone *time.Location) string {
	return time.Unix(0, t).In(zone).Format("2006-01-02 15:04:05")
}
