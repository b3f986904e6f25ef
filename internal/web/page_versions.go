package web

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"github.com/akashi-audit/akashi/internal/record"
)

// versions are what a record's page says of later and earlier conversions.
func (s *site) versions(ctx context.Context, rq *request, r *record.Record) ([]pair, error) {
	var l []pair
	if r.SupersededBy != 0 {
		l = append(l, pair{rq.p.T("web.csv.superseded_by"), strconv.FormatUint(uint64(r.SupersededBy), 10)})
	}
	earlier, err := s.cfg.Source.Versions(ctx, r.ID())
	if err != nil {
		return nil, fmt.Errorf("earlier versions of record %s: %w", r.ID(), err)
	}
	now := r.CSV()
	for i := range earlier {
		e := &earlier[i]
		var parts []string
		for n, cell := range e.CSV() {
			switch name := record.Fields()[n]; {
			case cell == now[n], name == "received", name == "rules_version", name == "superseded_by":
			default:
				parts = append(parts, rq.p.T("web.csv."+name)+": "+record.Visible(cell))
			}
		}
		if len(parts) > 0 {
			name := rq.p.T("web.record.earlier", "time", clock(e.Received, rq.zone), "version", int64(e.RulesVersion))
			l = append(l, pair{name, strings.Join(parts, " · ")})
		}
	}
	return l, nil
}
