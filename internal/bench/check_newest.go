package bench

import (
	"cmp"
	"container/heap"
	"slices"
	"strings"

	"github.com/akashi-audit/akashi/internal/record"
)

// pageRows is how many records a page of the questions has at most.
const pageRows = 100

// newest keeps the newest records, the oldest of them first (a heap).
type newest struct {
	l     []*record.Record
	fresh map[*record.Record]bool // of the running piece, whose memory is used again
}

// behind orders as a page does: time, server, channel, generation, first id and
// ordinal, all falling. It is negative when a stands before b.
func behind(a, b *record.Record) int {
	return cmp.Or(cmp.Compare(b.Time, a.Time), strings.Compare(b.Server, a.Server), strings.Compare(b.Channel, a.Channel),
		cmp.Compare(b.Generation, a.Generation), cmp.Compare(b.FirstID, a.FirstID), cmp.Compare(b.Ordinal, a.Ordinal))
}

func (n *newest) Len() int           { return len(n.l) }
func (n *newest) Less(i, j int) bool { return behind(n.l[i], n.l[j]) > 0 }
func (n *newest) Swap(i, j int)      { n.l[i], n.l[j] = n.l[j], n.l[i] }
func (n *newest) Push(x any)         { n.l = append(n.l, x.(*record.Record)) } //nolint:forcetypeassert // of add alone
func (n *newest) Pop() any {
	last := n.l[len(n.l)-1]
	n.l = n.l[:len(n.l)-1]
	return last
}

func (n *newest) add(r *record.Record) {
	switch {
	case len(n.l) < pageRows:
		heap.Push(n, r)
	case behind(r, n.l[0]) < 0:
		delete(n.fresh, n.l[0])
		n.l[0] = r
		heap.Fix(n, 0)
	default:
		return
	}
	if n.fresh == nil {
		n.fresh = make(map[*record.Record]bool)
	}
	n.fresh[r] = true
}

// keep copies the records of the running piece that are among the newest.
func (n *newest) keep() {
	if len(n.fresh) == 0 {
		return
	}
	for i, r := range n.l {
		if n.fresh[r] {
			c := *r
			c.Path, c.NewPath, c.RawIDs = strings.Clone(r.Path), strings.Clone(r.NewPath), slices.Clone(r.RawIDs)
			n.l[i] = &c
		}
	}
	clear(n.fresh)
}

func (n *newest) rows() [][]any {
	l := slices.SortedFunc(slices.Values(n.l), behind)
	out := make([][]any, len(l))
	for i, r := range l {
		out[i] = recordRow(r)
	}
	return out
}
