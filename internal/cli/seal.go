package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"github.com/akashi-audit/akashi/internal/config"
	"github.com/akashi-audit/akashi/internal/engine"
	"github.com/akashi-audit/akashi/internal/fsx"
	"github.com/akashi-audit/akashi/internal/seal"
	"github.com/akashi-audit/akashi/internal/verify"
)

type sealOptions struct {
	Data, Out, URL, Roots string
	Lost, JSON            bool
	Hash                  string
	Rate                  int64
	Begin                 bool
}

func (a *app) newSeal() *cobra.Command {
	c := &cobra.Command{
		Use: "seal", Short: a.p.T("cli.seal.short"), Long: a.p.T("cli.seal.long"), Args: a.noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	sub := func(use, key string, args cobra.PositionalArgs, run func(context.Context, sealOptions, []string) error, flags func(*cobra.Command, *sealOptions)) {
		o := &sealOptions{}
		s := &cobra.Command{Use: use, Short: a.p.T("cli.seal." + key + ".short"), Args: args, RunE: func(cmd *cobra.Command, args []string) error {
			if err := a.needData(o.Data); err != nil {
				return err
			}
			return run(cmd.Context(), *o, args)
		}}
		a.dataFlag(s, &o.Data)
		flags(s, o)
		c.AddCommand(s)
	}
	sub("status --data DIR", "status", a.noArgs, a.runSealStatus, func(s *cobra.Command, o *sealOptions) {
		s.Flags().BoolVar(&o.JSON, "json", false, a.p.T("cli.verify.json"))
	})
	sub("checkpoint --data DIR", "checkpoint", a.noArgs, a.runSealCheckpoint, func(*cobra.Command, *sealOptions) {})
	sub("export --data DIR [--out FILE]", "export", a.noArgs, a.runSealExport, func(s *cobra.Command, o *sealOptions) {
		s.Flags().StringVar(&o.Out, "out", "", a.p.T("cli.seal.export.out"))
	})
	sub("stamp --data DIR --url URL", "stamp", a.noArgs, a.runSealStamp, func(s *cobra.Command, o *sealOptions) {
		s.Flags().StringVar(&o.URL, "url", "", a.p.T("cli.seal.stamp.url"))
		s.Flags().StringVar(&o.Roots, "roots", "", a.p.T("cli.verify.roots"))
	})
	sub("send --data DIR", "send", a.noArgs, a.runSealSend, func(s *cobra.Command, o *sealOptions) {
		s.Flags().BoolVar(&o.JSON, "json", false, a.p.T("cli.verify.json"))
	})
	sub("rotate --data DIR [--lost]", "rotate", a.noArgs, a.runSealRotate, func(s *cobra.Command, o *sealOptions) {
		s.Flags().BoolVar(&o.Lost, "lost", false, a.p.T("cli.seal.rotate.lost"))
	})
	sub("renew --data DIR --hash sha512 [--rate MB] [--begin]", "renew", a.noArgs, a.runSealRenew, func(s *cobra.Command, o *sealOptions) {
		s.Flags().StringVar(&o.Hash, "hash", "", a.p.T("cli.seal.renew.hash"))
		s.Flags().Int64Var(&o.Rate, "rate", 0, a.p.T("cli.seal.renew.rate"))
		s.Flags().BoolVar(&o.Begin, "begin", false, a.p.T("cli.seal.renew.begin"))
		s.Flags().BoolVar(&o.JSON, "json", false, a.p.T("cli.verify.json"))
	})
	sub("prove-consistency --data DIR CHECKPOINT", "prove", func(_ *cobra.Command, args []string) error {
		if len(args) != 1 {
			return usage(errors.New(a.p.T("cli.seal.prove.arg")))
		}
		return nil
	}, a.runSealProve, func(*cobra.Command, *sealOptions) {})
	return c
}

func (a *app) runSealStatus(_ context.Context, o sealOptions, _ []string) error {
	s, err := engine.Seal(o.Data)
	if err != nil {
		return err
	}
	if o.JSON {
		return json.NewEncoder(a.Stdout).Encode(s)
	}
	if len(s.Checkpoints) == 0 {
		fmt.Fprintln(a.Stdout, a.p.T("cli.seal.status.none", "leaves", s.Leaves))
		return nil
	}
	zone, err := a.zoneOf(o.Data)
	if err != nil {
		return err
	}
	last := s.Checkpoints[len(s.Checkpoints)-1]
	fmt.Fprintln(a.Stdout, a.p.T("cli.seal.status.line", "leaves", s.Leaves, "unsealed", s.Unsealed, "checkpoints", len(s.Checkpoints), "time", a.when(last.Time, zone), "size", last.Size))
	for _, k := range s.Keys {
		fmt.Fprintln(a.Stdout, a.p.T("cli.seal.status.key", "key", k.Key))
	}
	if s.NeedsStamp {
		fmt.Fprintln(a.Stdout, a.p.T("cli.seal.status.stamp"))
	}
	if s.StampExpires > 0 {
		fmt.Fprintln(a.Stdout, a.p.T("seal.stamp.renewal", "until", a.when(s.StampExpires, zone), "time", a.when(s.StampRenewal, zone)))
	}
	if s.Again.Hash != "" {
		fmt.Fprintln(a.Stdout, a.p.T("cli.seal.status.again", "hash", string(s.Again.Hash), "lines", s.Again.Lines, "broken", s.Again.Broken))
	}
	if s.AgainBegun != "" {
		fmt.Fprintln(a.Stdout, a.p.T("cli.seal.status.again.begun", "hash", string(s.AgainBegun)))
	}
	a.printSends(s.Sends, zone)
	return nil
}

func (a *app) runSealCheckpoint(ctx context.Context, o sealOptions, _ []string) error {
	return a.withEngine(ctx, o.Data, false, func(e *engine.Engine) error {
		c, err := e.SealNow(ctx)
		if err != nil {
			return err
		}
		_, err = a.Stdout.Write(c.Text)
		return err
	})
}

func (a *app) runSealExport(_ context.Context, o sealOptions, _ []string) error {
	s, err := engine.Seal(o.Data)
	if err != nil {
		return err
	}
	if len(s.Checkpoints) == 0 {
		return errors.New(a.p.T("cli.seal.status.none", "leaves", s.Leaves))
	}
	text := s.Checkpoints[len(s.Checkpoints)-1].Text
	if o.Out != "" {
		return fsx.WriteFileAtomic(o.Out, text, 0o644)
	}
	_, err = a.Stdout.Write(text)
	return err
}

func (a *app) runSealStamp(ctx context.Context, o sealOptions, _ []string) error {
	conf, err := config.Load(o.Data)
	if err != nil {
		return err
	}
	if o.URL == "" {
		o.URL = conf.Seal.Authority
	}
	if o.Roots == "" {
		o.Roots = conf.Seal.Roots
	}
	if o.URL == "" {
		return usage(errors.New(a.p.T("cli.seal.stamp.need")))
	}
	au, err := engine.Authority(o.URL, o.Roots)
	if err != nil {
		return err
	}
	return a.withEngine(ctx, o.Data, false, func(e *engine.Engine) error {
		s, err := e.Stamp(ctx, au)
		if errors.Is(err, engine.ErrStamped) {
			fmt.Fprintln(a.Stdout, a.p.T("cli.seal.stamp.have"))
			return nil
		}
		if err != nil {
			return err
		}
		fmt.Fprintln(a.Stdout, a.p.T("cli.seal.stamp.done", "time", s.Time.UTC().Format(time.RFC3339), "name", s.Authority))
		return nil
	})
}

func (a *app) runSealRotate(ctx context.Context, o sealOptions, _ []string) error {
	return a.withEngine(ctx, o.Data, false, func(e *engine.Engine) error {
		k, err := e.RotateKey(ctx, importer(), o.Lost)
		if err != nil {
			return err
		}
		fmt.Fprintln(a.Stdout, a.p.T("cli.seal.rotate.done", "key", seal.KeyID(k.Key), "file", filepath.Join(o.Data, seal.DirName, seal.KeyName)))
		return nil
	})
}

// runSealProve is verify --since without the hashes of files.
func (a *app) runSealProve(_ context.Context, o sealOptions, args []string) error {
	since, err := os.ReadFile(args[0])
	if err != nil {
		return fmt.Errorf("earlier checkpoint: %w", err)
	}
	r, err := verify.Log(o.Data, verify.Options{Since: since, SinceName: filepath.Base(args[0])})
	if err != nil {
		return err
	}
	if err := r.Write(a.Stdout, a.p.T); err != nil {
		return err
	}
	return outcome(false, r.Damage())
}
