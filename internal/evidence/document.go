package evidence

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"rsc.io/qr"

	"github.com/akashi-audit/akashi/internal/i18n"
	"github.com/akashi-audit/akashi/internal/record"
	"github.com/akashi-audit/akashi/internal/report"
)

func (m *maker) writeReports(_ context.Context, z *zipper) error {
	for _, lang := range []string{"ja", "en"} {
		d, err := m.document(i18n.For(lang))
		if err != nil {
			return err
		}
		err = z.member("report."+lang+".pdf", func(w io.Writer) error {
			_, err := report.PDF(w, d, m.opt.Now)
			return err
		})
		if err != nil {
			return err
		}
		if err := z.member("report."+lang+".html", func(w io.Writer) error { return report.HTML(w, d) }); err != nil {
			return err
		}
		name := "README.txt"
		if lang == "ja" {
			name = "説明.txt"
		}
		p := i18n.For(lang)
		text := p.T("evidence.readme", "case", m.shown(m.opt.Case), "proof", strings.Join(m.proven(p), "\n\n"))
		if err := z.bytes(name, []byte(strings.ReplaceAll(text, "\n", "\r\n"))); err != nil {
			return err
		}
	}
	return nil
}

// shown is a text from outside as a report may show it.
func (m *maker) shown(s string) string { return record.Visible(m.text(s)) }

// proven says what the bundle proves and what not.
func (m *maker) proven(p *i18n.Printer) []string {
	n := 0
	var first int64
	for _, x := range m.parts {
		if n += x.Records; first == 0 || x.Sealed < first {
			first = x.Sealed
		}
	}
	l := []string{p.T("evidence.proof.from")}
	switch {
	case n == 0:
		l = append(l, p.T("evidence.proof.noparts"))
	case m.opt.Narrow != nil:
		l = append(l, p.T("narrow.proof.rows", "n", n, "all", m.sel.Records))
	case int64(n) == m.sel.Records:
		l = append(l, p.T("evidence.proof.parts", "n", n, "first", m.when(first)))
	default:
		var days []string
		for _, d := range m.unproven {
			days = append(days, d.Day+" "+m.shown(d.Server))
		}
		l = append(l, p.T("evidence.proof.someparts", "n", n, "all", m.sel.Records, "first", m.when(first), "days", strings.Join(days, ", ")))
	}
	if len(m.stamps) > 0 {
		last := m.stamps[len(m.stamps)-1]
		l = append(l, p.T("evidence.proof.anchored", "n", len(m.stamps), "name", m.shown(last.Stamp.Authority), "time", m.when(last.Stamp.Time.UnixNano())))
	}
	if m.covered(m.proofs.Selection.Index+1) == nil {
		l = append(l, p.T("evidence.proof.unanchored"))
	}
	l = append(l, p.T("evidence.proof.before"), p.T("evidence.proof.raw"))
	for _, t := range m.reached.Taken {
		l = append(l, p.T("evidence.taken", "class", p.T("cli.class."+t.Class), "server", m.shown(t.Server), "first", t.First, "last", t.Last,
			"by", m.shown(t.By), "proposer", m.shown(t.ProposedBy), "ground", m.shown(t.Ground), "time", m.when(t.Time)))
	}
	if m.opt.Narrow != nil {
		l = append(l, p.T("narrow.proof.limits"))
	}
	if m.opt.Unmask {
		return append(l, p.T("evidence.proof.unmasked", "ground", record.Visible(m.opt.Ground)))
	}
	return append(l, p.T("evidence.proof.masked", "n", m.masked))
}

// authority names who stamped, for the cover.
func (m *maker) authority(p *i18n.Printer) string {
	if len(m.stamps) == 0 {
		return p.T("evidence.authority.none")
	}
	last := m.stamps[len(m.stamps)-1]
	return m.shown(last.Stamp.Authority) + "\n" + m.when(last.Stamp.Time.UnixNano())
}

// archived lists the parts of the archive that records are proven out of, and what
// fixes each from outside.
func (m *maker) archived(p *i18n.Printer) []report.Block {
	var out []report.Block
	if len(m.parts) > 0 {
		t := &report.Table{
			Head:   []string{p.T("evidence.col.day"), p.T("evidence.col.host"), p.T("evidence.col.sealed"), p.T("evidence.col.stamped"), p.T("evidence.col.count")},
			Widths: []float64{1.7, 3.8, 2.6, 2.6, 1.1}, Right: []bool{false, false, false, false, true},
		}
		for _, x := range m.parts {
			by := p.T("evidence.unstamped")
			if s := m.covered(x.Index + 1); s != nil && m.opt.Narrow == nil {
				by = m.when(s.Stamp.Time.UnixNano())
			}
			t.Rows = append(t.Rows, []string{x.Day, m.shown(x.Server) + " #" + strconv.Itoa(x.Part), m.when(x.Sealed), by, figure(p, x.Records)})
		}
		text := "evidence.parts.text"
		if m.opt.Narrow != nil {
			text = "narrow.parts.text"
		}
		out = append(out, report.Block{Heading: p.T("evidence.parts"), Text: []string{p.T(text)}, Table: t})
	}
	if len(m.stamps) > 0 {
		t := &report.Table{Head: []string{p.T("evidence.col.stamped"), p.T("evidence.authority"), p.T("evidence.col.file"), p.T("evidence.col.leaves")}, Widths: []float64{2.4, 4.6, 2.9, 1.1}, Right: []bool{false, false, false, true}}
		for _, s := range m.stamps {
			t.Rows = append(t.Rows, []string{m.when(s.Stamp.Time.UnixNano()), m.shown(s.Stamp.Authority), s.member, figure(p, s.Point.Size)})
		}
		out = append(out, report.Block{Heading: p.T("evidence.stamps"), Text: []string{p.T("evidence.stamps.text")}, Table: t})
	}
	return out
}

