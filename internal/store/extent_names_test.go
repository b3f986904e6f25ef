package store_test

import (
	"context"
	"fmt"
	"slices"
	"testing"

	"github.com/akashi-audit/akashi/internal/fsx"
	"github.com/akashi-audit/akashi/internal/query"
	"github.com/akashi-audit/akashi/internal/record"
	"github.com/akashi-audit/akashi/internal/store"
)

// TestExtentOfLikeNames: the order of paths holds K, k and the Kelvin sign for one
// letter, and s and the long s; Windows does not, and who may see one folder sees no
// record of the other, however it is asked for.
func TestExtentOfLikeNames(t *testing.T) {
	const kelvin, long = "\u212a", "\u017f"
	paths := []string{
		`D:\tmp\K.txt`, `D:\tmp\k.txt`, `D:\tmp\` + kelvin + `.txt`,
		`D:\shares\a.txt`, `D:\SHARES\b\c.txt`, `D:\` + long + `hares\a.txt`, `D:\share` + long + `\b\c.txt`, `D:\shares\` + long + `.txt`,
	}
	var l []record.Record
	for i, p := range paths {
		at := start + int64(i)*1e9
		l = append(l, record.Record{Server: "FS", Channel: "Security", FirstID: uint64(i + 1), Time: at, EndTime: at, Op: record.OpDelete, Object: record.ObjectFile,
			Result: record.Success, Confidence: record.Certain, Class: record.ClassUser, Count: 1, Source: "windows", Path: p, RawIDs: []uint64{uint64(i + 1)}})
	}
	ctx := context.Background()
	s, err := store.Open("/data", options(store.Options{FS: fsx.NewCrash(), Zone: zone()}))
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if _, err := s.Append(ctx, &store.Commit{Server: "FS", Records: l, Received: start}); err != nil {
		t.Fatal(err)
	}
	for _, when := range []string{"in the log", "in a segment"} {
		f := func(folder string, want ...int) {
			t.Helper()
			if err := seesJust(ctx, s, folder, paths, want); err != nil {
				t.Errorf("%s, %q: %v", when, folder, err)
			}
		}
		f(`D:\tmp\k.txt`, 0, 1)
		f(`d:\TMP\`+kelvin+`.txt`, 2)
		f(`D:\tmp`, 0, 1, 2)
		f(`D:\shares`, 3, 4, 7)
		f(`D:\SHARES\B`, 4)
		f(`D:\`+long+`hares`, 5)
		f(`D:\share`+long, 6)
		f(`D:\shares\s.txt`)
		f(`D:`, 0, 1, 2, 3, 4, 5, 6, 7)
		if err := s.Flush(ctx); err != nil {
			t.Fatal(err)
		}
	}
}

// seesJust reports what of some paths is found within a folder and should not be, or
// the other way round.
func seesJust(ctx context.Context, s *store.Store, folder string, paths []string, want []int) error {
	x := query.Extent{Folders: []string{folder}}
	q := query.Query{Classes: query.AllClasses(), Limit: 100, Oldest: true, Within: x}
	p, err := s.Search(ctx, q)
	if err != nil {
		return err
	}
	var found []int
	for _, r := range p.Records {
		found = append(found, slices.Index(paths, r.Path))
	}
	if !slices.Equal(found, want) {
		return fmt.Errorf("finds %v, not %v", found, want)
	}
	c, err := s.Facets(ctx, q)
	if err != nil {
		return err
	}
	if c.Total != uint64(len(want)) {
		return fmt.Errorf("counts %d, not %d", c.Total, len(want))
	}
	for i, path := range paths {
		in := slices.Contains(want, i)
		hits, err := s.Complete(ctx, path, 100, x)
		if err != nil {
			return err
		}
		if in && !slices.ContainsFunc(hits, func(h store.PathHit) bool { return query.EqualPath(h.Path, path) }) {
			return fmt.Errorf("completion does not give %q: %+v", path, hits)
		}
		for _, h := range hits { // a search may show like names in one line, but a visible one
			if !slices.ContainsFunc(want, func(i int) bool { return paths[i] == h.Path }) && !h.Folder {
				return fmt.Errorf("completion gives %q", h.Path)
			}
		}
		life, err := s.Follow(ctx, "FS", path, 0, x)
		if err != nil {
			return err
		}
		if in != (len(life.Lives) > 0) {
			return fmt.Errorf("%d lives of %q", len(life.Lives), path)
		}
		if in && len(want) == 1 && life.Lives[0].To != start+int64(i)*1e9+1 {
			return fmt.Errorf("%q ends with the record of another name: %+v", path, life.Lives)
		}
	}
	return nil
}
