package store

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/akashi-audit/akashi/internal/event"
	"github.com/akashi-audit/akashi/internal/query"
	"github.com/akashi-audit/akashi/internal/record"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

const base = 1_774_976_424_000_000_000 // 2026-03-31, Unix ns

func testRecord(server string, i int) record.Record {
	r := record.Record{
		Server: server, Channel: "Security", FirstID: uint64(i), Time: base + int64(i/3)*1e9, EndTime: base + int64(i/3)*1e9,
		Source: "windows", User: fmt.Sprintf(`EXAMPLE\user%d`, i%17), SID: fmt.Sprintf("S-1-5-21-1-%d", i%17),
		ClientIP: fmt.Sprintf("192.0.2.%d", i%40), Op: record.Op(1 + i%8), Object: record.ObjectFile,
		Path: fmt.Sprintf(`D:\共有\部署%d\資料%d.xlsx`, i%11, i%97), Result: record.Result(1 + i%2), Class: record.ClassUser,
		Confidence: record.Certain, Rule: "R1", Count: 1, RulesVersion: 1, RawIDs: []uint64{uint64(i), uint64(i) + 1},
	}
	if i%5 == 0 {
		r.Class = record.ClassBackground
		r.Set("reason", "x")
	}
	return r
}

func testEvent(server string, i int) *event.Event {
	return &event.Event{
		Provider: "Microsoft-Windows-Security-Auditing", ID: 4663, Time: event.FromUnixNano(base + int64(i)*1e8), RecordID: uint64(i),
		Channel: "Security", Computer: server, Schema: event.NewSchema("EventData", []string{"ObjectName"}), Values: []event.Value{event.String(fmt.Sprintf("f%d", i))},
	}
}

