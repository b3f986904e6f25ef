package store

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/akashi-audit/akashi/internal/catalogue"
	"github.com/akashi-audit/akashi/internal/record"
	"github.com/akashi-audit/akashi/internal/segment"
)

// RebuildPaths makes the path catalogue of all servers again from the segments.
func (s *Store) RebuildPaths(ctx context.Context) error {
	if s.opt.ReadOnly {
		return errors.New("rebuild: the data folder is open for reading only")
	}
	defer s.alone()()
	if err := s.flush(ctx); err != nil {
		return err
	}
	for _, name := range s.ServerNames() {
		if err := s.rebuildPaths(ctx, name); err != nil {
			return fmt.Errorf("rebuild the path catalogue of %s: %w", name, err)
		}
	}
	return s.forget()
}

// rebuildPaths makes the catalogue of one server of what its segments hold. The
// caller holds work.
func (s *Store) rebuildPaths(ctx context.Context, server string) error {
	release := s.pins.hold()
	defer release()
	s.mu.RLock()
	sv := s.index.servers[server].clone()
	var old []*pathRef
	for _, r := range s.index.paths {
		if r.server == server {
			old = append(old, r)
		}
	}
	s.mu.RUnlock()
	parts, partial, err := s.partsOf(ctx, sv)
	var made *pathRef
	if err == nil && len(parts) > 0 {
		made, err = s.joinParts(server, parts)
	}
	if err == nil {
		err = s.publish(s.withPaths(server, made))
	}
	for _, p := range parts {
		_ = p.file.Close() // was only read
	}
	if err != nil {
		if made != nil {
			err = errors.Join(err, made.file.Close())
		}
		s.clean()
		return err
	}
	s.mu.Lock()
	s.index.paths = slices.DeleteFunc(slices.Clone(s.index.paths), func(r *pathRef) bool { return r.server == server })
	if made != nil {
		s.index.paths = append(s.index.paths, made)
	}
	s.index.partial[server] = partial
	s.mu.Unlock()
	var gone []io.Closer
	for _, r := range old {
		gone = append(gone, r.file)
	}
	s.pins.retire(func() { closeAll(gone) })
	s.clean()
	return nil
}

// partsOf makes one part of each segment, which no manifest names.
func (s *Store) partsOf(ctx context.Context, sv *serverIndex) (l []*pathRef, partial bool, err error) {
	all := segment.NewFilter(everything())
	for _, r := range sv.segments {
		b := catalogue.NewBuilder(sv.name, s.zone())
		rows := 0
		err := r.seg.Each(ctx, all, sv.view(), func(rec *record.Record, _ uint64) error {
			b.Add(rec)
			rows++
			return nil
		})
		if err != nil {
			return l, partial, err
		}
		partial = partial || s.isDamaged(r.name())
		if rows == 0 {
			continue
		}
		num := s.newNumber()
		if _, err := s.writeFile(pathDir, num, b.Write); err != nil {
			return l, partial, err
		}
		p, err := s.openPaths(num, sv.name)
		if err != nil {
			return l, partial, err
		}
		l = append(l, p)
	}
	return l, partial, nil
}

// joinParts writes one part of all.
func (s *Store) joinParts(server string, l []*pathRef) (*pathRef, error) {
	var in []*catalogue.Part
	for _, r := range l {
		in = append(in, r.part)
	}
	num := s.newNumber()
	if _, err := s.writeFile(pathDir, num, func(w io.Writer) error { return catalogue.Merge(w, in...) }); err != nil {
		return nil, err
	}
	if err := s.syncDirs(pathDir); err != nil {
		return nil, err
	}
	return s.openPaths(num, server)
}

// withPaths is the manifest with one part of the catalogue for a server.
func (s *Store) withPaths(server string, r *pathRef) *manifest {
	m := *s.manifest
	m.Generation++
	m.Paths = slices.DeleteFunc(slices.Clone(m.Paths), func(f manifestFile) bool { return f.Server == server })
	if r != nil {
		m.Paths = append(m.Paths, manifestFile{Num: r.num, Server: server, Size: r.size})
	}
	return &m
}
