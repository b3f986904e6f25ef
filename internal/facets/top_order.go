package facets

import (
	"context"
	"hash/maphash"
	"maps"
	"slices"

	"github.com/akashi-audit/akashi/internal/pace"
	"github.com/akashi-audit/akashi/internal/paths"
	"golang.org/x/sync/errgroup"
)

// Sums of paths over many sources: each source's paths come in order. Some of each are
// read ahead; those up to the least of the last ones read are all there, and are added
// up in a table. So few paths are compared, and memory does not grow with their number.

const (
	aheadPaths = 512 // of each source
	readers    = 2   // sources that are read at once
)

// inOrder goes through the paths of all sources in their order, adds each with its
// sum to the best, and counts them.
func (c *Counter) inOrder(ctx context.Context, b *best) (distinct int, err error) {
	l := make([]*stream, 0, len(c.sources)+1)
	for i := range c.sources {
		l = append(l, &stream{s: &c.sources[i], read: c.sources[i].names.Reader()})
	}
	l = append(l, &stream{texts: slices.SortedFunc(maps.Keys(c.paths), paths.Compare), counts: c.paths})
	t := newSums()
	for {
		if err := pace.Yield(ctx); err != nil {
			return 0, err
		}
		if err := fill(l); err != nil {
			return 0, err
		}
		last := leastLast(l)
		for _, s := range l {
			s.take(last, t)
		}
		if t.n == 0 {
			break
		}
		distinct += t.n
		t.flush(b.add)
	}
	for _, s := range l {
		distinct += s.unread
	}
	return distinct, nil
}

// fill reads ahead of the sources what is missing.
func fill(l []*stream) error {
	var group errgroup.Group
	for k := range readers {
		group.Go(func() error {
			for i := k; i < len(l); i += readers {
				if err := l[i].fill(); err != nil {
					return err
				}
			}
			return nil
		})
	}
	return group.Wait()
}

// leastLast is the least of the last paths read ahead of the sources that have more; nil
// when none has.
func leastLast(l []*stream) (least []byte) {
	for _, s := range l {
		if s.ended || len(s.ahead) == 0 {
			continue
		}
		if p := s.path(len(s.ahead) - 1); least == nil || paths.CompareBytes(p, least) < 0 {
			least = p
		}
	}
	return least
}

// stream gives the paths of one source in order.
type stream struct {
	s      *counted
	read   func(uint32) ([]byte, error)
	at     uint32
	texts  []string // in place of s
	counts map[string]uint64
	text   []byte // of the paths read ahead
	ahead  []readPath
	ended  bool // there is none behind those read ahead
	unread int  // paths that cannot be read
}

// readPath is a path that was read ahead: where its text ends, and its count.
type readPath struct {
	end int
	n   uint64
}

// path is the i-th path read ahead.
func (s *stream) path(i int) []byte {
	from := 0
	if i > 0 {
		from = s.ahead[i-1].end
	}
	return s.text[from:s.ahead[i].end]
}

func (s *stream) add(path []byte, n uint64) {
	s.text = append(s.text, path...)
	s.ahead = append(s.ahead, readPath{len(s.text), n})
}

// fill reads ahead until there are aheadPaths.
func (s *stream) fill() error {
	for len(s.ahead) < aheadPaths && !s.ended {
		if s.s == nil {
			if s.ended = len(s.texts) == 0; !s.ended {
				s.add([]byte(s.texts[0]), s.counts[s.texts[0]])
				s.texts = s.texts[1:]
			}
			continue
		}
		n, ok := s.s.next(s.at, 1)
		if s.ended = !ok; s.ended {
			break
		}
		s.at = n + 1
		p, err := s.read(n)
		if err != nil {
			return err
		}
		if len(p) == 0 {
			s.unread++
			continue
		}
		s.add(p, s.s.at(n))
	}
	return nil
}

// take adds the paths read ahead up to last, nil = all, to the sums, and forgets them.
func (s *stream) take(last []byte, t *sums) {
	n := len(s.ahead)
	if last != nil {
		lo := 0
		for lo < n {
			if mid := (lo + n) / 2; paths.CompareBytes(s.path(mid), last) <= 0 {
				lo = mid + 1
			} else {
				n = mid
			}
		}
	}
	for i := range n {
		t.add(s.path(i), s.ahead[i].n)
	}
	if n == 0 {
		return
	}
	from := s.ahead[n-1].end
	s.text = s.text[:copy(s.text, s.text[from:])]
	s.ahead = s.ahead[:copy(s.ahead, s.ahead[n:])]
	for i := range s.ahead {
		s.ahead[i].end -= from
	}
}

// sums is a table of paths and the sums of their counts.
type sums struct {
	seed  maphash.Seed
	slots []int32 // entries, from 1 on; as many as a power of two
	l     []sum
	text  []byte
	n     int
}

type sum struct {
	hash     uint64
	from, to int // of the text
	n        uint64
}

func newSums() *sums { return &sums{seed: maphash.MakeSeed(), slots: make([]int32, 4*aheadPaths)} }

func (t *sums) add(path []byte, n uint64) {
	if 2*t.n >= len(t.slots) {
		t.grow()
	}
	h := maphash.Bytes(t.seed, path)
	mask := uint64(len(t.slots) - 1)
	at := h & mask
	for ; t.slots[at] != 0; at = (at + 1) & mask {
		if x := &t.l[t.slots[at]-1]; x.hash == h && string(t.text[x.from:x.to]) == string(path) {
			x.n += n
			return
		}
	}
	from := len(t.text)
	t.text = append(t.text, path...)
	t.l = append(t.l, sum{h, from, len(t.text), n})
	t.n++
	t.slots[at] = int32(t.n)
}

func (t *sums) grow() {
	t.slots = make([]int32, 2*len(t.slots))
	mask := uint64(len(t.slots) - 1)
	for i := range t.l {
		at := t.l[i].hash & mask
		for t.slots[at] != 0 {
			at = (at + 1) & mask
		}
		t.slots[at] = int32(i + 1)
	}
}

// flush calls fn for every path with its sum and forgets them.
func (t *sums) flush(fn func(path []byte, n uint64)) {
	for i := range t.l {
		fn(t.text[t.l[i].from:t.l[i].to], t.l[i].n)
	}
	clear(t.slots)
	t.l, t.text, t.n = t.l[:0], t.text[:0], 0
}
