package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/akashi-audit/akashi/internal/engine"
	"github.com/akashi-audit/akashi/internal/hold"
	"github.com/akashi-audit/akashi/internal/record"
)

type holdOptions struct {
	Data, From, To string
	Hold           hold.Hold
	All, JSON      bool
}

func (a *app) newHold() *cobra.Command {
	c := &cobra.Command{
		Use: "hold", Short: a.p.T("cli.hold.short"), Long: a.p.T("cli.hold.long"), Args: a.noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	sub := func(use, key string, run func(context.Context, holdOptions) error, flags func(*cobra.Command, *holdOptions)) {
		o := &holdOptions{}
		s := &cobra.Command{Use: use, Short: a.p.T("cli.hold." + key + ".short"), Args: a.noArgs, RunE: func(cmd *cobra.Command, _ []string) error {
			if err := a.needData(o.Data); err != nil {
				return err
			}
			return run(cmd.Context(), *o)
		}}
		a.dataFlag(s, &o.Data)
		flags(s, o)
		c.AddCommand(s)
	}
	who := func(s *cobra.Command, o *holdOptions) {
		s.Flags().StringVar(&o.Hold.Case, "case", "", a.p.T("cli.hold.case"))
		s.Flags().StringVar(&o.Hold.By, "by", "", a.p.T("cli.store.by"))
		s.Flags().StringVar(&o.Hold.Ground, "ground", "", a.p.T("cli.store.ground"))
	}
	sub("add --data DIR --case NAME --query TEXT|--server NAME|--all --by NAME --ground TEXT", "add", a.runHoldAdd, func(s *cobra.Command, o *holdOptions) {
		who(s, o)
		s.Flags().StringVar(&o.Hold.Query, "query", "", a.p.T("cli.hold.query"))
		s.Flags().StringSliceVar(&o.Hold.Servers, "server", nil, a.p.T("cli.hold.server"))
		s.Flags().StringVar(&o.From, "from", "", a.p.T("cli.hold.from"))
		s.Flags().StringVar(&o.To, "to", "", a.p.T("cli.hold.to"))
		s.Flags().BoolVar(&o.All, "all", false, a.p.T("cli.hold.all"))
	})
	sub("list --data DIR [--json]", "list", a.runHoldList, func(s *cobra.Command, o *holdOptions) {
		s.Flags().BoolVar(&o.JSON, "json", false, a.p.T("cli.store.json"))
	})
	sub("release --data DIR --case NAME --by NAME --ground TEXT", "release", a.runHoldRelease, who)
	sub("rebuild --data DIR --by NAME", "rebuild", a.runHoldRebuild, func(s *cobra.Command, o *holdOptions) {
		s.Flags().StringVar(&o.Hold.By, "by", "", a.p.T("cli.store.by"))
	})
	return c
}

// heldError words what the legal holds refuse.
func (a *app) heldError(err error) error {
	var h *hold.HeldError
	switch {
	case errors.As(err, &h):
		return errors.New(a.p.T("cli.hold.held", "cases", visibleAll(h.Cases)))
	case errors.Is(err, hold.ErrDamaged):
		return fmt.Errorf("%s: %w", a.p.T("cli.hold.damaged"), err)
	}
	return err
}

// visibleAll joins names for a terminal.
func visibleAll(l []string) string {
	out := make([]string, len(l))
	for i, s := range l {
		out[i] = record.Visible(s)
	}
	return strings.Join(out, ", ")
}

func (a *app) runHoldAdd(ctx context.Context, o holdOptions) error {
	if strings.TrimSpace(o.Hold.Case) == "" {
		return usage(errors.New(a.p.T("cli.hold.needcase")))
	}
	if o.All == (o.Hold.Query != "" || len(o.Hold.Servers) > 0) {
		return usage(errors.New(a.p.T("cli.hold.what")))
	}
	if err := a.needGround(o.Hold.By, o.Hold.Ground); err != nil {
		return err
	}
	return a.withEngine(ctx, o.Data, false, func(e *engine.Engine) error {
		conf := e.Config()
		zone, err := conf.Location()
		if err != nil {
			return err
		}
		if o.Hold.From, err = a.time(o.From, zone); err != nil {
			return err
		}
		if o.Hold.To, err = a.time(o.To, zone); err != nil {
			return err
		}
		if err := e.AddHold(ctx, o.Hold); err != nil {
			return err
		}
		fmt.Fprintln(a.Stdout, a.p.T("cli.hold.added", "case", record.Visible(o.Hold.Case)))
		return nil
	})
}

func (a *app) runHoldList(ctx context.Context, o holdOptions) error {
	return a.withEngine(ctx, o.Data, true, func(e *engine.Engine) error {
		l, damage := e.Holds()
		if damage != nil && !errors.Is(damage, hold.ErrDamaged) {
			return damage
		}
		if o.JSON {
			if err := json.NewEncoder(a.Stdout).Encode(map[string]any{"holds": append([]hold.Hold{}, l...), "damaged": damage != nil}); err != nil {
				return err
			}
		} else {
			conf := e.Config()
			zone, err := conf.Location()
			if err != nil {
				return err
			}
			a.printHolds(l, zone)
		}
		if damage != nil {
			return &exit{code: exitDamage, err: a.heldError(damage)}
		}
		return nil
	})
}

func (a *app) printHolds(l []hold.Hold, zone *time.Location) {
	if len(l) == 0 {
		fmt.Fprintln(a.Stdout, a.p.T("cli.hold.none"))
	}
	bound := func(t int64) string {
		if t == 0 {
			return "…"
		}
		return a.when(t, zone)
	}
	for i := range l {
		h := &l[i]
		servers, what := visibleAll(h.Servers), record.Visible(h.Query)
		if servers == "" {
			servers = a.p.T("cli.hold.everyserver")
		}
		if what == "" {
			what = a.p.T("cli.hold.everything")
		}
		fmt.Fprintln(a.Stdout, a.p.T("cli.hold.line", "case", record.Visible(h.Case), "servers", servers, "from", bound(h.From), "to", bound(h.To), "what", what))
		fmt.Fprintln(a.Stdout, a.p.T("cli.hold.by", "by", record.Visible(h.By), "time", a.when(h.Time, zone), "ground", record.Visible(h.Ground)))
		if r := h.Released; r != nil {
			fmt.Fprintln(a.Stdout, a.p.T("cli.hold.released", "by", record.Visible(r.By), "time", a.when(r.Time, zone), "ground", record.Visible(r.Ground)))
		}
	}
}

func (a *app) runHoldRelease(ctx context.Context, o holdOptions) error {
	if strings.TrimSpace(o.Hold.Case) == "" {
		return usage(errors.New(a.p.T("cli.hold.needcase")))
	}
	if err := a.needGround(o.Hold.By, o.Hold.Ground); err != nil {
		return err
	}
	return a.withEngine(ctx, o.Data, false, func(e *engine.Engine) error {
		err := e.ReleaseHold(ctx, hold.Release{Case: o.Hold.Case, By: o.Hold.By, Ground: o.Hold.Ground})
		if errors.Is(err, hold.ErrNoCase) {
			return &exit{code: exitNotFound, err: errors.New(a.p.T("cli.hold.nocase", "case", record.Visible(o.Hold.Case)))}
		}
		if err != nil {
			return a.heldError(err)
		}
		fmt.Fprintln(a.Stdout, a.p.T("cli.hold.ended", "case", record.Visible(o.Hold.Case)))
		return nil
	})
}

func (a *app) runHoldRebuild(ctx context.Context, o holdOptions) error {
	if err := a.needGround(o.Hold.By, "-"); err != nil {
		return err
	}
	return a.withEngine(ctx, o.Data, false, func(e *engine.Engine) error {
		if err := e.RebuildHolds(ctx, o.Hold.By); err != nil {
			return a.heldError(err)
		}
		fmt.Fprintln(a.Stdout, a.p.T("cli.hold.rebuilt"))
		return nil
	})
}
