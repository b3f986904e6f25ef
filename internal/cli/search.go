package cli

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/akashi-audit/akashi/internal/engine"
	"github.com/akashi-audit/akashi/internal/query"
	"github.com/akashi-audit/akashi/internal/record"
)

type searchOptions struct {
	Data                         string
	Text                         string // the positional arguments
	Users, Ops, Results, Objects []string
	Confidences, Sessions        []string
	Clients, Servers             []string
	Processes, Rules             []string
	Path, File, Folder           string
	From, To, Class, Format      string
	Limit                        int
	Limited                      bool // --limit was given
	Superseded, Removed, Oldest  bool
	Facets                       string // lists, "" = records are wanted
	Files, People, Count         bool
	Follow, All, Explain         bool
	Out                          string // file, "" = standard output
}

func (a *app) newSearch() *cobra.Command {
	var o searchOptions
	c := &cobra.Command{
		Use: "search --data DIR [QUERY…]", Short: a.p.T("cli.search.short"), Long: a.p.T("cli.search.long"),
		RunE: func(cmd *cobra.Command, args []string) error {
			o.Text, o.Limited = strings.Join(args, " "), cmd.Flags().Changed("limit")
			o.All = o.All || o.Out != "" && !o.Limited // a file is of everything
			return a.runSearch(cmd.Context(), o)
		},
	}
	a.dataFlag(c, &o.Data)
	f, t := c.Flags(), a.p.T
	f.StringSliceVar(&o.Users, "user", nil, t("cli.search.user"))
	f.StringVar(&o.Path, "path", "", t("cli.search.path"))
	f.StringVar(&o.File, "file", "", t("cli.search.file"))
	f.StringVar(&o.Folder, "folder", "", t("cli.search.folder"))
	f.StringSliceVar(&o.Ops, "op", nil, t("cli.search.op"))
	f.StringSliceVar(&o.Results, "result", nil, t("cli.search.result"))
	f.StringSliceVar(&o.Objects, "object", nil, t("cli.search.object"))
	f.StringSliceVar(&o.Confidences, "confidence", nil, t("cli.search.confidence"))
	f.StringSliceVar(&o.Clients, "client", nil, t("cli.search.client"))
	f.StringSliceVar(&o.Servers, "server", nil, t("cli.search.server"))
	f.StringSliceVar(&o.Processes, "process", nil, t("cli.search.process"))
	f.StringSliceVar(&o.Rules, "rule", nil, t("cli.search.rule"))
	f.StringSliceVar(&o.Sessions, "session", nil, t("cli.search.session"))
	f.StringVar(&o.From, "from", "", t("cli.search.from"))
	f.StringVar(&o.To, "to", "", t("cli.search.to"))
	f.StringVar(&o.Class, "class", "", t("cli.search.class"))
	f.IntVar(&o.Limit, "limit", 100, t("cli.search.limit"))
	f.BoolVar(&o.All, "all", false, t("cli.search.all"))
	f.BoolVar(&o.Oldest, "oldest", false, t("cli.search.oldest"))
	f.BoolVar(&o.Superseded, "superseded", false, t("cli.search.superseded"))
	f.BoolVar(&o.Removed, "removed", false, t("cli.search.removed"))
	f.BoolVar(&o.Count, "count", false, t("cli.search.count"))
	f.StringVar(&o.Facets, "facets", "", t("cli.search.facets"))
	f.Lookup("facets").NoOptDefVal = "all"
	f.BoolVar(&o.Files, "files", false, t("cli.search.files"))
	f.BoolVar(&o.People, "people", false, t("cli.search.people"))
	f.BoolVar(&o.Follow, "follow", false, t("cli.search.follow"))
	f.BoolVar(&o.Explain, "explain", false, t("cli.search.explain"))
	f.StringVar(&o.Format, "format", "table", t("cli.search.format"))
	f.StringVar(&o.Out, "out", "", t("cli.search.out"))
	return c
}

// finder is what a search asks. *engine.Engine is one.
type finder interface {
	Search(ctx context.Context, q query.Query) (*query.Page, error)
	Facets(ctx context.Context, q query.Query) (*query.Facets, error)
}

// search is one search that runs.
type search struct {
	*app
	o    searchOptions
	in   finder
	q    query.Query
	zone *time.Location
}

