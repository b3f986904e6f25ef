package simulate

import (
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
