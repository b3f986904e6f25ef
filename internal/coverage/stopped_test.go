package coverage_test

import (
	"testing"

	"github.com/akashi-audit/akashi/internal/coverage"
	"github.com/akashi-audit/akashi/internal/event"
)

// TestStopped: file events that stop while people go on to open files over shares.
func TestStopped(t *testing.T) {
	const hour = 60 * minute
	type log struct {
		l  []*event.Event
		at event.Filetime
	}
	add := func(g *log, id uint32, kv ...string) { g.l = append(g.l, ev(id, uint64(len(g.l)+1), g.at, kv...)) }
	file := func(g *log) { add(g, 4663, "ObjectType", "File") }
	share := func(id uint32, user, name string) func(g *log) {
		return func(g *log) { add(g, id, "SubjectUserName", user, "ShareName", name) }
	}
	open := share(5145, "alice", `\\*\data`)
	hours := func(g *log, n int, do ...func(g *log)) {
		for range n {
			for _, d := range do {
				g.at += minute
				d(g)
			}
			g.at = (g.at/hour + 1) * hour
		}
	}
	f := func(name, state string, quiet, silences int, play func(g *log)) {
		t.Helper()
		g := &log{}
		play(g)
		s := report(g.l).Subcategories[0]
		if s.Name != "File System" || s.State != state || s.Hours != quiet || len(s.Silences) != silences || s.SilenceCount != silences {
			t.Errorf("%s: %+v, want %s, %d hours, %d silences", name, s, state, quiet, silences)
		}
		if (s.Remedy == "") != (state == coverage.StateOn) {
			t.Errorf("%s: remedy %q", name, s.Remedy)
		}
	}
	f("both go on", coverage.StateOn, 0, 0, func(g *log) { hours(g, 40, open, file) })
	f("stopped", coverage.StateStopped, 30, 0, func(g *log) { hours(g, 10, open, file); hours(g, 30, open) })
	f("stopped, sessions only", coverage.StateStopped, 9, 0, func(g *log) {
		c := share(5140, "alice", `\\*\data`)
		hours(g, 10, c, file)
		hours(g, 9, c)
	})
	f("sessions say nothing where opens are told", coverage.StateOn, 0, 0, func(g *log) {
		hours(g, 10, open, file)
		hours(g, 30, share(5140, "alice", `\\*\data`))
	})
	f("hours of a computer and of pipes", coverage.StateOn, 0, 0, func(g *log) {
		hours(g, 10, open, file)
		hours(g, 30, share(5145, "PC1$", `\\*\data`), share(5145, "alice", `\\*\IPC$`))
	})
	f("refused by the share", coverage.StateOn, 0, 0, func(g *log) {
		hours(g, 10, open, file)
		hours(g, 30, func(g *log) { open(g); g.l[len(g.l)-1].Keywords = event.AuditFailure })
	})
	f("not long enough", coverage.StateOn, 0, 0, func(g *log) { hours(g, 10, open, file); hours(g, 7, open) })
	f("nobody is there at night", coverage.StateOn, 0, 0, func(g *log) { hours(g, 10, open, file); g.at += 60 * hour; hours(g, 3, open) })
	f("seldom anyway", coverage.StateOn, 0, 0, func(g *log) {
		for range 4 {
			hours(g, 6, open)
			hours(g, 1, open, file)
		}
		hours(g, 18, open)
	})
	f("hardly ever", coverage.StateOn, 0, 0, func(g *log) { hours(g, 2, open, file); hours(g, 40, open) })
	f("came back", coverage.StateOn, 0, 1, func(g *log) { hours(g, 10, open, file); hours(g, 30, open); hours(g, 10, open, file) })
	f("came back and stopped again", coverage.StateStopped, 12, 1, func(g *log) {
		hours(g, 10, open, file)
		hours(g, 30, open)
		hours(g, 10, open, file)
		hours(g, 12, open)
	})
	off := func(change string) func(g *log) {
		return func(g *log) {
			add(g, 4719, "SubcategoryGuid", "{0CCE921D-69AE-11D9-BED3-505054503030}", "AuditPolicyChanges", change)
		}
	}
	f("switched off", coverage.StateOff, 0, 0, func(g *log) { hours(g, 10, open, file); off("%%8448, %%8450")(g); hours(g, 30, open) })
	f("refusals switched off", coverage.StateOn, 0, 0, func(g *log) { hours(g, 10, open, file); off("%%8450")(g) })
}
