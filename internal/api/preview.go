package api

import (
	"time"

	"github.com/akashi-audit/akashi/internal/care"
)

// previewBackground tells what lists would make background, of the newest records that
// the asker may see. It changes nothing.
func (s *server) previewBackground(rq *request) error {
	var in background
	if err := s.read(rq, &in, "accounts", "addresses", "processes"); err != nil {
		return err
	}
	b := care.Background{Accounts: tidiedList(in.Accounts), Addresses: tidiedList(in.Addresses), Processes: tidiedList(in.Processes)}
	y, m, d := s.cfg.Now().In(s.cfg.Zone).Date()
	from := time.Date(y, m, d-(care.PreviewDays-1), 0, 0, 0, 0, s.cfg.Zone)
	x, err := care.PreviewOf(rq.r.Context(), s.cfg.Source.Search, b, from.UnixNano())
	if err != nil {
		return err
	}
	type entry struct {
		Entry   Text   `json:"entry"`
		Records uint64 `json:"records"`
	}
	out := struct {
		From    string  `json:"from"`
		Read    uint64  `json:"read"`
		Records uint64  `json:"records"`
		Cut     bool    `json:"cut"`
		Entries []entry `json:"entries"`
	}{from.Format(time.DateOnly), x.Read, x.N, x.Cut, []entry{}}
	for _, e := range x.Entries {
		out.Entries = append(out.Entries, entry{Text(e.Text), e.N})
	}
	return s.json(rq, out)
}
