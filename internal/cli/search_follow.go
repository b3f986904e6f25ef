package cli

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strings"

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

// follow makes the search one for the whole life of its one file or folder, across
// its names, and prints them.
func (s *search) follow(ctx context.Context, in any, status *engine.Status) error {
	q := &s.q
	if len(q.Files)+len(q.Folders) != 1 {
		return usage(errors.New(s.p.T("cli.error.follow.file")))
	}
	path := slices.Concat(q.Files, q.Folders)[0]
	server, err := s.serverOf(ctx, path, status)
	if err != nil {
		return err
	}
	f, ok := in.(follower)
	if !ok {
		return errors.New(s.p.T("cli.error.follow.store"))
	}
	at, err := s.newest(ctx, server, path)
	if err != nil {
		return err
	}
	lives, err := f.Follow(ctx, server, path, at)
	if err != nil {
		return err
	}
	if len(lives) == 0 {
		return nil // the path itself is searched
	}
	q.Files, q.Folders, q.Lives = nil, nil, lives
	for _, l := range lives {
		s.note("cli.search.life", "path", record.Visible(l.Path), "server", record.Visible(l.Server),
			"from", cmp.Or(words(s.p, s.zone, moment(l.From)), "…"), "to", cmp.Or(words(s.p, s.zone, moment(l.To)), "…"))
	}
	return nil
}

// serverOf is the full name of the one server on which the file lies: named, or
// in a UNC path, or the only one that has records of it.
func (s *search) serverOf(ctx context.Context, path string, status *engine.Status) (string, error) {
	want := s.q.Servers
	if host, ok := strings.CutPrefix(strings.ReplaceAll(path, "/", `\`), `\\`); ok && len(want) == 0 {
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
	if len(names) > 1 {
		f, err := s.in.Facets(ctx, query.Query{Folders: []string{path}, Servers: names, To: s.q.To, Classes: query.AllClasses(), Lists: query.ListServers, Top: 2})
		if err != nil {
			return "", err
		}
		names = names[:0]
		for _, c := range f.Servers {
			names = append(names, c.Value)
		}
	}
	if len(names) != 1 {
		return "", usage(errors.New(s.p.T("cli.error.follow.server")))
	}
	return names[0], nil
}

// newest is the time of the newest record of a path, or of what lies below it: at
// that time it had this name, if only until then. Without one it is the end of the
// search's time, 0 for none.
func (s *search) newest(ctx context.Context, server, path string) (int64, error) {
	p, err := s.in.Search(ctx, query.Query{Folders: []string{path}, Servers: []string{server}, To: s.q.To, Classes: query.AllClasses(), Limit: 1})
	if err != nil {
		return 0, err
	}
	if len(p.Records) == 0 {
		return s.q.To, nil
	}
	return p.Records[0].Time, nil
}
