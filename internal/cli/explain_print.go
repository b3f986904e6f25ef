package cli

import (
	"cmp"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/mattn/go-runewidth"

	"github.com/akashi-audit/akashi/internal/event"
	"github.com/akashi-audit/akashi/internal/gloss"
	"github.com/akashi-audit/akashi/internal/i18n"
	"github.com/akashi-audit/akashi/internal/record"
)

// explainer writes an explanation for people; the first error of out is told by
// write.
type explainer struct {
	out  io.Writer
	p    *i18n.Printer
	zone *time.Location
}

// cell is a name and its value in an aligned list.
type cell struct{ name, value, note string }

// write prints the record, its rule, what it proves and the raw events.
func (x *explainer) write(e *explanation, r *record.Record, earlier []record.Record, raw []*event.Event) error {
	p, w := x.p, &failing{w: x.out}
	x.out = w
	x.head("cli.explain.record")
	if r.SupersededBy != 0 {
		x.para(x.p.T("cli.explain.superseded", "by", int64(r.SupersededBy)))
	}
	alignedList(x.out, "  ", x.facts(r))
	x.head("cli.explain.rule", "rule", e.Rule.ID)
	x.para(e.Rule.Text)
	x.head("cli.explain.certainty")
	x.para(e.Rule.Certainty)
	for _, s := range e.Rule.Why {
		x.para("- " + s)
	}
	for _, part := range [...]struct{ key, text string }{
		{"cli.explain.can", e.Rule.Can}, {"cli.explain.cannot", e.Rule.Cannot}, {"cli.explain.better", e.Rule.Better},
	} {
		if part.text != "" {
			x.head(part.key)
			x.para(part.text)
		}
	}
	if r.Count > 1 {
		x.head("cli.explain.merged", "n", int64(r.Count), "from", x.time(r.Time), "to", x.time(r.EndTime))
	}
	x.earlier(r, earlier)
	x.head("cli.explain.source")
	alignedList(x.out, "  ", []cell{
		{p.T("web.csv.server"), record.Visible(r.Server), ""}, {p.T("cli.explain.channel"), record.Visible(r.Channel), ""},
		{p.T("cli.explain.generation"), fmt.Sprint(r.Generation), ""}, {p.T("web.csv.raw_record_ids"), gloss.IDs(r.RawIDs), ""},
		{p.T("web.csv.rules_version"), fmt.Sprint(r.RulesVersion), ""},
	})
	if len(raw) == 0 {
		x.head("cli.explain.noraw")
		return w.err
	}
	x.head("cli.explain.raw", "n", len(raw))
	for _, ev := range raw {
		x.event(ev)
	}
	return w.err
}

// facts are the fields of a record, without those that have a paragraph of
// their own.
func (x *explainer) facts(r *record.Record) []cell {
	var l []cell
	for _, f := range gloss.Facts(x.p, x.zone, r) {
		switch f.Key {
		case "rule", "rules_version", "raw_record_ids", "detail.uncertain":
		case "time":
			l = append(l, cell{f.Name, f.Value + " (" + x.zone.String() + ")", ""})
		default:
			l = append(l, cell{f.Name, f.Value, ""})
		}
	}
	return l
}

// earlier tells in what superseded versions of the record differ from it.
func (x *explainer) earlier(r *record.Record, l []record.Record) {
	if len(l) == 0 {
		return
	}
	x.head("cli.explain.earlier", "n", len(l))
	for i := range l {
		x.para(x.p.T("cli.explain.version", "received", x.time(l[i].Received), "rules", int64(l[i].RulesVersion)))
		var cells []cell
		for _, d := range gloss.Differences(x.p, x.zone, &l[i], r) {
			cells = append(cells, cell{d.Name, cmp.Or(d.Then, "–"), "→ " + cmp.Or(d.Now, "–")})
		}
		alignedList(x.out, "    ", cells)
	}
}

func (x *explainer) event(e *event.Event) {
	result := ""
	switch {
	case e.Failed():
		result = x.p.T("cli.explain.failure")
	case e.Keywords&event.AuditSuccess != 0:
		result = x.p.T("cli.explain.success")
	}
	fmt.Fprintf(x.out, "\n  %d %s\n", e.ID, gloss.EventName(x.p, e))
	l := []cell{
		{x.p.T("cli.explain.number"), fmt.Sprint(e.RecordID), ""},
		{x.p.T("web.csv.time"), e.Time.Time().In(x.zone).Format("2006-01-02 15:04:05.0000000 -07:00"), ""},
		{"Provider", record.Visible(e.Provider), ""},
		{"Version, Task", fmt.Sprintf("%d, %d", e.Version, e.Task), ""},
		{"Keywords", fmt.Sprintf("0x%x", e.Keywords), result},
	}
	for _, f := range gloss.Fields(x.p, x.zone, e) {
		for i, line := range f.Lines {
			if i > 0 {
				f.Name = ""
			}
			l = append(l, cell{f.Name, line.Value, line.Note})
		}
	}
	alignedList(x.out, "    ", l)
}

// alignedList writes one line per cell and aligns names and the values that have a note; Japanese is two columns
// wide.
func alignedList(out io.Writer, indent string, l []cell) {
	names, values := 0, 0
	for _, c := range l {
		names = max(names, runewidth.StringWidth(c.name))
		if c.note != "" {
			values = max(values, min(runewidth.StringWidth(c.value), 48))
		}
	}
	for _, c := range l {
		s := indent + runewidth.FillRight(c.name, names) + "  "
		if c.note == "" {
			s += c.value
		} else {
			s += runewidth.FillRight(c.value, values) + "  " + c.note
		}
		fmt.Fprintln(out, strings.TrimRight(s, " "))
	}
}

func (x *explainer) head(key string, args ...any) {
	fmt.Fprintf(x.out, "\n%s\n", x.p.T(key, args...))
}

func (x *explainer) para(text string) { fmt.Fprintf(x.out, "  %s\n", text) }

func (x *explainer) time(ns int64) string {
	return time.Unix(0, ns).In(x.zone).Format("2006-01-02 15:04:05.000")
}

// zoneOf is the zone's name with its offset at ns: Asia/Tokyo +09:00.
func zoneOf(ns int64, zone *time.Location) string {
	return zone.String() + " " + time.Unix(0, ns).In(zone).Format("-07:00")
}

// failing keeps the first error of a writer.
type failing struct {
	w   io.Writer
	err error
}

func (f *failing) Write(b []byte) (int, error) {
	if f.err == nil {
		_, f.err = f.w.Write(b)
	}
	return len(b), nil
}
