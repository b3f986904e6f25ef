package store

import (
	"io"
	"os"
	"slices"
)

// Refresh makes what another process has committed since visible to a read-only
// store. Searches do it by themselves.
func (s *Store) Refresh() error {
	if !s.opt.ReadOnly {
		return nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return os.ErrClosed
	}
	for range refreshTries {
		now := s.newestGeneration()
		if err := s.refresh(now); s.newestGeneration() == now {
			return err
		}
	}
	return s.refresh(s.newestGeneration())
}

// refreshTries bounds how often a reader begins anew because the writer went on meanwhile.
const refreshTries = 8

// refresh looks once for what was committed; now is the newest generation on the disk.
// The writer keeps the files of two manifests: when there is a newer one at the end, some
// that were wanted may have gone, or a log file before it was read. The caller holds mu.
func (s *Store) refresh(now uint64) error {
	if now > s.manifest.Generation {
		return s.reload()
	}
	if n := len(s.files); n > 0 { // the writer cut a failed commit: read again
		if size, err := s.files[n-1].size(); err == nil && size < s.files[n-1].end {
			return s.reload()
		}
	}
	return s.load()
}

// newestGeneration is that of the manifests on the disk.
func (s *Store) newestGeneration() uint64 {
	return max(s.manifestGeneration(manifestNames[0]), s.manifestGeneration(manifestNames[1]))
}

// reload reads everything again. Segments that stay are not opened anew; other
// files close when the readers of now are done. The caller holds mu.
func (s *Store) reload() error {
	was := s.index
	left := slices.Concat(s.files, s.kept)
	var gone []io.Closer
	s.damageMu.Lock()
	s.damage = nil
	s.damageMu.Unlock()
	s.files, s.kept, s.index = nil, nil, newIndex()
	s.cache.clear()
	err := s.loadManifest(was)
	stays := make(map[io.Closer]bool)
	for _, c := range s.index.closers() {
		stays[c] = true
	}
	for _, c := range was.closers() {
		if !stays[c] {
			gone = append(gone, c)
		}
	}
	s.leave(left, gone)
	if err != nil {
		return err
	}
	return s.load()
}
