package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"github.com/akashi-audit/akashi/internal/account"
	"github.com/akashi-audit/akashi/internal/job"
	"github.com/akashi-audit/akashi/internal/saved"
	"github.com/akashi-audit/akashi/internal/seal"
	"github.com/akashi-audit/akashi/internal/state"
	"github.com/akashi-audit/akashi/internal/verify"
)

type verifyOptions struct {
	Since, Roots string
	Distrust     string
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
	c.Flags().StringVar(&o.Distrust, "distrust", "", a.p.T("cli.verify.distrust"))
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
	if opt.Distrust, err = verify.ParseDistrust(o.Distrust); err != nil {
		return usage(errors.New(a.p.T("cli.verify.distrustwhat")))
	}
	opt.SinceName = filepath.Base(o.Since)
	opt.State = checkState
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

// stateTries is how often the database is looked at while a running akashi may change
// it.
const stateTries = 4

// checkState compares a copy of state.sqlite with the entries of the seal. The folder
// is only read. A difference counts when it stays: a change that is under way is in the
// seal a moment before it is in the database.
func checkState(ctx context.Context, dir string, entries []seal.Entry) ([]verify.Finding, error) {
	var diffs []account.Difference
	var rows []state.Difference
	for try := range stateTries {
		if try > 0 {
			time.Sleep(300 * time.Millisecond)
			l, err := seal.Read(dir)
			if err != nil {
				break // told by the check of the log
			}
			entries = l
		}
		var err error
		if diffs, rows, err = compareState(ctx, dir, entries); err != nil && try < stateTries-1 {
			continue // copied in the middle of a write
		} else if err != nil {
			return nil, err
		}
		if len(diffs) == 0 && !slices.ContainsFunc(rows, func(d state.Difference) bool { return d.What != state.RowFound }) {
			break
		}
	}
	var out []verify.Finding
	for _, d := range rows {
		f := verify.Finding{State: verify.Damaged, What: "row_" + d.What, File: state.FileName, Part: d.Kind + " " + d.ID, Detail: d.Name}
		switch d.What {
		case state.RowGone:
			f.State = verify.Missing
		case state.RowUnsealed:
			f.State = verify.Extra
		case state.RowFound:
			f.State = verify.Note
		}
		out = append(out, f)
	}
	for _, d := range diffs {
		f := verify.Finding{State: verify.Damaged, What: "state_" + d.What, File: state.FileName, Part: fmt.Sprintf("%s %d", d.Kind, d.ID), Detail: d.Name}
		switch d.What {
		case account.DiffMissing:
			f.State, f.What = verify.Missing, "state_gone"
		case account.DiffUnsealed:
			f.State = verify.Extra
		}
		out = append(out, f)
	}
	return out, nil
}

// compareState does it once.
func compareState(ctx context.Context, dir string, entries []seal.Entry) (diffs []account.Difference, rows []state.Difference, err error) {
	tmp, err := os.MkdirTemp("", "akashi-verify-")
	if err != nil {
		return nil, nil, fmt.Errorf("copy %s: %w", state.FileName, err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(tmp)) }()
	for _, name := range []string{state.FileName, state.FileName + "-wal"} {
		b, err := os.ReadFile(filepath.Join(dir, name))
		if errors.Is(err, os.ErrNotExist) {
			continue
		}
		if err == nil {
			err = os.WriteFile(filepath.Join(tmp, name), b, 0o600)
		}
		if err != nil {
			return nil, nil, fmt.Errorf("copy %s: %w", name, err)
		}
	}
	db, err := state.Open(ctx, tmp)
	if err != nil {
		return nil, nil, err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	if diffs, err = account.Check(ctx, db, entries); err != nil {
		return nil, nil, err
	}
	for _, check := range []func(context.Context, *state.DB, []seal.Entry) ([]state.Difference, error){saved.Check, job.Check} {
		l, err := check(ctx, db, entries)
		if err != nil {
			return nil, nil, err
		}
		rows = append(rows, l...)
	}
	return diffs, rows, nil
}
