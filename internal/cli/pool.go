package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/akashi-audit/akashi/internal/engine"
	"github.com/akashi-audit/akashi/internal/pool"
	"github.com/akashi-audit/akashi/internal/store"
)

// poolOptions are those of all pool commands.
type poolOptions struct {
	Data, By    string
	JSON, Quiet bool
	// of add
	Name, Endpoint, Region, Keys, Quota, Reserve string
	Class, LockDays                              int
	Join, TakeOver, ReadOnly                     bool
	// of scrub
	Rate string
	Anew bool
	// of set
	Volume, State, Identity   string
	Copies, WarnDays          int
	EncryptTo, MoveAfter      []string
	NoEncryption, NoMoveAfter bool
	Existing                  bool // of encrypt
	changed                   func(flag string) bool
	create                    bool // the data folder when it is missing
}

func (a *app) newPool() *cobra.Command {
	c := &cobra.Command{
		Use: "pool", Short: a.p.T("cli.pool.short"), Long: a.p.T("cli.pool.long"), Args: a.noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	none := func(*cobra.Command, *poolOptions) {}
	c.AddCommand(
		a.poolCommand("status --data DIR [--json]", "status", 0, 0, a.runPoolStatus, none),
		a.poolCommand("add --data DIR PATH|s3://BUCKET[/PREFIX]", "add", 1, 1, a.runPoolAdd, a.poolAddFlags),
		a.poolCommand("drain --data DIR VOLUME", "drain", 1, 1, a.runPoolDrain, none),
		a.poolCommand("remove --data DIR VOLUME", "remove", 1, 1, a.runPoolRemove, none),
		a.poolCommand("lost --data DIR VOLUME", "lost", 1, 1, a.runPoolLost, none),
		a.poolCommand("replace --data DIR OLD NEW", "replace", 2, 2, a.runPoolReplace, none),
		a.poolCommand("scrub --data DIR [VOLUME] [--rate SIZE]", "scrub", 0, 1, a.runPoolScrub, func(c *cobra.Command, o *poolOptions) {
			c.Flags().StringVar(&o.Rate, "rate", "0", a.p.T("cli.pool.scrub.rate"))
			c.Flags().BoolVar(&o.Anew, "anew", false, a.p.T("cli.pool.scrub.anew"))
		}),
		a.poolCommand("heal --data DIR", "heal", 0, 0, a.runPoolHeal, none),
		a.poolCommand("tier --data DIR", "tier", 0, 0, a.runPoolTier, none),
		a.poolCommand("encrypt --data DIR --existing", "encrypt", 0, 0, a.runPoolEncrypt, func(c *cobra.Command, o *poolOptions) {
			c.Flags().BoolVar(&o.Existing, "existing", false, a.p.T("cli.pool.encrypt.existing"))
		}),
		a.poolCommand("set --data DIR [--copies N] [--volume VOLUME --class N]", "set", 0, 0, a.runPoolSet, a.poolSetFlags),
	)
	return c
}

// poolCommand is a command with the flags of all of them.
func (a *app) poolCommand(use, key string, least, most int, run func(context.Context, *poolOptions, []string) error, flags func(*cobra.Command, *poolOptions)) *cobra.Command {
	o := &poolOptions{By: importer()}
	c := &cobra.Command{
		Use: use, Short: a.p.T("cli.pool." + key + ".short"), Long: a.p.T("cli.pool." + key + ".long"),
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) < least || len(args) > most {
				return usage(errors.New(a.p.T("cli.pool.args", "use", use)))
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := a.needData(o.Data); err != nil {
				return err
			}
			o.changed = cmd.Flags().Changed
			return a.poolError(run(cmd.Context(), o, args))
		},
	}
	a.dataFlag(c, &o.Data)
	c.Flags().BoolVar(&o.JSON, "json", false, a.p.T("cli.store.json"))
	c.Flags().BoolVarP(&o.Quiet, "quiet", "q", false, a.p.T("cli.import.quiet"))
	flags(c, o)
	return c
}

func (a *app) poolAddFlags(c *cobra.Command, o *poolOptions) {
	f, t := c.Flags(), a.p.T
	f.StringVar(&o.Name, "name", "", t("cli.pool.add.name"))
	f.IntVar(&o.Class, "class", 5, t("cli.pool.class"))
	f.StringVar(&o.Quota, "quota", "0", t("cli.pool.quota"))
	f.StringVar(&o.Reserve, "reserve", "256MB", t("cli.pool.reserve"))
	f.StringVar(&o.Endpoint, "endpoint", "", t("cli.pool.add.endpoint"))
	f.StringVar(&o.Region, "region", "", t("cli.pool.add.region"))
	f.StringVar(&o.Keys, "keys", "env:AKASHI_S3", t("cli.pool.add.keys"))
	f.IntVar(&o.LockDays, "lock-days", 0, t("cli.pool.add.lock"))
	f.BoolVar(&o.ReadOnly, "read-only", false, t("cli.pool.add.readonly"))
	f.BoolVar(&o.Join, "join", false, t("cli.pool.add.join"))
	f.BoolVar(&o.TakeOver, "take-over", false, t("cli.pool.add.takeover"))
}

