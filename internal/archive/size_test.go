//go:build unix

package archive

import (
	"bytes"
	"testing"

	"github.com/parquet-go/parquet-go"

	"github.com/akashi-audit/akashi/internal/record"
)

// TestRecordsStaySmall holds the records of a busy day to 22 bytes each, the filter of
// their words included, which is there and takes less than a third of a byte.
func TestRecordsStaySmall(t *testing.T) {
	const n = 60_000
	src := &largeDay{records: n, days: 1}
	s := NewSorter(nil)
	var failed error
	err := src.SealRecords(t.Context(), "FS1", start, start+dayNS, func(r *record.Record) {
		if failed == nil {
			failed = s.Add(r)
		}
	})
	if err != nil || failed != nil {
		t.Fatal(err, failed)
	}
	var b bytes.Buffer
	if err := s.Write(t.Context(), &b); err != nil {
		t.Fatal(err)
	}
	f, err := parquet.OpenFile(bytes.NewReader(b.Bytes()), int64(b.Len()))
	if err != nil {
		t.Fatal(err)
	}
	words, _ := f.Lookup(keyWords)
	t.Logf("%.2f bytes a record, of them %.3f for words", float64(b.Len())/n, float64(len(words))/n)
	if b.Len() > 22*n || len(words) == 0 || 3*len(words) > n {
		t.Errorf("%d bytes for %d records, %d of them for words", b.Len(), n, len(words))
	}
}
