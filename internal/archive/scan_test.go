package archive

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/akashi-audit/akashi/internal/fsx"
	"github.com/akashi-audit/akashi/internal/manifest"
	"github.com/akashi-audit/akashi/internal/query"
	"github.com/akashi-audit/akashi/internal/record"
)

type memory struct{ *bytes.Reader }

func (m memory) Close() error { return nil }

// pick is one of a list.
func pick[T any](rng *rand.Rand, l ...T) T { return l[rng.IntN(len(l))] }

// oddRecord makes records whose texts nearly meet conditions.
func oddRecord(rng *rand.Rand, n int) record.Record {
	name := pick(rng, "見積", "御見積書.xlsx", "ＡＢＣ.txt", "abc.txt", "ｶﾞ", "ガ", "x\xed\xa0\x80y", "", "a", "人", "K\u212a") + fmt.Sprint(rng.IntN(4))
	root := pick(rng, `D:\共有`, `E:\s`, `D:`)
	path := root + `\` + pick(rng, "人事", "営業", `人事\給与`, "ab") + `\` + name
	r := record.Record{
		Server: "FS1", Channel: pick(rng, "Security", "System"), Generation: uint32(rng.IntN(2)), FirstID: uint64(n), Time: start + rng.Int64N(1000)*1e9, Source: "windows",
		User: pick(rng, `CORP\sato`, `CORP\SATO`, `corp\tanaka`, "sato", "", "x\xff"), SID: pick(rng, "S-1-5-21-1", "S-1-5-21-2", ""),
		ClientIP: pick(rng, "10.0.0.1", "10.0.0.2", ""), ClientName: pick(rng, "PC1", "pc2", ""), Session: uint64(rng.IntN(4)),
		Op: pick(rng, record.OpRead, record.OpDelete, record.OpRename, record.OpLogon), Object: record.ObjectFile, Result: pick(rng, record.Success, record.Denied),
		Path: path, Process: pick(rng, "", `C:\p\winword.exe`, "EXCEL.EXE"), Count: 1, Confidence: pick(rng, record.Certain, record.Inferred), Rule: pick(rng, "C1", "R1"),
		Class: pick(rng, record.ClassUser, record.ClassUser, record.ClassBackground), RawIDs: []uint64{uint64(n), uint64(n + 5)}[:1+rng.IntN(2)], RulesVersion: 1,
	}
	r.EndTime = r.Time + rng.Int64N(1000)*pick(rng, int64(0), 100, 1, -1)
	if rng.IntN(3) == 0 {
		r.NewPath = root + `\` + pick(rng, "人事", "営業") + `\` + name
	}
	if rng.IntN(2) == 0 {
		r.Share, r.ShareRoot = `\\fs1\`+pick(rng, "人事", "share", "見"), uint32(len(root))
	}
	if rng.IntN(10) == 0 {
		r.SupersededBy = 2
	}
	if rng.IntN(4) == 0 {
		r.Set("logon_type", pick(rng, "3", "2"))
	}
	return r
}

func oddQuery(rng *rand.Rand) query.Query {
	var q query.Query
	maybe := func() bool { return rng.IntN(4) == 0 }
	if maybe() {
		q.Users = []string{pick(rng, "sato", `CORP\sato`, "S-1-5-21-2", "nobody", "x\xff")}
	}
	if maybe() {
		q.Words = []string{pick(rng, "見積", "abc", "ガ", "人事", `人事\給`, `見\ab`, `1\人事`, "fs1", `share\営業`, "積", "x", `\\FS1\SHARE`, "k")}
	}
	if maybe() {
		q.Paths = []string{pick(rng, "*.xlsx", "見積*", `D:\*\a?`, `\\fs1\*\人事\*`, "御見", `*e\営*`, "?"), pick(rng, "zzz", "abc*")}
	}
	if maybe() {
		q.Files = []string{pick(rng, `D:\共有\人事\見積1`, `\\fs1\人事\営業\a2`, `d:\共有\AB\ABC.TXT3`, `\\fs1\見\ab\見積0`)}
	}
	if maybe() {
		q.Folders = []string{pick(rng, `D:\共有`, `D:\共有\人事`, `\\fs1\share`, `\\FS1\人事\人事`, `D:`, `d:\共有\人`)}
	}
	if maybe() {
		q.Ops = []record.Op{pick(rng, record.OpRead, record.OpLogon)}
	}
	if maybe() {
		q.Results = []record.Result{record.Denied}
	}
	if maybe() {
		q.Confidences = []record.Confidence{record.Inferred}
	}
	if maybe() {
		q.Clients = []string{pick(rng, "10.0.0.1", "PC2")}
	}
	if maybe() {
		q.Processes = []string{pick(rng, "winword.exe", "excel.exe", `C:\P\WINWORD.EXE`)}
	}
	if maybe() {
		q.Rules = []string{"r1"}
	}
	if maybe() {
		q.Sessions = []uint64{1, 3}
	}
	if maybe() {
		q.From, q.To = start+200e9, start+600e9
	}
	if maybe() {
		q.Classes = query.AllClasses()
	}
	if maybe() {
		q.Not.Users = []string{"sato"}
	}
	q.Superseded, q.HideNetworkLogons = rng.IntN(5) == 0, rng.IntN(3) == 0
	return q
}

// What columns alone say leaves out no record that the query finds, in row groups and
// pages of any size, and rows come back as the records that they are.
func TestColumnsLeaveNothingOut(t *testing.T) {
	tested, left := 0, 0
	for seed := range uint64(12) {
		rng := rand.New(rand.NewPCG(seed, 5))
		var recs []record.Record
		for n := range 50 + rng.IntN(400) {
			recs = append(recs, oddRecord(rng, n))
		}
		var b bytes.Buffer
		if err := writeSized(&b, recs, int64(pick(rng, 7, 64, 1000)), pick(rng, 64, 700, 1<<16)); err != nil {
			t.Fatal(err)
		}
		var all []record.Record
		if err := Read(bytes.NewReader(b.Bytes()), int64(b.Len()), func(r *record.Record) error { all = append(all, *r); return nil }); err != nil {
			t.Fatal(err)
		}
		tab, err := newTable(memory{bytes.NewReader(b.Bytes())})
		if err != nil {
			t.Fatal(err)
		}
		for range 60 {
			q := oddQuery(rng)
			m := query.NewMatcher(q)
			var want []int64
			for i := range all {
				if (all[i].SupersededBy != 0) == q.Superseded && m.Match(&all[i]) {
					want = append(want, int64(i))
				}
			}
			cands, err := tab.candidates(t.Context(), &q, groups(&q))
			if err != nil {
				t.Fatal(err)
			}
			have := make(map[int64]bool)
			var rows []int64
			for i, c := range cands {
				if c.time != all[c.row].Time || i > 0 && c.row <= cands[i-1].row {
					t.Fatalf("candidate %+v of a record at %d", c, all[c.row].Time)
				}
				have[c.row] = true
				if rng.IntN(3) == 0 {
					rows = append(rows, c.row)
				}
			}
			for _, w := range want {
				if !have[w] {
					t.Fatalf("seed %d: %+v leaves out %s", seed, q, all[w].AppendJSON(nil))
				}
			}
			tested, left = tested+len(all), left+len(cands)-len(want)
			got, err := tab.records(t.Context(), rows)
			if err != nil || len(got) != len(rows) {
				t.Fatalf("%d rows, %d records: %v", len(rows), len(got), err)
			}
			for i := range got {
				if d := cmp.Diff(all[rows[i]], got[i]); d != "" {
					t.Fatalf("row %d: %s", rows[i], d)
				}
			}
		}
	}
	t.Logf("%d rows, %d candidates too many", tested, left)
	if left > tested/10 {
		t.Errorf("%d of %d rows are candidates that are not found: too many columns are read", left, tested)
	}
}

// Pages of a search in an archive give what a plain list gives, for any query.
func TestSearchAnyQuery(t *testing.T) {
	for seed := range uint64(2) {
		rng := rand.New(rand.NewPCG(seed, 8))
		s := newFakeStore()
		for n := range 300 {
			r := oddRecord(rng, n)
			r.Server, r.Time = pick(rng, "FS1", "FS2"), start+rng.Int64N(4*dayNS)
			r.EndTime = r.Time
			s.recs[r.Server] = append(s.recs[r.Server], r)
		}
		s.commit++
		fs := fsx.NewCrash()
		if err := fs.MkdirAll("/d", 0o700); err != nil {
			t.Fatal(err)
		}
		a := openTest(t, fs, &log{})
		if _, err := a.Seal(t.Context(), s, SealOptions{Now: now, By: "t"}); err != nil {
			t.Fatal(err)
		}
		for range 80 {
			q := oddQuery(rng)
			q.Oldest, q.Limit = rng.IntN(2) == 0, 1+rng.IntN(20)
			if d := cmp.Diff(s.naive(q), pages(t, a, q)); d != "" {
				t.Fatalf("seed %d %+v (-list +archive):\n%s", seed, q, d)
			}
		}
	}
}

// Damaged files give errors, and wrong rows never a panic.
func TestScanDamaged(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 1))
	var recs []record.Record
	for n := range 300 {
		recs = append(recs, oddRecord(rng, n))
	}
	var b bytes.Buffer
	if err := writeSized(&b, recs, 100, 512); err != nil {
		t.Fatal(err)
	}
	q := query.Query{Words: []string{"見積"}, Users: []string{"sato"}, Classes: query.AllClasses()}
	for range 600 {
		bad := bytes.Clone(b.Bytes())
		for range 1 + rng.IntN(3) {
			bad[rng.IntN(len(bad))] ^= byte(1 << rng.IntN(8))
		}
		tab, err := newTable(memory{bytes.NewReader(bad)})
		if err != nil {
			continue
		}
		l, err := tab.candidates(t.Context(), &q, groups(&q))
		if err != nil {
			continue
		}
		var rows []int64
		for _, c := range l {
			rows = append(rows, c.row)
		}
		slices.Sort(rows)
		tab.o = &manifest.Object{}
		if _, err := tab.records(t.Context(), slices.Compact(rows)); err != nil {
			continue
		}
	}
}
