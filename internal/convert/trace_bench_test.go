package convert_test

import (
	"testing"
	"time"

	"github.com/akashi-audit/akashi/internal/convert"
	"github.com/akashi-audit/akashi/internal/event"
	"github.com/akashi-audit/akashi/internal/simulate"
)

// BenchmarkTrace compares conversions with and without the trace of what is looked
// up, by turns, with a checkpoint and its trace at every 65,536 events, and reports
// what the trace adds in CPU time (percent) and in bytes for an event.
func BenchmarkTrace(b *testing.B) {
	s := simulate.NewStream(simulate.StreamOptions{People: 40, Seed: 3})
	var all []*event.Event
	for range 10 {
		s.NextDay(func(e *event.Event) { all = append(all, e.Clone()) })
	}
	var spent [2]time.Duration
	keys := 0
	for range b.N {
		for turn := range 6 {
			on := turn & 1
			cpu := cpuTime()
			c := convert.New(s.Server(), convert.Options{Trace: on == 1})
			for i, e := range all {
				c.Add(e)
				if i%65_536 == 65_535 || i == len(all)-1 {
					c.Reuse(c.Take())
					l, _ := c.Trace()
					keys += len(l)
				}
			}
			if d := cpuTime() - cpu; spent[on] == 0 || d < spent[on] { // the quietest turn: others use the machine
				spent[on] = d
			}
		}
	}
	b.ReportMetric(100*(spent[1].Seconds()/spent[0].Seconds()-1), "%cpu")
	b.ReportMetric(float64(keys)/float64(3*b.N*len(all)), "keys/event")
	b.ReportMetric(float64(spent[0].Nanoseconds())/float64(len(all)), "plain-ns/event")
}