func (m *maker) document(p *i18n.Printer) (*report.Document, error) {
	t, st := p.T, m.stats
	made := m.opt.Now.In(m.opt.Zone)
	var servers []string
	for _, s := range st.serverNames() {
		servers = append(servers, m.shown(s))
	}
	d := &report.Document{
		Lang: p.Lang(), Kind: t("evidence.kind"), Title: t("evidence.title", "case", m.shown(m.opt.Case)),
		Footer:   t("evidence.footer", "case", m.shown(m.opt.Case), "point", fmt.Sprint(m.point.Size), "made", made.Format("2006-01-02 15:04")),
		PageWord: t("evidence.page", "n", "{n}", "m", "{m}"), LostWord: t("evidence.lost", "n", "{n}"),
		Cover: []report.Pair{
			{Name: t("evidence.cover.case"), Value: m.shown(m.opt.Case)},
			{Name: t("evidence.cover.query"), Value: cmp.Or(m.shown(m.opt.Query.Text(m.opt.Zone)), t("evidence.cover.all"))},
			{Name: t("evidence.cover.period"), Value: m.when(st.first) + " – " + m.when(st.last)},
			{Name: t("evidence.cover.count"), Value: t("evidence.cover.counts", "n", m.sel.Records, "events", m.raw.count, "masked", m.masked)},
			{Name: t("evidence.cover.servers"), Value: strings.Join(servers, ", ")},
			{Name: t("evidence.cover.by"), Value: m.shown(m.opt.By)},
			{Name: t("evidence.cover.made"), Value: made.Format("2006-01-02 15:04:05 -07:00")},
			{Name: t("evidence.cover.zone"), Value: m.opt.Zone.String()},
			{Name: t("evidence.authority"), Value: m.authority(p)},
		},
		Blocks: []report.Block{{Heading: t("evidence.proof"), Marked: true, Text: m.proven(p)}},
	}
	d.Blocks = append(d.Blocks, m.summary(p)...)
	if m.opt.Narrow == nil {
		d.Blocks = append(d.Blocks, m.coverage(p))
	}
	d.Blocks = append(d.Blocks, m.archived(p)...)
	point, err := m.pointBlocks(p)
	if err != nil {
		return nil, err
	}
	d.Blocks = append(d.Blocks, point...)
	d.Blocks = append(d.Blocks, report.Block{Heading: t("evidence.check"), Text: append(strings.Split(t("evidence.check.text"), "\n"), t("evidence.check.hand"))})
	d.Blocks = append(append(append(d.Blocks, m.gaps(p)...), m.sealedGapBlocks(p)...), m.list(p))
	return d, nil
}

// figure is a count as the reader's language writes it.
func figure[T int | int64 | uint64](p *i18n.Printer, n T) string {
	return p.T("evidence.number", "n", int64(n))
}

func (m *maker) when(ns int64) string {
	return time.Unix(0, ns).In(m.opt.Zone).Format("2006-01-02 15:04:05")
}

func (m *maker) summary(p *i18n.Printer) []report.Block {
	var l []report.Block
	for i, name := range []string{"people", "files", "ops", "clients", "days"} {
		b := report.Block{Heading: p.T("evidence." + name), Table: &report.Table{
			Head: []string{p.T("evidence.col." + name), p.T("evidence.col.count")}, Widths: []float64{5, 1}, Right: []bool{false, true},
		}}
		top := m.stats.top(i)
		for _, c := range top {
			v := record.Visible(c.value)
			switch {
			case c.value == otherKey:
				v = p.T("evidence.other")
			case v == "":
				v = p.T("evidence.unknown")
			case name == "ops":
				v = p.T("web.op." + v)
			}
			b.Table.Rows = append(b.Table.Rows, []string{v, figure(p, c.n)})
		}
		if all := len(m.stats.lists[i]); all > len(top) {
			b.Text = append(b.Text, p.T("evidence.more", "n", len(top), "all", all))
		}
		l = append(l, b)
	}
	if m.stats.capped {
		l = append(l, report.Block{Text: []string{p.T("evidence.rounded", "n", maxValues)}})
	}
	return l
}

