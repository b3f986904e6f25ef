package store

import (
	"cmp"
	"iter"
	"slices"

	"github.com/akashi-audit/akashi/internal/query"
	"github.com/akashi-audit/akashi/internal/record"
)

// compareRecords orders newest first: time, then id, both falling.
func compareRecords(at int64, aid record.ID, bt int64, bid record.ID) int {
	return cmp.Or(cmp.Compare(bt, at), query.CompareIDs(bid, aid))
}

// newestFirst sorts records by time, id and arrival, all falling.
func newestFirst(l []record.Record) {
	if rises(l) {
		slices.Reverse(l)
		return
	}
	slices.SortFunc(l, func(a, b record.Record) int { return compareArrived(&a, &b) })
}

func compareArrived(a, b *record.Record) int {
	return cmp.Or(compareRecords(a.Time, a.ID(), b.Time, b.ID()), cmp.Compare(b.Received, a.Received))
}

// rises reports whether records are just in the other order, as a conversion gives them.
func rises(l []record.Record) bool {
	for i := 1; i < len(l); i++ {
		if l[i-1].Time >= l[i].Time && compareArrived(&l[i-1], &l[i]) <= 0 {
			return false
		}
	}
	return true
}

// arrange dates the records of a commit and sorts them: the newest first, or the last when
// they came so (rises), which moves nothing.
func (c *Commit) arrange() {
	for _, l := range [][]record.Record{c.Records, c.Tail} {
		for i := range l {
			l[i].Received = c.Received
		}
	}
	if c.rises = rises(c.Records); !c.rises {
		newestFirst(c.Records)
	}
	newestFirst(c.Tail)
	newestFirst(c.superseded)
}

// newestParts cuts arranged records into those of blocks, the newest first.
func newestParts(l []record.Record, rises bool) iter.Seq[[]record.Record] {
	if !rises {
		return slices.Chunk(l, record.BlockRecords)
	}
	return func(yield func([]record.Record) bool) {
		for end := len(l); end > 0 && yield(l[max(0, end-record.BlockRecords):end]); end -= record.BlockRecords {
		}
	}
}

// recMeta is what the index says of a block of records, which are the newest first, or
// the last when they rise.
func recMeta(server string, seq uint64, part []record.Record, rises bool) *recBlock {
	b := &recBlock{server: server, seq: seq, max: part[0].Time, min: part[len(part)-1].Time}
	if rises {
		b.min, b.max = b.max, b.min
	}
	for i := range part {
		r := &part[i]
		if rises {
			r = &part[len(part)-1-i]
		}
		if n := len(b.ids); n > 0 {
			if x := &b.ids[n-1]; x.gen == r.Generation && x.channel == r.Channel {
				x.lo, x.hi = min(x.lo, r.FirstID), max(x.hi, r.FirstID)
				continue
			}
		}
		at := slices.IndexFunc(b.ids, func(x idRange) bool { return x.channel == r.Channel && x.gen == r.Generation })
		if at < 0 {
			b.ids = append(b.ids, idRange{r.Channel, r.Generation, r.FirstID, r.FirstID})
			continue
		}
		b.ids[at].lo, b.ids[at].hi = min(b.ids[at].lo, r.FirstID), max(b.ids[at].hi, r.FirstID)
	}
	return b
}
