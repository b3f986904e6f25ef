//go:build unix

package archive

import (
	"bytes"
	"context"
	"maps"
	"os"
	"runtime/debug"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/akashi-audit/akashi/internal/event"
	"github.com/akashi-audit/akashi/internal/record"
	"github.com/akashi-audit/akashi/internal/simulate"
)

// streamDays is after how many days the simulation begins anew: the longer it lives, the
// longer it takes for a day.
const streamDays = 4

// dayRecords is how many records there are for each day of events: one for nine events.
const dayRecords = 39_400

// largeDay is a Source of one day of one server: simulated working days of 200 people,
// so many of them that they have the wanted number of events, are pressed into it.
type largeDay struct {
	records, days int
	plain         bool // the events do not say that they are simulated, so that any folder takes them
}

func (s *largeDay) SealDays() map[string][]int                            { return map[string][]int{"FS1": {int(start / dayNS)}} }
func (s *largeDay) SealMark(string, int64, int64) (string, bool)          { return "1", true }
func (s *largeDay) SealSize(string, int64, int64) (records, events int64) { return 0, 0 }
func (s *largeDay) LastCommit() uint64                                    { return 1 }

func (s *largeDay) SealRecords(_ context.Context, server string, from, to int64, fn func(*record.Record)) error {
	b, err := simulate.NewBulk(simulate.BulkOptions{Seed: 1, Records: s.records})
	if err != nil {
		return err
	}
	l := make([]record.Record, 1024)
	span := int64(b.Days()) * dayNS
	press := func(at int64) int64 {
		return from + int64(float64(at-b.Start().UnixNano())/float64(span)*float64(to-from-1))
	}
	for n := b.Next(l); n > 0; n = b.Next(l) {
		for i := range l[:n] {
			r := &l[i]
			length := r.EndTime - r.Time
			r.Server, r.Time, r.Received = server, press(r.Time), from+dayNS
			r.EndTime = r.Time + length
			fn(r)
		}
	}
	return nil
}

func (s *largeDay) SealEvents(ctx context.Context, _ string, from, _ int64, fn func(string, uint32, []*event.Event) error) error {
	origin := time.Date(2026, 6, 1, 0, 0, 0, 0, time.FixedZone("JST", 9*3600))
	var x *simulate.Stream
	var rest []*event.Event // of other channels, which are few
	batch := make([]*event.Event, 0, 4096)
	var failed error
	flush := func() {
		if failed == nil && len(batch) > 0 {
			failed = fn("Security", 0, batch)
		}
		batch = batch[:0]
	}
	last, base := make(map[string]uint64), make(map[string]uint64) // record ids, by channel
	begin := int64(0)                                              // days before those of x
	for day := range s.days {
		if day%streamDays == 0 {
			x = simulate.NewStream(simulate.StreamOptions{Seed: uint64(5 + day), People: 200, Acts: 100, Start: origin})
			maps.Copy(base, last)
			begin = int64(day)
		}
		x.NextDay(func(e *event.Event) {
			e.Time = event.FromUnixNano(from + (begin*dayNS+e.Time.UnixNano()-origin.UnixNano())/int64(s.days+1)/100*100)
			e.RecordID += base[e.Channel]
			if s.plain {
				e.ActivityID = ""
			}
			last[e.Channel] = e.RecordID
			if e.Channel != "Security" {
				rest = append(rest, e)
				return
			}
			if batch = append(batch, e); len(batch) == cap(batch) {
				flush()
			}
		})
		if err := ctx.Err(); err != nil {
			return err
		}
	}
	if flush(); failed != nil {
		return failed
	}
	for len(rest) > 0 { // a life at a time
		var same, others []*event.Event
		for _, e := range rest {
			if e.Channel == rest[0].Channel {
				same = append(same, e)
			} else {
				others = append(others, e)
			}
		}
		if err := fn(same[0].Channel, 0, same); err != nil {
			return err
		}
		rest = others
	}
	return nil
}

// peakMemory is the most resident memory since begin in MB, 0 when it is not known.
func peakMemory() int64 {
	b, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return 0
	}
	_, rest, _ := bytes.Cut(b, []byte("VmHWM:"))
	if f := bytes.Fields(rest); len(f) > 0 {
		kib, err := strconv.ParseInt(string(f[0]), 10, 64)
		if err == nil {
			return kib >> 10
		}
	}
	return 0
}

// phase does one piece of work and tells what it took.
func phase(b *testing.B, name string, n *int64, fn func() error) (used time.Duration) {
	b.Helper()
	debug.FreeOSMemory()
	_ = os.WriteFile("/proc/self/clear_refs", []byte("5"), 0o600) // else the peak is that of the whole run
	from, cpu := time.Now(), processorTime()
	if err := fn(); err != nil {
		b.Fatal(err)
	}
	took := time.Since(from)
	used = processorTime() - cpu
	b.Logf("%s: %d; %.0f a second, %.2f µs of processor time each, %.0f s; at most %d MB", name, *n, float64(*n)/took.Seconds(), float64(used.Microseconds())/float64(*n), took.Seconds(), peakMemory())
	return used
}

// heldDay is a day of a Source that was made before.
type heldDay struct {
	*largeDay
	recs    []record.Record
	batches []heldBatch
}

type heldBatch struct {
	channel string
	events  []*event.Event
}

