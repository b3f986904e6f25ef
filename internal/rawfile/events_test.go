package rawfile

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/akashi-audit/akashi/internal/event"
	"github.com/akashi-audit/akashi/internal/evtx"
	"github.com/akashi-audit/akashi/internal/simulate"
)

// labEvents are the events of a real channel, or none.
func labEvents(t testing.TB) []*event.Event {
	t.Helper()
	files, _ := filepath.Glob("../../../shared/lab/day-small/*Security*.evtx")
	var l []*event.Event
	for _, name := range files {
		r, err := evtx.Open(name, evtx.Options{})
		if err != nil {
			t.Fatal(err)
		}
		if err := r.Events(context.Background(), func(r *evtx.Record) error {
			l = append(l, r.Event.Clone())
			return nil
		}); err != nil {
			t.Fatal(err)
		}
		_ = r.Close()
	}
	slices.SortFunc(l, func(a, b *event.Event) int { return cmp.Compare(a.RecordID, b.RecordID) })
	return l
}

// madeEvents are at least n simulated events of one channel.
func madeEvents(n int) []*event.Event {
	var l []*event.Event
	s := simulate.NewStream(simulate.StreamOptions{Seed: 3, People: 60})
	for len(l) < n {
		s.NextDay(func(e *event.Event) {
			if e.Channel == "Security" {
				l = append(l, e.Clone())
			}
		})
	}
	return l
}

// oddEvents have every kind of value, as it should be and as it should not, and
// what no Windows would write.
func oddEvents() []*event.Event {
	s1 := event.NewSchema("EventData", []string{"SubjectLogonId", "ObjectName", "HandleId", "ObjectName", ""})
	s2 := event.NewSchema("UserData/LogFileCleared", []string{"SubjectUserSid", "A/@b"})
	var l []*event.Event
	for i := range 50 {
		l = append(l, &event.Event{
			Provider: "Microsoft-Windows-Security-Auditing", ID: 4663, Version: 1, Level: 2, Opcode: 3, Task: 12800,
			Qualifiers: 0x8000, Keywords: event.AuditSuccess, Time: event.Filetime(134195115241311245 + i*7 - i%3*1000), RecordID: uint64(1000 + i + i/7),
			PID: 4, TID: math.MaxUint32, Generation: 3, Channel: "Security", Computer: "FS-A", ActivityID: event.SimulationActivity,
			RelatedID: "{r}", UserID: "S-1-5-18", Schema: s1,
			Values: []event.Value{
				event.Uint(event.KindHex64, uint64(i%4)), event.String(`D:\共有\` + strconv.Itoa(i%9) + "\xed\xa0\x80"), event.Uint(event.KindHex64, uint64(i)),
				event.String([]string{"", "0x0", "0x1f", "0X1F", "0x01", "12", "012", "-", "18446744073709551615", "18446744073709551616", "0xffffffffffffffff", "-5", `\`, `\\fs\x\`, "%%4416\n\t\t\t\t%%4417"}[i%15]), {},
			},
		})
	}
	for k := range 256 {
		l = append(l, &event.Event{Schema: s2, RecordID: math.MaxUint64 - 300 + uint64(k), Time: math.MaxUint64, Keywords: uint64(k) << 56, Values: []event.Value{
			{Kind: event.Kind(k), Str: "x\x00y", Num: math.MaxUint64}, {Kind: event.Kind(k)},
		}})
	}
	guids := []string{
		"{54849625-5478-4994-A5BA-3E3B0328C30D}", "{54849625-5478-4994-a5ba-3e3b0328c30d}", "{54849625x5478-4994-A5BA-3E3B0328C30D}", "{54849625-5478-4994-A5BA-3E3B0328C30D)",
		"{00000000-0000-0000-0000-000000000000}",
	}
	for i, g := range guids {
		l = append(l, &event.Event{RecordID: math.MaxUint64 - 40 + uint64(i), ActivityID: g, Values: []event.Value{event.String(g), {Kind: event.KindGUID, Str: g}}})
	}
	return append(l,
		&event.Event{RecordID: math.MaxUint64 - 3, Schema: s1},
		&event.Event{RecordID: math.MaxUint64 - 2, Schema: s1, Values: []event.Value{event.String("fewer values than names")}},
		&event.Event{RecordID: math.MaxUint64 - 1, Values: []event.Value{event.String("no schema"), event.String("")}},
		&event.Event{RecordID: math.MaxUint64, Values: []event.Value{event.String(strings.Repeat(`long\`, 20_000)), event.String(strings.Repeat("long", 200))}},
	)
}

// sparse are events that no block of columns takes: each of another shape.
func sparse() []*event.Event {
	var l []*event.Event
	for i := range 300 {
		var names []string
		var vals []event.Value
		for k := range 150 {
			names, vals = append(names, fmt.Sprintf("%d-%d", i, k)), append(vals, event.Uint(event.KindUint32, uint64(k)))
		}
		l = append(l, &event.Event{RecordID: uint64(i), Channel: "Odd", Schema: event.NewSchema("EventData", names), Values: vals})
	}
	return l
}
