package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/akashi-audit/akashi/internal/verify"
)

type verifyOptions struct {
	Since, Roots string
	JSON         bool
}

func (a *app) newVerify() *cobra.Command {
	var o verifyOptions
	c := &cobra.Command{
		Use: "verify FOLDER|VOLUME|BUNDLE.zip [--since CHECKPOINT]", Short: a.p.T("cli.verify.short"), Long: a.p.T("cli.verify.long"),
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) != 1 {
				return usage(errors.New(a.p.T("cli.verify.path")))
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error { return a.runVerify(cmd.Context(), o, args[0]) },
	}
	c.Flags().StringVar(&o.Since, "since", "", a.p.T("cli.verify.since"))
	c.Flags().StringVar(&o.Roots, "roots", "", a.p.T("cli.verify.roots"))
	c.Flags().BoolVar(&o.JSON, "json", false, a.p.T("cli.verify.json"))
	return c
}

func (a *app) runVerify(ctx context.Context, o verifyOptions, path string) (err error) {
	var opt verify.Options
	for name, to := range map[string]*[]byte{o.Since: &opt.Since, o.Roots: &opt.Roots} {
		if name == "" {
			continue
		}
		if *to, err = os.ReadFile(name); err != nil {
			return fmt.Errorf("verify: %w", err)
		}
	}
	opt.SinceName = filepath.Base(o.Since)
	r, err := verify.Check(ctx, path, opt)
	if err != nil {
		return err
	}
	if o.JSON {
		err = json.NewEncoder(a.Stdout).Encode(r)
	} else {
		err = r.Write(a.Stdout, a.p.T)
	}
	if err != nil {
		return err
	}
	return outcome(false, r.Damage())
}
