package convert

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/akashi-audit/akashi/internal/event"
	"github.com/akashi-audit/akashi/internal/record"
)

// losses is what the records of missing ids say, in brief.
func losses(rs []record.Record) []string {
	var l []string
	for _, r := range rs {
		if r.Rule == "V6" || r.Rule == "V7" {
			l = append(l, fmt.Sprint(r.Path, " ", r.Rule, " ", r.Get("from_id"), "-", r.Get("to_id"), " lost ", r.Get("lost"), " absent ", r.Get("absent"),
				" holes ", r.Get("holes"), " ", r.Class, " ", r.RawIDs))
		}
	}
	return l
}

// numbered makes one event a minute, without those that skip names.
func numbered(n int, skip func(i int) bool) []*event.Event {
	b := newLog()
	for i := range n {
		b.wait(60_000).sec(4634, "TargetUserName", "x", "TargetLogonId", uint64(0x10000+i), "LogonType", 3)
	}
	var l []*event.Event
	for i, e := range b.events {
		if !skip(i) {
			l = append(l, e)
		}
	}
	return l
}

// TestV6V7: holes in the record ids are losses, unless they are everywhere.
func TestV6V7(t *testing.T) {
	f := func(name string, events []*event.Event, want ...string) {
		t.Helper()
		t.Run(name, func(t *testing.T) {
			t.Helper()
			if d := cmp.Diff(want, losses(convertAll(events))); d != "" {
				t.Errorf("losses (-want +got):\n%s", d)
			}
		})
	}
	never := func(int) bool { return false }
	f("whole", numbered(300, never))
	f("one hole", numbered(300, func(i int) bool { return i >= 100 && i < 150 }), "Security V6 1101-1150 lost 50 absent  holes  system [1100 1151]")
	f("single losses", numbered(700, func(i int) bool { return i%200 == 100 }),
		"Security V6 1101-1101 lost 1 absent  holes  system [1100 1102]", "Security V6 1301-1301 lost 1 absent  holes  system [1300 1302]",
		"Security V6 1501-1501 lost 1 absent  holes  system [1500 1502]")
	f("many in one hour", numbered(700, func(i int) bool { return i > 600 && i < 640 && i%5 == 0 }), "Security V6 1606-1636 lost 7 absent  holes 7 system [1605 1637]")
	f("two in a small file", numbered(8, func(i int) bool { return i == 2 || i == 5 }), "Security V6 1003-1006 lost 2 absent  holes 2 system [1002 1007]")
	f("filter", numbered(900, func(i int) bool { return i%3 != 0 }), "Security V7 1002-1897 lost  absent 598 holes 299 system [1001 1898]")
	again := numbered(20, func(i int) bool { return i == 3 })
	for _, e := range numbered(20, func(i int) bool { return i == 4 }) {
		e.Generation, e.RecordID, e.Time = 1, e.RecordID-1000, e.Time+36_000_000_000
		again = append(again, e)
	}
	f("made anew", again, "Security V6 1004-1004 lost 1 absent  holes  system [1003 1005]", "Security V6 5-5 lost 1 absent  holes  system [4 6]")
	two := numbered(10, func(i int) bool { return i == 3 })
	for i, e := range numbered(10, func(i int) bool { return i > 5 && i < 8 }) {
		e.Channel, e.Time = "System", e.Time+event.Filetime(i)
		two = append(two, e)
	}
	mergeOrder(two)
	f("two channels", two, "Security V6 1004-1004 lost 1 absent  holes  system [1003 1005]", "System V6 1007-1008 lost 2 absent  holes  system [1006 1009]")
	for i, e := range again {
		e.RecordID = uint64(e.Time) + uint64(i) // no ids of their own: times stand for them
		e.Generation = 0
	}
	f("no ids", again)
}

// TestHoleAfterLoss: a 1104 and the hole that follows it are two records.
func TestHoleAfterLoss(t *testing.T) {
	b := newLog()
	b.add("Microsoft-Windows-Eventlog", "Security", 1104, false)
	b.id += 9
	b.logoffEvent()
	rs := convertAll(b.events)
	if len(rs) < 2 || rs[0].ID() == rs[1].ID() || rs[0].Get("reason") != "the log is full" || rs[1].Get("lost") != "9" {
		t.Errorf("records %s", lines(rs))
	}
}

// TestHolesAnySplit: however the log is cut, the statements are the same.
func TestHolesAnySplit(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		rate := rapid.IntRange(2, 200).Draw(t, "rate")
		lost := rapid.SliceOfN(rapid.IntRange(0, rate), 400, 400).Draw(t, "lost")
		events := numbered(400, func(i int) bool { return lost[i] == 0 && i > 0 })
		c := New("FS-A.example.test", Options{})
		var got []record.Record
		for i, e := range events {
			c.Add(e)
			if lost[i]%7 == 1 {
				c.Tail()
				d, err := Restore("FS-A.example.test", Options{}, c.AppendCheckpoint(nil))
				if err != nil {
					t.Fatal(err)
				}
				c = d
			}
			got = append(got, c.Take()...)
		}
		want := convertAll(events)
		if d := cmp.Diff(lines(want), lines(sorted(append(got, c.Tail()...)))); d != "" {
			t.Fatalf("records differ (-whole +split):\n%s", d)
		}
		ids := map[record.ID]bool{}
		for _, r := range want {
			if ids[r.ID()] {
				t.Fatalf("id %s twice", r.ID())
			}
			ids[r.ID()] = true
		}
	})
}

// TestFewEvents: a short log says that it cannot tell a loss from a filter.
func TestFewEvents(t *testing.T) {
	f := func(n int, want string) {
		t.Helper()
		for _, r := range convertAll(numbered(n, func(i int) bool { return i == 40 })) {
			if r.Rule == "V6" && r.Get("reason") != want {
				t.Errorf("%d events: %q, want %q", n, r.Get("reason"), want)
			}
		}
	}
	f(100, "these record ids are missing from what was given; too few events to tell a loss from a filter")
	f(101, "these record ids are missing from what was given")
}
