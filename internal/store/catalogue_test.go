package store

import (
	"bytes"
	"fmt"
	"testing"
	"time"

	"github.com/akashi-audit/akashi/internal/catalogue"
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
