package web

import (
	"context"
	"net/http"
	"strings"
	"time"

	"github.com/akashi-audit/akashi/internal/query"
	"github.com/akashi-audit/akashi/internal/record"
)

// How many paths are offered while typing. Who touched the first ones is counted
// too, as far as that is quick: typing must not wait for it.
const (
	completions     = 10
	countedHits     = 6
	countedRecords  = 5_000 // most records of a path whose people are counted
	countedHitsWait = 15 * time.Millisecond
)

// pathView is one offered path.
type pathView struct {
	Name   name
	Path   string // as it goes into the form, "" = it cannot
	URL    string // its search, when the form cannot hold it
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
	s.countPeople(rq, hits)
	var l []pathView
	for _, h := range hits {
		p := pathView{Name: splitName(h.Path), Path: h.Path, Server: record.Visible(h.Server), How: "file", N: h.N, People: h.People, Last: clock(h.Last, rq.zone)}
		if h.Folder {
			p.How = "folder"
		}
		if !fits(h.Path) { // a field cannot show it, an address holds it
			p.Path, p.URL = "", (&form{Page: "/people", File: h.Path}).url()
			if h.Folder {
				p.URL = (&form{Page: "/people", Folder: h.Path}).url()
			}
		}
		l = append(l, p)
	}
	return s.render(rq, http.StatusOK, "paths", l)
}

// countPeople adds who touched a path to the first hits, where that is known or
// quickly found: one after the other, and the one that goes on when the time is over
// ends, so that a key costs little however many of them are typed. What was counted is
// there with the next key.
func (s *site) countPeople(rq *request, hits []PathHit) {
	ctx, cancel := context.WithTimeout(rq.r.Context(), countedHitsWait)
	defer cancel()
	for i := range hits[:min(len(hits), countedHits)] {
		h := &hits[i]
		if h.People > 0 || h.N > countedRecords {
			continue
		}
		q := query.Query{Servers: one(h.Server), Files: one(h.Path), Lists: query.ListPeople}
		if h.Folder {
			q.Files, q.Folders = nil, one(h.Path)
		}
		t := s.facets(rq, q)
		if ok, err := t.wait(ctx, 0); !ok {
			t.abandon()
			return
		} else if err != nil {
			continue
		}
		if f, ok := t.value.(*query.Facets); ok {
			h.People = len(f.People) + f.PeopleMore
			h.N, h.Last = max(h.N, f.Total), max(h.Last, f.Last)
		}
	}
}
