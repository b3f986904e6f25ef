package archive

import (
	"context"
	"fmt"
	"runtime"
	"testing"
	"time"
	"weak"

	"github.com/akashi-audit/akashi/internal/event"
	"github.com/akashi-audit/akashi/internal/fsx"
	"github.com/akashi-audit/akashi/internal/record"
)

// alive counts how many of the things that were handed out are still in memory. It looks
// every so often, collecting garbage before.
type alive[T any] struct {
	every int
	l     []weak.Pointer[T]
	most  int
}

func (a *alive[T]) saw(x *T) {
	a.l = append(a.l, weak.Make(x))
	if len(a.l)%a.every != 0 {
		return
	}
	runtime.GC()
	n := 0
	for _, p := range a.l {
		if p.Value() != nil {
			n++
		}
	}
	a.most = max(a.most, n)
}

// heldOfADay seals a day of so many records and events in blocks of so many, reads it as
// export and rebuild do, and tells how many of both were in memory at once at most.
func heldOfADay(t *testing.T, rows, block int) (records, events int) {
	t.Helper()
	s, fs := newFakeStore(), fsx.NewCrash()
	if err := fs.MkdirAll("/d", 0o700); err != nil {
		t.Fatal(err)
	}
	for n := range rows {
		s.act("FS1", n, start+int64(n)*int64(time.Second), fmt.Sprintf(`D:\%d.txt`, n%50))
	}
	a := openTest(t, fs, &log{})
	a.blockEvents = block
	if _, err := a.Seal(t.Context(), s, SealOptions{Now: now, By: "t"}); err != nil {
		t.Fatal(err)
	}
	r := alive[record.Record]{every: rows/8 + 131} // never at the end of a block
	got := 0
	err := a.Records(t.Context(), "FS1", DayName(int(start/dayNS)), func(x *record.Record) error { got++; r.saw(x); return nil })
	if err != nil || got != rows {
		t.Fatalf("%d records of %d: %v", got, rows, err)
	}
	e := alive[event.Event]{every: rows/8 + 131} // never at the end of a block
	got = 0
	for _, x := range a.Streams(context.Background(), "FS1") {
		for ev, err := range x.Events {
			if err != nil {
				t.Fatal(err)
			}
			got++
			e.saw(ev)
		}
	}
	if got != rows {
		t.Fatalf("%d events of %d", got, rows)
	}
	return r.most, e.most
}

// What export and rebuild read a day with does not grow with the day: a block of raw
// events and the one that begins, and a chunk of records.
func TestReadingADayHoldsABlock(t *testing.T) {
	const block = 512
	for _, rows := range []int{8 * block, 32 * block} {
		records, events := heldOfADay(t, rows, block)
		t.Logf("of %d rows %d records and %d events were held at most", rows, records, events)
		if events == 0 || records > 2*chunkRows || events > 2*block {
			t.Errorf("of %d rows %d records and %d events were held at once, want at most %d and %d", rows, records, events, 2*chunkRows, 2*block)
		}
	}
}
