package evidence

import (
	"cmp"
	"context"
	"fmt"
	"io"
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
	l := []string{p.T("evidence.proof.from"), p.T("evidence.proof.unanchored"), p.T("evidence.proof.before"), p.T("evidence.proof.raw")}
	if m.opt.Unmask {
		return append(l, p.T("evidence.proof.unmasked", "ground", record.Visible(m.opt.Ground)))
	}
	return append(l, p.T("evidence.proof.masked", "n", m.masked))
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
			{Name: t("evidence.authority"), Value: t("evidence.authority.none")},
		},
		Blocks: []report.Block{{Heading: t("evidence.proof"), Marked: true, Text: m.proven(p)}},
	}
	d.Blocks = append(d.Blocks, m.summary(p)...)
	d.Blocks = append(d.Blocks, m.coverage(p))
	point, err := m.pointBlocks(p)
	if err != nil {
		return nil, err
	}
	d.Blocks = append(d.Blocks, point...)
	d.Blocks = append(d.Blocks, report.Block{Heading: t("evidence.check"), Text: append(strings.Split(t("evidence.check.text"), "\n"), t("evidence.check.hand"))}, m.list(p))
	return d, nil
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
			b.Table.Rows = append(b.Table.Rows, []string{v, fmt.Sprint(c.n)})
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
			missing := fmt.Sprint(c.Missing)
			if c.Filtered || c.TooFew {
				missing = p.T("evidence.filtered")
			}
			t.Rows = append(t.Rows, []string{m.shown(r.Server) + " " + record.Visible(c.Name), m.when(c.First.UnixNano()) + " –\n" + m.when(c.Last.UnixNano()), fmt.Sprint(c.Received), missing})
		}
	}
	return report.Block{Heading: p.T("evidence.coverage"), Text: []string{p.T("evidence.coverage.text")}, Table: t}
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
	return []report.Block{
		{Heading: p.T("evidence.point"), Text: []string{p.T("evidence.point.text", "n", m.point.Size)}, Code: string(m.point.Text), Picture: code.Image(), Caption: p.T("evidence.point.qr")},
		{Text: []string{p.T("evidence.point.key") + ":"}, Code: strings.Join(m.proofs.Keys, "\n")},
	}, nil
}
