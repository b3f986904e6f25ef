package cli

import (
	"bufio"
	"cmp"
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/akashi-audit/akashi/internal/collect"
	"github.com/akashi-audit/akashi/internal/convert"
	"github.com/akashi-audit/akashi/internal/engine"
	"github.com/akashi-audit/akashi/internal/event"
	"github.com/akashi-audit/akashi/internal/pace"
	"github.com/akashi-audit/akashi/internal/record"
)

type convertOptions struct{ Format string }

func (a *app) newConvert() *cobra.Command {
	var opts convertOptions
	c := &cobra.Command{
		Use: "convert [--format jsonl|csv] PATH…", Short: a.p.T("cli.convert.short"), Long: a.p.T("cli.convert.long"), Args: a.needArgs,
		RunE: func(cmd *cobra.Command, args []string) error { return a.runConvert(cmd.Context(), opts, args) },
	}
	c.Flags().StringVar(&opts.Format, "format", "jsonl", a.p.T("cli.convert.format"))
	return c
}

// takeEvery is how many events pass before finished records are written.
const takeEvery = 1024

func (a *app) runConvert(ctx context.Context, opts convertOptions, args []string) error {
	defer pace.Memory()()
	w, err := a.newRecordWriter(opts.Format, a.Stdout)
	if err != nil {
		return err
	}
	tickets := map[string]bool{} // servers whose logs may tell where somebody was
	set, err := collect.OpenSet(ctx, args, collect.SetOptions{Fields: convert.Fields, Look: func(e *event.Event) {
		if convert.MaySight(e) && !tickets[e.Computer] {
			tickets[strings.Clone(e.Computer)] = true
		}
	}})
	if err != nil {
		return err
	}
	defer set.Close()
	locate, err := a.sightings(ctx, set, tickets)
	if err != nil {
		return err
	}
	events, unused := 0, []convert.Unused(nil)
	for _, server := range set.Servers() {
		c := convert.New(server, convert.Options{})
		n, shown := 0, a.readProgress(server)
		if f, ok := a.Stdout.(*os.File); ok && term.IsTerminal(int(f.Fd())) {
			shown.quiet = true // the records show
		}
		err := set.Events(ctx, server, func(e *event.Event) error {
			c.Add(e)
			if n++; n%takeEvery != 0 {
				return nil
			}
			shown.update(engine.Progress{Events: int64(n)})
			rs := c.Take()
			defer c.Reuse(rs) // they are written, not kept
			return w.write(locate(rs))
		})
		shown.end()
		if err == nil {
			err = w.write(locate(c.Take()))
		}
		if err == nil {
			err = w.write(locate(c.Tail()))
		}
		events, unused = events+n, append(unused, c.Unused()...)
		if err != nil {
			return fmt.Errorf("convert the events of %s: %w", server, err)
		}
	}
	if err := w.flush(); err != nil {
		return err
	}
	a.noteUnused(events, unused)
	return outcome(a.noteFiles(set.Files()))
}

// sightings reads where the domain controllers among the servers saw people, before
// any record is written: it returns a function that gives records the address which
// their own server's log lacks, as an import does.
func (a *app) sightings(ctx context.Context, set *collect.Set, servers map[string]bool) (func([]record.Record) []record.Record, error) {
	var seen convert.Sighted
	for _, server := range slices.Sorted(maps.Keys(servers)) {
		err := set.Events(ctx, server, func(e *event.Event) error {
			seen.Add(e)
			return nil
		})
		if err != nil {
			return nil, fmt.Errorf("read the events of %s: %w", server, err)
		}
	}
	loc := convert.NewLocator(convert.Background{}, seen.Last)
	return func(rs []record.Record) []record.Record {
		for i := range rs {
			if !seen.Empty() && convert.Wanting(&rs[i]) {
				loc.Locate(&rs[i])
			}
		}
		return rs
	}, nil
}

// noteFiles tells which files were skipped and where others are damaged.
func (a *app) noteFiles(files []collect.File) (skipped, damaged bool) {
	for _, f := range files {
		if f.Err != nil {
			skipped = true
			a.note("cli.skipped", "file", f.Path, "reason", a.explain(f.Err))
		}
		for _, d := range f.Damage {
			damaged = damaged || f.Err == nil
			a.note("cli.damage.file", "file", f.Path, "damage", a.damage(d.Chunk, d.Offset, d.Kind, d.Lost))
		}
	}
	return skipped, damaged
}

// noteUnused says how many events no rule used, and why.
func (a *app) noteUnused(events int, unused []convert.Unused) {
	type part struct {
		count uint64
		ids   map[string]uint64
	}
	parts := map[convert.Reason]*part{}
	all := uint64(0)
	for _, u := range unused {
		p := parts[u.Reason]
		if p == nil {
			p = &part{ids: map[string]uint64{}}
			parts[u.Reason] = p
		}
		p.count += u.Count
		all += u.Count
		name := strings.TrimPrefix(u.Provider, "Microsoft-Windows-") + " " + strconv.FormatUint(uint64(u.ID), 10)
		if u.Provider == "Microsoft-Windows-Security-Auditing" {
			name = strconv.FormatUint(uint64(u.ID), 10)
		}
		p.ids[name] += u.Count
	}
	if all == 0 {
		return
	}
	a.note("cli.unused.head", "unused", all, "events", events)
	reasons := slices.SortedFunc(maps.Keys(parts), func(x, y convert.Reason) int {
		return cmp.Or(cmp.Compare(parts[y].count, parts[x].count), cmp.Compare(x, y))
	})
	for _, r := range reasons {
		ids := slices.SortedFunc(maps.Keys(parts[r].ids), func(x, y string) int {
			return cmp.Or(cmp.Compare(parts[r].ids[y], parts[r].ids[x]), strings.Compare(x, y))
		})
		if len(ids) > 8 {
			ids = append(ids[:8], "…")
		}
		a.note("cli.unused.line", "count", parts[r].count, "reason", a.p.T("cli.unused."+r.String()), "ids", strings.Join(ids, ", "))
	}
}

// recordWriter writes records in one format.
type recordWriter struct {
	buf  *bufio.Writer
	csv  *csv.Writer
	line []byte
}

func (a *app) newRecordWriter(format string, out io.Writer) (*recordWriter, error) {
	w := &recordWriter{buf: bufio.NewWriterSize(out, 1<<16)}
	switch format {
	case "jsonl":
		return w, nil
	case "csv":
		w.csv = csv.NewWriter(w.buf)
		return w, w.csv.Write(record.Fields())
	}
	return nil, usage(errors.New(a.p.T("cli.error.format", "format", format)))
}

func (w *recordWriter) write(records []record.Record) error {
	for i := range records {
		r := &records[i]
		if w.csv != nil {
			if err := w.csv.Write(r.CSV()); err != nil {
				return err
			}
			continue
		}
		w.line = append(r.AppendJSON(w.line[:0]), '\n')
		if _, err := w.buf.Write(w.line); err != nil {
			return err
		}
	}
	return nil
}

func (w *recordWriter) flush() error {
	if w.csv != nil {
		w.csv.Flush()
		if err := w.csv.Error(); err != nil {
			return err
		}
	}
	return w.buf.Flush()
}
