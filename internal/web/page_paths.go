package web

import (
	"net/http"
	"strings"

	"github.com/akashi-audit/akashi/internal/record"
)

// completions is how many paths are offered while typing.
const completions = 10

// pathView is one offered path.
type pathView struct {
	Name   name
	Path   string // as it goes into the form
	Server string
	How    string // "file" or "folder"
	N      uint64
	People int
	Last   string
}

// complete offers paths for what was typed, as options of a list box. It is no
// search: it names what could be searched.
func (s *site) complete(rq *request) error {
	typed := clean(rq.r.URL.Query().Get("typed"))
	if s.cfg.Paths == nil || strings.TrimSpace(typed) == "" {
		rq.w.WriteHeader(http.StatusNoContent)
		return nil
	}
	hits, err := s.cfg.Paths.Complete(rq.r.Context(), typed, completions)
	if err != nil {
		return err
	}
	var l []pathView
	for _, h := range hits {
		if h.Path != strings.ToValidUTF8(h.Path, "\uFFFD") {
			continue // a form cannot give it back
		}
		p := pathView{Name: splitName(h.Path), Path: h.Path, Server: record.Visible(h.Server), How: "file", N: h.N, People: h.People, Last: clock(h.Last, rq.zone)}
		if h.Folder {
			p.How = "folder"
		}
		l = append(l, p)
	}
	return s.render(rq, http.StatusOK, "paths", l)
}
