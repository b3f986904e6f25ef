package rawfile

import (
	"errors"
	"fmt"
	"math"
	"reflect"
	"slices"
	"testing"

	"github.com/akashi-audit/akashi/internal/event"
	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

func newPacker(t testing.TB) *Packer {
	t.Helper()
	p, err := NewPacker()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.Close)
	return p
}

func newUnpacker(t testing.TB) *Unpacker {
	t.Helper()
	u, err := NewUnpacker()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(u.Close)
	return u
}

// diff is empty when the events are the same in every field.
func diff(want, got []*event.Event) string {
	if len(want) != len(got) {
		return fmt.Sprintf("%d events, want %d", len(got), len(want))
	}
	for i := range want {
		if !reflect.DeepEqual(want[i], got[i]) {
			return fmt.Sprintf("event %d (-want +got):\n%s", i, cmp.Diff(want[i], got[i], cmp.AllowUnexported(event.Schema{})))
		}
	}
	return ""
}

// checkExact packs and unpacks the events, wholly and one by one.
func checkExact(t interface {
	Helper()
	Fatalf(string, ...any)
}, p *Packer, u *Unpacker, name string, want []*event.Event,
) []byte {
	t.Helper()
	b, err := p.Append(nil, want)
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	got, err := u.Events(b)
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	if d := diff(want, got); d != "" {
		t.Fatalf("%s: events changed: %s", name, d)
	}
	for i := 0; i < len(want); i += 1 + len(want)/5 {
		to := min(len(want), i+1+i%4)
		var ids []uint64
		for _, e := range want[i:to] {
			ids = append(ids, e.RecordID)
		}
		got, err := u.EventsByID(b, ids)
		if err != nil {
			t.Fatalf("%s: events %d: %v", name, ids, err)
		}
		if d := diff(want[i:to], got); d != "" {
			t.Fatalf("%s: events %d by id changed: %s", name, ids, d)
		}
	}
	return b
}

func TestPackIsExact(t *testing.T) {
	p, u := newPacker(t), newUnpacker(t)
	f := func(name string, form byte, events []*event.Event) {
		t.Helper()
		if b := checkExact(t, p, u, name, events); b[0] != form {
			t.Errorf("%s: form %d, want %d", name, b[0], form)
		}
	}
	f("none", formColumns, nil)
	f("one", formColumns, oddEvents()[:1])
	f("odd", formColumns, oddEvents())
	f("odd again", formColumns, oddEvents()[40:])
	f("simulated", formColumns, madeEvents(3000))
	f("no columns", formLog, sparse())
	f("simulated again", formColumns, madeEvents(100))
	wide := &event.Event{Values: make([]event.Value, 1<<15+1)}
	wide.Values[1<<15] = event.String("last")
	f("wide", formLog, []*event.Event{wide})
	long := make([]event.Value, 5)
	for i := range long {
		long[i] = event.String(string(make([]byte, 2<<20+i)))
	}
	var l []*event.Event
	for i := range 5 {
		l = append(l, &event.Event{RecordID: uint64(i), Values: long})
	}
	f("long", formLog, l)
	if l := labEvents(t); len(l) > 0 {
		f("lab", formColumns, l[:20_000])
		f("lab, all it takes", formColumns, l)
	}
}

func TestPackRefuses(t *testing.T) {
	p := newPacker(t)
	f := func(name string, events []*event.Event) {
		t.Helper()
		if b, err := p.Append([]byte("x"), events); err == nil || string(b) != "x" {
			t.Errorf("%s: no error, or %d bytes", name, len(b))
		}
	}
	f("too many", make([]*event.Event, MaxEvents+1))
	f("too long", []*event.Event{{Values: []event.Value{event.String(string(make([]byte, maxEvent+1)))}}})
}

