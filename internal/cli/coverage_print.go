package cli

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/akashi-audit/akashi/internal/coverage"
	"github.com/akashi-audit/akashi/internal/event"
	"github.com/akashi-audit/akashi/internal/gloss"
	"github.com/akashi-audit/akashi/internal/i18n"
	"github.com/akashi-audit/akashi/internal/record"
)

// shownList is how many entries of a list people get to see; JSON has more.
const shownList = 20

// coveragePrinter writes reports for people, times in zone.
type coveragePrinter struct {
	out  io.Writer
	p    *i18n.Printer
	zone *time.Location
}

func (c *coveragePrinter) say(indent, key string, args ...any) {
	fmt.Fprintln(c.out, indent+c.p.T(key, args...))
}

// time is a time of a report, which is UTC, in zone.
func (c *coveragePrinter) time(s string) string {
	t, err := event.ParseFiletime(s)
	if err != nil {
		return record.Visible(s)
	}
	return t.Time().In(c.zone).Format("2006-01-02 15:04:05")
}

func (c *coveragePrinter) more(shown, all int) {
	if all > shown {
		c.say("      ", "cli.coverage.more", "n", all-shown)
	}
}

func (c *coveragePrinter) server(r *coverage.Report) {
	at := time.Time{}
	for i := range r.Channels {
		if t := r.Channels[i].Last.Time(); t.After(at) {
			at = t
		}
	}
	c.say("", "cli.coverage.server", "server", record.Visible(r.Server), "zone", zoneOf(at.UnixNano(), c.zone))
	for i := range r.Channels {
		c.channel(&r.Channels[i])
	}
	for i, n := range r.Notices[:min(len(r.Notices), shownList)] {
		if i == 0 {
			c.say("  ", "cli.coverage.notices")
		}
		line := c.time(n.Time) + "  " + c.p.T("cli.coverage."+n.Kind) + fmt.Sprintf(" (%d, %s %d)", n.EventID, record.Visible(n.Channel), n.RecordID)
		for _, s := range []string{n.User, c.detail(n)} {
			if s != "" {
				line += "  " + record.Visible(s)
			}
		}
		fmt.Fprintln(c.out, "    "+line)
	}
	c.more(min(len(r.Notices), shownList), r.NoticeCount)
	c.subcategories(r.Subcategories)
	if slices.ContainsFunc(r.Channels, func(ch coverage.Channel) bool { return ch.Filtered || ch.TooFew }) {
		c.say("    ", "cli.coverage.part")
	}
	fmt.Fprintln(c.out)
}

// detail is a notice's detail; times in it are put into zone, a subcategory
// into words.
func (c *coveragePrinter) detail(n coverage.Notice) string {
	switch n.Kind {
	case coverage.KindClock:
		if from, to, ok := strings.Cut(n.Detail, " → "); ok {
			return c.time(from) + " → " + c.time(to)
		}
	case coverage.KindPolicyOff:
		return gloss.Subcategory(c.p, n.GUID, n.Detail)
	}
	return n.Detail
}

func (c *coveragePrinter) channel(ch *coverage.Channel) {
	fmt.Fprintln(c.out, "  "+record.Visible(ch.Name))
	missing := c.p.T("cli.coverage.nogap")
	switch {
	case ch.Filtered:
		missing = c.p.T("cli.coverage.filtered", "n", int64(ch.Absent))
	case ch.TooFew:
		missing = c.p.T("cli.coverage.too_few", "n", int64(ch.Absent))
	case ch.Missing > 0:
		missing = c.p.T("cli.coverage.missing", "n", int64(ch.Missing), "gaps", ch.GapCount)
	}
	silent := c.p.T("cli.coverage.nosilence")
	switch {
	case ch.Filtered || ch.TooFew:
		silent = c.p.T("cli.coverage.unjudged")
	case ch.SilenceCount > 0:
		silent = c.p.T("cli.coverage.silences", "n", ch.SilenceCount)
	}
	alignedList(c.out, "    ", []cell{
		{c.p.T("cli.coverage.first"), c.time(ch.FirstTime), ""}, {c.p.T("cli.coverage.last"), c.time(ch.LastTime), ""},
		{c.p.T("cli.coverage.received"), c.p.T("cli.coverage.events", "n", int64(ch.Received), "from", fmt.Sprint(ch.FirstID), "to", fmt.Sprint(ch.LastID)), ""},
		{c.p.T("cli.coverage.absent"), missing, ""}, {c.p.T("cli.coverage.quiet"), silent, ""},
	})
	if ch.Generations > 1 {
		c.say("    ", "cli.coverage.generations", "n", ch.Generations)
	}
	for _, g := range ch.Gaps[:min(len(ch.Gaps), shownList)] {
		c.say("      ", "cli.coverage.gap", "from", fmt.Sprint(g.FromID), "to", fmt.Sprint(g.ToID), "n", int64(g.Count), "first", c.time(g.FromTime), "last", c.time(g.ToTime))
	}
	c.more(min(len(ch.Gaps), shownList), ch.GapCount)
	for _, s := range ch.Silences[:min(len(ch.Silences), shownList)] {
		c.say("      ", "cli.coverage.silence", "from", c.time(s.From), "to", c.time(s.To), "n", s.Seconds/60)
	}
	c.more(min(len(ch.Silences), shownList), ch.SilenceCount)
}

// subcategories prints what the log proves of each, then the commands for those
// that it does not prove.
func (c *coveragePrinter) subcategories(l []coverage.Subcategory) {
	c.say("  ", "cli.coverage.audit")
	var states, remedies []cell
	var silences []string
	needSACL := false
	for _, s := range l {
		name := gloss.Subcategory(c.p, s.GUID, s.Name)
		note := ""
		if s.Events > 0 {
			note = c.p.T("cli.coverage.seen", "n", int64(s.Events), "last", c.time(s.Last))
		}
		if s.State == coverage.StateStopped {
			note += c.p.T("cli.coverage.hours", "n", s.Hours)
		}
		states = append(states, cell{name, c.p.T("cli.coverage." + s.State), note})
		for _, q := range s.Silences[:min(len(s.Silences), shownList)] {
			silences = append(silences, c.p.T("cli.coverage.unwatched", "name", name, "from", c.time(q.From), "to", c.time(q.To)))
		}
		if s.Remedy != "" {
			remedies = append(remedies, cell{name, s.Remedy, ""})
			needSACL = needSACL || s.SACL
		}
	}
	alignedList(c.out, "    ", states)
	for _, s := range silences {
		fmt.Fprintln(c.out, "    "+s)
	}
	if len(remedies) == 0 {
		return
	}
	c.say("  ", "cli.coverage.remedy")
	alignedList(c.out, "    ", remedies)
	if needSACL {
		c.say("    ", "cli.coverage.sacl")
	}
	c.say("    ", "cli.coverage.policy")
}
