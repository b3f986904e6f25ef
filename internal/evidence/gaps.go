package evidence

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/akashi-audit/akashi/internal/i18n"
	"github.com/akashi-audit/akashi/internal/manifest"
	"github.com/akashi-audit/akashi/internal/report"
	"github.com/akashi-audit/akashi/internal/seal"
)

// sealedGaps is a gap report that the log holds.
type sealedGaps struct {
	*manifest.GapReport
	leaf seal.Leaf
}

// proveGaps proves the last gap report of each server of the records, and of each of
// their days, that the checkpoint covers. One that names a number that is masked is
// left out: a leaf is shown whole or not at all.
func (m *maker) proveGaps() error {
	servers := make(map[string]bool)
	for d := range m.days {
		servers[d.Server] = true
	}
	last := make(map[Day]sealedGaps)
	for l, err := range m.log.Of(seal.KindGapReport) {
		if err != nil {
			return fmt.Errorf("evidence: gap reports: %w", err)
		}
		g, err := manifest.ParseGapReport(l.Entry.Subject)
		if err != nil {
			return fmt.Errorf("evidence: leaf %d: %w", l.Index, err)
		}
		k := Day{g.Server, g.Day}
		if _, ok := m.days[k]; (ok || g.Day == "" && servers[g.Server]) && l.Index < m.point.Size {
			last[k] = sealedGaps{g, l}
		}
	}
	for _, k := range slices.SortedFunc(maps.Keys(last), func(a, b Day) int {
		return cmp.Or(strings.Compare(a.Server, b.Server), strings.Compare(a.Day, b.Day))
	}) {
		g := last[k]
		if m.shownInPart(g.GapReport) {
			continue
		}
		path, err := m.log.Prove(g.leaf.Index, m.point.Size)
		if err != nil {
			return fmt.Errorf("evidence: proof of a gap report: %w", err)
		}
		m.gapped = append(m.gapped, g)
		m.proofs.Gaps = append(m.proofs.Gaps, manifest.LeafProof{Index: g.leaf.Index, Leaf: string(g.leaf.Data), Path: path})
	}
	return nil
}

// shownInPart tells whether a name of the report may not be shown whole.
func (m *maker) shownInPart(g *manifest.GapReport) bool {
	names := []string{g.Server}
	for i := range g.Channels {
		names = append(names, g.Channels[i].Channel)
	}
	for i := range g.Cleared {
		names = append(names, g.Cleared[i].User)
	}
	return slices.ContainsFunc(names, func(s string) bool { return m.text(s) != s })
}

// sealedGapBlocks lists the sealed gap reports.
func (m *maker) sealedGapBlocks(p *i18n.Printer) []report.Block {
	if len(m.gapped) == 0 {
		return nil
	}
	t := &report.Table{
		Head:   []string{p.T("evidence.col.server"), p.T("evidence.sealedgaps.of"), p.T("evidence.sealedgaps.leaf"), p.T("evidence.col.missing"), p.T("evidence.sealedgaps.silences"), p.T("evidence.sealedgaps.cleared")},
		Widths: []float64{3.4, 2, 2.8, 1.3, 1.2, 1.3}, Right: []bool{false, false, false, true, true, true},
	}
	for _, g := range m.gapped {
		missing, _, silences := g.Sums()
		of := cmp.Or(g.Day, p.T("evidence.sealedgaps.all"))
		t.Rows = append(t.Rows, []string{
			m.shown(g.Server), of, fmt.Sprint(g.leaf.Index) + "\n" + m.when(g.leaf.Entry.Time), figure(p, missing), figure(p, silences), figure(p, g.ClearedCount),
		})
	}
	return []report.Block{{Heading: p.T("evidence.sealedgaps"), Text: []string{p.T("evidence.sealedgaps.text")}, Table: t}}
}
