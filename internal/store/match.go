package store

import (
	"github.com/akashi-audit/akashi/internal/query"
	"github.com/akashi-audit/akashi/internal/record"
)

// matcher matches rows of blocks. It belongs to one goroutine.
type matcher struct {
	m   *query.Matcher
	rec record.Record
}

func newMatcher(q query.Query) *matcher { return &matcher{m: query.NewMatcher(q)} }

func (m *matcher) match(b *record.Block, row int) bool {
	b.Read(row, &m.rec)
	return m.m.Match(&m.rec)
}

// begin readies the matcher for a block.
func (m *matcher) begin(*record.Block) {}
