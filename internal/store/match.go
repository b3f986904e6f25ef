package store

import (
	"github.com/akashi-audit/akashi/internal/query"
	"github.com/akashi-audit/akashi/internal/record"
)

// matcher matches rows of blocks. Conditions on paths, which fold text, are
// asked once per distinct path of a block. It belongs to one goroutine.
type matcher struct {
	rest  *query.Matcher // everything but paths
	paths *query.Matcher // paths only; nil when there is no such condition
	rec   record.Record
	block *record.Block
	memo  map[pathKey]bool // of block
	hide  []erasure
}

// pathKey is what a condition on paths looks at, as places in the string table.
type pathKey struct{ path, newPath, share, root uint32 }

func newMatcher(q query.Query, hide []erasure) *matcher {
	m := &matcher{hide: hide}
	if n := &q.Not; len(q.Words)+len(q.Paths)+len(q.Files)+len(q.Folders)+len(n.Paths)+len(n.Files)+len(n.Folders)+len(q.Within.Folders) > 0 {
		m.paths = query.NewMatcher(query.Query{
			Within: query.Extent{Folders: q.Within.Folders}, Words: q.Words, Paths: q.Paths, Files: q.Files, Folders: q.Folders, Classes: query.AllClasses(),
			Not: query.Exclusion{Paths: n.Paths, Files: n.Files, Folders: n.Folders},
		})
		q.Words, q.Paths, q.Files, q.Folders = nil, nil, nil, nil
		n.Paths, n.Files, n.Folders, q.Within.Folders = nil, nil, nil, nil
	}
	m.rest = query.NewMatcher(q)
	return m
}

func (m *matcher) match(b *record.Block, row int) bool {
	b.Read(row, &m.rec)
	if !m.rest.Match(&m.rec) || erased(m.hide, &m.rec) {
		return false
	}
	if m.paths == nil {
		return true
	}
	if m.block != b {
		m.block, m.memo = b, make(map[pathKey]bool)
	}
	k := pathKey{b.Code(record.ColPath, row), b.Code(record.ColNewPath, row), b.Code(record.ColShare, row), m.rec.ShareRoot}
	ok, seen := m.memo[k]
	if !seen {
		ok = m.paths.Match(&m.rec)
		m.memo[k] = ok
	}
	return ok
}