func drawEvents(t *rapid.T) []*event.Event {
	text := rapid.OneOf(
		rapid.SampledFrom([]string{"", "-", `D:\共有\人事\a.txt`, `D:\共有\人事\b.txt`, `D:\`, "\xed\xa0\x80", "\xff\x00", "0x10", "0x010", "7", "007", event.SimulationActivity}),
		rapid.Map(rapid.SliceOf(rapid.Byte()), func(b []byte) string { return string(b) }),
	)
	num := rapid.OneOf(rapid.Uint64Range(0, 9), rapid.Uint64())
	value := rapid.Custom(func(t *rapid.T) event.Value {
		v := event.Value{Kind: event.Kind(rapid.Uint8().Draw(t, "kind"))}
		if rapid.Bool().Draw(t, "text") {
			v.Str = text.Draw(t, "str")
		} else {
			v.Num = num.Draw(t, "num")
		}
		return v
	})
	names := rapid.SampledFrom([]string{"SubjectLogonId", "HandleId", "ObjectName", "", "x"})
	var schemas []*event.Schema
	for range rapid.IntRange(1, 3).Draw(t, "schemas") {
		schemas = append(schemas, event.NewSchema(text.Draw(t, "payload"), append([]string{}, rapid.SliceOfN(names, 0, 6).Draw(t, "names")...)))
	}
	schemas = append(schemas, nil)
	var l []*event.Event
	id := uint64(0)
	for range rapid.IntRange(0, 40).Draw(t, "events") {
		id += 1 + rapid.Uint64Range(0, 2).Draw(t, "step")
		e := &event.Event{
			Provider: text.Draw(t, "provider"), ID: uint32(num.Draw(t, "id")), Version: uint8(num.Draw(t, "version")), Level: uint8(num.Draw(t, "level")),
			Opcode: uint8(num.Draw(t, "opcode")), Task: uint16(num.Draw(t, "task")), Qualifiers: uint16(num.Draw(t, "qualifiers")), Keywords: num.Draw(t, "keywords"),
			Time: event.Filetime(num.Draw(t, "time")), RecordID: id, PID: uint32(num.Draw(t, "pid")), TID: uint32(num.Draw(t, "tid")), Generation: uint32(num.Draw(t, "generation")),
			Channel: text.Draw(t, "channel"), Computer: text.Draw(t, "computer"), ActivityID: text.Draw(t, "activity"), RelatedID: text.Draw(t, "related"), UserID: text.Draw(t, "user"),
			Schema: rapid.SampledFrom(schemas).Draw(t, "schema"), Values: rapid.SliceOfN(value, 0, 8).Draw(t, "values"),
		}
		if len(e.Values) == 0 {
			e.Values = nil
		}
		l = append(l, e)
	}
	return l
}

func TestPackAnything(t *testing.T) {
	p, u := newPacker(t), newUnpacker(t)
	rapid.Check(t, func(rt *rapid.T) { checkExact(rt, p, u, "drawn", drawEvents(rt)) })
}

// What an audited server writes takes few bytes.
func TestPackSize(t *testing.T) {
	p := newPacker(t)
	f := func(name string, l []*event.Event, most float64) {
		t.Helper()
		total := 0
		for part := range slices.Chunk(l, 16384) {
			b, err := p.Append(nil, part)
			if err != nil {
				t.Fatal(err)
			}
			total += len(b)
		}
		per := float64(total) / float64(len(l))
		t.Logf("%s: %.2f bytes of each of %d events", name, per, len(l))
		if per > most {
			t.Errorf("%s: %.2f bytes of each event, want at most %.2f", name, per, most)
		}
	}
	f("simulated", madeEvents(32768), 8)
	if l := labEvents(t); len(l) > 0 {
		f("lab", l, 6.5)
	}
}

func TestUnpackDamaged(t *testing.T) {
	p, u := newPacker(t), newUnpacker(t)
	for _, l := range [][]*event.Event{oddEvents(), sparse()[:20], madeEvents(60)[:60]} {
		good, err := p.Append(nil, l)
		if err != nil {
			t.Fatal(err)
		}
		step := 1 + len(good)/300
		for n := 0; n < len(good); n += step {
			if _, err := u.Events(good[:n]); !errors.Is(err, ErrDamaged) {
				t.Errorf("a block cut to %d of %d bytes: %v", n, len(good), err)
			}
		}
		for i := 0; i < len(good); i += step {
			bad := slices.Clone(good)
			bad[i] ^= 0x81
			for _, ids := range [][]uint64{{1003}, {math.MaxUint64}} {
				_, _ = u.EventsByID(bad, ids) // must return
			}
			_, _ = u.Events(bad)
		}
	}
}

func FuzzUnpack(f *testing.F) {
	p, u := newPacker(f), newUnpacker(f)
	for _, l := range [][]*event.Event{nil, oddEvents()[:60], oddEvents()[300:], sparse()[:2], madeEvents(40)[:40]} {
		b, err := p.Append(nil, l)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		events, err := u.Events(b)
		if err != nil || len(events) == 0 {
			return
		}
		again, err := p.Append(nil, events)
		if err != nil {
			t.Fatal(err)
		}
		got, err := u.Events(again)
		if err != nil {
			t.Fatal(err)
		}
		if d := diff(events, got); d != "" {
			t.Errorf("events changed on the way through a block: %s", d)
		}
	})
}

func BenchmarkPack(b *testing.B) {
	b.Run("simulated", func(b *testing.B) { benchPack(b, madeEvents(65536)) })
	if l := labEvents(b); len(l) > 0 {
		b.Run("lab", func(b *testing.B) { benchPack(b, l) })
	}
}

func benchPack(b *testing.B, l []*event.Event) {
	for _, size := range []int{16384, 32768} {
		p, u := newPacker(b), newUnpacker(b)
		part := l[:min(size, len(l))]
		form, err := p.Append(nil, part)
		if err != nil {
			b.Fatal(err)
		}
		step := func(name string, fn func() error) {
			b.Run(fmt.Sprintf("%d/%s", size, name), func(b *testing.B) {
				n := 0
				for b.Loop() {
					if err := fn(); err != nil {
						b.Fatal(err)
					}
					n++
				}
				b.ReportMetric(float64(n*len(part))/b.Elapsed().Seconds(), "events/s")
				b.ReportMetric(float64(len(form))/float64(len(part)), "B/event")
			})
		}
		var buf []byte
		step("pack", func() (err error) { buf, err = p.Append(buf[:0], part); return err })
		step("unpack", func() error { _, err := u.Events(form); return err })
		ids := []uint64{part[len(part)/2].RecordID, part[len(part)/2+3].RecordID}
		step("ids", func() error { _, err := u.EventsByID(form, ids); return err })
	}
}
