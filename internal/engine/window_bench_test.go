package engine

import (
	"fmt"
	"path/filepath"
	"testing"

	"github.com/akashi-audit/akashi/internal/convert"
)

// plainConverter hides that states can be compared: a late log is converted to
// the end, as before there were windows.
type plainConverter struct{ converter }

// BenchmarkLateHour stores a month of a server and brings one hour of its second
// day late: that of another channel, or of the Security log. It reports the events
// that are converted again, and the CPU time of the late import.
func BenchmarkLateHour(b *testing.B) {
	all := liveServer(9, "A", 40, 30, 0)
	from := all[0].Time
	rest, hour := cutLate(all, from+35*hourTicks, from+36*hourTicks, "")
	files := eventFiles{"day": all, "rest": rest, "hour": hour, "system": systemLog(9, all[0].Computer, from+35*hourTicks, from+36*hourTicks)}
	for _, batch := range []int{batchEvents, batchEvents / 4} {
		for _, late := range []string{"system", "hour"} {
			for _, windows := range []bool{false, true} {
				b.Run(fmt.Sprintf("%s/commits-of-%d/windows-%v", late, batch, windows), func(b *testing.B) {
					d := realOn(files, batch)
					if !windows {
						fresh, restore := d.fresh, d.restore
						d.fresh = func(server string, opt convert.Options) converter {
							opt.Trace = false
							return plainConverter{fresh(server, opt)}
						}
						d.restore = func(server string, opt convert.Options, state []byte) (converter, error) {
							opt.Trace = false
							c, err := restore(server, opt, state)
							return plainConverter{c}, err
						}
					}
					lateOnce(b, d, map[string]string{"system": "day", "hour": "rest"}[late], late, len(all))
				})
			}
		}
	}
}

// lateOnce imports a file, then another one late.
func lateOnce(b *testing.B, d deps, first, late string, events int) {
	for range b.N {
		b.StopTimer()
		e, err := open(b.Context(), filepath.Join(b.TempDir(), "d"), Options{Create: true, Demo: true}, d)
		if err != nil {
			b.Fatal(err)
		}
		b.Chdir(b.TempDir())
		for _, name := range []string{first, late} {
			if err := writeEmpty(name); err != nil {
				b.Fatal(err)
			}
		}
		cpu := cpuTime()
		if _, err := e.Import(b.Context(), ImportRequest{Paths: []string{first}}, nil); err != nil {
			b.Fatal(err)
		}
		b.ReportMetric((cpuTime() - cpu).Seconds(), "first-cpu-s")
		b.ReportMetric(float64(logBytes(b, e))/float64(events), "log-B/event")
		cpu = cpuTime()
		b.StartTimer()
		s, err := e.Import(b.Context(), ImportRequest{Paths: []string{late}}, nil)
		if err != nil {
			b.Fatal(err)
		}
		b.StopTimer()
		again := int64(0)
		for _, w := range s.Again {
			again += w.Events
		}
		b.ReportMetric((cpuTime() - cpu).Seconds(), "late-cpu-s")
		b.ReportMetric(float64(again), "again-events")
		b.ReportMetric(float64(events), "stored-events")
		if err := e.Close(); err != nil {
			b.Fatal(err)
		}
		b.StartTimer()
	}
}
