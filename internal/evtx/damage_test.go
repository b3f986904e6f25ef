package evtx

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/akashi-audit/akashi/internal/event"
)

// goodLog is a log of n audit events in memory, made by the writer.
func goodLog(t fataler, n int) []byte {
	t.Helper()
	f := &memFile{}
	w, err := NewWriter(f, WriterOptions{})
	if err == nil {
		err = auditEvents(n, w.Write)
	}
	if err == nil {
		err = w.Close()
	}
	if err != nil {
		t.Fatalf("write log: %v", err)
	}
	return f.b
}

// place of one record in a log.
type placed struct {
	id        uint64
	sum       uint64
	off, end  int64
	chunk     int
	recovered bool
}

func readAll(t fataler, log []byte, opt Options) ([]placed, []Damage) {
	t.Helper()
	r, err := NewReader(bytes.NewReader(log), int64(len(log)), opt)
	if err != nil {
		return nil, nil
	}
	var out []placed
	if err := r.Events(context.Background(), func(rec *Record) error {
		out = append(out, placed{
			id: rec.Event.RecordID, sum: sumEvent(0, rec.Event), off: rec.Offset,
			end: rec.Offset + int64(le32(log, int(rec.Offset)+recSize)), chunk: rec.Chunk, recovered: rec.Recovered,
		})
		return nil
	}); err != nil {
		t.Fatalf("Events: %v", err)
	}
	return out, r.Damage()
}

func lost(ds []Damage) (n int) {
	for _, d := range ds {
		n += d.Lost
	}
	return n
}

// TestDamageNearby destroys bytes at random places: every record outside must
// come back unchanged, and what is missing must be reported.
func TestDamageNearby(t *testing.T) {
	log := goodLog(t, 1500)
	good, ds := readAll(t, log, Options{})
	if len(good) != 1500 || len(ds) > 0 {
		t.Fatalf("%d records, damage %v, want 1500 and none", len(good), ds)
	}
	rnd := rand.New(rand.NewPCG(7, 7))
	harm := []struct {
		name string
		f    func(b []byte)
	}{
		{"zero", func(b []byte) { clear(b) }},
		{"flip", func(b []byte) { b[0] ^= 1 << rnd.IntN(8) }},
		{"noise", func(b []byte) {
			for i := range b {
				b[i] = byte(rnd.Uint32())
			}
		}},
	}
	for _, h := range harm {
		for range 150 {
			bad := bytes.Clone(log)
			from := fileHeaderSize + rnd.IntN(len(log)-fileHeaderSize)
			to := min(len(log), from+1+rnd.IntN(3000))
			h.f(bad[from:to])
			checkSurvivors(t, fmt.Sprintf("%s %d..%d", h.name, from, to), good, bad, int64(from), int64(to))
		}
	}
}

// checkSurvivors compares a damaged log with the good one. Records that share
// bytes with the damage, or whose template does, may change.
func checkSurvivors(t *testing.T, name string, good []placed, bad []byte, from, to int64) {
	t.Helper()
	got, ds := readAll(t, bad, Options{})
	sums := map[uint64]uint64{}
	for _, g := range got {
		sums[g.sum] = g.id
	}
	hit := map[int]bool{} // chunks in which a definition may be hit
	for _, g := range good {
		if g.off < to && from < g.end {
			hit[g.chunk] = true
		}
	}
	missing := 0
	for _, g := range good {
		if _, ok := sums[g.sum]; ok {
			continue
		}
		missing++
		if !hit[g.chunk] {
			t.Errorf("%s: record %d at %d lost, outside of the damage; %v", name, g.id, g.off, ds)
			return
		}
	}
	if missing > 0 && len(ds) == 0 {
		t.Errorf("%s: %d records lost or changed, no damage reported", name, missing)
	}
	// Nothing tells how many records stood before the first one when the header
	// of the first chunk is gone too.
	if first := from < fileHeaderSize+chunkHeaderSize; !first && len(got)+lost(ds) < len(good) {
		t.Errorf("%s: %d records and %d reported lost, want %d together; %v", name, len(got), lost(ds), len(good), ds)
	}
}

