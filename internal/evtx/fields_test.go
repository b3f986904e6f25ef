package evtx

import (
	"bytes"
	"context"
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
