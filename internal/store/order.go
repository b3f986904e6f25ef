package store

import (
	"context"
	"encoding/binary"
	"fmt"
	"math"
	"slices"

	"github.com/akashi-audit/akashi/internal/event"
)

// Commits stand in the order of the events that they converted, which is the
// order in which they were made unless a window was converted again: its commits
// came later and stand between older ones. Then pieces of the sequence numbers
// say what the order is.

// piece is a range of commits, both included, in the order of events.
type piece struct {
	Lo uint64 `json:"lo"`
	Hi uint64 `json:"hi"`
}

// Bounds of what windows leave behind; beyond them Marks gives none, and a late
// log is converted to the end, which clears it.
const (
	maxPieces = 128
	maxShifts = 64
	maxSpans  = 16
)

// Span is a range of merge keys, both included.
type Span struct {
	From Key `json:"from"`
	To   Key `json:"to"`
}

// LastKey is behind all keys.
func LastKey() Key { return Key{Running: event.Filetime(math.MaxUint64)} }

// Next is the smallest key behind k.
func (k Key) Next() Key {
	if k.ID == math.MaxUint64 {
		return Key{k.Running, k.Channel, k.Generation + 1, 0}
	}
	k.ID++
	return k
}

// addSpan enters a span; those that meet become one, and the last ones do when
// there are too many.
func addSpan(l []Span, s Span) []Span {
	l = append(slices.Clone(l), s)
	slices.SortFunc(l, func(a, b Span) int { return a.From.Compare(b.From) })
	out := l[:1]
	for _, s := range l[1:] {
		last := &out[len(out)-1]
		if s.From.Compare(last.To) <= 0 || len(out) == maxSpans {
			if s.To.Compare(last.To) > 0 {
				last.To = s.To
			}
			continue
		}
		out = append(out, s)
	}
	return out
}

// Window places a commit among earlier ones: it has converted events again that
// lie between theirs.
type Window struct {
	After uint64 // the commit behind which it stands; 0 = the beginning
	// Upto: what stands behind After, up to this commit, is void, unless it is
	// so already; 0 = nothing.
	Upto    uint64
	Pending []Span // what is still out of date
	// Shift, when set, is what must be done to the checkpoints behind the
	// window up to the one at ShiftTo that were made before this commit.
	Shift   []byte
	ShiftTo Key
}

// shift is a Window's shift.
type shift struct {
	By   uint64 `json:"by"` // commit
	From Key    `json:"from"`
	To   Key    `json:"to"`
	Data []byte `json:"data"`
}

// concerns reports whether a checkpoint must be shifted.
func (x *shift) concerns(c *checkpoint) bool {
	return c.seq < x.By && x.From.Compare(c.watermark) <= 0 && c.watermark.Compare(x.To) <= 0
}

func (s *serverIndex) pieces() []piece {
	if s.order == nil {
		return []piece{{0, math.MaxUint64}}
	}
	return s.order
}

// splitPieces cuts an order behind commit x. 0 is before all.
func splitPieces(l []piece, x uint64) (before, after []piece) {
	if x == 0 {
		return nil, l
	}
	for i, p := range l {
		if p.Lo <= x && x <= p.Hi {
			before = append(slices.Clone(l[:i]), piece{p.Lo, x})
			if x < p.Hi {
				after = append(after, piece{x + 1, p.Hi})
			}
			return before, append(after, l[i+1:]...)
		}
	}
	return slices.Clone(l), nil
}

// voidsOf are the commits of pieces that commit by makes void.
func voidsOf(l []piece, by uint64) (out []void) {
	for _, p := range l {
		if lo, hi := max(p.Lo, 1), min(p.Hi, by-1); lo <= hi {
			out = append(out, void{To: lo - 1, At: hi + 1, By: by})
		}
	}
	return out
}

// rewound is the order when commit seq stands behind x and all behind it is void.
func (s *serverIndex) rewound(x, seq uint64) (order []piece, voids []void) {
	before, after := splitPieces(s.pieces(), x)
	if len(before) > 1 {
		order = append(before, piece{seq, math.MaxUint64})
	}
	return order, voidsOf(after, seq)
}

