package store

import (
	"context"
	"testing"

	"github.com/akashi-audit/akashi/internal/query"
	"github.com/akashi-audit/akashi/internal/record"
)

// benchStore holds 100,000 records.
func benchStore(b *testing.B) *Store {
	b.Helper()
	s, err := Open(b.TempDir(), Options{Create: true})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = s.Close() })
	for from := 0; from < 100_000; from += 20_000 {
		var l []record.Record
		for i := from; i < from+20_000; i++ {
			l = append(l, testRecord("FS-A", i))
		}
		if _, err := s.Append(context.Background(), &Commit{Server: "FS-A", Records: l}); err != nil {
			b.Fatal(err)
		}
	}
	return s
}

func BenchmarkStore100k(b *testing.B) {
	s := benchStore(b)
	for name, q := range map[string]query.Query{
		"all": {}, "person": {Users: []string{"user3"}}, "path": {Words: []string{"資料1"}}, "folder": {Folders: []string{`D:\共有\部署2`}}, "rare": {Files: []string{`D:\共有\部署2\資料2.xlsx`}},
	} {
		for _, cold := range []bool{false, true} {
			suffix := "/warm"
			if cold {
				suffix = "/cold"
			}
			b.Run("search/"+name+suffix, func(b *testing.B) {
				for b.Loop() {
					if cold {
						s.cache.clear()
					}
					if _, err := s.Search(context.Background(), q); err != nil {
						b.Fatal(err)
					}
				}
			})
			b.Run("facets/"+name+suffix, func(b *testing.B) {
				for b.Loop() {
					if cold {
						s.cache.clear()
					}
					if _, err := s.Facets(context.Background(), q); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}