// withPool does something with the pool of a data folder. Where akashi serve has the
// folder, beside is done instead, and serve does the rest.
func (a *app) withPool(ctx context.Context, o *poolOptions, here, beside func(*pool.Pool) error) (err error) {
	e, err := engine.Open(ctx, o.Data, engine.Options{By: o.By, Log: a.log(), Create: o.create})
	if errors.Is(err, store.ErrLocked) {
		p, err := pool.Open(o.Data, pool.Options{Log: a.log(), Getenv: a.Getenv})
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, p.Close(ctx)) }()
		if err := beside(p); err != nil {
			return err
		}
		a.note("cli.pool.beside")
		return nil
	}
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, e.Close()) }()
	p, err := e.Pool()
	if err != nil {
		return err
	}
	return here(p)
}

// poolError words what the pool refuses.
func (a *app) poolError(err error) error {
	var refused *pool.RefusedError
	var lease *pool.LeaseError
	var volume *pool.VolumeError
	name := ""
	if errors.As(err, &volume) {
		name = volume.Volume
	}
	say := func(key string, args ...any) error { return errors.New(a.p.T(key, append(args, "volume", name)...)) }
	switch {
	case err == nil:
		return nil
	case errors.As(err, &refused):
		return say("cli.pool.error.refused")
	case errors.As(err, &lease):
		return errors.New(a.p.T("cli.pool.error.lease", "volume", lease.Volume, "host", lease.Host, "dir", lease.Data, "time", a.p.Time(unix(lease.Until))))
	case errors.Is(err, pool.ErrUnknown):
		return say("cli.pool.error.unknown")
	case errors.Is(err, pool.ErrName):
		return say("cli.pool.error.name")
	case errors.Is(err, pool.ErrNotEmpty):
		return say("cli.pool.error.notempty")
	case errors.Is(err, pool.ErrHeld):
		return say("cli.pool.error.held")
	case errors.Is(err, pool.ErrLast):
		return say("cli.pool.error.last")
	case errors.Is(err, pool.ErrPlain):
		return say("cli.pool.error.plain")
	case errors.Is(err, pool.ErrAway):
		return say("cli.pool.error.away", "reason", volume.Reason)
	}
	return err
}

// poolProgress shows long work.
func (a *app) poolProgress(quiet bool) (*progress, pool.Progress) {
	show := a.newProgress(quiet)
	show.line = func(p engine.Progress) string {
		return a.p.T("cli.pool.progress", "done", p.BytesDone, "all", p.Bytes, "what", p.File)
	}
	return show, func(done, all int64, what string) {
		show.update(engine.Progress{BytesDone: done, Bytes: all, File: what})
	}
}

func (a *app) runPoolStatus(ctx context.Context, o *poolOptions, _ []string) (err error) {
	if _, err := os.Stat(filepath.Join(o.Data, "format")); err != nil {
		return store.ErrNoStore
	}
	p, err := pool.Open(o.Data, pool.Options{ReadOnly: true, Getenv: a.Getenv})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, p.Close(ctx)) }()
	s, err := p.Status(ctx)
	if err != nil {
		return err
	}
	if o.JSON {
		err = json.NewEncoder(a.Stdout).Encode(s)
	} else {
		err = a.printPool(s, o.Data)
	}
	if err != nil {
		return err
	}
	damaged := s.LostCount > 0
	care := s.Short > 0 || s.Warn || s.Broken > 0
	for i := range s.Volumes {
		v := &s.Volumes[i]
		damaged = damaged || v.Damaged > 0
		care = care || v.Missing > 0 || !v.Online && v.State != pool.Lost
	}
	return outcome(care, damaged)
}

func (a *app) runPoolAdd(ctx context.Context, o *poolOptions, args []string) error {
	opt := pool.AddOptions{Name: o.Name, Class: o.Class, Join: o.Join, TakeOver: o.TakeOver, ReadOnly: o.ReadOnly}
	var err error
	if opt.Quota, err = a.size(o.Quota); err != nil {
		return err
	}
	if opt.Reserve, err = a.size(o.Reserve); err != nil {
		return err
	}
	if opt.Reserve == 0 {
		opt.Reserve = -1
	}
	if rest, ok := strings.CutPrefix(args[0], "s3://"); ok {
		bucket, prefix, _ := strings.Cut(rest, "/")
		if o.Endpoint == "" || bucket == "" {
			return usage(errors.New(a.p.T("cli.pool.add.need")))
		}
		opt.S3 = &pool.S3{Endpoint: o.Endpoint, Region: o.Region, Bucket: bucket, Prefix: prefix, Keys: o.Keys, LockDays: o.LockDays}
	} else {
		opt.Path = args[0]
	}
	add := func(p *pool.Pool) error {
		r, err := p.Add(ctx, opt)
		if r != nil && !o.JSON {
			a.printProbes(r.Probes)
		}
		if err != nil {
			return err
		}
		if o.JSON {
			return json.NewEncoder(a.Stdout).Encode(r)
		}
		a.printAdded(r)
		return nil
	}
	o.create = true
	return a.withPool(ctx, o, add, add)
}

