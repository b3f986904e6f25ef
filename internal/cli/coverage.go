package cli

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/akashi-audit/akashi/internal/collect"
	"github.com/akashi-audit/akashi/internal/coverage"
	"github.com/akashi-audit/akashi/internal/event"
	"github.com/akashi-audit/akashi/internal/record"
)

type coverageOptions struct{ JSON bool }

func (a *app) newCoverage() *cobra.Command {
	var opts coverageOptions
	c := &cobra.Command{
		Use: "coverage [--json] PATH…", Short: a.p.T("cli.coverage.short"), Long: a.p.T("cli.coverage.long"), Args: a.needArgs,
		RunE: func(cmd *cobra.Command, args []string) error { return a.runCoverage(cmd.Context(), opts, args) },
	}
	c.Flags().BoolVar(&opts.JSON, "json", false, a.p.T("cli.coverage.json"))
	return c
}

func (a *app) runCoverage(ctx context.Context, opts coverageOptions, args []string) error {
	set, err := collect.OpenSet(ctx, args, collect.SetOptions{})
	if err != nil {
		return err
	}
	defer set.Close()
	var skipped, damaged bool
	for _, server := range set.Servers() {
		t := coverage.New(server, coverage.Options{})
		err := set.Events(ctx, server, func(e *event.Event) error {
			t.Add(e)
			return nil
		})
		if err != nil {
			return fmt.Errorf("read the events of %s: %w", server, err)
		}
		r := t.Report()
		damaged = damaged || !r.Complete
		if !opts.JSON {
			a.printCoverage(r)
			continue
		}
		b, err := json.Marshal(r)
		if err != nil {
			return fmt.Errorf("write the coverage of %s: %w", server, err)
		}
		if _, err := fmt.Fprintf(a.Stdout, "%s\n", b); err != nil {
			return err
		}
	}
	for _, f := range set.Files() {
		if f.Err != nil {
			skipped = true
			a.note("cli.skipped", "file", f.Path, "reason", a.explain(f.Err))
		}
		for _, d := range f.Damage {
			damaged = damaged || f.Err == nil
			a.note("cli.damage.file", "file", f.Path, "chunk", fmt.Sprint(d.Chunk), "offset", fmt.Sprint(d.Offset), "kind", d.Kind, "lost", d.Lost)
		}
	}
	return outcome(skipped, damaged)
}

// shownList is how many entries of a list people get to see; JSON has more.
const shownList = 20

func (a *app) printCoverage(r *coverage.Report) {
	say := func(key string, args ...any) { fmt.Fprintln(a.Stdout, a.p.T(key, args...)) }
	more := func(shown, all int) {
		if all > shown {
			say("cli.coverage.more", "n", all-shown)
		}
	}
	say("cli.coverage.server", "server", record.Visible(r.Server))
	for _, c := range r.Channels {
		say("cli.coverage.channel", "channel", record.Visible(c.Name), "n", int64(c.Received), "from", fmt.Sprint(c.FirstID), "to", fmt.Sprint(c.LastID),
			"first", c.FirstTime, "last", c.LastTime)
		if c.Generations > 1 {
			say("cli.coverage.generations", "n", c.Generations)
		}
		switch {
		case c.Filtered:
			say("cli.coverage.filtered", "n", int64(c.Absent))
		case c.Missing == 0:
			say("cli.coverage.nogap")
		default:
			say("cli.coverage.missing", "n", int64(c.Missing), "gaps", c.GapCount)
		}
		for _, g := range c.Gaps[:min(len(c.Gaps), shownList)] {
			say("cli.coverage.gap", "from", fmt.Sprint(g.FromID), "to", fmt.Sprint(g.ToID), "n", int64(g.Count), "first", g.FromTime, "last", g.ToTime)
		}
		more(min(len(c.Gaps), shownList), c.GapCount)
		for _, s := range c.Silences[:min(len(c.Silences), shownList)] {
			say("cli.coverage.silence", "from", s.From, "to", s.To, "n", s.Seconds/60)
		}
		more(min(len(c.Silences), shownList), c.SilenceCount)
	}
	for _, n := range r.Notices[:min(len(r.Notices), shownList)] {
		line := n.Time + "  " + a.p.T("cli.coverage."+n.Kind) + fmt.Sprintf(" (%d, %s %d)", n.EventID, record.Visible(n.Channel), n.RecordID)
		for _, s := range []string{n.User, n.Detail} {
			if s != "" {
				line += "  " + record.Visible(s)
			}
		}
		fmt.Fprintln(a.Stdout, "  "+line)
	}
	more(min(len(r.Notices), shownList), r.NoticeCount)
	say("cli.coverage.audit")
	for _, s := range r.Subcategories {
		fmt.Fprintf(a.Stdout, "    %-28s %s", s.Name, a.p.T("cli.coverage."+s.State))
		if s.Events > 0 {
			fmt.Fprint(a.Stdout, "  "+a.p.T("cli.coverage.events", "n", int64(s.Events)))
		}
		fmt.Fprintln(a.Stdout)
		if s.Remedy != "" {
			fmt.Fprintln(a.Stdout, "      "+s.Remedy)
		}
	}
}
