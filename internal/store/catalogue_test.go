package store

import (
	"bytes"
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/akashi-audit/akashi/internal/catalogue"
	"github.com/akashi-audit/akashi/internal/query"
	"github.com/akashi-audit/akashi/internal/record"
)

// TestManyPaths: parts become one as long as their paths are few enough, the
// oldest first; what is too large stays alone.
func TestManyPaths(t *testing.T) {
	part := func(num uint32, n int) *pathRef {
		b := catalogue.NewBuilder("FS", time.UTC)
		for i := range n {
			b.Add(&record.Record{Server: "FS", Path: fmt.Sprintf(`D:\%d`, i)})
		}
		var buf bytes.Buffer
		if err := b.Write(&buf); err != nil {
			t.Fatal(err)
		}
		p, err := catalogue.Open(bytes.NewReader(buf.Bytes()), int64(buf.Len()), catalogue.NewCache(0))
		if err != nil {
			t.Fatal(err)
		}
		return &pathRef{num: num, server: "FS", part: p}
	}
	f := func(limit int, sizes []int, want ...uint32) {
		t.Helper()
		var l []*pathRef
		for i, n := range sizes {
			l = append([]*pathRef{part(uint32(i), n)}, l...)
		}
		var got []uint32
		for _, r := range manyPaths(l, limit) {
			got = append(got, r.num)
		}
		if fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("of parts of %v paths, limit %d: %v, want %v", sizes, limit, got, want)
		}
	}
	f(10, nil)
	f(10, []int{3})
	f(10, []int{3, 4}, 0, 1)
	f(10, []int{3, 4, 3, 1}, 0, 1, 2)
	f(10, []int{11, 4, 3}, 1, 2)
	f(10, []int{4, 11, 4})
	f(10, []int{9, 8, 7})
	f(10, []int{9, 8, 1, 1, 9}, 1, 2, 3)
	f(10, []int{9, 8, 1, 1, 1}, 1, 2, 3)
	f(10, []int{10, 10, 5, 5}, 2, 3)
}

// TestLateGate: a page of records asks the catalogue only when it goes behind the
// first months, and then leaves out those that cannot have a path.
func TestLateGate(t *testing.T) {
	ctx := context.Background()
	s := openTest(t, t.TempDir(), Options{Create: true, FlushRows: -1})
	const months = 8
	for m := range months {
		var l []record.Record
		for i := range 30 {
			r := testRecord("FS", 100*m+i)
			r.Time += int64(m) * 31 * 86400e9
			r.EndTime, r.Class = r.Time, record.ClassUser
			if m == 2 && i%2 == 0 || m == 5 && i < 2 {
				r.Path = fmt.Sprintf(`D:\共有\稀\%d.txt`, i)
			}
			l = append(l, r)
		}
		if _, err := s.Append(ctx, &Commit{Server: "FS", Records: l}); err != nil {
			t.Fatal(err)
		}
		if err := s.Flush(ctx); err != nil {
			t.Fatal(err)
		}
	}
	f := func(q query.Query, want, segments, skipped int) {
		t.Helper()
		q.Trace = &query.Trace{}
		page, err := s.Search(ctx, q)
		if err != nil {
			t.Fatal(err)
		}
		sum, left := q.Trace.Summary(), 0
		for _, x := range sum.Skipped {
			if x.Reason == query.SkipPath {
				left += x.N
			}
		}
		if len(page.Records) != want || sum.Segments != segments || left != skipped {
			t.Errorf("%v, oldest first %v, limit %d: %d records, %d segments, %d left out; want %d, %d, %d", q.Words, q.Oldest, q.Limit, len(page.Records), sum.Segments, left, want, segments, skipped)
		}
	}
	rare := []string{"稀"}
	f(query.Query{Words: rare, Limit: 1}, 1, 3, 0)                  // months 7, 6 and 5
	f(query.Query{Words: rare, Limit: 5}, 5, 4, 2)                  // and 2; not 4 and 3
	f(query.Query{Words: rare, Limit: 100}, 17, 4, 4)               // nor 1 and 0
	f(query.Query{Words: rare, Limit: 100, Oldest: true}, 17, 4, 4) // months 0 to 2, 5
	f(query.Query{Words: []string{"nothing"}, Limit: 5}, 0, 3, 5)
	f(query.Query{Limit: 1000}, 30*months, months, 0)
}