func (m *maker) coverage(p *i18n.Printer) report.Block {
	t := &report.Table{
		Head:   []string{p.T("evidence.col.server"), p.T("evidence.col.span"), p.T("evidence.col.received"), p.T("evidence.col.missing")},
		Widths: []float64{4, 4, 1.3, 1.7}, Right: []bool{false, false, true, true},
	}
	for _, r := range m.covers {
		for i := range r.Channels {
			c := &r.Channels[i]
			missing := figure(p, c.Missing)
			if c.Filtered || c.TooFew {
				missing = p.T("evidence.filtered")
			}
			t.Rows = append(t.Rows, []string{m.shown(r.Server) + " " + m.shown(c.Name), m.when(c.First.UnixNano()) + " –\n" + m.when(c.Last.UnixNano()), figure(p, c.Received), missing})
		}
	}
	return report.Block{Heading: p.T("evidence.coverage"), Text: []string{p.T("evidence.coverage.text")}, Table: t}
}

// gaps lists the runs of record ids that are missing, each with the days and times
// of the events on both sides.
func (m *maker) gaps(p *i18n.Printer) []report.Block {
	t := &report.Table{
		Head:   []string{p.T("evidence.col.server"), p.T("evidence.col.between"), p.T("evidence.col.ids"), p.T("evidence.col.missing")},
		Widths: []float64{4, 3.3, 2.6, 1.1}, Right: []bool{false, false, false, true},
	}
	all := 0
	for _, r := range m.covers {
		for i := range r.Channels {
			c := &r.Channels[i]
			all += c.GapCount
			for _, g := range c.Gaps {
				if len(t.Rows) == maxGaps {
					continue
				}
				ids := fmt.Sprint(g.FromID)
				if g.ToID != g.FromID {
					ids += " – " + fmt.Sprint(g.ToID)
				}
				t.Rows = append(t.Rows, []string{m.shown(r.Server) + " " + m.shown(c.Name), m.between(g.FromTime, g.ToTime), ids, figure(p, g.Count)})
			}
		}
	}
	if all == 0 {
		return nil
	}
	b := report.Block{Heading: p.T("evidence.gaps"), Text: []string{p.T("evidence.gaps.text")}, Table: t}
	if all > len(t.Rows) {
		b.Text = append(b.Text, p.T("evidence.gaps.more", "n", len(t.Rows), "all", all))
	}
	return []report.Block{b}
}

// maxGaps bounds the gaps that a report lists.
const maxGaps = 60

// between are two times of coverage in the zone of the folder: always with the day,
// that of the second one when it is another.
func (m *maker) between(from, to string) string {
	a, err := time.Parse(time.RFC3339Nano, from)
	b, err2 := time.Parse(time.RFC3339Nano, to)
	if err != nil || err2 != nil {
		return from + " – " + to
	}
	first, last := m.when(a.UnixNano()), m.when(b.UnixNano())
	if day := first[:len(time.DateOnly)+1]; strings.HasPrefix(last, day) {
		return first + " – " + strings.TrimPrefix(last, day)
	}
	return first + " –\n" + last
}

func (m *maker) list(p *i18n.Printer) report.Block {
	t := &report.Table{
		Head:   []string{p.T("evidence.col.time"), p.T("evidence.col.user"), p.T("evidence.col.op"), p.T("evidence.col.path")},
		Widths: []float64{2.1, 2.6, 1.5, 5},
	}
	for i := range m.stats.head {
		r := &m.stats.head[i]
		op := p.T("web.op." + r.Op.String())
		if r.Result != record.Success {
			op += "\n" + p.T("evidence.failure")
		}
		if r.Confidence != record.Certain {
			op += "\n" + p.T("evidence.inferred")
		}
		who := record.Visible(cmp.Or(r.User, r.SID, p.T("evidence.unknown")))
		if c := cmp.Or(r.ClientName, r.ClientIP); c != "" {
			who += "\n" + record.Visible(c)
		}
		path := record.Visible(r.Path)
		if r.NewPath != "" {
			path += "\n→ " + record.Visible(r.NewPath)
		}
		t.Rows = append(t.Rows, []string{m.when(r.Time), who, op, path})
	}
	text := p.T("evidence.list.all")
	if int64(len(t.Rows)) < m.sel.Records {
		text = p.T("evidence.list.more", "n", len(t.Rows), "all", m.sel.Records)
	}
	return report.Block{Heading: p.T("evidence.list"), Text: []string{text}, Table: t}
}

func (m *maker) pointBlocks(p *i18n.Printer) ([]report.Block, error) {
	code, err := qr.Encode(string(m.point.Text), qr.L)
	if err != nil {
		return nil, fmt.Errorf("evidence: QR code: %w", err)
	}
	code.Scale = 1 // the document makes dots as large as it wants
	return []report.Block{
		{Heading: p.T("evidence.point"), Text: []string{p.T("evidence.point.text", "n", m.point.Size)}, Code: string(m.point.Text), Picture: code.Image(), Caption: p.T("evidence.point.qr")},
		{Text: []string{p.T("evidence.point.key") + ":"}, Code: strings.Join(m.proofs.Keys, "\n")},
	}, nil
}
