package simulate

import (
	"strings"
	"testing"

	"github.com/akashi-audit/akashi/internal/event"
)

func TestDay(t *testing.T) {
	events, truth := Day(3, 12)
	checkStream(t, events, truth)
	kinds := make(map[string]int)
	for _, a := range truth {
		kinds[a.Kind]++
	}
	for _, k := range []string{"open_read", "office_save", "browse", "mass_read", "ransomware", "av_scan", "backup", "computer_account", "print", "logon"} {
		if kinds[k] == 0 {
			t.Errorf("no act of kind %s in %v", k, kinds)
		}
	}
	again, _ := Day(3, 12)
	if len(events) != len(again) || len(events) > event.BlockEvents*20 {
		t.Errorf("%d and %d events from the same seed", len(events), len(again))
	}
	t.Logf("%d events, %d acts", len(events), len(truth))
}

func TestDayVariants(t *testing.T) {
	_, truth := Day(3, 12)
	f := func(v Variant, id uint32, field event.Field, prefix string, want bool) {
		t.Helper()
		events, other := DayVariant(3, 12, v)
		checkStream(t, events, other)
		if len(other) != len(truth) {
			t.Errorf("%+v: %d acts, want %d", v, len(other), len(truth))
		}
		found := false
		for _, e := range events {
			found = found || e.ID == id && !e.Failed() && strings.HasPrefix(e.Get(field).Text(), prefix)
		}
		if found != want {
			t.Errorf("%+v: event %d with %q: %v, want %v", v, id, prefix, found, want)
		}
	}
	f(Variant{}, 4663, event.ObjectName, deviceName, false)
	f(Variant{DeviceNames: true}, 4663, event.ObjectName, deviceName, true)
	f(Variant{}, 4658, event.ObjectServer, "Security", true)
	f(Variant{NoCloses: true}, 4658, event.ObjectServer, "Security", false)
	f(Variant{}, 5145, event.ShareName, "", true)
	f(Variant{NoShareChecks: true}, 5145, event.ShareName, "", false)
}