func (a *app) runSearch(ctx context.Context, o searchOptions) (err error) {
	if err := a.needData(o.Data); err != nil {
		return err
	}
	if err := a.checkSearch(o); err != nil { // before anything is opened
		return err
	}
	now := time.Now()
	if _, err := a.query(o, query.Clock{Now: now}); err != nil {
		return err
	}
	e, err := engine.Open(ctx, o.Data, engine.Options{ReadOnly: true})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, e.Close()) }()
	status, err := e.Status(ctx)
	if err != nil {
		return err
	}
	zone, err := status.Location()
	if err != nil {
		return err
	}
	s := &search{app: a, o: o, in: e, zone: zone}
	if s.q, err = a.query(o, query.Clock{Now: now, Zone: zone}); err != nil {
		return err
	}
	if o.Follow {
		if err := s.follow(ctx, e, status); err != nil {
			return err
		}
	}
	found, err := s.run(ctx)
	if err != nil {
		return err
	}
	a.noteStatus(status)
	switch {
	case len(status.Damage) > 0:
		return &exit{code: exitDamage}
	case !found:
		switch {
		case s.q.Removed:
			a.note("cli.search.none_removed")
		case s.q.Superseded:
			a.note("cli.search.none_superseded")
		default:
			a.note("cli.search.none")
			if p := closedPattern(s.q.Paths); p != "" {
				a.note("cli.search.none_pattern", "pattern", record.Visible(p), "wider", record.Visible("*"+strings.Trim(p, "*")+"*"))
			}
		}
		return &exit{code: exitNotFound}
	}
	return nil
}

// closedPattern is the first pattern that must begin or end with a name, "" for none:
// who writes one often means a piece of a name.
func closedPattern(paths []string) string {
	for _, p := range paths {
		if query.NewPattern(p).Wild() && (!strings.HasPrefix(p, "*") || !strings.HasSuffix(p, "*")) {
			return p
		}
	}
	return ""
}

// run answers in the wanted form.
func (s *search) run(ctx context.Context) (found bool, err error) {
	if s.o.Explain {
		s.q.Trace = &query.Trace{}
		defer func() { s.explainAnswer(s.q.Trace.Summary()) }()
	}
	switch {
	case s.o.Count:
		return s.count(ctx)
	case s.o.Files:
		return s.files(ctx)
	case s.o.People:
		return s.people(ctx)
	case s.o.Facets != "":
		return s.facets(ctx)
	}
	return s.records(ctx)
}

// noteStatus says what may be missing from the answer.
func (a *app) noteStatus(status *engine.Status) {
	if n := len(status.Outdated); n > 0 {
		names := record.Visible(strings.Join(status.Outdated[:min(n, 5)], ", "))
		if n > 5 {
			names += ", …"
		}
		a.note("cli.search.outdated", "n", n, "servers", names)
	}
	for _, d := range status.Damage {
		a.note("cli.store.damage", "file", d.File, "offset", fmt.Sprint(d.Offset), "reason", d.Reason)
	}
}

// checkSearch refuses options that do not go together.
func (a *app) checkSearch(o searchOptions) error {
	formats, forms := []string{"table", "json", "jsonl", "csv", "csv-plain", "sjis-csv", "xlsx", "parquet", "ndjson"}, []string{}
	for flag, given := range map[string]bool{"--count": o.Count, "--facets": o.Facets != "", "--files": o.Files, "--people": o.People} {
		if given {
			forms = append(forms, flag)
		}
	}
	if slices.Sort(forms); len(forms) > 1 {
		return usage(errors.New(a.p.T("cli.error.together", "a", forms[0], "b", forms[1])))
	}
	switch {
	case o.Count || o.Facets != "":
		formats = formats[:2]
	case o.Files || o.People:
		formats = formats[:4]
	}
	if len(forms) > 0 && o.Out != "" {
		return usage(errors.New(a.p.T("cli.error.together", "a", forms[0], "b", "--out")))
	}
	if !slices.Contains(formats, o.Format) {
		return usage(errors.New(a.p.T("cli.error.format", "format", o.Format)))
	}
	if o.Facets != "" {
		if _, bad := parseLists(o.Facets); bad != "" {
			return usage(errors.New(a.p.T("cli.error.facets", "name", bad, "names", strings.Join(listNames(), ", "))))
		}
	}
	if len(forms) == 0 {
		if err := a.checkExport(o); err != nil {
			return err
		}
	}
	if o.Limited && o.Limit < 1 {
		return usage(errors.New(a.p.T("cli.error.limit")))
	}
	return nil
}
