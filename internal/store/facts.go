package store

import (
	"cmp"
	"context"
	"slices"
	"strings"
)

// Fact is what one server's log says about all: who was where in a minute. The
// store only keeps it.
type Fact struct {
	Minute int64 // Unix time in minutes
	Who    string
	Where  string
}

// factBlocks is how many facts one block holds at most.
const factBlocks = 1 << 16

// factBlock holds facts by minute.
type factBlock struct {
	blockRef
	seq      uint64
	min, max int64
}

// sortFacts brings facts into the one order and drops doubles.
func sortFacts(l []Fact) []Fact {
	slices.SortFunc(l, func(a, b Fact) int {
		return cmp.Or(cmp.Compare(a.Minute, b.Minute), strings.Compare(a.Who, b.Who), strings.Compare(a.Where, b.Where))
	})
	return slices.Compact(l)
}

// appendFacts is the block form: number of facts, string table, then of each
// the difference of its minute, who and where.
func appendFacts(l []Fact) []byte {
	at := map[string]uint64{}
	var names []string
	str := func(s string) uint64 {
		n, ok := at[s]
		if !ok {
			n = uint64(len(names))
			at[s], names = n, append(names, s)
		}
		return n
	}
	rows := &encoder{}
	prev := int64(0)
	for _, f := range l {
		rows.i(f.Minute - prev)
		rows.u(str(f.Who))
		rows.u(str(f.Where))
		prev = f.Minute
	}
	e := &encoder{}
	e.u(uint64(len(l)))
	e.u(uint64(len(names)))
	for _, s := range names {
		e.str(s)
	}
	return append(e.b, rows.b...)
}

func decodeFacts(b []byte) ([]Fact, error) {
	d := &decoder{b: b}
	n := d.count()
	names := make([]string, d.count())
	for i := range names {
		names[i] = d.str()
	}
	l := make([]Fact, 0, min(n, factBlocks))
	minute := int64(0)
	for range n {
		minute += d.i()
		who, where := d.u(), d.u()
		if who >= uint64(len(names)) || where >= uint64(len(names)) {
			d.fail()
		}
		if d.err != nil {
			return nil, d.err
		}
		l = append(l, Fact{minute, names[who], names[where]})
	}
	return l, d.err
}

// Facts calls fn for the facts of all servers from one minute to another, both
// included, in no order and some more than once. Damaged blocks are left out.
func (s *Store) Facts(ctx context.Context, from, to int64, fn func(Fact)) error {
	if err := s.Refresh(); err != nil {
		return err
	}
	release := s.pins.hold()
	defer release()
	s.mu.RLock()
	var refs []*factBlock
	for _, b := range s.index.facts {
		if b.max >= from && b.min <= to {
			refs = append(refs, b)
		}
	}
	s.mu.RUnlock()
	for _, b := range refs {
		raw, err := s.read(ctx, &b.blockRef)
		if isDamage(err) {
			continue
		}
		if err != nil {
			return err
		}
		l, err := decodeFacts(raw)
		if err != nil || len(l) != b.n {
			_ = s.noteBlock(s.nameOf(b.file), &b.blockRef, "block of facts does not follow its format") // told by Damage
			continue
		}
		for _, f := range l {
			if from <= f.Minute && f.Minute <= to {
				fn(f)
			}
		}
	}
	return nil
}

// HasFacts reports whether there is any fact.
func (s *Store) HasFacts() bool {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return len(s.index.facts) > 0
}

// Unspread is the range of minutes, both included, of the facts that no commit
// has called spread, and the number of the last commit (Commit.Spread).
func (s *Store) Unspread() (from, to int64, seq uint64, ok bool) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	for _, b := range s.index.facts {
		if b.seq <= s.index.spread {
			continue
		}
		if !ok {
			from, to, ok = b.min, b.max, true
		}
		from, to, seq = min(from, b.min), max(to, b.max), max(seq, b.seq)
	}
	return from, to, seq, ok
}

// Outdate finds the keys between which a server must be converted again so that
// the records of some commits are made anew, for Commit.Late and LateTo.
func (s *Store) Outdate(server string, commits map[uint64]bool) (from, to Key) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	sv := s.index.servers[server]
	if sv == nil {
		return Key{}, LastKey()
	}
	left := 0
	for n := range commits {
		if sv.place(n) >= 0 {
			left++
		}
	}
	if left < len(commits) {
		return Key{}, LastKey()
	}
	first := true
	at := 0 // of the checkpoint before
	for _, c := range sv.checkpoints {
		upto := sv.place(c.seq)
		for n := range commits {
			if p := sv.place(n); at <= p && (p < upto || p == upto && n <= c.seq) {
				if first {
					from, first = c.watermark, false
				}
				to = c.watermark
				left--
				delete(commits, n)
			}
		}
		at = upto
	}
	switch {
	case first:
		return Key{}, LastKey()
	case left > 0:
		to = LastKey()
	}
	return from, to
}

// place is the number of the piece of a commit, -1 for none.
func (s *serverIndex) place(seq uint64) int {
	return slices.IndexFunc(s.pieces(), func(p piece) bool { return p.Lo <= seq && seq <= p.Hi })
}
