package store

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path/filepath"
	"slices"

	"github.com/akashi-audit/akashi/internal/event"
	"github.com/akashi-audit/akashi/internal/query"
	"github.com/akashi-audit/akashi/internal/rawfile"
)

func everything() query.Query { return query.Query{Classes: query.AllClasses()} }

// repacked is one pack written again.
type repacked struct {
	old, now *packRef // now is nil when nothing was left
	server   map[string][]manifestGone
}

// rewritePacks writes the packs again that hold events which drop wants gone.
// The caller holds work.
func (s *Store) rewritePacks(ctx context.Context, drop func(server string, gen uint32, e *event.Event) bool, out *Removal) error {
	s.mu.RLock()
	packs := slices.Clone(s.index.packs)
	gens := make(map[*packRef]map[int]uint32)
	for _, sv := range s.index.servers {
		for _, li := range sv.allLives() {
			for _, b := range li.blocks {
				if b.pack != nil {
					if gens[b.pack] == nil {
						gens[b.pack] = make(map[int]uint32)
					}
					gens[b.pack][b.at] = li.gen
				}
			}
		}
	}
	s.mu.RUnlock()
	for _, p := range packs {
		if err := s.rewritePack(ctx, p, gens[p], drop, out); err != nil {
			return fmt.Errorf("write %s again: %w", fileName(rawDir, p.num), err)
		}
	}
	return nil
}

// rewritePack writes one pack again, unless nothing of it goes.
func (s *Store) rewritePack(ctx context.Context, p *packRef, gens map[int]uint32, drop func(string, uint32, *event.Event) bool, out *Removal) error {
	type part struct {
		b      *rawBlock
		server string
	}
	var parts []part
	p.blocks(func(server string, b *rawBlock) { parts = append(parts, part{b, server}) })
	split := func(x part) (keep []*event.Event, gone runs, err error) {
		l, err := s.events(ctx, x.b)
		for _, e := range l {
			if drop(x.server, gens[x.b.at], e) {
				gone = gone.add(run{e.RecordID, e.RecordID})
			} else {
				keep = append(keep, e)
			}
		}
		return keep, gone, err
	}
	hit := false
	left := 0
	for _, x := range parts {
		keep, gone, err := split(x)
		if isLost(err) {
			out.leave(fileName(rawDir, p.num), LeftDamaged)
			return nil
		}
		if err != nil {
			return err
		}
		hit = hit || len(gone) > 0
		left += len(keep)
	}
	if !hit {
		return nil
	}
	r := &repacked{old: p, server: make(map[string][]manifestGone)}
	removed := int64(0)
	num := s.newNumber()
	_, err := s.writeFile(rawDir, num, func(w io.Writer) error {
		rw, err := rawfile.NewWriter(w, s.packer)
		if err != nil {
			return err
		}
		for _, x := range parts {
			keep, gone, err := split(x)
			if err != nil {
				return err
			}
			if len(gone) > 0 {
				g := *x.b
				if len(keep) > 0 {
					g.removed = gone
				}
				r.server[x.server] = append(r.server[x.server], g.trace())
				removed += int64(x.b.n - len(keep))
			}
			if len(keep) == 0 {
				continue
			}
			if _, err := rw.Add(x.server, x.b.channel, keep); err != nil {
				return err
			}
		}
		_, err = rw.Close()
		return err
	})
	if err == nil {
		err = s.syncDirs(rawDir)
	}
	if err == nil && left > 0 {
		r.now, err = s.openPack(num)
	}
	if err == nil {
		err = s.publish(s.repackedManifest(r))
	}
	if err != nil {
		if r.now != nil {
			err = errors.Join(err, r.now.file.Close())
		}
		s.clean()
		return err
	}
	s.putPack(r)
	s.clean()
	out.Packs++
	out.Events += removed
	return nil
}

// repackedManifest is the manifest with a pack in the place of another.
func (s *Store) repackedManifest(r *repacked) *manifest {
	m := *s.manifest
	m.Generation++
	m.Raw = slices.Clone(m.Raw)
	at := slices.IndexFunc(m.Raw, func(f manifestFile) bool { return f.Num == r.old.num })
	if r.now != nil {
		m.Raw[at] = manifestFile{Num: r.now.num, Size: r.now.size}
	} else {
		m.Raw = slices.Delete(m.Raw, at, at+1)
	}
	m.Servers = slices.Clone(m.Servers)
	for i := range m.Servers {
		if l := r.server[m.Servers[i].Name]; len(l) > 0 {
			m.Servers[i].Gone = joinGone(slices.Concat(m.Servers[i].Gone, l))
		}
	}
	return &m
}

// putPack puts a pack in the place of another in the index.
func (s *Store) putPack(r *repacked) {
	s.mu.Lock()
	x := s.index
	x.packs = slices.DeleteFunc(slices.Clone(x.packs), func(p *packRef) bool { return p == r.old })
	fresh := make(map[string][]*rawBlock)
	if r.now != nil {
		x.packs = append(x.packs, r.now)
		r.now.blocks(func(server string, b *rawBlock) { fresh[server] = append(fresh[server], b) })
	}
	for name, sv := range x.servers {
		c := sv.clone()
		var gone []manifestGone
		touched := len(r.server[name]) > 0 || len(fresh[name]) > 0
		if !touched {
			continue
		}
		gone = joinGone(append(goneBlocks(c.raw), r.server[name]...))
		raw := make(map[string][]*rawBlock)
		for i := range gone {
			raw[gone[i].Channel] = append(raw[gone[i].Channel], gone[i].block())
		}
		var logged []*rawBlock
		c.events = 0
		put := func(b *rawBlock) {
			raw[b.channel] = append(raw[b.channel], b)
			c.events += int64(b.n)
		}
		for _, l := range c.raw {
			for _, b := range l {
				switch {
				case b.inLog():
					logged = append(logged, b)
				case !b.gone && b.pack != r.old:
					put(b)
				}
			}
		}
		for _, b := range slices.Concat(fresh[name], logged) {
			put(b)
		}
		c.raw, c.parts = raw, make(map[string][]*life)
		x.servers[name] = c
	}
	x.settle()
	s.mu.Unlock()
	s.pins.retire(func() { closeAll([]io.Closer{r.old.file}) })
}

// listQuarantine lists what was put aside.
func (s *Store) listQuarantine() ([]string, error) {
	entries, err := s.fs.ReadDir(filepath.Join(s.dir, quarantineDir))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("list quarantine: %w", err)
	}
	var l []string
	for _, e := range entries {
		l = append(l, e.Name())
	}
	return l, nil
}
