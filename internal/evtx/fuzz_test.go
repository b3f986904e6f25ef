package evtx

import (
	"bytes"
	"context"
	"slices"
	"testing"

	"github.com/akashi-audit/akashi/internal/event"
)

// FuzzReader feeds any bytes as a log: no panic, bounded work, and the fast and
// the tolerant path agree, also where only some fields are read.
func FuzzReader(f *testing.F) {
	log := goodLog(f, 60)
	f.Add(log[fileHeaderSize : fileHeaderSize+4000])
	f.Add([]byte(chunkMagic))
	head := bytes.Clone(log[:fileHeaderSize])
	set := unreadFields()
	f.Fuzz(func(t *testing.T, body []byte) {
		if len(body) > 4*chunkSize {
			t.Skip("larger than needed")
		}
		data := append(bytes.Clone(head), body...)
		read := func(opt Options) (n int, sum uint64) {
			opt.Recovered = true
			r, err := NewReader(bytes.NewReader(data), int64(len(data)), opt)
			if err != nil {
				return 0, 0
			}
			err = r.Events(context.Background(), func(rec *Record) error {
				if len(rec.Event.Values) != len(rec.Event.Schema.Names) {
					t.Fatalf("%d values, %d names", len(rec.Event.Values), len(rec.Event.Schema.Names))
				}
				n++
				sum = sumEvent(sum, rec.Event)
				return nil
			})
			if err != nil {
				t.Fatalf("Events: %v", err)
			}
			return n, sum
		}
		n, sum := read(Options{})
		if n > len(data)/recordMin {
			t.Fatalf("%d records in %d bytes", n, len(data))
		}
		if m, want := read(Options{reference: true}); m != n || sum != want {
			t.Fatalf("fast path: %d records, sum %x; tolerant path: %d, %x", n, sum, m, want)
		}
		needed := neededSums(t, data, set, Options{Recovered: true, Fields: func(string, uint32, bool) *event.Fields { return set }})
		if whole := neededSums(t, data, set, Options{Recovered: true}); !slices.Equal(needed, whole) {
			t.Fatalf("needed fields: sums %x, of all %x", needed, whole)
		}
	})
}