// TestDamageCases are the hostile files of the corpus, made from the writer's
// output.
func TestDamageCases(t *testing.T) {
	log := goodLog(t, 1200)
	good, _ := readAll(t, log, Options{})
	chunks := (len(log) - fileHeaderSize) / chunkSize
	inChunk := func(n int) (k int) {
		for _, g := range good {
			if g.chunk == n {
				k++
			}
		}
		return k
	}
	chunk := func(b []byte, n int) []byte { return b[fileHeaderSize+n*chunkSize:][:chunkSize] }
	nth := func(c, n int) placed { // n-th record of a chunk
		for _, g := range good {
			if g.chunk == c {
				if n--; n < 0 {
					return g
				}
			}
		}
		return placed{}
	}
	f := func(name string, wantRecords int, wantLost int, kind string, change func(b []byte) []byte) {
		t.Helper()
		got, ds := readAll(t, change(bytes.Clone(log)), Options{})
		if len(got) != wantRecords || lost(ds) != wantLost {
			t.Errorf("%s: %d records, %d lost, want %d, %d; %v", name, len(got), lost(ds), wantRecords, wantLost, ds)
		}
		for i := 1; i < len(got); i++ {
			if got[i].id < got[i-1].id && !strings.HasPrefix(name, "duplicate") {
				t.Errorf("%s: record %d behind %d", name, got[i].id, got[i-1].id)
			}
		}
		var kinds []string
		for _, d := range ds {
			kinds = append(kinds, d.Kind)
		}
		if !strings.Contains(strings.Join(kinds, " "), kind) {
			t.Errorf("%s: damage %v, want %s", name, ds, kind)
		}
	}
	n := len(good)
	put := func(b []byte, at int, v uint32) {
		b[at], b[at+1], b[at+2], b[at+3] = byte(v), byte(v>>8), byte(v>>16), byte(v>>24)
	}
	f("zero chunk", n-inChunk(3), inChunk(3), damageEmpty, func(b []byte) []byte { clear(chunk(b, 3)); return b })
	f("chunk magic", n, 0, damageChunkMagic, func(b []byte) []byte { clear(chunk(b, 2)[:8]); return b })
	f("chunk header", n, 0, damageChunkMagic, func(b []byte) []byte { clear(chunk(b, 2)[:128]); return b })
	f("header checksum", n, 0, damageChunkCRC, func(b []byte) []byte { chunk(b, 2)[chHeaderCRC] ^= 1; return b })
	f("stale free space", n, 0, damageFreeSpace, func(b []byte) []byte {
		c := chunk(b, chunks-1)
		put(c, chFree, uint32(nth(chunks-1, 4).off-int64(fileHeaderSize+(chunks-1)*chunkSize)))
		put(c, chHeaderCRC, chunkHeaderCRC(c))
		return b
	})
	f("size zero", n, 0, damageRecordSize, func(b []byte) []byte { put(b, int(nth(3, 20).off)+recSize, 0); return b })
	f("size huge", n, 0, damageRecordSize, func(b []byte) []byte { put(b, int(nth(3, 20).off)+recSize, 0xfffffff0); return b })
	f("size copy", n, 0, damageRecordSize, func(b []byte) []byte { put(b, int(nth(3, 20).end)-4, 1); return b })
	f("record magic", n, 0, "", func(b []byte) []byte { put(b, int(nth(3, 20).off), 0); return b })
	f("value count", n-1, 1, damageRecord, func(b []byte) []byte { put(b, int(nth(3, 20).off)+recBody+14, 0xffffffff); return b })
	f("swapped chunks", n, 0, "", func(b []byte) []byte {
		x := bytes.Clone(chunk(b, 2))
		copy(chunk(b, 2), chunk(b, 5))
		copy(chunk(b, 5), x)
		return b
	})
	f("wrapped", n, 0, "", func(b []byte) []byte {
		half := fileHeaderSize + 4*chunkSize
		return append(append(bytes.Clone(b[:fileHeaderSize]), b[half:]...), b[fileHeaderSize:half]...)
	})
	f("duplicate chunk", n+inChunk(2), 0, "", func(b []byte) []byte { return append(b, bytes.Clone(chunk(b, 2))...) })
	f("file header gone", n, 0, damageFileHeader, func(b []byte) []byte { clear(b[:fileHeaderSize]); return b })
	f("bytes cut out", n-inChunk(3), inChunk(3), damageTruncated, func(b []byte) []byte {
		at := fileHeaderSize + 3*chunkSize
		return append(bytes.Clone(b[:at+100]), b[at+chunkSize:]...)
	})
	cut := nth(4, 30)
	before := 0
	for _, g := range good {
		if g.off < cut.off {
			before++
		}
	}
	f("file cut", before, n-before, damageTruncated, func(b []byte) []byte { return b[:cut.off+50] })
}

// TestReference compares the fast path with the tolerant one, and one worker
// with several.
func TestReference(t *testing.T) {
	logs := map[string][]byte{"writer": goodLog(t, 3000)}
	for name, log := range logs {
		want, _ := readAll(t, log, Options{reference: true})
		for _, opt := range []Options{{}, {Workers: 3}, {Intern: NewInterner()}} {
			got, ds := readAll(t, log, opt)
			if fmt.Sprint(got) != fmt.Sprint(want) || len(ds) > 0 {
				t.Errorf("%s: Options %+v: %d records, %v, other than the %d of the tolerant path", name, opt, len(got), ds, len(want))
			}
		}
	}
}

func TestWant(t *testing.T) {
	log := goodLog(t, 1000)
	asked := map[uint32]int{}
	r, err := NewReader(bytes.NewReader(log), int64(len(log)), Options{Want: func(p string, id uint32) bool {
		asked[id]++
		return id == 5145
	}})
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	if err := r.Events(context.Background(), func(rec *Record) error {
		n++
		if rec.Event.ID != 5145 || rec.Event.Get(event.RelativeTargetName).Str == "" {
			t.Errorf("event %+v, want a 5145 with a path", rec.Event)
		}
		return nil
	}); err != nil || n != 200 {
		t.Errorf("Events: %d records, %v, want 200", n, err)
	}
	for id, k := range asked {
		if k != 1 {
			t.Errorf("Want asked %d times about %d, want once", k, id)
		}
	}
}
