package convert

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestT1T4: the events of a print job are one record, in any order within a
// minute.
func TestT1T4(t *testing.T) {
	const ps, ch, admin = "Microsoft-Windows-PrintService", "Microsoft-Windows-PrintService/Operational", "Microsoft-Windows-PrintService/Admin"
	done := func(b *logBuilder, job int, doc string) {
		b.add(ps, ch, 307, false, "DocumentPrinted/Param1", job, "DocumentPrinted/Param2", doc, "DocumentPrinted/Param3", "alice", "DocumentPrinted/Param4", `\\PC-7`,
			"DocumentPrinted/Param5", "Printer A", "DocumentPrinted/Param8", 2)
	}
	copies := func(b *logBuilder, job, n int) {
		b.add(ps, ch, 805, false, "RenderJobDiag/JobId", job, "RenderJobDiag/Copies", n, "RenderJobDiag/Color", 2)
	}
	ended := func(b *logBuilder, job, code int) {
		b.add(ps, ch, 842, false, "P/JobId", job, "P/Processor", "winprint", "P/Printer", "Printer A", "P/Error", code)
	}
	failed := func(b *logBuilder, doc string) {
		b.add(ps, admin, 372, false, "Param1", doc, "Param2", "alice", "Param3", "Printer A", "Param4", "RAW", "Param5", 900, "Param6", 0, "Param7", 3, "Param8", 1,
			"Param9", `\\192.0.2.7`, "Param10", 63, "Param11", "The print job was deleted.")
	}
	f := func(name string, play func(b *logBuilder), want ...string) {
		t.Helper()
		t.Run(name, func(t *testing.T) {
			t.Helper()
			b := newLog()
			b.logonEvent().list("x")
			play(b)
			var got []string
			for _, r := range convertAll(b.events) {
				if r.Object.String() == "file" {
					got = append(got, fmt.Sprint(r.Path, " ", r.Result, " ", r.Rule, " ", r.User, " copies ", r.Get("copies"), " color ", r.Get("color"),
						" error ", r.Get("error"), " ", r.Channel[len(ps):], r.RawIDs))
				}
			}
			if d := cmp.Diff(want, got); d != "" {
				t.Errorf("records (-want +got):\n%s", d)
			}
		})
	}
	f("in order", func(b *logBuilder) { copies(b, 5, 3); b.wait(900); ended(b, 5, 0); done(b, 5, "doc") },
		`doc success T1 CORP\alice copies 3 color 2 error  /Operational[1 2 3]`)
	f("copies last", func(b *logBuilder) { done(b, 5, "doc"); b.wait(30_000); copies(b, 5, 3) },
		`doc success T1 CORP\alice copies 3 color 2 error  /Operational[1 2]`)
	f("too late", func(b *logBuilder) { done(b, 5, "doc"); b.wait(61_000); copies(b, 5, 3) }, `doc success T1 CORP\alice copies  color  error  /Operational[1]`)
	f("two jobs", func(b *logBuilder) { copies(b, 5, 3); copies(b, 6, 4); done(b, 6, "b"); done(b, 5, "a") },
		`b success T1 CORP\alice copies 4 color 2 error  /Operational[2 3]`, `a success T1 CORP\alice copies 3 color 2 error  /Operational[1 4]`)
	f("the id again", func(b *logBuilder) { copies(b, 5, 3); done(b, 5, "a"); b.wait(9000); copies(b, 5, 4); done(b, 5, "b") },
		`a success T1 CORP\alice copies 3 color 2 error  /Operational[1 2]`, `b success T1 CORP\alice copies 4 color 2 error  /Operational[3 4]`)
	f("842 with an error", func(b *logBuilder) { ended(b, 5, 63); done(b, 5, "doc") }, `doc failure T1 CORP\alice copies  color  error 63 /Operational[1 2]`)
	f("842 with an error, last", func(b *logBuilder) { done(b, 5, "doc"); ended(b, 5, 63) }, `doc failure T1 CORP\alice copies  color  error 63 /Operational[1 2]`)
	f("842 alone", func(b *logBuilder) { ended(b, 5, 63) }, ` failure T4  copies  color  error 63 /Operational[1]`)
	f("842 alone, no error", func(b *logBuilder) { ended(b, 5, 0) })
	f("372", func(b *logBuilder) { failed(b, "doc") }, `doc failure T4 CORP\alice copies  color  error 63 /Admin[1]`)
	f("842 and 372", func(b *logBuilder) { copies(b, 5, 2); ended(b, 5, 63); failed(b, "doc") }, `doc failure T4 CORP\alice copies 2 color 2 error 63 /Operational[1 2]`)
	f("307 and 372", func(b *logBuilder) { done(b, 5, "doc"); failed(b, "doc") }, `doc failure T1 CORP\alice copies  color  error 63 /Operational[1]`)
	f("372 of another", func(b *logBuilder) { done(b, 5, "doc"); failed(b, "other") }, `doc success T1 CORP\alice copies  color  error  /Operational[1]`,
		`other failure T4 CORP\alice copies  color  error 63 /Admin[1]`)
}
