package coverage_test

import (
	"context"
	"iter"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"github.com/akashi-audit/akashi/internal/collect"
	"github.com/akashi-audit/akashi/internal/coverage"
	"github.com/akashi-audit/akashi/internal/event"
)

const (
	start  event.Filetime = 134000000000000000
	minute event.Filetime = 600_000_000
	audit                 = "Microsoft-Windows-Security-Auditing"
	logsvc                = "Microsoft-Windows-Eventlog"
)

func ev(id uint32, record uint64, at event.Filetime, kv ...string) *event.Event {
	e := &event.Event{Provider: audit, ID: id, RecordID: record, Time: start + at, Channel: "Security", Computer: "FS01"}
	var names []string
	for i := 0; i < len(kv); i += 2 {
		names = append(names, kv[i])
		e.Values = append(e.Values, event.String(kv[i+1]))
	}
	e.Schema = event.NewSchema("EventData", names)
	return e
}

func from(provider string, e *event.Event) *event.Event { e.Provider = provider; return e }
func task(n uint16, e *event.Event) *event.Event        { e.Task = n; return e }

// run makes n records one minute apart, without those that skip names.
func run(n int, skip func(i int) bool) (l []*event.Event) {
	for i := range n {
		if skip == nil || !skip(i) {
			l = append(l, ev(4624, uint64(1000+i), event.Filetime(i)*minute))
		}
	}
	return l
}

func report(l []*event.Event) *coverage.Report {
	t := coverage.New("FS01", coverage.Options{})
	for _, e := range l {
		t.Add(e)
	}
	return t.Report()
}

func TestIDs(t *testing.T) {
	f := func(name string, l []*event.Event, complete, filtered bool, missing uint64, gaps int) {
		t.Helper()
		r := report(l)
		c := r.Channels[0]
		if r.Complete != complete || c.Filtered != filtered || c.Missing != missing || c.GapCount != gaps || len(c.Gaps) != gaps {
			t.Errorf("%s: complete %v filtered %v missing %d gaps %d, want %v %v %d %d", name, r.Complete, c.Filtered, c.Missing, c.GapCount, complete, filtered, missing, gaps)
		}
	}
	f("whole", run(100, nil), true, false, 0, 0)
	f("one long gap", run(300, func(i int) bool { return i >= 50 && i < 150 }), false, false, 100, 1)
	f("single losses", run(300, func(i int) bool { return i%100 == 50 }), false, false, 3, 3)
	f("filter", run(300, func(i int) bool { return i%3 != 0 }), true, true, 0, 0)
	f("two holes in a short log", run(8, func(i int) bool { return i == 2 || i == 5 }), true, false, 0, 0)
	f("one hole in a short log", run(99, func(i int) bool { return i > 20 && i < 90 }), true, false, 0, 0)
	f("one hole in a log just long enough", run(101, func(i int) bool { return i == 50 }), false, false, 1, 1)
	again := run(10, nil)
	for _, e := range run(10, nil) {
		e.Generation, e.RecordID = 1, e.RecordID-999
		again = append(again, e)
	}
	f("made anew", again, true, false, 0, 0)
	small := report(run(10, func(i int) bool { return i == 4 || i == 5 })).Channels[0]
	if !small.TooFew || small.Absent != 2 {
		t.Errorf("a short log with a hole: %+v", small)
	}
	if c := report(run(10, nil)).Channels[0]; c.TooFew {
		t.Error("a short log without a hole cannot be judged")
	}
	g := report(run(200, func(i int) bool { return i == 4 || i == 5 })).Channels[0].Gaps[0]
	want := coverage.Gap{FromID: 1004, ToID: 1005, Count: 2, FromTime: (start + 3*minute).String(), ToTime: (start + 6*minute).String()}
	if d := cmp.Diff(want, g); d != "" {
		t.Error(d)
	}
}

func TestSilence(t *testing.T) {
	f := func(name string, want int, parts ...[2]int) { // from, to in minutes
		t.Helper()
		var l []*event.Event
		for _, p := range parts {
			for i := p[0]; i < p[1]; i++ {
				l = append(l, ev(4624, uint64(len(l)+1), event.Filetime(i)*minute))
			}
		}
		if got := report(l).Channels[0].SilenceCount; got != want {
			t.Errorf("%s: %d silences, want %d", name, got, want)
		}
	}
	f("busy all the time", 0, [2]int{0, 600})
	f("two hours", 1, [2]int{0, 100}, [2]int{220, 400})
	f("50 minutes", 0, [2]int{0, 100}, [2]int{150, 400})
	f("quiet before", 0, [2]int{0, 5}, [2]int{220, 400})
	f("quiet after", 0, [2]int{0, 100}, [2]int{220, 225})
	f("every night", 0, [2]int{0, 600}, [2]int{1440, 2040}, [2]int{2880, 3400})
}

