package simulate

import (
	"crypto/sha256"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/akashi-audit/akashi/internal/record"
)

func bulkRecords(t *testing.T, opt BulkOptions, batch int) []record.Record {
	t.Helper()
	b, err := NewBulk(opt)
	if err != nil {
		t.Fatal(err)
	}
	var l []record.Record
	for {
		part := make([]record.Record, batch)
		n := b.Next(part)
		if n == 0 {
			return l
		}
		l = append(l, part[:n]...)
	}
}

func TestBulkShape(t *testing.T) {
	n := 400_000
	if os.Getenv("AKASHI_LONG") != "" {
		n = 20_000_000
	}
	b, err := NewBulk(BulkOptions{Seed: 1, Records: n})
	if err != nil {
		t.Fatal(err)
	}
	users, paths, ops := make(map[string]int), make(map[string]int), make(map[record.Op]int)
	hot, hotUsers := b.Hot(3), make(map[string]bool)
	var denied, moved, wanted, common, folder, bytes, rows, raws, details int
	var last, lastID uint64
	part := make([]record.Record, 8192)
	for {
		k := b.Next(part)
		if k == 0 {
			break
		}
		for i := range part[:k] {
			r := &part[i]
			if uint64(r.Time) < last || r.FirstID <= lastID || r.Time%100 != 0 || r.EndTime < r.Time {
				t.Fatalf("record %d: time %d after %d, id %d after %d", rows, r.Time, last, r.FirstID, lastID)
			}
			if len(r.RawIDs) == 0 || r.RawIDs[0] != r.FirstID || r.Op == 0 || r.Object == 0 || r.Result == 0 || r.Class == 0 || r.Confidence == 0 || r.Count == 0 || r.Rule == "" || r.SID == "" {
				t.Fatalf("record %+v lacks a field", r)
			}
			if r.Share != "" && !strings.HasPrefix(r.UNC()+`\`, r.Share+`\`) {
				t.Fatalf("UNC %q of share %q", r.UNC(), r.Share)
			}
			last, lastID = uint64(r.Time), r.FirstID
			rows++
			raws += len(r.RawIDs)
			ops[r.Op]++
			if r.Path != "" && r.Share != "" {
				paths[r.Path]++
				bytes += len(r.Path)
			}
			if r.Class == record.ClassUser {
				users[r.User]++
			}
			count := func(n *int, ok bool) {
				if ok {
					*n++
				}
			}
			count(&denied, r.Result == record.Denied)
			count(&moved, r.NewPath != "" && r.Op != record.OpCopy)
			count(&wanted, strings.Contains(r.Path, "給与明細_関西物産"))
			count(&common, strings.Contains(r.Path, "見積"))
			count(&folder, strings.HasPrefix(r.Path, `D:\Shares\経理部\2022年度\`))
			count(&details, len(r.Detail) > 0)
			if r.Path == hot {
				hotUsers[r.User] = true
			}
		}
	}
	share := func(what string, n int, want, slack float64) {
		if got := 100 * float64(n) / float64(rows); got < want-slack || got > want+slack {
			t.Errorf("%s: %.3f %% of the records, want about %v", what, got, want)
		}
	}
	if rows != n || len(ops) != 20 {
		t.Errorf("%d records of %d operations, want %d of 20", rows, len(ops), n)
	}
	share("the busiest person", users[b.User(0)], 8.1, 1)
	share("refusals", denied, 0.65, 0.1)
	share("renames and moves", moved, 2.05, 0.2)
	share("a rare word", wanted, 0.05, 0.04)
	share("a common word", common, 8.2, 1)
	share("a folder", folder, 0.17, 0.1)
	share("details", details, 8.8, 1)
	perDay := map[bool]int{false: 115_000, true: 1_111_708}[n > 1e7]
	if len(paths) < perDay*8/10 || len(paths) > perDay*12/10 {
		t.Errorf("%d distinct paths, want about %d", len(paths), perDay)
	}
	t.Logf("%d records, %d users, %d paths of %d bytes, %.2f raw ids, hot %d rows of %d users, rare word %d, folder %d",
		rows, len(users), len(paths), bytes/(rows*8/10), float64(raws)/float64(rows), paths[hot], len(hotUsers), wanted, folder)
}

func TestBulkRepeats(t *testing.T) {
	a := bulkRecords(t, BulkOptions{Seed: 7, Records: 20_000}, 1000)
	if d := cmp.Diff(a, bulkRecords(t, BulkOptions{Seed: 7, Records: 20_000}, 6000)); d != "" {
		t.Errorf("other records in other pieces:\n%s", d)
	}
	o := bulkRecords(t, BulkOptions{Seed: 7, Records: 20_000, Server: 1}, 6000)
	if a[0].Server == o[0].Server || a[0].Path == o[0].Path && a[1].Path == o[1].Path {
		t.Errorf("the second server does the same as the first")
	}
	if _, err := NewBulk(BulkOptions{}); err == nil {
		t.Error("no records gave no error")
	}
}

func BenchmarkBulk(b *testing.B) {
	g, err := NewBulk(BulkOptions{Seed: 1, Records: max(b.N, 1)})
	if err != nil {
		b.Fatal(err)
	}
	part := make([]record.Record, 65536)
	b.ReportAllocs()
	b.ResetTimer()
	for g.Next(part) > 0 {
	}
}

// TestBulkStaysTheSame: measurements compare versions by the same records.
func TestBulkStaysTheSame(t *testing.T) {
	f := func(opt BulkOptions, want string) {
		t.Helper()
		h := sha256.New()
		for part := range slices.Chunk(bulkRecords(t, opt, 1500), record.BlockRecords) {
			h.Write(record.AppendBlock(nil, part)) // exact in every field
		}
		if got := fmt.Sprintf("%x", h.Sum(nil)); got != want {
			t.Errorf("records of %+v have the hash %s, want %s", opt, got, want)
		}
	}
	f(BulkOptions{Seed: 1, Records: 150_000}, "24cd33b13d9bd9c9f3b07b72d4bc32fc7c3b0dc63c08da2e4cc927d9676bb43a")
	f(BulkOptions{Seed: 7, Records: 20_000, Server: 3}, "b7ba29064b1cafbfa85017dc11cdba8d8fc0f7b1fbfc1efcb6f42aedb21a6af1")
}
