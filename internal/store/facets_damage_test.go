package store

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/akashi-audit/akashi/internal/query"
	"github.com/akashi-audit/akashi/internal/record"
	"github.com/akashi-audit/akashi/internal/segment"
)

// TestCountsOfDamagedTimes damages a segment here and there: what is counted is what can
// be read, also where a time is damaged that is read when all else was counted.
func TestCountsOfDamagedTimes(t *testing.T) {
	ctx, dir := context.Background(), t.TempDir()
	s := openTest(t, dir, Options{Create: true, FlushRows: -1})
	const rows = 40
	var l []record.Record
	for i := range rows {
		r := testRecord("FS", i)
		r.Time += int64(i*i) * 1e9 / 7
		r.EndTime, r.Class, r.User = r.Time, record.ClassUser, fmt.Sprintf(`EX\%d`, i%3)
		r.Path = fmt.Sprintf(`D:\共有\見積%d.txt`, i)
		l = append(l, r)
	}
	if _, err := s.Append(ctx, &Commit{Server: "FS", Records: l}); err != nil {
		t.Fatal(err)
	}
	if err := s.Flush(ctx); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob(filepath.Join(dir, "segments", "*.aks"))
	if err != nil || len(files) != 1 {
		t.Fatal(files, err)
	}
	b, err := os.ReadFile(files[0])
	if err != nil {
		t.Fatal(err)
	}
	q := query.Query{Words: []string{"見積"}, Lists: query.ListPeople} // which no roll-up answers
	found := make(map[uint64]int)
	for i := 0; i < len(b); i += 11 {
		b[i] ^= 0x10
		if err := os.WriteFile(files[0], b, 0o600); err != nil {
			t.Fatal(err)
		}
		b[i] ^= 0x10
		s, err := Open(dir, Options{ReadOnly: true})
		if err != nil {
			t.Fatal(err)
		}
		f, err := s.Facets(ctx, q)
		if d := (*segment.DamageError)(nil); errors.As(err, &d) { // of names: which rows are meant is not known
			found[rows+1]++
			if err := s.Close(); err != nil {
				t.Fatal(err)
			}
			continue
		}
		if err != nil {
			t.Fatalf("byte %d: %v", i, err)
		}
		page, err := s.Search(ctx, query.Query{Limit: 100})
		if err != nil {
			t.Fatal(err)
		}
		if n := len(page.Records); f.Total != 0 && f.Total != rows || n > int(f.Total) { // a page reads more columns than the count
			t.Errorf("byte %d: %d records are counted, %d found", i, f.Total, n)
		}
		sum := uint64(0)
		for _, p := range f.People {
			if sum += p.N; p.First < l[0].Time || p.Last > l[rows-1].Time {
				t.Errorf("byte %d: %s from %d to %d", i, p.User, p.First, p.Last)
			}
		}
		if sum != f.Total {
			t.Errorf("byte %d: people have %d of %d records", i, sum, f.Total)
		}
		found[f.Total]++
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
	if found[0] == 0 || found[rows] == 0 {
		t.Errorf("counts %v: some damage must matter and some not", found)
	}
}
