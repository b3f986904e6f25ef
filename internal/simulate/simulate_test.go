package simulate

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/akashi-audit/akashi/internal/event"
)

// checkStream verifies what every output promises.
func checkStream(t *testing.T, events []*event.Event, truth []Action) {
	t.Helper()
	type key struct {
		channel string
		id      uint64
	}
	ids := make(map[key]bool)
	last := make(map[string]*event.Event)
	for _, e := range events {
		if !e.Simulated() {
			t.Fatalf("event %d has no marker", e.RecordID)
		}
		if len(e.Values) != len(e.Schema.Names) {
			t.Fatalf("event %d (%d) has %d values for %d names", e.RecordID, e.ID, len(e.Values), len(e.Schema.Names))
		}
		if p := last[e.Channel]; p != nil && (e.RecordID != p.RecordID+1 || e.Time < p.Time) {
			t.Fatalf("event %d at %v follows %d at %v", e.RecordID, e.Time, p.RecordID, p.Time)
		}
		last[e.Channel] = e
		ids[key{e.Channel, e.RecordID}] = true
	}
	if len(truth) == 0 {
		t.Fatal("no truth")
	}
	for _, a := range truth {
		if len(a.RawRecordIDs) == 0 {
			t.Fatalf("act %+v has no events", a)
		}
		channel := security
		if a.Op == "print" {
			channel = printLog
		}
		for _, id := range a.RawRecordIDs {
			if !ids[key{channel, id}] {
				t.Fatalf("act %+v names the unknown event %d", a, id)
			}
		}
		if a.Time.Before(a.TimeStart) || a.Time.After(a.TimeEnd) {
			t.Fatalf("act %+v is proven outside its span", a)
		}
	}
}

func TestScenarios(t *testing.T) {
	for _, kind := range Kinds() {
		t.Run(kind, func(t *testing.T) {
			for seed := range uint64(6) {
				events, truth, err := Scenario(kind, seed)
				if err != nil {
					t.Fatal(err)
				}
				checkStream(t, events, truth)
				again, truth2, _ := Scenario(kind, seed)
				if d := cmp.Diff(truth, truth2); d != "" {
					t.Fatalf("another truth from the same seed (-first +second):\n%s", d)
				}
				if d := cmp.Diff(event.AppendBlock(nil, events), event.AppendBlock(nil, again)); d != "" {
					t.Fatal("other events from the same seed")
				}
				found := false
				for _, a := range truth {
					found = found || a.Kind == kind || kind == "logon_logoff"
				}
				if !found {
					t.Errorf("seed %d: no act of the kind", seed)
				}
			}
		})
	}
	if _, _, err := Scenario("no such kind", 1); err == nil {
		t.Error("an unknown kind gave no error")
	}
}
