package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/akashi-audit/akashi/internal/archive"
	"github.com/akashi-audit/akashi/internal/engine"
	"github.com/akashi-audit/akashi/internal/manifest"
	"github.com/akashi-audit/akashi/internal/pace"
	"github.com/akashi-audit/akashi/internal/query"
	"github.com/akashi-audit/akashi/internal/record"
)

func (a *app) newArchive() *cobra.Command {
	c := &cobra.Command{
		Use: "archive", Short: a.p.T("cli.archive.short"), Long: a.p.T("cli.archive.long"), Args: a.noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	c.AddCommand(a.newArchiveSeal(), a.newArchiveList(), a.newArchiveSearch(), a.newArchiveRestore(), a.newArchiveRelease(), a.newArchiveRebuild(), a.newArchiveExport(), a.newArchiveRetention())
	return c
}

// archiveOptions are those of the archive commands.
type archiveOptions struct {
	Data, By string
	All      bool
	Restored bool
	JSON     bool
	Quiet    bool
}

func (a *app) newArchiveSeal() *cobra.Command {
	o := archiveOptions{By: importer()}
	c := &cobra.Command{
		Use: "seal --data DIR [--all] [--quiet]", Short: a.p.T("cli.archive.seal.short"), Long: a.p.T("cli.archive.seal.long"), Args: a.noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return a.runArchiveSeal(cmd.Context(), o) },
	}
	a.dataFlag(c, &o.Data)
	c.Flags().BoolVar(&o.All, "all", false, a.p.T("cli.archive.seal.all"))
	c.Flags().BoolVar(&o.JSON, "json", false, a.p.T("cli.archive.json"))
	c.Flags().BoolVarP(&o.Quiet, "quiet", "q", false, a.p.T("cli.import.quiet"))
	return c
}

func (a *app) runArchiveSeal(ctx context.Context, o archiveOptions) error {
	if err := a.needData(o.Data); err != nil {
		return err
	}
	defer pace.Memory()()
	return a.withEngine(ctx, o.Data, false, func(e *engine.Engine) error {
		show := a.newProgress(o.Quiet || o.JSON)
		var at archive.SealProgress
		show.line = func(engine.Progress) string { return a.sealLine(at) }
		q := engine.SealRequest{All: o.All, By: o.By, Step: func(p archive.SealProgress) {
			at = p
			show.update(engine.Progress{})
		}}
		if !o.JSON {
			q.Progress = func(_, _ string, d *manifest.Day) {
				if d != nil {
					show.end()
					a.printPart(d)
				}
			}
		}
		l, err := e.SealArchive(ctx, q)
		show.end()
		if err != nil {
			return err
		}
		if o.JSON {
			return json.NewEncoder(a.Stdout).Encode(l)
		}
		if len(l) == 0 {
			fmt.Fprintln(a.Stdout, a.p.T("cli.archive.seal.none"))
			return nil
		}
		s := archive.SumOf(l)
		fmt.Fprintln(a.Stdout, a.p.T("cli.archive.seal.sum", "parts", s.Parts, "records", s.Records, "events", s.Events,
			"perrecord", per(s.RecordBytes, s.Records), "perevent", per(s.EventBytes, s.Events), "peract", per(s.RecordBytes+s.EventBytes, s.Records)))
		return nil
	})
}

// sealLine words a moment of sealing.
func (a *app) sealLine(p archive.SealProgress) string {
	key := map[archive.SealStep]string{
		archive.SealReads: "cli.archive.seal.read", archive.SealWrites: "cli.archive.seal.write",
		archive.SealCompares: "cli.archive.seal.compare", archive.SealPacks: "cli.archive.seal.pack",
	}[p.Step]
	return a.p.T(key, "day", p.Day, "server", record.Visible(p.Server), "done", p.Done, "of", p.Of, "percent", p.Percent())
}

// per is bytes for each of n things.
func per(bytes, n int64) string {
	if n == 0 {
		return "–"
	}
	return fmt.Sprintf("%.2f", float64(bytes)/float64(n))
}

func (a *app) printPart(d *manifest.Day) {
	key := "cli.archive.part"
	if d.Open {
		key = "cli.archive.part.open"
	}
	fmt.Fprintln(a.Stdout, a.p.T(key, "day", d.Day, "server", record.Visible(d.Server), "part", d.Part, "records", d.Records, "voids", d.Voids, "events", d.Events))
}

