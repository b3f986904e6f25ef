package engine

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/akashi-audit/akashi/internal/event"
	"github.com/akashi-audit/akashi/internal/simulate"
)

// BenchmarkLateEvent measures what one late event costs: a print job at the
// beginning, in the middle and at the end of a day that is converted already.
// It reports the events replayed and what the log grows by.
func BenchmarkLateEvent(b *testing.B) {
	for _, at := range []struct {
		name string
		part int // in hundredths of the events
	}{{"first", 1}, {"middle", 50}, {"last", 99}} {
		b.Run(at.name, func(b *testing.B) {
			events, _ := simulate.Day(7, 60)
			files := eventFiles{"day": events}
			e := benchEngine(b, files)
			print := event.Event{
				Provider: "Microsoft-Windows-PrintService", ID: 307, Channel: "Microsoft-Windows-PrintService/Operational",
				Computer: events[0].Computer, ActivityID: event.SimulationActivity, Schema: event.NewSchema("UserData/DocumentPrinted", nil),
				Time: events[len(events)*at.part/100].Time,
			}
			before := logBytes(b, e)
			b.ResetTimer()
			for n := range b.N {
				late := print
				late.RecordID = uint64(10_000 + n)
				files["late"] = []*event.Event{&late}
				if _, err := e.Import(b.Context(), ImportRequest{Paths: []string{"late"}}, nil); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(len(events)), "stored-events")
			b.ReportMetric(float64(logBytes(b, e)-before)/float64(b.N)/1024, "KiB-log/op")
		})
	}
}

func benchEngine(b *testing.B, files eventFiles) *Engine {
	b.Helper()
	d := realOn(files, batchEvents)
	e, err := open(b.Context(), filepath.Join(b.TempDir(), "d"), Options{Create: true, Demo: true}, d)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		if err := e.Close(); err != nil {
			b.Error(err)
		}
	})
	b.Chdir(b.TempDir())
	for _, name := range []string{"day", "late"} {
		if err := writeEmpty(name); err != nil {
			b.Fatal(err)
		}
	}
	if _, err := e.Import(b.Context(), ImportRequest{Paths: []string{"day"}}, nil); err != nil {
		b.Fatal(err)
	}
	return e
}

func writeEmpty(name string) error { return os.WriteFile(name, nil, 0o600) }

func logBytes(b *testing.B, e *Engine) int64 {
	b.Helper()
	in, err := e.st.Info()
	if err != nil {
		b.Fatal(err)
	}
	return in.Bytes
}
