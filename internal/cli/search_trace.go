package cli

import (
	"fmt"

	"github.com/akashi-audit/akashi/internal/query"
)

// explainAnswer tells on standard error how the search was answered.
func (s *search) explainAnswer(t query.TraceSummary) {
	s.note("cli.trace.query", "text", s.q.Text(s.zone))
	s.note("cli.trace.segments", "n", t.Segments, "blocks", t.LogBlocks)
	for _, k := range t.Skipped {
		s.note("cli.trace.skipped", "n", k.N, "reason", s.p.T("cli.trace.skip."+string(k.Reason)))
	}
	s.note("cli.trace.rows", "rows", t.Rows, "matched", t.Matched, "bytes", s.p.Bytes(t.Bytes))
	for _, p := range t.Phases {
		s.note("cli.trace.phase", "phase", s.p.T("cli.trace.phase."+string(p.Name)), "time", fmt.Sprintf("%.1f", float64(p.Time.Microseconds())/1000))
	}
}
