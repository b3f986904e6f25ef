package store

import (
	"slices"
)

// Damage lists the damaged places that were met so far.
func (s *Store) Damage() []*DamageError {
	s.damageMu.Lock()
	defer s.damageMu.Unlock()
	return slices.Clone(s.damage)
}
