package export

import (
	"fmt"
	"io"
	"os"
	"runtime"
	"testing"
	"time"

	"github.com/akashi-audit/akashi/internal/mask"
)

// The memory does not grow with the number of records. AKASHI_LONG writes more of
// them than a sheet holds.
func TestMemoryIsBounded(t *testing.T) {
	rows, most := 12_000, uint64(96<<20)
	if os.Getenv("AKASHI_LONG") != "" {
		rows, most = 1_200_000, 256<<20
	}
	for _, f := range Formats() {
		t.Run(string(f), func(t *testing.T) {
			begin := time.Now()
			w, err := New(io.Discard, Options{Format: f, Temp: t.TempDir(), Mask: mask.New(make([]byte, 32))})
			if err != nil {
				t.Fatal(err)
			}
			var peak uint64
			look := func() {
				var m runtime.MemStats
				runtime.GC()
				runtime.ReadMemStats(&m)
				peak = max(peak, m.HeapAlloc)
			}
			for i := range rows {
				r := rec(i, fmt.Sprintf(`D:\共有\部門 %d\案件 %d\給与明細 %d.xlsx`, i%50, i%7000, i))
				if err := w.Write(&r); err != nil {
					t.Fatal(err)
				}
				if i%(rows/6) == 0 {
					look()
				}
			}
			done := make(chan error)
			go func() { done <- w.Close() }()
			for closed := false; !closed; {
				select {
				case err := <-done:
					if err != nil {
						t.Fatal(err)
					}
					closed = true
				case <-time.After(50 * time.Millisecond):
				}
				look()
			}
			t.Logf("%d rows in %v, at most %d MB", rows, time.Since(begin).Round(time.Millisecond), peak>>20)
			if peak > most {
				t.Errorf("%d MB in use, want at most %d", peak>>20, most>>20)
			}
		})
	}
}