func (a *app) newArchiveList() *cobra.Command {
	var o archiveOptions
	c := &cobra.Command{
		Use: "list --data DIR [--restored] [--json]", Short: a.p.T("cli.archive.list.short"), Long: a.p.T("cli.archive.list.long"), Args: a.noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return a.runArchiveList(cmd.Context(), o) },
	}
	a.dataFlag(c, &o.Data)
	c.Flags().BoolVar(&o.Restored, "restored", false, a.p.T("cli.restore.list"))
	c.Flags().BoolVar(&o.JSON, "json", false, a.p.T("cli.archive.json"))
	return c
}

func (a *app) runArchiveList(ctx context.Context, o archiveOptions) error {
	if err := a.needData(o.Data); err != nil {
		return err
	}
	return a.withEngine(ctx, o.Data, true, func(e *engine.Engine) error {
		days, err := e.Archived(ctx)
		if err != nil {
			return err
		}
		if o.Restored {
			return a.listRestored(days, o.JSON)
		}
		l, err := e.ArchiveDays(ctx)
		if err != nil {
			return err
		}
		if o.JSON {
			if err := json.NewEncoder(a.Stdout).Encode(l); err != nil {
				return err
			}
		} else {
			for i := range l {
				a.printPart(&l[i])
			}
			a.printRestoredDays(days)
		}
		if len(l) == 0 {
			a.note("cli.archive.list.none")
			return &exit{code: exitNotFound}
		}
		return nil
	})
}

func (a *app) newArchiveSearch() *cobra.Command {
	var o searchOptions
	c := &cobra.Command{
		Use: "search --data DIR [QUERY…]", Short: a.p.T("cli.archive.search.short"), Long: a.p.T("cli.archive.search.long"),
		RunE: func(cmd *cobra.Command, args []string) error {
			o.Text, o.Limited = strings.Join(args, " "), cmd.Flags().Changed("limit")
			return a.runArchiveSearch(cmd.Context(), o)
		},
	}
	a.dataFlag(c, &o.Data)
	c.Flags().IntVar(&o.Limit, "limit", 100, a.p.T("cli.search.limit"))
	c.Flags().BoolVar(&o.All, "all", false, a.p.T("cli.search.all"))
	c.Flags().StringVar(&o.Class, "class", "", a.p.T("cli.search.class"))
	c.Flags().StringVar(&o.Format, "format", "table", a.p.T("cli.search.format"))
	return c
}

// archiveFinder searches the archive alone.
type archiveFinder struct{ *engine.Engine }

func (f archiveFinder) Search(ctx context.Context, q query.Query) (*query.Page, error) {
	p, err := f.SearchArchive(ctx, q)
	if err == nil {
		p.Archived, p.Restored = nil, nil // all of the answer is: nothing to tell
	}
	return p, err
}

func (a *app) runArchiveSearch(ctx context.Context, o searchOptions) error {
	if err := a.needData(o.Data); err != nil {
		return err
	}
	if err := a.checkSearch(o); err != nil {
		return err
	}
	return a.withEngine(ctx, o.Data, true, func(e *engine.Engine) error {
		zone, err := a.zoneOf(o.Data)
		if err != nil {
			return err
		}
		s := &search{app: a, o: o, in: archiveFinder{e}, zone: zone}
		if s.q, err = a.query(o, query.Clock{Now: time.Now(), Zone: zone}); err != nil {
			return err
		}
		found, err := s.records(ctx)
		if err != nil {
			return err
		}
		if !found {
			a.note("cli.archive.search.none")
			return &exit{code: exitNotFound}
		}
		return nil
	})
}

// tellArchived says which days of an answer came from the archive.
func (a *app) tellArchived(days []string) {
	if n := len(days); n > 0 {
		a.note("cli.archive.reached", "days", n, "first", days[0], "last", days[n-1])
	}
}

// tellUnread warns of days of which records may be missing in an answer.
func (a *app) tellUnread(days []string) {
	if n := len(days); n > 0 {
		a.note("cli.archive.unread", "days", n, "first", days[0], "last", days[n-1])
	}
}

type rebuildOptions struct {
	Data, From string
	Quiet      bool
}

