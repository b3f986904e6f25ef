package archive

import (
	"testing"

	"github.com/akashi-audit/akashi/internal/fsx"
	"github.com/akashi-audit/akashi/internal/query"
)

// A session is found by its number, which stands by itself in its column, and no other
// row is read for it.
func TestSearchSession(t *testing.T) {
	s, fs := newFakeStore(), fsx.NewCrash()
	if err := fs.MkdirAll("/d", 0o700); err != nil {
		t.Fatal(err)
	}
	for n := range 600 {
		s.act("FS1", n, start+int64(n)*1e9, `D:\a.txt`)
		s.recs["FS1"][n].Session = uint64(n % 40)
	}
	s.recs["FS1"][17].Session = 1<<63 + 5
	a := openTest(t, fs, &log{})
	if _, err := a.Seal(t.Context(), s, SealOptions{Now: now, By: "t"}); err != nil {
		t.Fatal(err)
	}
	for session, want := range map[uint64]int{3: 15, 17: 14, 1<<63 + 5: 1, 99: 0} {
		q := query.Query{Sessions: []uint64{session}}
		p, err := a.Search(t.Context(), q, nil)
		if err != nil {
			t.Fatal(err)
		}
		if len(p.Records) != want {
			t.Errorf("session %d: %d records, want %d", session, len(p.Records), want)
		}
		days, err := a.Days(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		tab, err := a.openTable(t.Context(), &days[0])
		if err != nil {
			t.Fatal(err)
		}
		l, err := tab.candidates(t.Context(), &q, groups(&q))
		if err != nil || len(l) != want {
			t.Errorf("session %d: %d rows are read, want %d: %v", session, len(l), want, err)
		}
		if err := tab.close(); err != nil {
			t.Error(err)
		}
	}
}
