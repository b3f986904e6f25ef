package store

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/akashi-audit/akashi/internal/event"
)

func isDamage(err error) bool {
	var d *DamageError
	return errors.As(err, &d)
}

// isLost reports whether stored bytes are lost for good. What cannot be read may
// be read the next time: work that writes must not take it for gone.
func isLost(err error) bool {
	var d *DamageError
	return errors.As(err, &d) && d.Err == nil
}

// Resume is a place from which a server can be converted again: the newest
// checkpoint that the late events do not touch. The zero Resume is the
// beginning.
type Resume struct {
	Seq        uint64   // for Commit.Rewind
	Checkpoint []byte   // nil at the beginning
	Shifts     [][]byte // what must be done to it, in this order
	Watermark  Key
}

// State is how far a server is converted.
type State struct {
	Watermark Key  // of the last event that the converter took
	Started   bool // whether there is one
	// Behind: stored events wait for conversion.
	Behind bool
	// Unsettled: replaced records wait to be compared (Store.Supersede).
	Unsettled bool
	// Unread: some stored events were never read for facts.
	Unread bool
}

// State tells how far a server is converted.
func (s *Store) State(server string) State {
	s.mu.RLock()
	defer s.mu.RUnlock()
	sv := s.index.servers[server]
	if sv == nil {
		return State{}
	}
	st := State{Behind: len(sv.pending) > 0, Unsettled: len(sv.old) > 0 || len(sv.unsettled()) > 0, Unread: sv.unread}
	st.Watermark, st.Started = sv.watermark()
	if st.Behind {
		return st
	}
	for _, li := range sv.allLives() {
		if k := (Key{li.last, li.channel, li.gen, li.hi}); !st.Started || k.Compare(st.Watermark) > 0 {
			st.Behind = true
		}
	}
	return st
}

// ServerNames lists the servers, sorted.
func (s *Store) ServerNames() []string {
	s.mu.RLock()
	defer s.mu.RUnlock()
	var l []string
	for n := range s.index.servers {
		l = append(l, n)
	}
	slices.Sort(l)
	return l
}

// Resume finds the place to continue a server from. Checkpoints for which usable returns
// false are passed over for older ones.
func (s *Store) Resume(ctx context.Context, server string, usable func(b []byte, shifts [][]byte, basis Basis) bool) (Resume, error) {
	release := s.pins.hold()
	defer release()
	s.mu.RLock()
	var list []checkpoint
	var pending []Span
	var shifts [][][]byte
	if sv := s.index.servers[server]; sv != nil {
		list, pending = slices.Clone(sv.checkpoints), sv.pending
		for i := range list {
			shifts = append(shifts, sv.shiftsOf(&list[i]))
		}
	}
	s.mu.RUnlock()
	for i, c := range slices.Backward(list) {
		if len(pending) > 0 && c.watermark.Compare(pending[0].From) >= 0 {
			continue
		}
		b, err := s.read(ctx, &c.ref)
		if isLost(err) {
			continue
		}
		if err != nil {
			return Resume{}, fmt.Errorf("read checkpoint: %w", err)
		}
		if usable(b, shifts[i], c.basis) {
			return Resume{c.seq, b, shifts[i], c.watermark}, nil
		}
	}
	return Resume{}, nil
}

// Replay calls fn for the stored events of a server behind the key after, in
// merge order, with their generation set. The event is the callee's to keep.
// Events in damaged blocks are left out; Damage names them.
func (s *Store) Replay(ctx context.Context, server string, after Key, fn func(*event.Event, Key) error) error {
	release := s.pins.hold()
	defer release()
	s.mu.RLock()
	var heads []*lifeReader
	if sv := s.index.servers[server]; sv != nil {
		for _, li := range sv.allLives() {
			heads = append(heads, &lifeReader{s: s, channel: li.channel, gen: li.gen, blocks: li.blocks})
		}
	}
	s.mu.RUnlock()
	for _, h := range heads {
		h.skip(after)
		if err := h.next(ctx); err != nil {
			return err
		}
	}
	for {
		var first *lifeReader
		for _, h := range heads {
			if h.event != nil && (first == nil || h.key.Compare(first.key) < 0) {
				first = h
			}
		}
		if first == nil {
			return ctx.Err()
		}
		if first.key.Compare(after) > 0 {
			if err := fn(first.event, first.key); err != nil {
				return err
			}
		}
		if err := first.next(ctx); err != nil {
			return err
		}
	}
}

// lifeReader reads the events of one life in record order.
type lifeReader struct {
	s       *Store
	channel string
	gen     uint32
	blocks  []*rawBlock      // not yet opened, by lowest id
	open    [][]*event.Event // rest of each opened block
	running event.Filetime
	event   *event.Event // the one at hand; nil at the end
	key     Key
}

// skip passes over leading blocks that lie wholly before a key.
func (r *lifeReader) skip(after Key) {
	var top, running event.Filetime
	var hi uint64
	whole := 0 // blocks that can be passed over
	for i, b := range r.blocks {
		top, hi = max(top, b.max), max(hi, b.hi())
		if (Key{top, r.channel, r.gen, hi}).Compare(after) > 0 {
			break
		}
		if i+1 == len(r.blocks) || r.blocks[i+1].lo() > hi {
			whole, running = i+1, top
		}
	}
	r.blocks, r.running = r.blocks[whole:], running
}

func (r *lifeReader) next(ctx context.Context) error {
	for len(r.blocks) > 0 {
		if at := r.lowest(); at >= 0 && r.open[at][0].RecordID < r.blocks[0].lo() {
			break
		}
		l, err := r.s.events(ctx, r.blocks[0])
		if err != nil && !isLost(err) {
			return err
		}
		r.blocks = r.blocks[1:]
		if len(l) > 0 {
			r.open = append(r.open, l)
		}
	}
	at := r.lowest()
	if at < 0 {
		r.event = nil
		return nil
	}
	r.event = r.open[at][0]
	if r.open[at] = r.open[at][1:]; len(r.open[at]) == 0 {
		r.open = slices.Delete(r.open, at, at+1)
	}
	r.running = max(r.running, r.event.Time)
	r.event.Generation = r.gen
	r.key = Key{r.running, r.channel, r.gen, r.event.RecordID}
	return nil
}

// lowest is the opened block with the lowest next id, or -1.
func (r *lifeReader) lowest() int {
	at := -1
	for i, l := range r.open {
		if at < 0 || l[0].RecordID < r.open[at][0].RecordID {
			at = i
		}
	}
	return at
}
