package cli

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/akashi-audit/akashi/internal/config"
)

func (a *app) newConfig() *cobra.Command {
	c := &cobra.Command{Use: "config", Short: a.p.T("cli.config.short"), Args: a.noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() }}
	var data string
	check := &cobra.Command{
		Use: "check --data DIR", Short: a.p.T("cli.config.check"), Args: a.noArgs,
		RunE: func(*cobra.Command, []string) error {
			if err := a.needData(data); err != nil {
				return err
			}
			return a.runConfigCheck(data)
		},
	}
	a.dataFlag(check, &data)
	c.AddCommand(check)
	return c
}

func (a *app) runConfigCheck(dir string) error {
	c, err := config.Load(dir)
	var bad *config.Error
	if errors.As(err, &bad) {
		for _, p := range bad.Problems {
			if p.Key == "" { // the line is no TOML
				fmt.Fprintln(a.Stdout, a.p.T("cli.config.syntax", "line", fmt.Sprint(p.Line), "reason", p.Reason))
				continue
			}
			fmt.Fprintln(a.Stdout, a.p.T("cli.config.problem", "line", fmt.Sprint(p.Line), "key", p.Key, "reason", p.Reason))
		}
		return &exit{exitError, errors.New(a.p.T("cli.config.bad", "n", len(bad.Problems)))}
	}
	if err != nil {
		return err
	}
	fmt.Fprintf(a.Stdout, "%s\n%s", a.p.T("cli.config.good"), c.Text())
	return nil
}
