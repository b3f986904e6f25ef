package facets

import (
	"fmt"
	"testing"
	"time"

	"github.com/akashi-audit/akashi/internal/query"
	"github.com/akashi-audit/akashi/internal/record"
	"github.com/google/go-cmp/cmp"
)

func answer(t *testing.T, c *Counter) *query.Facets {
	t.Helper()
	f, err := c.Facets(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func testRecord(i int) record.Record {
	return record.Record{
		Server: "FS01", User: fmt.Sprint("user", i%70), SID: "S-1", ClientIP: fmt.Sprintf("192.0.2.%d", i%23), Op: record.Op(1 + i%5), Result: record.Result(1 + i%3),
		Object: record.ObjectFile, Path: fmt.Sprintf(`D:\a%d\b%d`, i%7, i%150), NewPath: []string{"", `D:\new`}[i%2], Time: int64(i) * 3600e9 * 5,
	}
}

// TestMerge: what two Counters counted, joined, is what one counts, in any order.
func TestMerge(t *testing.T) {
	for _, lists := range []query.Lists{0, query.ListPeople | query.ListFiles, query.ListDays, query.ListHours | query.ListPaths} {
		for _, top := range []int{0, 3} {
			q := query.Query{Lists: lists, Top: top}
			zone := time.FixedZone("JST", 9*3600)
			all, a, b := New(&q, zone), New(&q, zone), New(&q, zone)
			for i := range 400 {
				r := testRecord(i)
				all.Add(&r)
				if i%3 == 0 {
					a.Add(&r)
				}
			}
			for i := 399; i >= 0; i-- {
				r := testRecord(i)
				if i%3 != 0 {
					b.Add(&r)
				}
			}
			b.Merge(a)
			if d := cmp.Diff(answer(t, all), answer(t, b)); d != "" {
				t.Errorf("lists %b top %d: %s", lists, top, d)
			}
		}
	}
}

func TestLists(t *testing.T) {
	q := query.Query{Lists: query.ListPaths | query.ListFiles | query.ListHours, Top: 2}
	c := New(&q, time.FixedZone("JST", 9*3600))
	for i, path := range []string{"a", "b", "a", "c", "", "d"} {
		c.Add(&record.Record{Path: path, NewPath: "b", Time: int64(i), Class: record.ClassUser, User: "x"})
	}
	f := answer(t, c)
	want := &query.Facets{
		Total: 6, First: 0, Last: 5, Paths: []query.Count{{Value: "a", N: 2}, {Value: "b", N: 1}}, PathsMore: 2,
		Files: []query.FileCount{{Path: "b", N: 6, First: 0, Last: 5}, {Path: "a", N: 2, First: 0, Last: 2}}, FilesMore: 2,
		Hours: &[7][24]uint64{4: {9: 6}}, // 1970-01-01 was a Thursday
	}
	if d := cmp.Diff(want, f); d != "" {
		t.Error(d)
	}
}

func TestCalendar(t *testing.T) {
	for _, name := range []string{"Asia/Tokyo", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu", "UTC"} {
		zone, err := time.LoadLocation(name)
		if err != nil {
			t.Skip(err)
		}
		c := NewCalendar(zone)
		for at := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC).UnixNano(); at < time.Date(2027, 1, 1, 0, 0, 0, 0, time.UTC).UnixNano(); at += 11 * 60e9 {
			l := time.Unix(0, at).In(zone)
			got := c.At(at)
			want := Moment{int(time.Date(l.Year(), l.Month(), l.Day(), 0, 0, 0, 0, time.UTC).Unix() / 86400), int(l.Weekday()), l.Hour()}
			if got != want {
				t.Fatalf("%s at %s: %+v, want %+v", name, l, got, want)
			}
		}
	}
	for _, at := range []int64{-1 << 63, 1<<63 - 1, -1, 0} {
		NewCalendar(time.FixedZone("x", 12345)).At(at)
	}
}
