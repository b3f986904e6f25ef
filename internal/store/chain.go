package store

// Chain is the number of the last commit and its hash, which depends on every
// commit before it (docs/FORMAT.md, frames).
func (s *Store) Chain() (seq uint64, hash [32]byte) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.index.seq, s.index.chain
}
