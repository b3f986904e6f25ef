package store

import (
	"cmp"
	"crypto/sha256"
	"slices"
	"strings"

	"github.com/akashi-audit/akashi/internal/event"
)

// Compare orders keys: running time, channel, generation, record id.
func (k Key) Compare(o Key) int {
	return cmp.Or(cmp.Compare(k.Running, o.Running), strings.Compare(k.Channel, o.Channel),
		cmp.Compare(k.Generation, o.Generation), cmp.Compare(k.ID, o.ID))
}

// clockSlack is how far the clock may have been set back inside one life of a
// channel: a life ends only where ids fall back while time advances by more.
const clockSlack = 10 * 60 * 10_000_000 // 100 ns

// life is one life of a channel's record ids: the blocks of one generation. It
// is derived from the blocks alone, and so does not depend on the order in which
// they came. It is immutable.
type life struct {
	channel string
	gen     uint32
	ids     runs
	blocks  []*rawBlock // by lowest id
	hi      uint64
	last    event.Filetime // highest time
}

// partition sorts the blocks of a channel into lives: taken in the order of
// their first time, a block whose ids fall back although all of it is later
// begins the next life.
func partition(channel string, blocks []*rawBlock) []*life {
	blocks = slices.Clone(blocks)
	slices.SortFunc(blocks, func(a, b *rawBlock) int {
		return cmp.Or(cmp.Compare(a.min, b.min), cmp.Compare(a.lo(), b.lo()), cmp.Compare(a.hi(), b.hi()))
	})
	var lives []*life
	var cur *life
	for _, b := range blocks {
		if cur == nil || b.lo() <= cur.hi && b.min > cur.last+clockSlack {
			cur = &life{channel: channel, gen: uint32(len(lives))}
			lives = append(lives, cur)
		}
		cur.blocks = append(cur.blocks, b)
		cur.hi, cur.last = max(cur.hi, b.hi()), max(cur.last, b.max)
	}
	for _, li := range lives {
		slices.SortFunc(li.blocks, func(a, b *rawBlock) int { return cmp.Or(cmp.Compare(a.lo(), b.lo()), cmp.Compare(a.hi(), b.hi())) })
		for _, b := range li.blocks {
			for _, r := range b.runs {
				li.ids = li.ids.add(r)
			}
		}
	}
	return lives
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
	basis     Basis
	// traces are what was looked up since the checkpoint before, of this
	// commit and of those between of which the checkpoints were dropped; none =
	// not known.
	traces []blockRef
}

// refs are its blocks, copies of their places.
func (c *checkpoint) refs() []*blockRef {
	ref := c.ref
	l := []*blockRef{&ref}
	for _, t := range c.traces {
		l = append(l, &t)
	}
	return l
}

// serverIndex is what the log says of one server.
type serverIndex struct {
	name        string
	raw         map[string][]*rawBlock // by channel, in the order of the log
	parts       map[string][]*life     // by channel; made when asked for
	records     []*recBlock
	tail        []*recBlock
	checkpoints []checkpoint // valid ones, ascending
	rewind      rewind       // the last one
	pending     []Span       // what of the records is out of date
	order       []piece      // of commits; nil: that of their numbers
	shifts      []shift      // ascending by commit
	old         []*recBlock  // void, not yet compared with what replaced them
	drafts      []*recBlock  // of a comparison that has not ended
	superseded  []*recBlock
	unread      bool // events of format 1, which had no facts
	events      int64
	segments    []*segmentRef // records that hold or did
	oldSegments []*segmentRef // superseded records
	voids       []void        // commits whose rows in segments do not hold
	erasures    []erasure     // what is hidden, the lawful erasures first
	lawful      int           // so many of erasures are lawful ones
	orders      []Erasure     // of terms, as they came: the rest of erasures says the same with fewer
}

// lives lists the lives of a channel in the order of their generations. Two
// readers may find the same answer at once; it is kept by whoever holds Store.mu
// for writing (settle).
func (s *serverIndex) lives(channel string) []*life {
	if l, ok := s.parts[channel]; ok {
		return l
	}
	return partition(channel, s.raw[channel])
}

