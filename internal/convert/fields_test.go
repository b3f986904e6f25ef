package convert

import (
	"cmp"
	"context"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/akashi-audit/akashi/internal/event"
	"github.com/akashi-audit/akashi/internal/evtx"
	"github.com/akashi-audit/akashi/internal/record"
	"github.com/akashi-audit/akashi/internal/simulate"
)

// onlyNeeded is e without the values that Fields says no rule reads.
func onlyNeeded(e *event.Event) *event.Event {
	need := Fields(e.Provider, e.ID, e.Failed())
	if need == nil || e.Schema == nil {
		return e
	}
	e = e.Clone()
	for i := range e.Values {
		if f, ok := event.FieldByName(e.Schema.Names[i]); !ok || !need.Has(f) {
			e.Values[i] = event.Value{}
		}
	}
	return e
}

// TestFields: without the values that no rule is said to read, the records are
// the same.
func TestFields(t *testing.T) {
	left := 0
	same := func(t *testing.T, events []*event.Event, opt Options) {
		t.Helper()
		all, few := New("FS-A.example.test", opt), New("FS-A.example.test", opt)
		for _, e := range events {
			all.Add(e)
			n := onlyNeeded(e)
			if n != e {
				left++
			}
			few.Add(n)
		}
		if d := gocmp.Diff(lines(append(all.Take(), all.Tail()...)), lines(append(few.Take(), few.Tail()...))); d != "" {
			t.Fatalf("records differ (-all fields +needed fields):\n%s", d)
		}
		if d := gocmp.Diff(all.Unused(), few.Unused()); d != "" {
			t.Fatalf("unused events differ (-all fields +needed fields):\n%s", d)
		}
	}
	for _, kind := range simulate.Kinds() {
		events, _, err := simulate.Scenario(kind, 3)
		if err != nil {
			t.Fatal(err)
		}
		mergeOrder(events)
		same(t, events, Options{})
	}
	paths := playPaths()
	for seed := range uint64(60) {
		rng := rand.New(rand.NewPCG(seed, 5))
		p := &play{b: newLog(), bytes: make([]byte, 6000)}
		for i := range p.bytes {
			p.bytes[i] = byte(rng.Uint32())
		}
		for p.event(paths) {
		}
		same(t, slices.Clone(p.b.events), Options{})
	}
	if left < 10_000 {
		t.Fatalf("only %d events were told to be needed in part", left)
	}
}

// TestUnread: events out of a log of which only the needed fields are decoded,
// and paths are left unread, give the same records as whole events.
func TestUnread(t *testing.T) {
	read := func(log *os.File, opt evtx.Options) (rs []record.Record, unread int) {
		st, err := log.Stat()
		if err != nil {
			t.Fatal(err)
		}
		r, err := evtx.NewReader(log, st.Size(), opt)
		if err != nil {
			t.Fatal(err)
		}
		c := New("FS-A.example.test", Options{})
		err = r.Events(context.Background(), func(rec *evtx.Record) error {
			for _, v := range rec.Event.Values {
				if _, _, ok := rec.Event.Unread(v); ok {
					unread++
				}
			}
			c.Add(rec.Event)
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		return append(c.Take(), c.Tail()...), unread
	}
	sum := 0
	for _, variant := range []simulate.Variant{{Programs: true}, {DeviceNames: true, Programs: true}, {NoOpens: true}, {Rush: true}} {
		events, _ := simulate.DayVariant(11, 12, variant)
		events = slices.DeleteFunc(events, func(e *event.Event) bool { return e.Channel != "Security" })
		slices.SortStableFunc(events, func(a, b *event.Event) int { return cmp.Compare(a.RecordID, b.RecordID) })
		f, err := os.Create(filepath.Join(t.TempDir(), "log.evtx"))
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		w, err := evtx.NewWriter(f, evtx.WriterOptions{})
		for _, e := range events {
			if err == nil {
				err = w.Write(e)
			}
		}
		if err == nil {
			err = w.Close()
		}
		if err != nil {
			t.Fatal(err)
		}
		whole, _ := read(f, evtx.Options{})
		few, unread := read(f, evtx.Options{Fields: Fields})
		sum += unread
		if d := gocmp.Diff(lines(whole), lines(few)); d != "" {
			t.Fatalf("%+v: records differ (-whole +needed):\n%s", variant, d)
		}
	}
	if sum < 10_000 {
		t.Fatalf("only %d texts were left unread", sum)
	}
}
