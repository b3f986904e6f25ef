package api

import (
	"strings"
	"time"

	"github.com/akashi-audit/akashi/internal/query"
)

// maxPaths is how many completions are given at most.
const maxPaths = 100

// paths answers with the paths that what is typed can become.
func (s *server) paths(rq *request) error {
	v := rq.r.URL.Query()
	if err := known(v, "typed", "limit"); err != nil {
		return err
	}
	n, err := number(v, "limit", maxPaths)
	if err != nil {
		return err
	}
	if n == 0 {
		n = 20
	}
	l, err := s.cfg.Source.Complete(rq.r.Context(), strings.ToValidUTF8(v.Get("typed"), "\uFFFD"), n)
	if err != nil {
		return err
	}
	return s.json(rq, struct {
		Paths []Path `json:"paths"`
	}{append([]Path{}, l...)})
}

// life is query.Life as clients get it.
type life struct {
	Server string `json:"server"`
	Path   string `json:"path"`
	Folder bool   `json:"folder"`
	From   Time   `json:"from"` // inclusive; null = no bound
	To     Time   `json:"to"`   // exclusive; null = no bound
}

// follow answers with the names that a file had, oldest first.
func (s *server) follow(rq *request) error {
	v := rq.r.URL.Query()
	if err := known(v, "server", "path", "at"); err != nil {
		return err
	}
	for _, k := range [...]string{"server", "path"} {
		if v.Get(k) == "" {
			return wrong(k, "missing")
		}
	}
	at := int64(0)
	if x := v.Get("at"); x != "" {
		q, err := query.Parse("from:"+x, query.Clock{Now: s.cfg.Now().Truncate(time.Second), Zone: s.cfg.Zone})
		if err != nil || strings.ContainsAny(x, " \u3000") {
			return wrong("at", "value")
		}
		at = q.From
	}
	if err := s.note(rq, "search", s.cfg.Source.Mask("follow "+v.Get("server")+" "+v.Get("path")), ""); err != nil {
		return err
	}
	l, err := s.cfg.Source.Follow(rq.r.Context(), v.Get("server"), v.Get("path"), at)
	if err != nil {
		return err
	}
	out := make([]life, 0, len(l))
	for _, x := range l {
		out = append(out, life{x.Server, x.Path, x.Folder, Time(x.From), Time(x.To)})
	}
	return s.json(rq, struct {
		Lives []life `json:"lives"`
	}{out})
}

// status answers with the state of the data folder.
func (s *server) status(rq *request) error {
	if err := known(rq.r.URL.Query()); err != nil {
		return err
	}
	st, err := s.cfg.Source.Status(rq.r.Context())
	if err != nil {
		return err
	}
	c := *st
	c.Servers = append([]Server{}, st.Servers...)
	return s.json(rq, &c)
}

// coverage answers with what is missing of the logs of a server.
func (s *server) coverage(rq *request) error {
	v := rq.r.URL.Query()
	if err := known(v, "server"); err != nil {
		return err
	}
	if v.Get("server") == "" {
		return wrong("server", "missing")
	}
	r, err := s.cfg.Source.Coverage(rq.r.Context(), v.Get("server"))
	if err != nil {
		return err
	}
	return s.json(rq, r)
}
