package archive

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/akashi-audit/akashi/internal/event"
	"github.com/akashi-audit/akashi/internal/fsx"
	"github.com/akashi-audit/akashi/internal/manifest"
	"github.com/akashi-audit/akashi/internal/record"
	"github.com/akashi-audit/akashi/internal/simulate"
)

// simulated are n records, with texts that are no UTF-8 and superseded ones.
func simulated(t testing.TB, n int) (l []record.Record) {
	t.Helper()
	err := simulate.Records(3, n, time.Unix(0, start).UTC(), 2, func(r *record.Record) error {
		c := *r
		c.RawIDs, c.Detail = slices.Clone(r.RawIDs), slices.Clone(r.Detail)
		switch len(l) % 50 {
		case 7:
			c.Path = "D:\\\xed\xa0\x80" + c.Path
		case 9:
			c.SupersededBy = 4
		}
		l = append(l, c)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// In little memory or in much: the same records, prints and bytes of the file.
func TestSorter(t *testing.T) {
	recs := simulated(t, 3000)
	var want bytes.Buffer
	if err := Write(&want, recs); err != nil {
		t.Fatal(err)
	}
	for _, limit := range []int{1, 30_000, 400_000, sortBytes} {
		files := 0
		s := &sorter{limit: limit, open: func() (fsx.File, error) {
			files++
			return fsx.OS{}.OpenFile(t.TempDir()+"/sort", os.O_RDWR|os.O_CREATE, 0o600)
		}}
		var p printer
		for i := range recs {
			if err := s.add(&recs[i], p.of(&recs[i])); err != nil {
				t.Fatal(err)
			}
		}
		var got bytes.Buffer
		err := writeRows(&got, groupRows, pageBytes, func(fn func(*record.Record) error) error {
			return s.each(t.Context(), func(r *record.Record, mark print) error {
				if p.of(r) != mark {
					return fmt.Errorf("the print of %s is not its own", r.ID())
				}
				return fn(r)
			})
		})
		if err != nil || !bytes.Equal(want.Bytes(), got.Bytes()) {
			t.Errorf("limit %d, %d runs: other bytes: %v", limit, len(s.runs), err)
		}
		if (limit == sortBytes) != (files == 0) || s.count != 3000 || limit == 1 && len(s.runs) != 3000 {
			t.Errorf("limit %d: %d files, %d runs of %d records", limit, files, len(s.runs), s.count)
		}
	}
}

// A scratch file that comes back with another byte does not become an archive.
func TestSorterSeesDamage(t *testing.T) {
	recs := simulated(t, 2000)
	rng := rand.New(rand.NewPCG(1, 2))
	for range 30 {
		fs := fsx.NewCrash()
		if err := fs.MkdirAll("/d", 0o700); err != nil {
			t.Fatal(err)
		}
		a := openTest(t, fs, &log{})
		a.sortBytes = 100_000
		b := &builder{a: a, server: "FS1", day: "2026-04-01", dir: "FS1/2026-04-01/0001"}
		s := b.sorter()
		var p printer
		for i := range recs {
			if err := s.add(&recs[i], p.of(&recs[i])); err != nil {
				t.Fatal(err)
			}
		}
		one := make([]byte, 1)
		at := rng.Int64N(s.runs[0].size)
		if _, err := s.f.ReadAt(one, at); err != nil {
			t.Fatal(err)
		}
		if _, err := s.f.WriteAt([]byte{one[0] ^ 1<<rng.IntN(8)}, at); err != nil {
			t.Fatal(err)
		}
		if err := b.records(t.Context(), s); err == nil {
			t.Errorf("byte %d of the scratch file was another one, and nobody saw it", at)
		}
		b.remove()
	}
}

func TestRowSet(t *testing.T) {
	rng, s, want := rand.New(rand.NewPCG(1, 1)), make(rowSet), map[place]bool{}
	for range 300 {
		at := place{rng.IntN(3), rng.Int64N(2000)}
		s.add(at)
		want[at] = true
	}
	for part := range 4 {
		for row := range int64(2100) {
			if at := (place{part, row}); s.has(at) != want[at] {
				t.Fatalf("%+v: %v", at, s.has(at))
			}
		}
	}
}

// Blocks that overlap, of several lives of a channel, come by record id, and few are
// in memory at once.
func TestStreamMergesBlocks(t *testing.T) {
	fs := fsx.NewCrash()
	if err := fs.MkdirAll("/d", 0o700); err != nil {
		t.Fatal(err)
	}
	a := openTest(t, fs, &log{})
	b := &builder{a: a, server: "FS1", day: "2026-04-01", dir: "FS1/2026-04-01/0001"}
	defer b.remove()
	want := map[uint32][]uint64{}
	rng := rand.New(rand.NewPCG(4, 4))
	err := b.rawFile(t.Context(), func(add func(string, uint32, []*event.Event) error) error {
		for gen := range uint32(2) {
			var ids []uint64
			for id := uint64(1); id <= 600; id++ {
				ids = append(ids, id*3+uint64(gen))
			}
			want[gen] = slices.Clone(ids)
			rng.Shuffle(len(ids), func(i, j int) { ids[i], ids[j] = ids[j], ids[i] })
			for part := range slices.Chunk(ids, 100) {
				var l []*event.Event
				for _, id := range part {
					at := event.FromUnixNano(start + int64(id))
					l = append(l, &event.Event{RecordID: id, Generation: gen, Channel: "Security", Provider: "p", Time: at,
						Schema: event.NewSchema("EventData", []string{"Text"}), Values: []event.Value{event.String(strings.Repeat("x", blockText/200))}}) // 200 end a block
				}
				if err := add("Security", gen, l); err != nil {
					return err
				}
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	o := object(&b.out, manifest.KindRaw)
	for gen, ids := range want {
		var got []uint64
		err := a.walk(t.Context(), o, "Security", gen, func(e *event.Event) bool {
			got = append(got, e.RecordID)
			return true
		})
		if d := cmp.Diff(ids, got); err != nil || d != "" {
			t.Errorf("life %d: %v (-want +got):\n%s", gen, err, d)
		}
		n := 0
		err = a.walk(t.Context(), o, "Security", gen, func(*event.Event) bool { n++; return n < 5 })
		if !errors.Is(err, errEnough) || n != 5 {
			t.Errorf("life %d: %d events, %v", gen, n, err)
		}
	}
}