// windowed is the order when commit seq stands behind w.After, and what lay
// between that and w.Upto is void.
func (s *serverIndex) windowed(w *Window, seq uint64) (order []piece, voids []void) {
	before, after := splitPieces(s.pieces(), w.After)
	if slices.ContainsFunc(after, func(p piece) bool { return p.Lo <= w.Upto && w.Upto <= p.Hi }) {
		gone, rest := splitPieces(after, w.Upto)
		voids, after = voidsOf(gone, seq), rest
	}
	order = before
	if n := len(order); n > 0 && order[n-1].Hi+1 == seq {
		order[n-1].Hi = seq
	} else {
		order = append(order, piece{seq, seq})
	}
	for _, p := range after {
		if p.Hi < seq {
			order = append(order, p)
			continue
		}
		if p.Lo < seq && slices.ContainsFunc(s.checkpoints, func(c checkpoint) bool { return p.Lo <= c.seq && c.seq < seq }) {
			order = append(order, piece{p.Lo, seq - 1})
		}
		order = append(order, piece{seq + 1, math.MaxUint64})
	}
	if n := len(order); n == 0 || order[n-1].Hi != math.MaxUint64 {
		order = append(order, piece{seq + 1, math.MaxUint64})
	}
	return order, voids
}

// put fills in what a frame says of the order of its server's commits. since is
// the last commit whose content is in files: what the manifest says need not be
// repeated.
func (s *serverIndex) put(f *frame, c *Commit, since uint64) {
	f.order, f.pending = s.order, s.pending
	for _, v := range s.voids {
		if v.by() > since {
			f.voids = append(f.voids, void{To: v.To, At: v.At, By: v.by()})
		}
	}
	for i := range s.shifts {
		f.shifts = append(f.shifts, s.shifts[i].By)
	}
	var voids []void
	switch {
	case c.Window != nil:
		f.window, f.pending, f.shift, f.shiftTo = true, c.Window.Pending, c.Window.Shift, c.Window.ShiftTo
		f.order, voids = s.windowed(c.Window, f.seq)
	case c.Rewind != nil:
		f.pending = nil
		f.order, voids = s.rewound(*c.Rewind, f.seq)
	}
	f.voids = append(f.voids, voids...)
	if c.Late != nil {
		to := LastKey()
		if c.LateTo != nil {
			to = *c.LateTo
		}
		f.pending = addSpan(f.pending, Span{*c.Late, to})
	}
}

// follow takes the order that a frame of version 4 tells.
func (s *serverIndex) follow(f *frame) {
	var fresh []void
	for _, v := range f.voids {
		if v.By > s.rewind.at {
			fresh = append(fresh, v)
		}
	}
	if len(fresh) > 0 {
		void := func(seq uint64) bool { return isVoid(fresh, seq) }
		for _, b := range s.records {
			if void(b.seq) {
				s.old = append(s.old, b)
			}
		}
		if !f.window {
			if slices.ContainsFunc(s.checkpoints, func(c checkpoint) bool { return void(c.seq) }) {
				s.old = append(s.old, s.tail...) // the conversion had come to its end
			}
			s.tail = nil
		}
		s.voids = append(slices.Clone(s.voids), fresh...)
		s.records = slices.DeleteFunc(slices.Clone(s.records), func(b *recBlock) bool { return void(b.seq) })
		s.checkpoints = slices.DeleteFunc(slices.Clone(s.checkpoints), func(c checkpoint) bool { return void(c.seq) })
		for _, v := range fresh {
			s.rewind = rewind{v.To, max(s.rewind.at, v.By)}
		}
	}
	if f.window && f.setTail {
		s.old = append(s.old, s.tail...)
	}
	s.order, s.pending = f.order, f.pending
	for _, by := range f.shifts { // a lost one leaves what it concerned unusable
		if !slices.ContainsFunc(s.shifts, func(x shift) bool { return x.By == by }) {
			s.checkpoints = slices.DeleteFunc(slices.Clone(s.checkpoints), func(c checkpoint) bool { return c.seq < by })
		}
	}
	if f.shift != nil {
		s.shifts = append(slices.Clone(s.shifts), shift{f.seq, f.watermark, f.shiftTo, f.shift})
	}
	s.shifts = slices.DeleteFunc(slices.Clone(s.shifts), func(x shift) bool {
		return !slices.ContainsFunc(s.checkpoints, func(c checkpoint) bool { return x.concerns(&c) })
	})
}

// sortCheckpoints brings the checkpoints into the order of events.
func (s *serverIndex) sortCheckpoints() {
	slices.SortStableFunc(s.checkpoints, func(a, b checkpoint) int { return a.watermark.Compare(b.watermark) })
}