func (a *app) newArchiveRebuild() *cobra.Command {
	var o rebuildOptions
	c := &cobra.Command{
		Use: "rebuild --data DIR --from ARCHIVE", Short: a.p.T("cli.archive.rebuild.short"), Long: a.p.T("cli.archive.rebuild.long"), Args: a.noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return a.runArchiveRebuild(cmd.Context(), o) },
	}
	a.dataFlag(c, &o.Data)
	c.Flags().StringVar(&o.From, "from", "", a.p.T("cli.archive.rebuild.from"))
	c.Flags().BoolVarP(&o.Quiet, "quiet", "q", false, a.p.T("cli.import.quiet"))
	return c
}

func (a *app) runArchiveRebuild(ctx context.Context, o rebuildOptions) (err error) {
	if err := a.needData(o.Data); err != nil {
		return err
	}
	if o.From == "" {
		return usage(errors.New(a.p.T("cli.archive.rebuild.needfrom")))
	}
	defer pace.Memory()()
	e, err := engine.Open(ctx, o.Data, engine.Options{Create: true})
	if err != nil {
		return a.owned(err)
	}
	defer func() { err = errors.Join(err, e.Close()) }()
	show := a.newProgress(o.Quiet)
	show.line = func(p engine.Progress) string {
		return a.p.T("cli.archive.rebuild.progress", "events", p.Events, "all", p.AllEvents, "records", p.Records)
	}
	s, err := e.RebuildFromArchive(ctx, o.From, show.update)
	show.end()
	if err != nil {
		return err
	}
	fmt.Fprintln(a.Stdout, a.p.T("cli.archive.rebuild.done", "events", s.Events, "dup", s.Duplicates, "records", s.Records))
	return nil
}

type exportOptions struct {
	Data, From, To string
	JSON, Quiet    bool
}

func (a *app) newArchiveExport() *cobra.Command {
	var o exportOptions
	c := &cobra.Command{
		Use: "export --data DIR [--from DAY] [--to DAY] DEST", Short: a.p.T("cli.archive.export.short"), Long: a.p.T("cli.archive.export.long"),
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) != 1 {
				return usage(errors.New(a.p.T("cli.archive.export.dest")))
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error { return a.runArchiveExport(cmd.Context(), o, args[0]) },
	}
	a.dataFlag(c, &o.Data)
	c.Flags().StringVar(&o.From, "from", "", a.p.T("cli.archive.export.from"))
	c.Flags().StringVar(&o.To, "to", "", a.p.T("cli.archive.export.to"))
	c.Flags().BoolVarP(&o.Quiet, "quiet", "q", false, a.p.T("cli.import.quiet"))
	c.Flags().BoolVar(&o.JSON, "json", false, a.p.T("cli.archive.json"))
	return c
}

func (a *app) runArchiveExport(ctx context.Context, o exportOptions, dest string) error {
	if err := a.needData(o.Data); err != nil {
		return err
	}
	for _, d := range [...]string{o.From, o.To} {
		if _, err := time.Parse(time.DateOnly, d); d != "" && err != nil {
			return usage(errors.New(a.p.T("cli.archive.export.day", "day", record.Visible(d))))
		}
	}
	defer pace.Memory()()
	return a.withEngine(ctx, o.Data, true, func(e *engine.Engine) error {
		show := a.newProgress(o.Quiet || o.JSON)
		var at engine.ExportProgress
		show.line = func(engine.Progress) string {
			return a.p.T("cli.archive.export.progress", "records", at.Records, "all", at.AllRecords, "events", at.Events, "of", at.AllEvents)
		}
		x, err := e.ExportArchive(ctx, dest, o.From, o.To, func(p engine.ExportProgress) {
			at = p
			show.update(engine.Progress{})
		})
		show.end()
		if err != nil {
			return err
		}
		if o.JSON {
			if err := json.NewEncoder(a.Stdout).Encode(x); err != nil {
				return err
			}
		} else {
			fmt.Fprintln(a.Stdout, a.p.T("cli.archive.export.done", "days", x.Days, "records", x.Records, "events", x.Events, "dest", dest))
		}
		for _, r := range x.Refused {
			a.note("cli.archive.export.refused", "what", record.Visible(r))
		}
		switch {
		case x.Days == 0:
			return &exit{code: exitNotFound}
		case len(x.Refused) > 0:
			return &exit{code: exitSkipped}
		}
		return nil
	})
}
