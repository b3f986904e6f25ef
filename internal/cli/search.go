package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/akashi-audit/akashi/internal/engine"
	"github.com/akashi-audit/akashi/internal/query"
	"github.com/akashi-audit/akashi/internal/record"
)

type searchOptions struct {
	Data                    string
	Users, Ops, Results     []string
	Clients, Servers        []string
	Path, File, Folder      string
	From, To, Class, Format string
	Limit                   int
	Superseded              bool
}

func (a *app) newSearch() *cobra.Command {
	var o searchOptions
	c := &cobra.Command{
		Use: "search --data DIR […]", Short: a.p.T("cli.search.short"), Long: a.p.T("cli.search.long"), Args: a.noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return a.runSearch(cmd.Context(), o) },
	}
	a.dataFlag(c, &o.Data)
	f, t := c.Flags(), a.p.T
	f.StringSliceVar(&o.Users, "user", nil, t("cli.search.user"))
	f.StringVar(&o.Path, "path", "", t("cli.search.path"))
	f.StringVar(&o.File, "file", "", t("cli.search.file"))
	f.StringVar(&o.Folder, "folder", "", t("cli.search.folder"))
	f.StringSliceVar(&o.Ops, "op", nil, t("cli.search.op"))
	f.StringSliceVar(&o.Results, "result", nil, t("cli.search.result"))
	f.StringSliceVar(&o.Clients, "client", nil, t("cli.search.client"))
	f.StringSliceVar(&o.Servers, "server", nil, t("cli.search.server"))
	f.StringVar(&o.From, "from", "", t("cli.search.from"))
	f.StringVar(&o.To, "to", "", t("cli.search.to"))
	f.StringVar(&o.Class, "class", "user", t("cli.search.class"))
	f.IntVar(&o.Limit, "limit", 100, t("cli.search.limit"))
	f.BoolVar(&o.Superseded, "superseded", false, t("cli.search.superseded"))
	f.StringVar(&o.Format, "format", "table", t("cli.search.format"))
	return c
}

// query turns the flags into conditions; times are in the folder's zone.
func (a *app) query(o searchOptions, zone *time.Location) (query.Query, error) {
	q := query.Query{
		Users: o.Users, Words: one(o.Path), Files: one(o.File), Folders: one(o.Folder), Clients: o.Clients, Servers: o.Servers, Limit: o.Limit,
		Superseded: o.Superseded,
	}
	for _, s := range o.Ops {
		op, err := record.ParseOp(s)
		if err != nil {
			return q, usage(errors.New(a.p.T("cli.error.op", "op", s, "ops", joined(record.Ops()))))
		}
		q.Ops = append(q.Ops, op)
	}
	for _, s := range o.Results {
		r, err := record.ParseResult(s)
		if err != nil {
			return q, usage(errors.New(a.p.T("cli.error.result", "result", s, "results", joined(record.Results()))))
		}
		q.Results = append(q.Results, r)
	}
	if o.Class == "all" {
		q.Classes = query.AllClasses()
	} else {
		c, err := record.ParseClass(o.Class)
		if err != nil {
			return q, usage(errors.New(a.p.T("cli.error.class", "class", o.Class)))
		}
		q.Classes = []record.Class{c}
	}
	if o.Limit < 1 {
		return q, usage(errors.New(a.p.T("cli.error.limit")))
	}
	var err error
	if q.From, err = a.time(o.From, zone); err != nil {
		return q, err
	}
	q.To, err = a.time(o.To, zone)
	return q, err
}

// one is a condition of one value, none when it is empty.
func one(s string) []string {
	if s == "" {
		return nil
	}
	return []string{s}
}

func joined[T fmt.Stringer](l []T) string {
	s := make([]string, len(l))
	for i, v := range l {
		s[i] = v.String()
	}
	return strings.Join(s, ", ")
}

// time reads a day or a moment, in the zone unless it names one.
func (a *app) time(s string, zone *time.Location) (int64, error) {
	if s == "" {
		return 0, nil
	}
	norm := strings.Replace(s, " ", "T", 1)
	for _, layout := range []string{"2006-01-02", "2006-01-02T15:04", "2006-01-02T15:04:05", time.RFC3339Nano, "2006-01-02T15:04Z07:00"} {
		if t, err := time.ParseInLocation(layout, norm, zone); err == nil {
			return t.UnixNano(), nil
		}
	}
	return 0, usage(errors.New(a.p.T("cli.error.time", "time", s)))
}

func (a *app) runSearch(ctx context.Context, o searchOptions) (err error) {
	if err := a.needData(o.Data); err != nil {
		return err
	}
	if _, err := a.query(o, time.UTC); err != nil { // before anything is opened
		return err
	}
	if o.Format != "table" && o.Format != "csv" && o.Format != "jsonl" {
		return usage(errors.New(a.p.T("cli.error.format", "format", o.Format)))
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
	q, err := a.query(o, zone)
	if err != nil {
		return err
	}
	found, more, err := a.writeFound(ctx, e, q, o, zone)
	if err != nil {
		return err
	}
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
	switch {
	case len(status.Damage) > 0:
		return &exit{code: exitDamage}
	case found == 0:
		if o.Superseded {
			a.note("cli.search.none_superseded")
		} else {
			a.note("cli.search.none")
		}
		return &exit{code: exitNotFound}
	case more && o.Format == "table":
		a.note("cli.search.more", "n", found)
	}
	return nil
}

// pageSize bounds what is in memory at a time.
const pageSize = 1000

func (a *app) writeFound(ctx context.Context, e *engine.Engine, q query.Query, o searchOptions, zone *time.Location) (found int, more bool, err error) {
	var write func([]record.Record) error
	var done func() error
	if o.Format == "table" {
		t := &table{out: a.Stdout, p: a.p, zone: zone, width: a.width()}
		write, done = t.write, func() error { return nil }
	} else {
		w, err := a.newRecordWriter(o.Format, a.Stdout)
		if err != nil {
			return 0, false, err
		}
		write, done = w.write, w.flush
	}
	for {
		q.Limit = min(o.Limit-found, pageSize)
		page, err := e.Search(ctx, q)
		if err != nil {
			return found, false, err
		}
		if err := write(page.Records); err != nil {
			return found, false, err
		}
		found += len(page.Records)
		q.Cursor, more = page.Next, page.Next != ""
		if !more || found >= o.Limit {
			return found, more, done()
		}
	}
}

// width is the terminal's, or 0 when the output is no terminal: then nothing is
// cut.
func (a *app) width() int {
	f, ok := a.Stdout.(*os.File)
	if !ok || !term.IsTerminal(int(f.Fd())) {
		return 0
	}
	w, _, err := term.GetSize(int(f.Fd()))
	if err != nil {
		return 0
	}
	return w
}
