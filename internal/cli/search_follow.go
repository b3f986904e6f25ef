package cli

import (
	"cmp"
	"context"
	"errors"
	"strings"
	"time"

	"github.com/akashi-audit/akashi/internal/engine"
	"github.com/akashi-audit/akashi/internal/query"
	"github.com/akashi-audit/akashi/internal/record"
)

// follower knows the names that a file or folder had. path is server-local or
// UNC and is what was called so at the given time, Unix ns.
type follower interface {
	Follow(ctx context.Context, server, path string, at int64) ([]query.Life, error)
}

var _ follower = (*engine.Engine)(nil)

// follow makes the search one for the whole life of its one file, across its
// names, and prints them.
func (s *search) follow(ctx context.Context, in any, status *engine.Status, now time.Time) error {
	q := &s.q
	if len(q.Files) != 1 {
		return usage(errors.New(s.p.T("cli.error.follow.file")))
	}
	server, err := s.serverOf(q, status)
	if err != nil {
		return err
	}
	f, ok := in.(follower)
	if !ok {
		return errors.New(s.p.T("cli.error.follow.store"))
	}
	lives, err := f.Follow(ctx, server, q.Files[0], cmp.Or(q.To, now.UnixNano()))
	if err != nil {
		return err
	}
	if len(lives) == 0 {
		return nil // the path itself is searched
	}
	q.Files, q.Lives = nil, lives
	for _, l := range lives {
		s.note("cli.search.life", "path", record.Visible(l.Path), "server", record.Visible(l.Server),
			"from", cmp.Or(words(s.p, s.zone, moment(l.From)), "…"), "to", cmp.Or(words(s.p, s.zone, moment(l.To)), "…"))
	}
	return nil
}

// serverOf is the full name of the one server on which the file lies: named, or
// in a UNC path, or the only one.
func (s *search) serverOf(q *query.Query, status *engine.Status) (string, error) {
	want := q.Servers
	if host, ok := strings.CutPrefix(strings.ReplaceAll(q.Files[0], "/", `\`), `\\`); ok && len(want) == 0 {
		host, _, _ = strings.Cut(host, `\`)
		want = []string{host}
	}
	var names []string
	for _, sv := range status.Servers {
		w := query.Query{Servers: want}
		if w.WantsServer(sv.Name) {
			names = append(names, sv.Name)
		}
	}
	if len(names) != 1 {
		return "", usage(errors.New(s.p.T("cli.error.follow.server")))
	}
	return names[0], nil
}
