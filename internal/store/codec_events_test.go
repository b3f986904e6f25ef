package store

import (
	"context"
	"path/filepath"
	"testing"

	"github.com/akashi-audit/akashi/internal/event"
	"github.com/akashi-audit/akashi/internal/evtx"
	"github.com/akashi-audit/akashi/internal/simulate"
)

// BenchmarkLogEvents tells what one raw event costs on its way into the log,
// and back.
func BenchmarkLogEvents(b *testing.B) {
	var made []*event.Event
	s := simulate.NewStream(simulate.StreamOptions{Seed: 3, People: 60})
	for len(made) < 100_000 {
		s.NextDay(func(e *event.Event) { made = append(made, e.Clone()) })
	}
	b.Run("stream", func(b *testing.B) { benchEvents(b, made) })
	files, _ := filepath.Glob("../../../shared/lab/day-small/*Security*.evtx")
	var read []*event.Event
	for _, name := range files {
		r, err := evtx.Open(name, evtx.Options{})
		if err != nil {
			b.Fatal(err)
		}
		if err := r.Events(context.Background(), func(r *evtx.Record) error {
			read = append(read, r.Event.Clone())
			return nil
		}); err != nil {
			b.Fatal(err)
		}
		_ = r.Close()
	}
	if len(read) > 0 {
		b.Run("lab", func(b *testing.B) { benchEvents(b, read) })
	}
}

func benchEvents(b *testing.B, all []*event.Event) {
	var blocks [][]*event.Event
	for len(all) >= event.BlockEvents {
		blocks, all = append(blocks, all[:event.BlockEvents]), all[event.BlockEvents:]
	}
	c, err := newCodec()
	if err != nil {
		b.Fatal(err)
	}
	defer c.close()
	enc := event.NewEncoder()
	var form, packed [][]byte
	raw, small := 0, 0
	for _, l := range blocks {
		form = append(form, enc.AppendBlock(nil, l))
		packed = append(packed, c.pack(form[len(form)-1]))
		raw += len(form[len(form)-1])
		small += len(packed[len(packed)-1])
	}
	per := float64(len(blocks) * event.BlockEvents)
	b.Logf("%.1f bytes an event, %.1f packed", float64(raw)/per, float64(small)/per)
	step := func(name string, fn func(i int)) {
		b.Run(name, func(b *testing.B) {
			n := 0
			for b.Loop() {
				fn(n % len(blocks))
				n++
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(n*event.BlockEvents), "ns/event")
		})
	}
	var buf []byte
	step("encode", func(i int) { buf = enc.AppendBlock(buf[:0], blocks[i]) })
	step("pack", func(i int) { c.pack(form[i]) })
	step("unpack", func(i int) {
		if _, err := c.unpack(packed[i]); err != nil {
			b.Fatal(err)
		}
	})
	step("decode", func(i int) {
		if _, err := event.DecodeBlock(form[i]); err != nil {
			b.Fatal(err)
		}
	})
}
