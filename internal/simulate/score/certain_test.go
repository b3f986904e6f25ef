package score

import (
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/akashi-audit/akashi/internal/convert"
	"github.com/akashi-audit/akashi/internal/event"
	"github.com/akashi-audit/akashi/internal/record"
	"github.com/akashi-audit/akashi/internal/simulate"
)

// TestCertainSaysSo: a record whose rule is certain is certain, unless it names
// the reason: events were lost around it, it is part of a transaction, of a
// stream, or of a handle whose object no event names. Without any of these every
// such record is certain.
func TestCertainSaysSo(t *testing.T) {
	certain := map[string]bool{}
	for _, r := range convert.Rules() {
		certain[r.ID] = r.Confidence == record.Certain
	}
	f := func(name string, v simulate.Variant, lost int, allowed ...string) {
		t.Helper()
		events, truth := simulate.DayVariant(41, 14, v)
		slices.SortStableFunc(events, func(a, b *event.Event) int { return int(int64(a.Time - b.Time)) })
		if lost > 0 {
			events, _ = lose(lost)(rand.New(rand.NewPCG(5, 5)), events, truth)
		}
		reasons, sure := map[string]int{}, 0
		for _, r := range convertAll(events) {
			why := r.Get("uncertain")
			switch {
			case !certain[r.Rule] && (r.Confidence == record.Certain || why != ""):
				t.Errorf("%s: rule %s only concludes, its record is %s (%q)", name, r.Rule, r.Confidence, why)
			case r.Confidence == record.Certain && why != "":
				t.Errorf("%s: certain, and yet %q: %s %s", name, why, r.Op, r.Path)
			case certain[r.Rule] && r.Confidence != record.Certain && !slices.Contains(allowed, why):
				t.Errorf("%s: %s %s by %s is inferred, reason %q", name, r.Op, r.Path, r.Rule, why)
			case r.Confidence == record.Certain:
				sure++
			}
			if why != "" {
				reasons[why]++
			}
		}
		t.Logf("%s: %d certain, not certain: %v", name, sure, reasons)
		for _, a := range allowed {
			if reasons[a] == 0 {
				t.Errorf("%s: no record is inferred because of %s", name, a)
			}
		}
	}
	f("clean", simulate.Variant{}, 0)
	f("programs", simulate.Variant{Programs: true}, 0)
	f("rush", simulate.Variant{Rush: true}, 0)
	f("device names", simulate.Variant{DeviceNames: true}, 0)
	f("no closings", simulate.Variant{NoCloses: true, Programs: true}, 0)
	f("no share checks", simulate.Variant{NoShareChecks: true}, 0)
	f("uses only", simulate.Variant{NoOpens: true}, 0)
	f("lost", simulate.Variant{Programs: true}, 50, "lost_events")
}
