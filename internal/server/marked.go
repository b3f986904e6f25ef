package server

import (
	"context"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/akashi-audit/akashi/internal/care"
	"github.com/akashi-audit/akashi/internal/config"
	"github.com/akashi-audit/akashi/internal/engine"
	"github.com/akashi-audit/akashi/internal/query"
	"github.com/akashi-audit/akashi/internal/store"
)

// markedFresh is how long the places of UNC paths count as known.
const markedFresh = time.Minute

// marked tells which folders hold specific personal information, by akashi.toml.
type marked struct {
	config   func() config.Config
	complete func(ctx context.Context, typed string) ([]store.PathHit, error)
	ctx      context.Context // of the server's life
	now      func() time.Time

	mu    sync.Mutex // guards the fields below
	of    []string   // entries that names and under were made of
	at    time.Time
	names []string // of folders, wherever they are
	under []string // paths, local and UNC
}

func newMarked(ctx context.Context, e *engine.Engine) *marked {
	return &marked{
		config: e.Config, ctx: ctx, now: time.Now,
		complete: func(ctx context.Context, typed string) ([]store.PathHit, error) {
			return e.Complete(ctx, typed, 20, query.Extent{})
		},
	}
}

// is reports whether a path is such a folder or lies below one.
func (m *marked) is(path string) bool {
	l := m.config().MyNumber.Folders
	if len(l) == 0 {
		return false
	}
	names, under := m.entries(l)
	p := strings.ReplaceAll(path, "/", `\`)
	if slices.ContainsFunc(under, func(u string) bool { return query.Below(p, u, false) }) {
		return true
	}
	if len(names) == 0 {
		return false
	}
	for part := range strings.SplitSeq(p, `\`) {
		if part != "" && slices.ContainsFunc(names, func(n string) bool { return query.EqualPath(n, part) }) {
			return true
		}
	}
	return false
}

// entries sorts the entries, and finds where UNC paths lie on their servers: records
// name local paths.
func (m *marked) entries(l []string) (names, under []string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if slices.Equal(m.of, l) && m.now().Sub(m.at) < markedFresh {
		return m.names, m.under
	}
	m.of, m.at, m.names, m.under = slices.Clone(l), m.now(), nil, nil
	for _, x := range l {
		full, share, rest := query.SplitUNC(x)
		if !strings.Contains(full, `\`) {
			m.names = append(m.names, full)
			continue
		}
		m.under = append(m.under, full)
		if share == "" {
			continue
		}
		hits, err := m.complete(m.ctx, full)
		if err != nil {
			continue // the UNC form counts all the same, and the next minute asks again
		}
		for _, h := range hits {
			if _, s, r := query.SplitUNC(h.UNC); h.Folder && query.SameShare(share, s) && query.EqualPath(r, rest) {
				m.under = append(m.under, h.Path)
			}
		}
	}
	return m.names, m.under
}

// Folders is where specific personal information lies.
func (s *settings) Folders() []string { return slices.Clone(s.e.Config().MyNumber.Folders) }

// SetFolders changes it.
func (s *settings) SetFolders(ctx context.Context, by care.Author, l []string) ([]care.SettingProblem, error) {
	return s.change(ctx, by, func() any { return s.Folders() }, func(c *config.Config) { c.MyNumber.Folders = l })
}

// FoldersHistory compares each sealed change with the one before.
func (s *settings) FoldersHistory(ctx context.Context) ([]care.FolderChange, error) {
	l, err := s.e.SettingsHistory(ctx)
	if err != nil {
		return nil, err
	}
	var out []care.FolderChange
	for i, c := range l {
		var before []string
		if i+1 < len(l) {
			before = l[i+1].Now.MyNumber
		}
		now := c.Now.MyNumber
		x := care.FolderChange{By: c.By, Time: c.Time, Sealed: c.Sealed, Added: without(now, before), Removed: without(before, now)}
		if len(x.Added)+len(x.Removed) > 0 {
			out = append(out, x)
		}
	}
	return out, nil
}