// shiftsOf are what must be done to a checkpoint, in this order.
func (s *serverIndex) shiftsOf(c *checkpoint) (l [][]byte) {
	for i := range s.shifts {
		if s.shifts[i].concerns(c) {
			l = append(l, s.shifts[i].Data)
		}
	}
	return l
}

// Mark is a checkpoint of an earlier conversion, with which another one can be
// compared.
type Mark struct {
	Seq       uint64 // of its commit
	Watermark Key
	Basis     Basis
}

// Marks lists the checkpoints behind a key, in the order of events; none when no
// more windows may be made.
func (s *Store) Marks(server string, after Key) (l []Mark) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	sv := s.index.servers[server]
	if sv == nil || len(sv.order) > maxPieces || len(sv.shifts) >= maxShifts {
		return nil
	}
	for _, c := range sv.checkpoints {
		if c.watermark.Compare(after) > 0 {
			l = append(l, Mark{c.seq, c.watermark, c.basis})
		}
	}
	return l
}

// markOf finds the checkpoint of a mark; a flush can have dropped it.
func (s *Store) markOf(server string, seq uint64) (c checkpoint, shifts [][]byte, ok bool) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	sv := s.index.servers[server]
	if sv == nil {
		return c, nil, false
	}
	i := slices.IndexFunc(sv.checkpoints, func(c checkpoint) bool { return c.seq == seq })
	if i < 0 {
		return c, nil, false
	}
	c = sv.checkpoints[i]
	return c, sv.shiftsOf(&c), true
}

// ReadMark reads the checkpoint of a mark and what must be done to it; nil when
// it is there no more.
func (s *Store) ReadMark(ctx context.Context, server string, seq uint64) (state []byte, shifts [][]byte, err error) {
	release := s.pins.hold()
	defer release()
	c, shifts, ok := s.markOf(server, seq)
	if !ok {
		return nil, nil, nil
	}
	if state, err = s.read(ctx, &c.ref); isLost(err) {
		return nil, nil, nil
	}
	if err != nil {
		return nil, nil, fmt.Errorf("read checkpoint: %w", err)
	}
	return state, shifts, nil
}

// ReadTrace reads what the conversion looked up between the checkpoint before
// that of a mark and this one, in several sets; ok is false when it is not known.
func (s *Store) ReadTrace(ctx context.Context, server string, seq uint64) (sets [][]uint32, ok bool, err error) {
	release := s.pins.hold()
	defer release()
	c, _, ok := s.markOf(server, seq)
	if !ok || len(c.traces) == 0 {
		return nil, false, nil
	}
	for i := range c.traces {
		b, err := s.read(ctx, &c.traces[i])
		if isLost(err) {
			return nil, false, nil
		}
		if err != nil {
			return nil, false, fmt.Errorf("read a trace: %w", err)
		}
		set, err := decodeTrace(b)
		if err != nil {
			return nil, false, nil // it only means that nothing can be proved
		}
		sets = append(sets, set)
	}
	return sets, true, nil
}

// appendTrace writes keys in ascending order: their number, then differences.
func appendTrace(b []byte, keys []uint32) []byte {
	b = binary.AppendUvarint(b, uint64(len(keys)))
	last := uint32(0)
	for _, k := range keys {
		b = binary.AppendUvarint(b, uint64(k-last))
		last = k
	}
	return b
}

func decodeTrace(b []byte) ([]uint32, error) {
	d := &decoder{b: b}
	l := make([]uint32, d.count())
	last := uint32(0)
	for i := range l {
		last += d.u32()
		l[i] = last
	}
	return l, d.err
}

// LastKeys is the key of the last stored event of each channel of a server.
func (s *Store) LastKeys(server string) map[string]Key {
	s.mu.RLock()
	defer s.mu.RUnlock()
	l := make(map[string]Key)
	if sv := s.index.servers[server]; sv != nil {
		for _, li := range sv.allLives() {
			k := Key{li.last, li.channel, li.gen, li.hi}
			if o, ok := l[li.channel]; !ok || k.Compare(o) > 0 {
				l[li.channel] = k
			}
		}
	}
	return l
}

// Pending lists what of a server is out of date, in the order of events.
func (s *Store) Pending(server string) []Span {
	s.mu.RLock()
	defer s.mu.RUnlock()
	if sv := s.index.servers[server]; sv != nil {
		return slices.Clone(sv.pending)
	}
	return nil
}
