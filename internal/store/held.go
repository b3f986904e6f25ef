package store

import "github.com/akashi-audit/akashi/internal/event"

// HeldRun is a run of record ids, both ends included, with bounds of their times.
type HeldRun struct {
	Lo, Hi   uint64
	From, To event.Filetime
}

// HeldLife is one life of the record ids of a channel of a server.
type HeldLife struct {
	Channel    string
	Generation uint32
	Runs       []HeldRun // in no order; they may overlap
}

// HeldIDs lists which events of a server were received, those that were erased or
// deleted later too. It reads nothing: the index knows them.
func (s *Store) HeldIDs(server string) []HeldLife {
	s.mu.RLock()
	defer s.mu.RUnlock()
	sv := s.index.servers[server]
	if sv == nil {
		return nil
	}
	var out []HeldLife
	for _, li := range sv.allLives() {
		l := HeldLife{Channel: li.channel, Generation: li.gen}
		for _, b := range li.blocks {
			for i, r := range b.runs {
				h := HeldRun{r.lo, r.hi, b.min, b.max}
				if i == 0 {
					h.From = b.first
				}
				if i == len(b.runs)-1 {
					h.To = b.last
				}
				l.Runs = append(l.Runs, h)
			}
		}
		out = append(out, l)
	}
	return out
}