func hold(b *testing.B, src *largeDay) *heldDay {
	h := &heldDay{largeDay: src}
	err := src.SealRecords(b.Context(), "FS1", start, start+dayNS, func(r *record.Record) {
		c := *r
		c.Detail, c.RawIDs = slices.Clone(r.Detail), slices.Clone(r.RawIDs)
		h.recs = append(h.recs, c)
	})
	if err != nil {
		b.Fatal(err)
	}
	err = src.SealEvents(b.Context(), "FS1", start, start+dayNS, func(channel string, _ uint32, l []*event.Event) error {
		h.batches = append(h.batches, heldBatch{channel, slices.Clone(l)})
		return nil
	})
	if err != nil {
		b.Fatal(err)
	}
	return h
}

func (h *heldDay) SealRecords(_ context.Context, _ string, _, _ int64, fn func(*record.Record)) error {
	for i := range h.recs {
		fn(&h.recs[i])
	}
	return nil
}

func (h *heldDay) SealEvents(_ context.Context, _ string, _, _ int64, fn func(string, uint32, []*event.Event) error) error {
	for _, x := range h.batches {
		if err := fn(x.channel, 0, x.events); err != nil {
			return err
		}
	}
	return nil
}

// BenchmarkSealDay seals a day of 39,400 records and some 300,000 events that is in
// memory: what sealing itself takes. The least of the runs is the figure.
func BenchmarkSealDay(b *testing.B) {
	src := hold(b, &largeDay{records: dayRecords, days: 1})
	least, events := time.Duration(1<<62), int64(0)
	var sum []byte
	for b.Loop() {
		a, err := Open(NewFolder(nil, b.TempDir()+"/archive"), Options{Zone: time.UTC, Dir: b.TempDir(), Recorder: &log{}})
		if err != nil {
			b.Fatal(err)
		}
		cpu := processorTime()
		made, err := a.Seal(b.Context(), src, SealOptions{Now: time.Unix(0, start).AddDate(0, 0, 3), By: "t"})
		if err != nil || len(made) != 1 {
			b.Fatalf("%d parts, %v", len(made), err)
		}
		least, events, sum = min(least, processorTime()-cpu), made[0].Events, sum[:0]
		for _, o := range made[0].Objects {
			sum = append(sum, o.SHA256[:4]...)
		}
		a.Close()
	}
	b.Logf("%d events, %d records, objects %x", events, len(src.recs), sum)
	b.ReportMetric(float64(least.Nanoseconds())/float64(events), "cpu-ns/event")
}

// BenchmarkLargeDay seals a day of a server, reads it back as export and rebuild do, and
// makes a second part of it. AKASHI_LARGE is how many simulated days of some 400,000
// events are pressed into the day (default one); 33 make 1.3 M records and 12 M events.
// AKASHI_BENCH_FOLDER is where the archive is kept, so that the commands can be measured on it.
func BenchmarkLargeDay(b *testing.B) {
	src := &largeDay{records: dayRecords, days: 1}
	if n, err := strconv.Atoi(os.Getenv("AKASHI_LARGE")); err == nil && n > 0 {
		src = &largeDay{records: dayRecords * n, days: n}
	}
	dir := b.TempDir()
	if keep := os.Getenv("AKASHI_BENCH_FOLDER"); keep != "" {
		dir, src.plain = keep, true
	}
	a, err := Open(NewFolder(nil, dir+"/archive"), Options{Zone: time.UTC, Dir: dir, Recorder: &log{}})
	if err != nil {
		b.Fatal(err)
	}
	defer a.Close()
	opt := SealOptions{Now: time.Unix(0, start).AddDate(0, 0, 3), By: "t"}
	day := DayName(int(start / dayNS))
	for b.Loop() {
		var n, events int64
		from, to := start, start+dayNS
		made := phase(b, "made only, events", &n, func() error { // by the simulation, a cost that the next line has too
			if src.plain {
				return nil
			}
			if err := src.SealRecords(b.Context(), "FS1", from, to, func(*record.Record) {}); err != nil {
				return err
			}
			return src.SealEvents(b.Context(), "FS1", from, to, func(_ string, _ uint32, l []*event.Event) error { n += int64(len(l)); return nil })
		})
		used := phase(b, "made and sealed, events", &events, func() error {
			made, err := a.Seal(b.Context(), src, opt)
			for _, d := range made {
				events += d.Events
				b.Logf("%d records, %d events, %d objects", d.Records, d.Events, len(d.Objects))
				for _, o := range d.Objects {
					b.Logf("%s: %d bytes, %x", o.Kind, o.Size, o.SHA256[:6])
				}
			}
			return err
		})
		if made > time.Second {
			b.Logf("sealing without the simulation: %.2f µs of processor time an event", float64((used-made).Microseconds())/float64(events))
		}
		n = 0
		phase(b, "records read", &n, func() error {
			return a.Records(b.Context(), "FS1", day, func(*record.Record) error { n++; return nil })
		})
		n = 0
		phase(b, "events read in order", &n, func() error {
			for _, s := range a.Streams(b.Context(), "FS1") {
				for _, err := range s.Events {
					if err != nil {
						return err
					}
					n++
				}
			}
			if n != events {
				b.Fatalf("%d events of %d", n, events)
			}
			return nil
		})
		b.ReportMetric(float64(events), "events")
	}
}