func openTest(t *testing.T, dir string, opt Options) *Store {
	t.Helper()
	if opt.FlushRows == 0 {
		opt.FlushRows = 64 // flushes and merges run beside everything
	}
	s, err := Open(dir, opt)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

// put commits events and records from…to of a server.
func put(t *testing.T, s *Store, server string, from, to int) {
	t.Helper()
	if err := tryPut(s, server, from, to); err != nil {
		t.Fatal(err)
	}
}

func tryPut(s *Store, server string, from, to int) error {
	ctx := context.Background()
	var events []*event.Event
	var recs []record.Record
	for i := from; i < to; i++ {
		events = append(events, testEvent(server, i))
		recs = append(recs, testRecord(server, i))
	}
	p, err := s.Planner(server).Plan(ctx, events)
	if err != nil {
		return err
	}
	c := &Commit{Server: server, Raw: p.Raw, Records: recs, Checkpoint: []byte("checkpoint"), Watermark: p.Keys[len(p.Keys)-1], SetTail: true,
		Tail: []record.Record{testRecord(server, 1_000_000)}}
	_, err = s.Append(ctx, c)
	return err
}

// all pages through a query.
func all(t *testing.T, s *Store, q query.Query) []record.Record {
	t.Helper()
	var l []record.Record
	for {
		p, err := s.Search(context.Background(), q)
		if err != nil {
			t.Fatal(err)
		}
		l = append(l, p.Records...)
		if p.Next == "" {
			return l
		}
		q.Cursor = p.Next
	}
}

func TestSearchAgainstSlice(t *testing.T) {
	ctx := context.Background()
	dir := t.TempDir()
	s := openTest(t, dir, Options{Create: true, FileSize: 4096})
	var want []record.Record
	add := func(server string, from, to int) {
		put(t, s, server, from, to)
		for i := from; i < to; i++ {
			want = append(want, testRecord(server, i))
		}
	}
	add("FS-A", 0, 5000)
	add("FS-B", 100, 300)
	add("FS-A", 5000, 5100)
	add("FS-B", 10, 90)
	want = append(want, testRecord("FS-A", 1_000_000), testRecord("FS-B", 1_000_000))
	slices.SortFunc(want, func(a, b record.Record) int { return compareRecords(a.Time, a.ID(), b.Time, b.ID()) })
	check := func(s *Store) {
		t.Helper()
		for _, q := range []query.Query{
			{}, {Classes: query.AllClasses()}, {Users: []string{"user3"}}, {Words: []string{"部署1\\資料"}}, {Words: []string{"ﾌﾞ"}}, {Folders: []string{`D:\共有\部署2`}}, {Files: []string{`d:\共有\部署2\資料2.XLSX`}},
			{Servers: []string{"fs-b"}}, {Servers: []string{"none"}}, {From: base + 100e9, To: base + 105e9, Classes: query.AllClasses()},
			{Ops: []record.Op{record.OpRead}, Results: []record.Result{record.Denied}}, {Clients: []string{"192.0.2.7"}, Words: []string{"xlsx"}},
		} {
			var naive []record.Record
			m := query.NewMatcher(q)
			for i := range want {
				if m.Match(&want[i]) {
					naive = append(naive, want[i])
				}
			}
			for _, limit := range []int{7, 100, 10000} {
				q.Limit = limit
				if limit == 7 && len(naive) > 500 {
					continue
				}
				if d := cmp.Diff(naive, all(t, s, q), cmpopts.EquateEmpty()); d != "" {
					t.Fatalf("%+v (-want +got):\n%.2000s", q, d)
				}
			}
			f, err := s.Facets(ctx, q)
			if err != nil {
				t.Fatal(err)
			}
			checkFacets(t, naive, f)
		}
	}
	check(s)
	ro := openTest(t, dir, Options{ReadOnly: true})
	check(ro)
	add("FS-C", 0, 10)
	want = append(want, testRecord("FS-C", 1_000_000))
	slices.SortFunc(want, func(a, b record.Record) int { return compareRecords(a.Time, a.ID(), b.Time, b.ID()) })
	check(ro)
	for _, i := range []int{0, 4095, 5099, 1_000_000} {
		w := testRecord("FS-A", i)
		got, err := ro.Record(ctx, w.ID())
		if err != nil || cmp.Diff(&w, got, cmpopts.EquateEmpty()) != "" {
			t.Errorf("Record(%s) = %+v, %v", w.ID(), got, err)
		}
	}
	if _, err := ro.Record(ctx, record.ID{Server: "FS-A", Channel: "Security", FirstID: 77777}); !errors.Is(err, ErrNotFound) {
		t.Errorf("unknown record: %v", err)
	}
	raw, err := ro.Raw(ctx, record.ID{Server: "FS-A", Channel: "Security", FirstID: 4095})
	if err != nil || len(raw) != 2 || raw[0].RecordID != 4095 || raw[1].RecordID != 4096 {
		t.Errorf("Raw = %v, %v", raw, err)
	}
}

func checkFacets(t *testing.T, want []record.Record, f *query.Facets) {
	t.Helper()
	if f.Total != uint64(len(want)) {
		t.Fatalf("Facets.Total = %d, want %d", f.Total, len(want))
	}
	if len(want) == 0 {
		return
	}
	if f.First != want[len(want)-1].Time || f.Last != want[0].Time {
		t.Errorf("Facets span %d to %d, want %d to %d", f.First, f.Last, want[len(want)-1].Time, want[0].Time)
	}
	sum := func(l []query.Count) (n uint64) {
		for _, c := range l {
			n += c.N
		}
		return n
	}
	days, people := uint64(0), uint64(0)
	for _, d := range f.Days {
		days += d.N
	}
	for _, p := range f.People {
		people += p.N
	}
	for name, n := range map[string]uint64{"ops": sum(f.Ops), "results": sum(f.Results), "servers": sum(f.Servers), "folders": sum(f.Folders), "clients": sum(f.Clients), "days": days, "people": people} {
		if n != f.Total {
			t.Errorf("Facets: %s add up to %d, want %d", name, n, f.Total)
		}
	}
}

func TestDaysFollowTheZone(t *testing.T) {
	tokyo := time.FixedZone("JST", 9*3600)
	s := openTest(t, t.TempDir(), Options{Create: true, Zone: tokyo})
	r1, r2 := testRecord("S", 1), testRecord("S", 2)
	r1.Time = time.Date(2026, 3, 31, 23, 59, 59, 0, tokyo).UnixNano()
	r2.Time = time.Date(2026, 4, 3, 0, 0, 0, 0, tokyo).UnixNano()
	if _, err := s.Append(context.Background(), &Commit{Server: "S", Records: []record.Record{r1, r2}}); err != nil {
		t.Fatal(err)
	}
	f, err := s.Facets(context.Background(), query.Query{})
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, d := range f.Days {
		got = append(got, fmt.Sprintf("%s=%d", d.Day, d.N))
	}
	if d := cmp.Diff([]string{"2026-03-31=1", "2026-04-01=0", "2026-04-02=0", "2026-04-03=1"}, got); d != "" {
		t.Error(d)
	}
}

func TestRewind(t *testing.T) {
	s := openTest(t, t.TempDir(), Options{Create: true})
	put(t, s, "A", 0, 100)
	put(t, s, "A", 100, 200)
	put(t, s, "B", 0, 50)
	seq := uint64(1)
	if _, err := s.Append(context.Background(), &Commit{Server: "A", Rewind: &seq, Records: []record.Record{testRecord("A", 500)}, SetTail: true}); err != nil {
		t.Fatal(err)
	}
	q := query.Query{Classes: query.AllClasses(), Servers: []string{"A"}, Limit: 1000}
	if n := len(all(t, s, q)); n != 101 {
		t.Errorf("server A has %d records after the rewind, want 101", n)
	}
	q.Servers = []string{"B"}
	if n := len(all(t, s, q)); n != 51 {
		t.Errorf("server B has %d records, want 51", n)
	}
	n := 0
	if err := s.Replay(context.Background(), "A", Key{}, func(*event.Event, Key) error { n++; return nil }); err != nil || n != 200 {
		t.Errorf("Replay gave %d events, %v, want 200", n, err)
	}
}

func TestLockFormatMissing(t *testing.T) {
	dir := t.TempDir()
	if _, err := Open(filepath.Join(dir, "none"), Options{}); !errors.Is(err, ErrNoStore) {
		t.Errorf("missing folder: %v", err)
	}
	if _, err := Open(filepath.Join(dir, "none"), Options{ReadOnly: true}); !errors.Is(err, ErrNoStore) {
		t.Errorf("missing folder, reading: %v", err)
	}
	s := openTest(t, dir, Options{Create: true})
	if _, err := Open(dir, Options{}); !errors.Is(err, ErrLocked) {
		t.Errorf("second writer: %v, want ErrLocked", err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, formatName), fmt.Appendf(nil, "akashi data folder %d\n", FormatVersion+1), 0o600); err != nil {
		t.Fatal(err)
	}
	var fe *FormatError
	if _, err := Open(dir, Options{}); !errors.As(err, &fe) || fe.Have != FormatVersion+1 {
		t.Errorf("newer folder: %v", err)
	}
}

func TestRuns(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for range 200 {
		var l runs
		set := map[uint64]bool{}
		for range 30 {
			lo := rng.Uint64N(60)
			hi := lo + rng.Uint64N(4)
			l = l.add(run{lo, hi})
			for i := lo; i <= hi; i++ {
				set[i] = true
			}
		}
		for i := range uint64(70) {
			if l.has(i) != set[i] {
				t.Fatalf("has(%d) = %v, want %v in %v", i, l.has(i), set[i], l)
			}
		}
		for i := 1; i < len(l); i++ {
			if l[i].lo <= l[i-1].hi+1 {
				t.Fatalf("ranges touch: %v", l)
			}
		}
	}
	l := runs{}.add(run{^uint64(0), ^uint64(0)}).add(run{0, 0})
	if !l.has(0) || !l.has(^uint64(0)) || l.has(1) || len(l) != 2 {
		t.Errorf("ends: %v", l)
	}
}
