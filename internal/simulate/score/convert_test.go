package score

import (
	"slices"
	"testing"

	"github.com/akashi-audit/akashi/internal/convert"
	"github.com/akashi-audit/akashi/internal/event"
	"github.com/akashi-audit/akashi/internal/simulate"
)

// convertDay converts the events of one server, merged by time.
func convertDay(events []*event.Event) *convert.Converter {
	slices.SortStableFunc(events, func(a, b *event.Event) int { return int(int64(a.Time - b.Time)) })
	c := convert.New(events[0].Computer, convert.Options{})
	for _, e := range events {
		c.Add(e)
	}
	return c
}

// TestConversionOfDays scores the converter on days of the simulation, on
// servers that log in different ways.
func TestConversionOfDays(t *testing.T) {
	f := func(v simulate.Variant) {
		t.Helper()
		events, truth := simulate.DayVariant(11, 20, v)
		c := convertDay(events)
		res := Run(truth, append(c.Take(), c.Tail()...))
		if res.Files.F1 < 0.98 || res.CertainWrong != 0 || res.IPAccuracy < 0.98 {
			t.Errorf("%+v: %+v, certain but wrong %d, clients %.4f, for example %q", v, res.Files, res.CertainWrong, res.IPAccuracy, res.Samples[:min(5, len(res.Samples))])
		}
		t.Logf("%+v: F1 %.4f of %d acts, client %.4f of %d", v, res.Files.F1, res.Files.Observable, res.IPAccuracy, res.IPChecked)
	}
	for _, device := range []bool{false, true} {
		for _, closes := range []bool{false, true} {
			for _, checks := range []bool{false, true} {
				f(simulate.Variant{DeviceNames: device, NoCloses: closes, NoShareChecks: checks})
			}
		}
	}
}

// TestConversionOfScenarios wants each clean act of a user back exactly.
func TestConversionOfScenarios(t *testing.T) {
	for _, kind := range simulate.Kinds() {
		for seed := range uint64(5) {
			events, truth, err := simulate.Scenario(kind, seed)
			if err != nil {
				t.Fatal(err)
			}
			c := convertDay(events)
			res := Run(truth, append(c.Take(), c.Tail()...))
			if f := res.Files; f.TP != f.Observable || f.FP != 0 || res.CertainWrong != 0 {
				t.Errorf("%s, seed %d: %+v, certain but wrong %d: %q", kind, seed, f, res.CertainWrong, res.Samples)
			}
		}
	}
}