func TestNotices(t *testing.T) {
	l := []*event.Event{
		ev(4608, 1, 0), from("EventLog", ev(6005, 2, minute)), from("EventLog", ev(6008, 3, minute)),
		ev(4616, 4, 2*minute, "PreviousTime", "2026-04-01T00:00:00.0000000Z", "NewTime", "2026-04-01T00:00:01.0000000Z"),
		ev(4616, 5, 2*minute, "PreviousTime", "2026-04-01T00:00:00.0000000Z", "NewTime", "2026-04-01T01:00:00.0000000Z"),
		ev(4719, 6, 3*minute, "SubcategoryGuid", "{0cce9244-69ae-11d9-bed3-505054503030}", "AuditPolicyChanges", "%%8448, %%8450"),
		from(logsvc, ev(1102, 7, 4*minute, "SubjectUserName", "tanaka.k", "SubjectDomainName", "CORP")),
		from(logsvc, ev(1105, 8, 4*minute)), from("CAPI2", ev(41, 9, 5*minute)), from("RdpCoreTS", ev(104, 10, 5*minute)),
	}
	r := report(l)
	var got []string
	for _, n := range r.Notices {
		got = append(got, n.Kind)
	}
	want := []string{coverage.KindBoot, coverage.KindDirty, coverage.KindClock, coverage.KindPolicyOff, coverage.KindCleared, coverage.KindArchived}
	if d := cmp.Diff(want, got); d != "" || !r.Complete || r.Notices[4].User != `CORP\tanaka.k` {
		t.Errorf("complete %v, kinds (-want +got):\n%s", r.Complete, d)
	}
	for _, id := range []uint32{1101, 1104, 1108} {
		if report([]*event.Event{from(logsvc, ev(id, 1, 0))}).Complete {
			t.Errorf("event %d leaves the log complete", id)
		}
	}
}

func TestSubcategories(t *testing.T) {
	f := func(name, state string, l ...*event.Event) {
		t.Helper()
		for _, s := range report(l).Subcategories {
			if s.Name != name {
				continue
			}
			if s.State != state || (s.Remedy == "") != (state == coverage.StateOn) || s.Remedy != "" && !strings.Contains(s.Remedy, s.GUID) {
				t.Errorf("%s: %s %q, want %s", name, s.State, s.Remedy, state)
			}
		}
	}
	off := ev(4719, 2, minute, "SubcategoryGuid", "{0CCE9244-69AE-11D9-BED3-505054503030}", "AuditPolicyChanges", "%%8448")
	f("File System", coverage.StateOn, task(12800, ev(4663, 1, 0)))
	f("File System", coverage.StateOn, ev(4663, 1, 0, "ObjectType", "File"))
	f("File System", coverage.StateUnseen, task(12801, ev(4663, 1, 0)))
	f("File System", coverage.StateUnseen, task(12812, ev(4663, 1, 0)))
	f("Removable Storage", coverage.StateOn, task(12812, ev(4658, 1, 0)))
	f("Detailed File Share", coverage.StateOff, ev(5145, 1, 0), off)
	f("Detailed File Share", coverage.StateOn, off, ev(5145, 3, 2*minute))
	f("Logon", coverage.StateUnseen, from("Other", ev(4624, 1, 0)))
	f("Kerberos Authentication Service", coverage.StateOn, ev(4768, 1, 0))
	f("Credential Validation", coverage.StateUnseen, ev(4769, 1, 0))
	f("Computer Account Management", coverage.StateUnseen, ev(4771, 1, 0))
	controller := func(l ...*event.Event) (n int) {
		for _, s := range report(l).Subcategories {
			if strings.HasPrefix(s.Name, "Kerberos") {
				n++
			}
		}
		return n
	}
	if n := controller(ev(4624, 1, 0), ev(4776, 2, 0)); n != 0 {
		t.Errorf("a member server is asked for %d subcategories of a domain controller", n)
	}
	if n := controller(ev(4742, 1, 0)); n != 2 {
		t.Errorf("a domain controller is asked for %d Kerberos subcategories, want 2", n)
	}
}

// The split of a log over files, overlapping or not, changes nothing.
func TestSplit(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 200).Draw(t, "n")
		lost := rapid.SliceOfN(rapid.IntRange(0, 12), n, n).Draw(t, "lost")
		l := run(n, func(i int) bool { return lost[i] == 0 && i > 0 })
		var inputs []collect.Input
		for at := 0; at < len(l); {
			end := at + rapid.IntRange(1, len(l)-at).Draw(t, "size")
			low := max(0, at-rapid.IntRange(0, 5).Draw(t, "overlap"))
			inputs = append(inputs, collect.Input{Channel: "Security", FirstID: l[low].RecordID, Events: seq(l[low:end])})
			at = end
		}
		tr := coverage.New("FS01", coverage.Options{})
		if err := collect.Merge(context.Background(), inputs, func(e *event.Event) error { tr.Add(e); return nil }); err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(report(l), tr.Report(), cmpopts.IgnoreUnexported(coverage.Silence{}, coverage.Subcategory{})); d != "" {
			t.Fatal(d)
		}
	})
}

func seq(l []*event.Event) iter.Seq2[*event.Event, error] {
	return func(yield func(*event.Event, error) bool) {
		for _, e := range l {
			if !yield(e.Clone(), nil) {
				return
			}
		}
	}
}

// The lab's day has a cleared log, a policy switch and no gap.
func TestLabDay(t *testing.T) {
	files, _ := filepath.Glob("../../../shared/lab/day-small/*.evtx")
	if _, err := os.Stat("../../../shared/lab"); err != nil || len(files) == 0 {
		t.Skip("the shared lab is not here")
	}
	set, err := collect.OpenSet(context.Background(), files, collect.SetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer set.Close()
	for _, server := range set.Servers() {
		tr := coverage.New(server, coverage.Options{})
		if err := set.Events(context.Background(), server, func(e *event.Event) error { tr.Add(e); return nil }); err != nil {
			t.Fatal(err)
		}
		r := tr.Report()
		kinds := map[string]int{}
		for _, n := range r.Notices {
			kinds[n.Kind]++
		}
		if !r.Complete || kinds[coverage.KindCleared] != 1 || kinds[coverage.KindPolicyOff] != 1 {
			t.Errorf("%s: complete %v, notices %v", server, r.Complete, kinds)
		}
		for _, c := range r.Channels {
			if c.Filtered || c.Missing > 0 {
				t.Errorf("%s %s: filtered %v, missing %d", server, c.Name, c.Filtered, c.Missing)
			}
		}
	}
}
