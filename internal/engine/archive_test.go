package engine

import (
	"bytes"
	"path/filepath"
	"testing"

	"github.com/akashi-audit/akashi/internal/event"
	"github.com/akashi-audit/akashi/internal/query"
)

// A folder that was sealed piece by piece, and again after its rules changed, gives
// the same records and events from its archive, and lost it comes back.
func TestArchiveGivesTheSameAnswers(t *testing.T) {
	rounds := inLong(2, 20)
	for seed := range uint64(rounds) {
		dir := t.TempDir()
		paths := fakeFiles(t, seed, 60)
		e := openEngine(t, dir, fakeDeps(16))
		for part := range 3 {
			n := len(paths)
			importAll(t, e, paths[part*n/3:(part+1)*n/3]...)
			if _, err := e.SealArchive(t.Context(), SealRequest{By: "t"}); err != nil {
				t.Fatal(err)
			}
		}
		made, err := e.SealArchive(t.Context(), SealRequest{By: "t"})
		if err != nil || len(made) != 0 {
			t.Fatalf("nothing is new, and %d parts were made: %v", len(made), err)
		}
		for _, q := range []query.Query{{Classes: query.AllClasses()}, {Classes: query.AllClasses(), Superseded: true}, {Oldest: true, Paths: []string{"h3"}}} {
			q.Limit = 1 << 20
			want, err := e.Search(t.Context(), q)
			if err != nil {
				t.Fatal(err)
			}
			got, err := e.SearchArchive(t.Context(), q)
			if err != nil {
				t.Fatal(err)
			}
			sameRecords(t, "archive", want.Records, got.Records)
		}
		rebuilt := openEngine(t, t.TempDir(), fakeDeps(16))
		if _, err := rebuilt.RebuildFromArchive(t.Context(), filepath.Join(dir, archiveDir), nil); err != nil {
			t.Fatal(err)
		}
		want := records(t, e)
		sameRecords(t, "rebuilt", want, records(t, rebuilt))
		for i := range want {
			a, err := e.Raw(t.Context(), want[i].ID())
			if err != nil {
				t.Fatal(err)
			}
			b, err := rebuilt.Raw(t.Context(), want[i].ID())
			if err != nil || !bytes.Equal(event.AppendBlock(nil, a), event.AppendBlock(nil, b)) {
				t.Fatalf("events of %s: %d and %d, %v", want[i].ID(), len(a), len(b), err)
			}
			_, c, err := e.archivedRecord(t.Context(), want[i].ID())
			if err != nil || !bytes.Equal(event.AppendBlock(nil, a), event.AppendBlock(nil, c)) {
				t.Fatalf("archived events of %s: %d and %d, %v", want[i].ID(), len(a), len(c), err)
			}
		}
		if s := importAll(t, rebuilt, paths...); s.Duplicates != s.Events || s.Records != 0 {
			t.Errorf("all again: %d of %d events are duplicates, %d new records", s.Duplicates, s.Events, s.Records)
		}
	}
}
