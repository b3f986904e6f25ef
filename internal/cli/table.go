package cli

import (
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/mattn/go-runewidth"

	"github.com/akashi-audit/akashi/internal/gloss"
	"github.com/akashi-audit/akashi/internal/i18n"
	"github.com/akashi-audit/akashi/internal/record"
)

// table writes records in columns for people.
type table struct {
	out    io.Writer
	p      *i18n.Printer
	zone   *time.Location
	width  int // of the terminal, 0 = do not cut
	widths [len(columns)]int
	headed bool
}

// wideTerminal has room for columns as wide as what stands in them.
const wideTerminal = 140

// columns of the table and their widths; the last takes what is left.
var columns = [...]struct {
	key   string
	width int
}{
	{"cli.col.time", 19}, {"cli.col.user", 22}, {"cli.col.client", 15}, {"cli.col.op", 20}, {"cli.col.result", 8}, {"cli.col.what", 0},
}

func (t *table) write(records []record.Record) error {
	var lines [][]string
	if !t.headed && len(records) > 0 {
		t.headed = true
		var head []string
		for _, c := range columns {
			head = append(head, t.p.T(c.key, "zone", t.zone))
		}
		lines = append(lines, head)
	}
	for i := range records {
		lines = append(lines, t.cells(&records[i]))
	}
	t.fit(lines)
	for _, l := range lines {
		if err := t.line(l); err != nil {
			return err
		}
	}
	return nil
}

func (t *table) cells(r *record.Record) []string {
	client := r.ClientIP
	if client == "" {
		client = r.ClientName
	}
	return []string{
		time.Unix(0, r.Time).In(t.zone).Format("2006-01-02 15:04:05"),
		record.Visible(r.User), client, t.p.T("web.op." + r.Op.String()), t.p.T("web.result." + r.Result.String()), t.what(r),
	}
}

// fit makes columns as wide as what comes: at least their width where nobody looks, at
// most that in a narrow terminal. They stay so for the records behind.
func (t *table) fit(lines [][]string) {
	for i, c := range columns {
		least, most := 0, 2*c.width+10
		switch {
		case t.width == 0:
			least = c.width
		case t.width < wideTerminal:
			most = c.width
		}
		t.widths[i] = max(t.widths[i], least)
		for _, l := range lines {
			t.widths[i] = max(t.widths[i], min(runewidth.StringWidth(l[i]), most))
		}
	}
}

// what is the path, the new path, the telling details in words, the repeats and
// the mark of an inference.
func (t *table) what(r *record.Record) string {
	var b strings.Builder
	b.WriteString(record.Visible(r.Path))
	if r.NewPath != "" {
		b.WriteString(" → " + record.Visible(r.NewPath))
	}
	if more := gloss.Summary(t.p, t.zone, r); more != "" {
		if b.Len() > 0 {
			b.WriteString("  ")
		}
		b.WriteString(more)
	}
	if r.Count > 1 {
		fmt.Fprintf(&b, " ×%d", r.Count)
	}
	if r.Confidence == record.Inferred {
		b.WriteString(" [" + t.p.T("cli.inferred", "rule", r.Rule) + "]")
	}
	return b.String()
}

func (t *table) line(cells []string) error {
	var b strings.Builder
	used := 0
	for i, c := range cells {
		w := t.widths[i]
		if columns[i].width == 0 {
			if t.width > used+10 {
				c = runewidth.Truncate(c, t.width-used-1, "…")
			}
			b.WriteString(c)
			continue
		}
		if t.width > 0 && runewidth.StringWidth(c) > w {
			c = runewidth.Truncate(c, w, "…")
		}
		b.WriteString(runewidth.FillRight(c, w) + "  ")
		used += w + 2
	}
	_, err := fmt.Fprintln(t.out, strings.TrimRight(b.String(), " "))
	return err
}
