package store

import (
	"errors"
	"slices"
)

func (s *Store) closeFiles() error {
	var errs []error
	for _, l := range slices.Concat(s.files, s.kept) {
		errs = append(errs, l.f.Close())
	}
	for _, c := range s.index.closers() {
		errs = append(errs, c.Close())
	}
	s.files, s.kept = nil, nil
	return errors.Join(errs...)
}

// Close ends the use of the folder. It waits for a running Append.
func (s *Store) Close() error {
	s.stop()
	s.append.Lock()
	defer s.append.Unlock()
	was, err := s.shut()
	if was {
		return nil
	}
	if s.opt.Closing != nil && !s.opt.ReadOnly {
		err = errors.Join(err, s.opt.Closing())
	}
	return errors.Join(err, s.lock.Unlock())
}

// shut turns callers away and closes the files; was says that it was done before.
func (s *Store) shut() (was bool, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return true, nil
	}
	s.closed = true
	err = s.closeFiles()
	s.codec.close()
	s.packer.Close()
	s.unpacker.Close()
	return false, err
}
