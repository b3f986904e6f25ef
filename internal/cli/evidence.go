package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/akashi-audit/akashi/internal/engine"
	"github.com/akashi-audit/akashi/internal/evidence"
	"github.com/akashi-audit/akashi/internal/query"
	"github.com/akashi-audit/akashi/internal/record"
	"github.com/akashi-audit/akashi/internal/server"
	"github.com/akashi-audit/akashi/internal/store"
)

type evidenceOptions struct {
	Data, Query, Case, Out string
	By, Ground             string
	Unmask, JSON           bool
}

func (a *app) newEvidence() *cobra.Command {
	var o evidenceOptions
	c := &cobra.Command{
		Use: "evidence --data DIR --query TEXT --case NAME [--out FILE]", Short: a.p.T("cli.evidence.short"), Long: a.p.T("cli.evidence.long"),
		RunE: func(cmd *cobra.Command, args []string) error {
			o.Query = strings.TrimSpace(o.Query + " " + strings.Join(args, " "))
			return a.runEvidence(cmd.Context(), o)
		},
	}
	a.dataFlag(c, &o.Data)
	f, t := c.Flags(), a.p.T
	f.StringVar(&o.Query, "query", "", t("cli.evidence.query"))
	f.StringVar(&o.Case, "case", "", t("cli.evidence.case"))
	f.StringVar(&o.Out, "out", "", t("cli.evidence.out"))
	f.StringVar(&o.By, "by", "", t("cli.evidence.by"))
	f.StringVar(&o.Ground, "ground", "", t("cli.evidence.ground"))
	f.BoolVar(&o.Unmask, "unmask", false, t("cli.evidence.unmask"))
	f.BoolVar(&o.JSON, "json", false, t("cli.evidence.json"))
	return c
}

func (a *app) runEvidence(ctx context.Context, o evidenceOptions) error {
	if err := a.needData(o.Data); err != nil {
		return err
	}
	now := time.Now()
	switch {
	case strings.TrimSpace(o.Case) == "":
		return usage(errors.New(a.p.T("cli.evidence.needcase")))
	case o.Unmask && (strings.TrimSpace(o.By) == "" || strings.TrimSpace(o.Ground) == ""):
		return usage(errors.New(a.p.T("cli.evidence.needground")))
	}
	if _, err := a.query(searchOptions{Text: o.Query}, query.Clock{Now: now}); err != nil {
		return err
	}
	if o.By == "" {
		o.By = importer()
	}
	if o.Out == "" {
		o.Out = "evidence-" + now.Format("20060102-150405") + ".zip"
	}
	out, err := filepath.Abs(o.Out)
	if err != nil {
		return err
	}
	if _, err := os.Lstat(out); err == nil {
		return errors.New(a.p.T("cli.evidence.exists", "file", record.Visible(o.Out)))
	}
	zone, err := a.zoneOf(o.Data)
	if err != nil {
		return err
	}
	q, err := a.query(searchOptions{Text: o.Query}, query.Clock{Now: now, Zone: zone})
	if err != nil {
		return err
	}
	return a.evidence(ctx, o, evidence.Options{
		Case: o.Case, By: o.By, Ground: o.Ground, Unmask: o.Unmask, Query: q, Software: "akashi " + Version, Out: out,
	}, q.Text(zone))
}

func (a *app) evidence(ctx context.Context, o evidenceOptions, opt evidence.Options, text string) error {
	show := a.newProgress(o.JSON)
	show.line = func(at engine.Progress) string {
		return a.p.T("cli.evidence.progress", "n", at.Records, "events", at.Events)
	}
	opt.Progress = func(records, events int64) { show.update(engine.Progress{Records: records, Events: events}) }
	opt.Writing = func(done, all int64) {
		show.line = func(engine.Progress) string {
			return a.p.T("cli.evidence.writing", "done", a.p.Bytes(done), "all", a.p.Bytes(all))
		}
		show.update(engine.Progress{})
	}
	var res *evidence.Result
	e, err := engine.Open(ctx, o.Data, engine.Options{})
	switch {
	case errors.Is(err, store.ErrLocked): // a server has the folder, perhaps
		res, err = a.handEvidence(ctx, o.Data, server.BundleRequest{Case: opt.Case, By: opt.By, Ground: opt.Ground, Unmask: opt.Unmask, Query: text, Out: opt.Out}, opt.Progress)
		if errors.Is(err, errNoServer) {
			err = errors.New(a.p.T("cli.store.locked"))
		}
	case err == nil:
		res, err = e.Evidence(ctx, opt)
		err = errors.Join(err, e.Close())
	}
	show.end()
	if errors.Is(err, evidence.ErrNone) {
		a.note("cli.evidence.none")
		return &exit{code: exitNotFound}
	}
	if err != nil {
		return err
	}
	if o.JSON {
		return json.NewEncoder(a.Stdout).Encode(res)
	}
	fmt.Fprintln(a.Stdout, a.p.T("cli.evidence.done", "file", record.Visible(o.Out), "n", res.Records, "events", res.Events, "masked", res.Masked, "point", res.Point))
	fmt.Fprintln(a.Stdout, a.p.T("cli.evidence.proven", "n", res.Records, "proven", res.Proven, "stamps", res.Stamps))
	for _, d := range res.Unproven {
		a.note("cli.evidence.unproven", "day", d.Day, "server", record.Visible(d.Server))
	}
	if res.Left > 0 {
		a.note("cli.evidence.left", "n", res.Left)
	}
	if !res.Anchored {
		a.note("cli.evidence.unanchored")
	}
	return nil
}
