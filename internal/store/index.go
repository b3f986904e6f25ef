package store

import (
	"cmp"
	"slices"
	"strings"

	"github.com/akashi-audit/akashi/internal/event"
)

// Compare orders keys: running time, channel, generation, record id.
func (k Key) Compare(o Key) int {
	return cmp.Or(cmp.Compare(k.Running, o.Running), strings.Compare(k.Channel, o.Channel),
		cmp.Compare(k.Generation, o.Generation), cmp.Compare(k.ID, o.ID))
}

// life is one life of a channel's record ids. Its number is given when it is
// first seen and never changes; the generation of its events is its rank in
// time among the lives of the channel, and so does not depend on the order of
// the imports.
type life struct {
	num     uint32
	channel string
	ids     runs
	blocks  []*rawBlock // by lowest id
	start   event.Filetime
	last    event.Filetime // highest time
	events  int64
}

func (l *life) add(b *rawBlock) {
	if len(l.blocks) == 0 || b.lo() < l.blocks[0].lo() {
		l.start = b.first
	}
	l.last = max(l.last, b.max)
	at, _ := slices.BinarySearchFunc(l.blocks, b.lo(), func(o *rawBlock, lo uint64) int { return cmp.Compare(o.lo(), lo) })
	l.blocks = slices.Insert(l.blocks, at, b)
	for _, r := range b.runs {
		l.ids = l.ids.add(r)
	}
	l.events += int64(b.n)
}

// runs are disjoint ranges of record ids in ascending order, never adjacent.
type runs []run

// search is the first range that ends at or after id.
func (l runs) search(id uint64) int {
	i, _ := slices.BinarySearchFunc(l, id, func(r run, id uint64) int { return cmp.Compare(r.hi, id) })
	return i
}

func (l runs) has(id uint64) bool {
	i := l.search(id)
	return i < len(l) && l[i].lo <= id
}

func (l runs) add(r run) runs {
	from := l.search(r.lo)
	if from > 0 && l[from-1].hi == r.lo-1 {
		from--
	}
	to := from
	for to < len(l) && (l[to].lo <= r.hi || l[to].lo == r.hi+1 && r.hi+1 != 0) {
		r.lo, r.hi = min(r.lo, l[to].lo), max(r.hi, l[to].hi)
		to++
	}
	return slices.Replace(l, from, to, r)
}

// checkpoint is a place from which a server can be converted again.
type checkpoint struct {
	seq       uint64
	watermark Key
	ref       blockRef
}

// serverIndex is what the log says of one server.
type serverIndex struct {
	name        string
	lives       []*life // by number; nil where damage hides one
	records     []*recBlock
	tail        []*recBlock
	checkpoints []checkpoint // valid ones, ascending
	seq         uint64       // last valid commit
	pending     *Key         // from here on the records are out of date
	events      int64
}

func (s *serverIndex) life(num uint32, channel string) *life {
	for uint32(len(s.lives)) <= num {
		s.lives = append(s.lives, nil)
	}
	if s.lives[num] == nil {
		s.lives[num] = &life{num: num, channel: channel}
	}
	return s.lives[num]
}

// of lists the lives of a channel in the order of their generations.
func (s *serverIndex) of(channel string) []*life {
	var l []*life
	for _, li := range s.lives {
		if li != nil && li.channel == channel && len(li.blocks) > 0 {
			l = append(l, li)
		}
	}
	slices.SortFunc(l, func(a, b *life) int { return cmp.Or(cmp.Compare(a.start, b.start), cmp.Compare(a.num, b.num)) })
	return l
}

// generation is the rank of a life.
func (s *serverIndex) generation(li *life) uint32 {
	return uint32(slices.Index(s.of(li.channel), li))
}

func (s *serverIndex) watermark() (k Key, ok bool) {
	if n := len(s.checkpoints); n > 0 {
		return s.checkpoints[n-1].watermark, true
	}
	return Key{}, false
}

// index is what the scan of the log files found. Guarded by Store.mu.
type index struct {
	servers map[string]*serverIndex
	imports []Import
	seq     uint64 // last frame
}

func newIndex() *index { return &index{servers: make(map[string]*serverIndex)} }

func (x *index) apply(f *frame) {
	x.seq = max(x.seq, f.seq)
	x.imports = append(x.imports, f.imports...)
	if f.server == "" {
		return
	}
	s := x.servers[f.server]
	if s == nil {
		s = &serverIndex{name: f.server}
		x.servers[f.server] = s
	}
	if f.rewind != nil {
		n := *f.rewind
		s.records = slices.DeleteFunc(slices.Clone(s.records), func(b *recBlock) bool { return b.seq > n })
		s.checkpoints = slices.DeleteFunc(s.checkpoints, func(c checkpoint) bool { return c.seq > n })
		s.tail, s.pending = nil, nil
	}
	for _, b := range f.raw {
		s.life(b.life, b.channel).add(b)
		s.events += int64(b.n)
	}
	if f.late != nil && (s.pending == nil || f.late.Compare(*s.pending) < 0) {
		s.pending = f.late
	}
	s.records = append(s.records, f.records...)
	if f.setTail {
		s.tail = f.tail
	}
	if f.checkpoint != nil {
		s.checkpoints = append(s.checkpoints, checkpoint{f.seq, f.watermark, *f.checkpoint})
	}
	s.seq = f.seq
}
