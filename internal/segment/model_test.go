package segment

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/akashi-audit/akashi/internal/facets"
	"github.com/akashi-audit/akashi/internal/query"
	"github.com/akashi-audit/akashi/internal/record"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// stored is a record and its commit.
type stored struct {
	r   record.Record
	seq uint64
}

func tokyo() *time.Location { return time.FixedZone("JST", 9*3600) }

// month0 is 2026-03-01 in Tokyo.
func month0() int64 { return time.Date(2026, 3, 1, 0, 0, 0, 0, tokyo()).UnixNano() }

func pick[T any](g *rand.Rand, l ...T) T { return l[g.IntN(len(l))] }

// testPath makes a path that others are likely to share parts with.
func testPath(g *rand.Rand) string {
	dir := pick(g, `D:\共有\人事`, `D:\共有\人事\給与`, `D:\共有\営業`, `d:\共有\営業`, `E:\DATA\Ａ`, `E:\data\a`, `D:\共有\人事部`)
	name := pick(g, "給与明細.xlsx", "見積書.DOCX", "見積書.docx", "資料１.xlsx", "資料1.xlsx", "ﾃｽﾄ.txt", "テスト.txt", "K\u212a.bin", "\xed\xa0\x80x", "a b")
	switch g.IntN(12) {
	case 0:
		return dir
	case 1:
		return name
	case 2:
		return ""
	case 3:
		return dir + `\` + fmt.Sprintf("%d_", g.IntN(40)) + name
	}
	return dir + `\` + name
}

// testRecord makes a record of one month; superseded ones have SupersededBy.
func testRecord(g *rand.Rand, i int, superseded bool) stored {
	user := g.IntN(6)
	r := record.Record{
		Server: "FS01.example.co.jp", Channel: pick(g, "Security", "Security", "Print"), Generation: g.Uint32N(2), FirstID: uint64(1000 + i), Ordinal: pick(g, uint32(0), 0, 1),
		Time:   month0() + int64(g.IntN(5))*24*3600e9 + int64(g.IntN(400))*37*1e9*5 + int64(g.IntN(10))*100,
		Source: "windows", User: pick(g, `EXAMPLE\tanaka`, `EXAMPLE\Suzuki`, "佐藤", "", `OTHER\tanaka`, "x")[:], SID: fmt.Sprintf("S-1-5-21-%d", user),
		ClientIP: pick(g, "192.0.2.1", "192.0.2.2", "local", ""), ClientName: pick(g, "PC01", "", "pc02"), Session: pick(g, uint64(0), 77, 0xffffffffffff),
		Op: record.Op(1 + g.IntN(31)), Object: record.Object(1 + g.IntN(9)), Result: record.Result(1 + g.IntN(3)), Class: record.Class(1 + g.IntN(3)),
		Confidence: record.Confidence(1 + g.IntN(2)), Rule: pick(g, "R1", "w2"), Process: pick(g, "", `C:\Windows\notepad.exe`, "backup.exe"),
		Path: testPath(g), Count: 1 + g.Uint32N(3), RulesVersion: 1,
	}
	r.EndTime = r.Time + int64(g.IntN(3))*500
	if g.IntN(4) == 0 {
		r.NewPath = testPath(g)
	}
	if g.IntN(3) > 0 {
		r.Share = pick(g, `\\FS01\人事`, `\\fs01.example.co.jp\Eigyo`, `\\FS01\d$`)
		r.ShareRoot = pick(g, uint32(len(`D:\共有\人事`)), uint32(len(`D:\共有`)), 0, 2, 500, 4)
	}
	if g.IntN(3) == 0 {
		r.Set("logon_type", pick(g, "2", "3"))
		r.Set("bytes", fmt.Sprint(g.IntN(1000)))
	}
	for k := range g.IntN(5) {
		r.RawIDs = append(r.RawIDs, r.FirstID+uint64(k*g.IntN(3)))
	}
	seq := uint64(1 + i/50)
	r.Received = month0() + int64(seq)*1e9
	if superseded {
		r.SupersededBy = 2
	}
	return stored{r, seq}
}

func testRecords(seed uint64, n int, superseded bool) []stored {
	g := rand.New(rand.NewPCG(seed, 1))
	var l []stored
	for i := range n {
		l = append(l, testRecord(g, i, superseded))
	}
	return l
}

// buildSegment writes the rows as one segment and opens it.
func buildSegment(t testing.TB, rows []stored, superseded bool) (*Segment, []byte) {
	t.Helper()
	b := NewBuilder("FS01.example.co.jp", superseded, Options{Zone: tokyo()})
	for i := range rows {
		b.Add(&rows[i].r, rows[i].seq)
	}
	months := b.Months()
	if len(months) != 1 {
		t.Fatalf("months %v, want one", months)
	}
	var buf bytes.Buffer
	meta, err := b.WriteMonth(&buf, months[0])
	if err != nil {
		t.Fatal(err)
	}
	s := openSegment(t, buf.Bytes())
	if d := cmp.Diff(meta, s.Meta()); d != "" {
		t.Fatalf("Meta of the writer and of the reader differ: %s", d)
	}
	return s, buf.Bytes()
}

func openSegment(t testing.TB, b []byte) *Segment {
	t.Helper()
	s, err := Open(bytes.NewReader(b), int64(len(b)), OpenOptions{Name: "test", Damaged: func(e *DamageError) { t.Error(e) }})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// naive is what a query finds in rows, in the order of results.
func naive(rows []stored, q query.Query, v View, hide []query.Query) []stored {
	m := query.NewMatcher(q)
	var hidden []*query.Matcher
	for _, q := range hide {
		hidden = append(hidden, query.NewMatcher(q))
	}
	var out []stored
	in := func(l []SeqRange, seq uint64) bool {
		return slices.ContainsFunc(l, func(r SeqRange) bool { return r.Lo < seq && seq < r.Hi })
	}
	for _, s := range rows {
		if !m.Match(&s.r) || in(v.Void, s.seq) || v.Only != nil && !in(v.Only, s.seq) {
			continue
		}
		if slices.ContainsFunc(hidden, func(m *query.Matcher) bool { return m.Match(&s.r) }) {
			continue
		}
		out = append(out, s)
	}
	slices.SortStableFunc(out, func(a, b stored) int {
		x, y := query.PositionOf(&a.r), query.PositionOf(&b.r)
		if q.Oldest {
			return y.Compare(&x)
		}
		return x.Compare(&y)
	})
	return out
}

func testQuery(g *rand.Rand) query.Query {
	var q query.Query
	if g.IntN(3) > 0 {
		q.Classes = query.AllClasses()
	}
	q.Oldest = g.IntN(3) == 0
	words := []string{"見積", "給与", "資料1", "テスト", `人事\給与`, `\\fs01\人事`, `\\fs01\人事\給与`, `01\人`, "ｴ", "a", "", `d$\共有`, "k", `eigyo`, `\\fs01.example.co.jp\eigyo\営業`}
	patterns := []string{"*.xlsx", `*\人事\*`, "資料?.xlsx", "見積*", `\\fs01\*\*.docx`, `D:\共有\*\a b`, "給与", `*eigyo*`, "?????.txt"}
	files := []string{`D:\共有\人事\給与明細.xlsx`, `d:\共有\営業\見積書.docx`, `\\FS01\人事\給与明細.xlsx`, `\\fs01\人事\給与\a b`, "a b", "", `E:\data\a`, `\\fs01.example.co.jp\人事`, `\\FS01\人事`}
	folders := []string{`D:\共有\人事`, `D:\共有`, `\\FS01\人事`, `\\fs01\人事\給与`, `D:\`, `D:`, `E:\DATA\a\`, `\\fs01\D$`, "a b", ""}
	for range 1 + g.IntN(2) {
		switch g.IntN(22) {
		case 0:
			q.Users = append(q.Users, pick(g, "TANAKA", `example\suzuki`, "S-1-5-21-3", "nobody", "佐藤"))
		case 1:
			q.Words = append(q.Words, pick(g, words...))
		case 2:
			q.Paths = append(q.Paths, pick(g, patterns...), pick(g, patterns...))
		case 3:
			q.Files = append(q.Files, pick(g, files...), pick(g, files...))
		case 4:
			q.Folders = append(q.Folders, pick(g, folders...))
		case 5:
			q.Ops = append(q.Ops, record.Op(1+g.IntN(31)), record.OpLogon)
		case 6:
			q.Results = append(q.Results, record.Denied)
		case 7:
			q.Objects = append(q.Objects, record.ObjectFile)
		case 8:
			q.Confidences = append(q.Confidences, record.Certain)
		case 9:
			q.Clients = append(q.Clients, pick(g, "192.0.2.1", "PC02", "LOCAL"))
		case 10:
			q.Servers = append(q.Servers, pick(g, "fs01", "fs02", "FS01.EXAMPLE.co.jp"))
		case 11:
			q.Processes = append(q.Processes, pick(g, "NOTEPAD.exe", "backup.exe"))
		case 12:
			q.Rules = append(q.Rules, "W2")
		case 13:
			q.Sessions = append(q.Sessions, 77)
		case 14:
			q.From = month0() + int64(g.IntN(5*24))*3600e9
		case 15:
			q.To = month0() + int64(g.IntN(5*24))*3600e9
		case 16:
			q.HideNetworkLogons = true
		case 17:
			q.Not.Users, q.Not.Ops = []string{"tanaka"}, []record.Op{record.OpRead}
		case 18:
			q.Not.Paths = append(q.Not.Paths, pick(g, append(words, patterns...)...))
		case 19:
			q.Not.Files, q.Not.Folders = []string{pick(g, files...)}, []string{pick(g, folders...)}
		case 20:
			q.Not.Clients, q.Not.Processes, q.Not.Sessions, q.Not.Classes = []string{"pc01"}, []string{"notepad.exe"}, []uint64{77}, []record.Class{record.ClassSystem}
		case 21:
			for range 2 {
				l := query.Life{Server: "fs01.EXAMPLE.co.jp", Path: pick(g, `D:\共有\人事\給与明細.xlsx`, `D:\共有\営業`, `d:\共有\人事`), Folder: g.IntN(2) == 0}
				if g.IntN(2) == 0 {
					l.From = month0() + int64(g.IntN(5*24))*3600e9
				}
				if g.IntN(2) == 0 {
					l.To = month0() + int64(g.IntN(5*24))*3600e9
				}
				q.Lives = append(q.Lives, l)
			}
		}
	}
	return q
}

func testView(g *rand.Rand) (v View, hide []query.Query) {
	if g.IntN(3) == 0 {
		v.Void = []SeqRange{{uint64(g.IntN(30)), uint64(g.IntN(60))}}
	}
	if g.IntN(4) == 0 {
		v.Only = []SeqRange{{uint64(g.IntN(20)), uint64(g.IntN(60))}}
	}
	if g.IntN(4) == 0 {
		q := testQuery(g)
		q.Classes = query.AllClasses()
		hide = append(hide, q)
		v.Hide = append(v.Hide, NewFilter(q))
	}
	return v, hide
}

// topAll pages through all days.
func topAll(t *testing.T, s *Segment, f *Filter, v View, limit int) []record.Record {
	t.Helper()
	days := slices.Clone(s.Meta().Days)
	if !f.q.Oldest {
		slices.Reverse(days)
	}
	var out []record.Record
	for _, d := range days {
		var after *query.Position
		for {
			l, err := s.Top(context.Background(), f, v, d.Day, after, limit)
			if err != nil {
				t.Fatal(err)
			}
			out = append(out, l...)
			if len(l) < limit {
				break
			}
			at := query.PositionOf(&l[len(l)-1])
			after = &at
		}
	}
	return out
}

func records(l []stored) []record.Record {
	var out []record.Record
	for _, s := range l {
		out = append(out, s.r)
	}
	return out
}

func facetsOf(t *testing.T, c *facets.Counter) *query.Facets {
	t.Helper()
	f, err := c.Facets(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// countAnyhow counts in one of the ways that there are.
func countAnyhow(t *testing.T, g *rand.Rand, s *Segment, q query.Query, v View, into *facets.Counter) {
	t.Helper()
	f, way := NewFilter(q), g.IntN(6)
	if way%2 == 1 {
		f.Once(g.IntN(3) > 0, g.IntN(3) > 0)
	}
	if way/2 == 1 {
		f.Late()
	}
	if way/2 == 2 {
		f.Exact()
	}
	err := s.Count(t.Context(), f, v, into)
	if err == nil {
		err = into.ReadTimes()
	}
	if err != nil {
		t.Fatalf("way %d: %v", way, err)
	}
}

func checkQueries(t *testing.T, s *Segment, rows []stored, seed uint64, n int) {
	t.Helper()
	g := rand.New(rand.NewPCG(seed, 2))
	ctx := context.Background()
	found := 0
	for i := range n {
		q := testQuery(g)
		v, hide := testView(g)
		want := naive(rows, q, v, hide)
		found += len(want)
		f := NewFilter(q)
		got := topAll(t, s, f, v, pick(g, 1, 7, 100))
		if d := cmp.Diff(records(want), got, cmpopts.EquateEmpty()); d != "" {
			t.Fatalf("query %d %+v view %+v: %s", i, q, v, d)
		}
		q.Lists = pick(g, 0, query.ListPeople, query.ListPaths|query.ListHours, query.ListFiles|query.ListDays, query.ListFolders|query.ListClients, query.ListOps|query.ListDays|query.ListResults)
		q.Top = pick(g, 0, 3)
		a, b := facets.New(&q, tokyo()), facets.New(&q, tokyo())
		for i := range want {
			a.Add(&want[i].r)
		}
		countAnyhow(t, g, s, q, v, b)
		if d := cmp.Diff(facetsOf(t, a), facetsOf(t, b), cmpopts.EquateEmpty()); d != "" {
			t.Fatalf("counts of query %d %+v view %+v: %s", i, q, v, d)
		}
		type place struct {
			at  query.Position
			seq uint64
		}
		places := make(map[place]int)
		for i := range want {
			places[place{query.PositionOf(&want[i].r), want[i].seq}]++
		}
		k := 0
		err := s.Each(ctx, f, v, func(r *record.Record, seq uint64) error {
			at := place{query.PositionOf(r), seq}
			if places[at]--; places[at] < 0 {
				t.Errorf("Each gives a row that is not wanted: %+v", r)
			}
			k++
			return nil
		})
		if err != nil || k != len(want) {
			t.Fatalf("Each of query %d %+v: %d rows, want %d, %v", i, q, k, len(want), err)
		}
	}
	if found == 0 {
		t.Error("no query found anything")
	}
}

func TestQueries(t *testing.T) {
	for _, superseded := range []bool{false, true} {
		rows := testRecords(1, 500, superseded)
		s, _ := buildSegment(t, rows, superseded)
		if superseded {
			s.lazy = 20
		}
		checkQueries(t, s, rows, 3, 250)
	}
}

func TestRecordByID(t *testing.T) {
	rows := testRecords(4, 600, false)
	s, _ := buildSegment(t, rows, false)
	for _, w := range rows {
		got, err := s.Record(context.Background(), w.r.ID(), View{})
		if err != nil || got == nil || cmp.Diff(w.r, *got, cmpopts.EquateEmpty()) != "" {
			t.Fatalf("Record(%s) = %v, %v, want %+v", w.r.ID(), got, err, w.r)
		}
		if got, err := s.Record(context.Background(), w.r.ID(), View{Void: []SeqRange{{w.seq - 1, w.seq + 1}}}); got != nil || err != nil {
			t.Fatalf("Record of a void row = %v, %v", got, err)
		}
	}
	id := rows[0].r.ID()
	id.Ordinal = 99
	if got, err := s.Record(context.Background(), id, View{}); got != nil || err != nil {
		t.Errorf("Record of an unknown id = %v, %v", got, err)
	}
}
