package cli

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/akashi-audit/akashi/internal/i18n"
)

// Exit codes. Damage wins over skipped.
const (
	exitOK          = 0
	exitError       = 1
	exitUsage       = 2
	exitSkipped     = 3
	exitNotFound    = 4
	exitDamage      = 5
	exitInterrupted = 130
)

// Env is what a command may touch of the world outside.
type Env struct {
	Stdout, Stderr io.Writer
	Getenv         func(string) string
	Args           []string
}

// app is Env with the printer of the user's language.
type app struct {
	Env
	p *i18n.Printer
}

// exit carries an exit code; err may be nil when everything was said already.
type exit struct {
	code int
	err  error
}

func (e *exit) Error() string {
	if e.err == nil {
		return fmt.Sprintf("exit code %d", e.code)
	}
	return e.err.Error()
}

func (e *exit) Unwrap() error { return e.err }

func usage(err error) error { return &exit{exitUsage, err} }

// outcome is the exit code of a run over files.
func outcome(skipped, damaged bool) error {
	switch {
	case damaged:
		return &exit{code: exitDamage}
	case skipped:
		return &exit{code: exitSkipped}
	}
	return nil
}

// Run runs the command line and returns the exit code.
func Run(ctx context.Context, env Env) (code int) {
	a := &app{Env: env, p: i18n.For(i18n.FromEnv(langOption(env.Args), env.Getenv))}
	defer func() {
		if r := recover(); r != nil { // a defect, never an exit path: say so and keep the code of an error
			fmt.Fprintln(env.Stderr, a.p.T("cli.error.defect", "error", fmt.Sprint(r)))
			code = exitError
		}
	}()
	root := a.newRoot()
	root.SetArgs(termsBehind(root, env.Args))
	root.SetOut(env.Stdout)
	root.SetErr(env.Stderr)
	return a.report(ctx, root.ExecuteContext(ctx))
}

// langOption finds --lang before cobra reads the flags: help is written with it.
func langOption(args []string) string {
	for i, s := range args {
		if v, ok := cutFlag(s, "--lang="); ok {
			return v
		}
		if s == "--lang" && i+1 < len(args) {
			return args[i+1]
		}
	}
	return ""
}

func cutFlag(s, prefix string) (string, bool) {
	if len(s) > len(prefix) && s[:len(prefix)] == prefix {
		return s[len(prefix):], true
	}
	return "", false
}

func (a *app) report(ctx context.Context, err error) int {
	var x *exit
	switch {
	case err == nil:
		return exitOK
	case errors.As(err, &x):
		if x.err != nil {
			a.fail(x.err)
			if x.code == exitUsage {
				a.note("cli.error.hint")
			}
		}
		return x.code
	case ctx.Err() != nil || errors.Is(err, context.Canceled):
		a.note("cli.error.interrupted")
		return exitInterrupted
	}
	a.fail(err)
	return exitError
}

func (a *app) fail(err error) {
	fmt.Fprintln(a.Stderr, a.p.T("cli.error", "error", a.explain(err)))
}

// note writes a line to standard error.
func (a *app) note(key string, args ...any) { fmt.Fprintln(a.Stderr, a.p.T(key, args...)) }

func (a *app) newRoot() *cobra.Command {
	root := &cobra.Command{
		Use: "akashi", Short: a.p.T("cli.akashi.short"), Long: a.p.T("cli.akashi.long"),
		SilenceErrors: true, SilenceUsage: true,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) > 0 {
				return usage(errors.New(a.p.T("cli.error.command", "name", args[0])))
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	root.PersistentFlags().String("lang", "", a.p.T("cli.flag.lang"))
	root.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return usage(a.flagError(err)) })
	root.CompletionOptions.HiddenDefaultCmd = true
	root.AddCommand(
		a.newInspect(), a.newConvert(), a.newCoverage(), a.newExplain(), a.newImport(), a.newReconvert(), a.newSearch(), a.newStore(), a.newArchive(), a.newPool(), a.newSeal(), a.newVerify(), a.newEvidence(), a.newHold(), a.newServe(), a.newPeople(), a.newDemo(), a.newConfig(), a.newBench(), a.newVersion(),
	)
	root.SetHelpCommand(&cobra.Command{Use: "help", Hidden: true, RunE: func(cmd *cobra.Command, args []string) error {
		if c, _, err := root.Find(args); err == nil {
			return c.Help()
		}
		return root.Help()
	}})
	root.SetUsageTemplate(usageTemplate(a.p))
	a.localFlags(root)
	return root
}

// localFlags words cobra's own --help flag.
func (a *app) localFlags(c *cobra.Command) {
	c.InitDefaultHelpFlag()
	if f := c.Flags().Lookup("help"); f != nil {
		f.Usage = a.p.T("cli.flag.help")
	}
	for _, k := range c.Commands() {
		a.localFlags(k)
	}
}

func usageTemplate(p *i18n.Printer) string {
	return p.T("cli.usage.usage") + `
  {{if .Runnable}}{{.UseLine}}{{end}}{{if .HasAvailableSubCommands}}
  {{.CommandPath}} …{{end}}{{if .HasAvailableSubCommands}}

` + p.T("cli.usage.commands") + `{{range .Commands}}{{if .IsAvailableCommand}}
  {{rpad .Name .NamePadding}} {{.Short}}{{end}}{{end}}{{end}}{{if .HasAvailableLocalFlags}}

` + p.T("cli.usage.flags") + `
{{.LocalFlags.FlagUsages | trimTrailingWhitespaces}}{{end}}{{if .HasAvailableInheritedFlags}}

` + p.T("cli.usage.global") + `
{{.InheritedFlags.FlagUsages | trimTrailingWhitespaces}}{{end}}
`
}

// needArgs wants at least one path.
func (a *app) needArgs(_ *cobra.Command, args []string) error {
	if len(args) == 0 {
		return usage(errors.New(a.p.T("cli.error.paths")))
	}
	return nil
}

func (a *app) noArgs(_ *cobra.Command, args []string) error {
	if len(args) > 0 {
		return usage(errors.New(a.p.T("cli.error.extra", "arg", args[0])))
	}
	return nil
}
