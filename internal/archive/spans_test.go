package archive

import (
	"bytes"
	"fmt"
	"testing"

	"github.com/akashi-audit/akashi/internal/record"
)

// Spans cover a file without a hole, each with the hash of its bytes. Small pages share
// one, so that a day of few records has few; large ones have their own.
func TestSpansOfPages(t *testing.T) {
	for _, c := range []struct {
		rows, most, page int
	}{{100, 4, pageBytes}, {20_000, 60, pageBytes}, {20_000, 250, 16 << 10}} {
		s := newFakeStore()
		for n := range c.rows {
			s.act("FS1", n, start+int64(n)*7_654_300, fmt.Sprintf(`D:\%d\%d.txt`, n%7, n*n%100_003))
		}
		var b bytes.Buffer
		if err := writeSized(&b, s.recs["FS1"], groupRows, c.page); err != nil {
			t.Fatal(err)
		}
		l, err := parquetSpans(bytes.NewReader(b.Bytes()), int64(b.Len()))
		if err != nil {
			t.Fatal(err)
		}
		at, joined := int64(0), 0
		for i, x := range l {
			sum, err := hashAll(bytes.NewReader(b.Bytes()), x.Offset, x.Size)
			if err != nil || x.Offset != at || x.Size <= 0 || sum != x.SHA256 || x.What == "" {
				t.Errorf("%d rows, span %+v, want it at %d", c.rows, x, at)
			}
			at += x.Size
			if inner := i > 0 && i+2 < len(l); inner && l[i].Size+l[i+1].Size <= spanBytes/2 {
				joined++ // two that could be one
			}
		}
		if at != int64(b.Len()) || len(l) > c.most {
			t.Errorf("%d rows: %d spans of %d bytes, want at most %d of %d", c.rows, len(l), at, c.most, b.Len())
		}
		if joined > 0 && c.page == pageBytes {
			t.Errorf("%d rows: %d pairs of spans are small", c.rows, joined)
		}
		n := 0
		if err := Read(bytes.NewReader(b.Bytes()), int64(b.Len()), func(*record.Record) error { n++; return nil }); err != nil || n != c.rows {
			t.Errorf("%d rows of %d: %v", n, c.rows, err)
		}
		t.Logf("%d rows, %d bytes: %d spans, first %q", c.rows, b.Len(), len(l), l[1].What)
	}
}