// poolWork does work that tells what it did.
func (a *app) poolWork(ctx context.Context, o *poolOptions, do func(*pool.Pool, pool.Progress) (*pool.Work, error), beside func(*pool.Pool) error) error {
	return a.withPool(ctx, o, func(p *pool.Pool) error {
		show, progress := a.poolProgress(o.Quiet)
		w, err := do(p, progress)
		show.end()
		if err != nil {
			return err
		}
		if o.JSON {
			err = json.NewEncoder(a.Stdout).Encode(w)
		} else {
			a.printWork(w, o.Data)
		}
		if err != nil {
			return err
		}
		return outcome(w.Short > 0 || len(w.Errors) > 0, len(w.Gone) > 0)
	}, beside)
}

func (a *app) runPoolDrain(ctx context.Context, o *poolOptions, args []string) error {
	return a.poolWork(ctx, o, func(p *pool.Pool, f pool.Progress) (*pool.Work, error) { return p.Drain(ctx, args[0], f) },
		func(p *pool.Pool) error { _, err := p.StartDrain(ctx, args[0]); return err })
}

func (a *app) runPoolReplace(ctx context.Context, o *poolOptions, args []string) error {
	return a.poolWork(ctx, o, func(p *pool.Pool, f pool.Progress) (*pool.Work, error) { return p.Replace(ctx, args[0], args[1], f) },
		func(p *pool.Pool) error { _, _, err := p.StartReplace(ctx, args[0], args[1]); return err })
}

func (a *app) runPoolHeal(ctx context.Context, o *poolOptions, _ []string) error {
	return a.poolWork(ctx, o, func(p *pool.Pool, f pool.Progress) (*pool.Work, error) { return p.Heal(ctx, f) },
		func(p *pool.Pool) error { return p.Ask(ctx) })
}

func (a *app) runPoolTier(ctx context.Context, o *poolOptions, _ []string) error {
	return a.poolWork(ctx, o, func(p *pool.Pool, f pool.Progress) (*pool.Work, error) { return p.Tier(ctx, f) },
		func(p *pool.Pool) error { return p.Ask(ctx) })
}

// poolAct does a short change.
func (a *app) poolAct(ctx context.Context, o *poolOptions, key, volume string, do func(*pool.Pool) error) error {
	return a.withPool(ctx, o, func(p *pool.Pool) error {
		if err := do(p); err != nil {
			return err
		}
		if o.JSON {
			return json.NewEncoder(a.Stdout).Encode(p.Config())
		}
		fmt.Fprintln(a.Stdout, a.p.T(key, "volume", volume))
		return nil
	}, do)
}

func (a *app) runPoolRemove(ctx context.Context, o *poolOptions, args []string) error {
	show, progress := a.poolProgress(o.Quiet)
	defer show.end()
	return a.poolAct(ctx, o, "cli.pool.remove.done", args[0], func(p *pool.Pool) error { return p.Remove(ctx, args[0], progress) })
}

func (a *app) runPoolLost(ctx context.Context, o *poolOptions, args []string) error {
	return a.poolAct(ctx, o, "cli.pool.lost.done", args[0], func(p *pool.Pool) error { return p.MarkLost(ctx, args[0]) })
}

func (a *app) runPoolScrub(ctx context.Context, o *poolOptions, args []string) error {
	rate, err := a.size(o.Rate)
	if err != nil {
		return err
	}
	opt := pool.ScrubOptions{Rate: rate, Anew: o.Anew}
	if len(args) > 0 {
		opt.Volume = args[0]
	}
	scrub := func(p *pool.Pool) error {
		show, progress := a.poolProgress(o.Quiet)
		opt.Progress = progress
		r, err := p.Scrub(ctx, opt)
		show.end()
		if err != nil {
			return err
		}
		if o.JSON {
			if err := json.NewEncoder(a.Stdout).Encode(r); err != nil {
				return err
			}
		} else {
			a.printScrub(r)
		}
		return outcome(len(r.Away) > 0, r.Damaged+r.Missing > 0)
	}
	return a.withPool(ctx, o, scrub, scrub)
}
