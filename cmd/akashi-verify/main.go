// Command akashi-verify checks a data folder, an archive volume or an evidence
// bundle offline. It links neither the store nor Parquet, so that a stranger can
// read all of it.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"

	"github.com/akashi-audit/akashi/internal/i18n"
	"github.com/akashi-audit/akashi/internal/verify"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	code := run(ctx, os.Args[1:], os.Stdout, os.Stderr, os.Getenv)
	stop()
	os.Exit(code)
}

// run returns 0 in order, 1 could not be checked, 2 usage, 5 damaged.
func run(ctx context.Context, args []string, stdout, stderr io.Writer, getenv func(string) string) int {
	f := flag.NewFlagSet("akashi-verify", flag.ContinueOnError)
	f.SetOutput(io.Discard)
	since, roots := f.String("since", "", ""), f.String("roots", "", "")
	distrust := f.String("distrust", "", "")
	lang, asJSON := f.String("lang", "", ""), f.Bool("json", false, "")
	err := f.Parse(args)
	p := i18n.For(i18n.FromEnv(*lang, getenv))
	if err != nil || f.NArg() != 1 {
		fmt.Fprintln(stderr, p.T("verify.usage"))
		if errors.Is(err, flag.ErrHelp) {
			return 0
		}
		return 2
	}
	opt := verify.Options{SinceName: filepath.Base(*since)}
	if opt.Distrust, err = verify.ParseDistrust(*distrust); err != nil {
		fmt.Fprintln(stderr, p.T("cli.verify.distrustwhat"))
		return 2
	}
	r, err := check(ctx, f.Arg(0), *since, *roots, opt)
	if err == nil {
		if *asJSON {
			err = json.NewEncoder(stdout).Encode(r)
		} else {
			err = r.Write(stdout, p.T)
		}
	}
	switch {
	case err != nil:
		fmt.Fprintln(stderr, "akashi-verify:", err)
		return 1
	case r.Damage():
		return 5
	}
	return 0
}

func check(ctx context.Context, path, since, roots string, opt verify.Options) (*verify.Report, error) {
	var err error
	if since != "" {
		if opt.Since, err = os.ReadFile(since); err != nil {
			return nil, err
		}
	}
	if roots != "" {
		if opt.Roots, err = os.ReadFile(roots); err != nil {
			return nil, err
		}
	}
	return verify.Check(ctx, path, opt)
}