// settle keeps the lives of all channels.
func (s *serverIndex) settle() {
	for ch, blocks := range s.raw {
		if _, ok := s.parts[ch]; !ok {
			s.parts[ch] = partition(ch, blocks)
		}
	}
}

// allLives lists the lives of all channels.
func (s *serverIndex) allLives() []*life {
	var l []*life
	for ch := range s.raw {
		l = append(l, s.lives(ch)...)
	}
	return l
}

func (s *serverIndex) watermark() (k Key, ok bool) {
	if n := len(s.checkpoints); n > 0 {
		return s.checkpoints[n-1].watermark, true
	}
	return Key{}, false
}

func newServerIndex(name string) *serverIndex {
	return &serverIndex{name: name, raw: make(map[string][]*rawBlock), parts: make(map[string][]*life)}
}

// settle readies the index for readers.
func (x *index) settle() {
	for _, s := range x.servers {
		s.settle()
	}
}

// index is what the scan of the log files found. Guarded by Store.mu.
type index struct {
	servers map[string]*serverIndex
	imports []Import
	seq     uint64 // last frame
	facts   []*factBlock
	spread  uint64            // facts of frames up to here are used by all servers
	chain   [sha256.Size]byte // hash of the last commit
	logRows int               // records in the log
	packs   []*packRef        // files of raw events
	paths   []*pathRef        // parts of the path catalogue

	erasures []Erasure       // of all servers, those that appear later too
	schedule Schedule        // of retention
	expired  []Expired       // months that were deleted
	partial  map[string]bool // servers of which parts of the catalogue are missing
}

func newIndex() *index {
	return &index{servers: make(map[string]*serverIndex), partial: make(map[string]bool)}
}

func (x *index) apply(f *frame) {
	x.seq, x.chain = max(x.seq, f.seq), f.hash
	x.imports = append(x.imports, f.imports...)
	x.facts = append(x.facts, f.facts...)
	x.spread = max(x.spread, f.spread)
	if f.schedule != nil {
		x.schedule = *f.schedule
	}
	x.erase(f.erasures)
	if f.server == "" {
		return
	}
	s := x.servers[f.server]
	if s == nil {
		s = x.newServer(f.server)
	}
	if f.version >= 4 {
		s.follow(f)
	} else {
		s.rewindTo(f)
	}
	for _, b := range f.raw {
		s.raw[b.channel] = append(s.raw[b.channel], b)
		delete(s.parts, b.channel)
		s.events += int64(b.n)
	}
	s.records = append(s.records, f.records...)
	for _, l := range [...][]*recBlock{f.records, f.superseded} {
		for _, b := range l {
			x.logRows += b.n
		}
	}
	if f.setTail {
		s.tail = f.tail
	}
	if f.checkpoint != nil {
		c := checkpoint{seq: f.seq, watermark: f.watermark, ref: *f.checkpoint, basis: f.basis}
		if f.trace != nil {
			c.traces = []blockRef{*f.trace}
		}
		s.checkpoints = append(s.checkpoints, c)
		if f.window {
			s.sortCheckpoints()
		}
	}
	s.supersede(f)
	s.unread = !f.factsRead && (s.unread || f.version < 2 && len(f.raw) > 0)
}

// rewindTo takes what a frame of version 3 or older makes void and out of date.
func (s *serverIndex) rewindTo(f *frame) {
	if r := f.rewind; r.at > s.rewind.at {
		void := func(seq uint64) bool { return r.to < seq && seq < r.at }
		s.keepVoid(f, void)
		s.voids = append(s.voids, voidOf(r, f.version < 2))
		s.records = slices.DeleteFunc(slices.Clone(s.records), func(b *recBlock) bool { return void(b.seq) })
		s.checkpoints = slices.DeleteFunc(s.checkpoints, func(c checkpoint) bool { return void(c.seq) })
		s.tail, s.pending, s.rewind = nil, nil, r
	}
	if f.late != nil {
		s.pending = addSpan(s.pending, Span{*f.late, LastKey()})
	}
}
