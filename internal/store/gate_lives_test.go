package store_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/akashi-audit/akashi/internal/fsx"
	"github.com/akashi-audit/akashi/internal/query"
	"github.com/akashi-audit/akashi/internal/record"
	"github.com/akashi-audit/akashi/internal/store"
)

// TestGateOfLives: with so many months that the catalogue of paths is asked which of
// them can have a name, a life is found by its name as records spell it, slashes too.
func TestGateOfLives(t *testing.T) {
	ctx := context.Background()
	s, err := store.Open("/data", options(store.Options{FS: fsx.NewCrash(), Zone: zone()}))
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	names := []string{`/srv/samba/人事/x.txt`, `D:/共有/人事/x!`, `D:\共有\人事\y`}
	for i := range 60 {
		path, at := fmt.Sprintf(`D:\a%d`, i), start+int64(i)*3*86400e9
		if i%10 == 5 && i/10 < len(names) {
			path = names[i/10]
		}
		l := []record.Record{{Server: "FS", Channel: "Security", FirstID: uint64(i + 1), Time: at, EndTime: at, Op: record.OpRead, Class: record.ClassUser, Count: 1, Path: path}}
		if _, err := s.Append(ctx, &store.Commit{Server: "FS", Records: l, Received: start}); err != nil {
			t.Fatal(err)
		}
	}
	for _, kind := range []stepKind{stepCommit, stepFlush, stepMerge} {
		if kind != stepCommit {
			if err := (step{kind: kind}).apply(ctx, s); err != nil {
				t.Fatal(err)
			}
		}
		f := func(life query.Life, want int) {
			t.Helper()
			q := query.Query{Lives: []query.Life{life}, Limit: 10}
			p, err := s.Search(ctx, q)
			if err != nil {
				t.Fatal(err)
			}
			c, err := s.Facets(ctx, q)
			if err != nil {
				t.Fatal(err)
			}
			if len(p.Records) != want || c.Total != uint64(want) {
				t.Errorf("after %v, %+v: %d records, counted %d, want %d", kind, life, len(p.Records), c.Total, want)
			}
		}
		for _, name := range names {
			f(query.Life{Server: "FS", Path: name}, 1)
		}
		f(query.Life{Server: "FS", Path: `D:\共有\人事\`, Folder: true}, 1)
		f(query.Life{Server: "FS", Path: `D:\共有\人事\x!`}, 0)
	}
}
