package web

import (
	"testing"

	"github.com/akashi-audit/akashi/internal/query"
	"github.com/akashi-audit/akashi/internal/record"
)

// TestPeersByWhatTheyDid: refusals stand beside what was done, and make nobody a busier
// person than he is.
func TestPeersByWhatTheyDid(t *testing.T) {
	done := []query.PersonCount{
		{User: `CORP\a`, SID: "S-1", N: 5, Ops: map[record.Op]uint64{record.OpRead: 5}},
		{User: `CORP\b`, SID: "S-2", N: 9, Ops: map[record.Op]uint64{record.OpDelete: 9}},
	}
	refused := []query.PersonCount{{User: `CORP\a`, SID: "S-1", N: 100, Ops: map[record.Op]uint64{record.OpRead: 100}}, {User: `CORP\c`, SID: "S-3", N: 7}}
	l := peersOf(done, refused, []string{"a"})
	if len(l) != 2 || l[0].user != `CORP\b` || l[0].denied != 0 || l[1].n != 5 || l[1].denied != 100 || !l[1].self || l[1].groups[groupRead] != 5 {
		t.Errorf("%+v", l)
	}
}
