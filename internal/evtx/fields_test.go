package evtx

import (
	"bytes"
	"context"
	"math/rand/v2"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/akashi-audit/akashi/internal/event"
)

// TestFields: the values that were asked for are those of a full reading, and
// the others are left out where the usual path reads.
func TestFields(t *testing.T) {
	log := goodLog(t, 3000)
	need := event.FieldsOf(event.SubjectUserName, event.HandleId)
	read := func(opt Options) (l []*event.Event) {
		r, err := NewReader(bytes.NewReader(log), int64(len(log)), opt)
		if err != nil {
			t.Fatal(err)
		}
		if err := r.Events(context.Background(), func(rec *Record) error { l = append(l, rec.Event.Clone()); return nil }); err != nil {
			t.Fatal(err)
		}
		return l
	}
	for _, workers := range []int{1, 2} {
		all := read(Options{Workers: workers})
		few := read(Options{Workers: workers, Fields: func(string, uint32, bool) *event.Fields { return need }})
		nilSet := read(Options{Workers: workers, Fields: func(string, uint32, bool) *event.Fields { return nil }})
		if len(few) != len(all) || len(nilSet) != len(all) {
			t.Fatalf("%d and %d events, want %d", len(few), len(nilSet), len(all))
		}
		left := 0
		for i, e := range all {
			if d := cmp.Diff(e, nilSet[i], cmp.AllowUnexported(event.Schema{})); d != "" {
				t.Fatalf("event %d differs (-all +nil set):\n%s", i, d)
			}
			for k, n := range e.Schema.Names {
				got := few[i].Values[k]
				f, known := event.FieldByName(n)
				switch {
				case got == e.Values[k]:
				case known && need.Has(f) || !got.IsNull():
					t.Fatalf("event %d, %s: %v, want %v", i, n, got, e.Values[k])
				default:
					left++
				}
			}
			few[i].Values = e.Values
			if d := cmp.Diff(e, few[i], cmp.AllowUnexported(event.Schema{})); d != "" {
				t.Fatalf("event %d differs (-all +few):\n%s", i, d)
			}
		}
		if left == 0 {
			t.Error("every value was decoded")
		}
	}
}

// unreadFields asks for all fields that rules know, unread where that can be.
func unreadFields() *event.Fields {
	var l []event.Field
	for f := event.Field(0); f.String() != "?"; f++ {
		l = append(l, f)
	}
	return event.FieldsOf(l...).Unread(l...)
}

// sumOf is sumEvent of the values that were asked for.
func sumOf(h uint64, e *event.Event, set *event.Fields) uint64 {
	e = e.Clone()
	needed, _ := set.Slots(e.Schema)
	for i := range e.Values {
		if i >= 64 || needed>>i&1 == 0 {
			e.Values[i] = event.Value{}
		}
	}
	return sumEvent(h, e)
}

// neededSums reads the log with the needed fields only, or all of it.
func neededSums(t fataler, log []byte, set *event.Fields, opt Options) (sums []uint64) {
	t.Helper()
	r, err := NewReader(bytes.NewReader(log), int64(len(log)), opt)
	if err != nil {
		return nil
	}
	if err := r.Events(context.Background(), func(rec *Record) error {
		sums = append(sums, sumOf(0, rec.Event, set))
		return nil
	}); err != nil {
		t.Fatalf("Events: %v", err)
	}
	return sums
}

// TestFieldsOfDamagedRecords: where sizes, kinds and bytes of values are not as in the
// record before, or not as they should be, values that were asked for are still those
// of a full reading, also when texts are left unread.
func TestFieldsOfDamagedRecords(t *testing.T) {
	good := goodLog(t, 600)
	set := unreadFields()
	places, _ := readAll(t, good, Options{})
	for seed := range uint64(400) {
		rng := rand.New(rand.NewPCG(seed, 9))
		log := bytes.Clone(good)
		for range 1 + rng.IntN(40) {
			p := places[rng.IntN(len(places))]
			at := int(p.off) + recordHeader + 14 + rng.IntN(int(p.end-p.off)-recordHeader-18)
			switch rng.IntN(3) {
			case 0:
				log[at] = byte(rng.Uint32())
			case 1:
				log[at] ^= 1 << rng.IntN(8)
			default:
				log[at], log[at+1] = 0, 0 // a text that ends with NUL
			}
		}
		want := neededSums(t, log, set, Options{})
		got := neededSums(t, log, set, Options{Fields: func(string, uint32, bool) *event.Fields { return set }})
		if d := cmp.Diff(want, got); d != "" {
			t.Fatalf("seed %d: sums of the needed values differ (-all fields +needed):\n%s", seed, d)
		}
	}
}
