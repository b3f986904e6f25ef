package store

import (
	"context"
	"sync"

	"github.com/akashi-audit/akashi/internal/catalogue"
	"github.com/akashi-audit/akashi/internal/record"
)

// recents keeps the paths of the blocks in the log, which are in no part of the
// catalogue yet, by server.
type recents struct {
	mu sync.Mutex // guards by
	by map[string]*recentPaths
}

type recentPaths struct {
	mu     sync.Mutex // held while it is brought up to date or read
	blocks map[*recBlock]bool
	erased int // orders that were known
	paths  *catalogue.Recent
}

// with calls fn with the paths of a server's records in the log: those that are
// final, which are kept, and those of its tail, which changes with every commit.
// Blocks that came are added; when some went away it begins anew.
func (x *recents) with(ctx context.Context, s *Store, sv *serverIndex, fn func(l ...*catalogue.Recent) error) error {
	x.mu.Lock()
	if x.by == nil {
		x.by = make(map[string]*recentPaths)
	}
	p := x.by[sv.name]
	if p == nil {
		p = &recentPaths{}
		x.by[sv.name] = p
	}
	x.mu.Unlock()
	p.mu.Lock()
	defer p.mu.Unlock()
	held := 0
	for _, b := range sv.records {
		if p.blocks[b] {
			held++
		}
	}
	if p.paths == nil || held < len(p.blocks) || p.erased != sv.ordered() {
		p.paths, p.blocks, p.erased = catalogue.NewRecent(), make(map[*recBlock]bool), sv.ordered()
	}
	for _, ref := range sv.records {
		if p.blocks[ref] {
			continue
		}
		p.blocks[ref] = true
		if err := addRecent(ctx, s, sv, ref, p.paths); err != nil {
			p.paths = nil // half of a block may be in it
			return err
		}
	}
	tail := catalogue.NewRecent()
	for _, ref := range sv.tail {
		if err := addRecent(ctx, s, sv, ref, tail); err != nil {
			return err
		}
	}
	return fn(p.paths, tail)
}

// addRecent adds the records of a block; a damaged one is left out.
func addRecent(ctx context.Context, s *Store, sv *serverIndex, ref *recBlock, to *catalogue.Recent) error {
	b, err := s.block(ctx, ref)
	if isDamage(err) {
		return nil
	}
	if err != nil {
		return err
	}
	var rec record.Record
	for i := range b.Len() {
		if b.Read(i, &rec); !sv.erased(&rec) {
			to.Add(&rec)
		}
	}
	return nil
}
