package convert

import (
	"fmt"
	"testing"

	"github.com/akashi-audit/akashi/internal/record"
)

func TestVirusPath(t *testing.T) {
	f := func(in, path, kind string) {
		t.Helper()
		if p, k := virusPath(in); p != path || k != kind {
			t.Errorf("virusPath(%q) = %q, %q, want %q, %q", in, p, k, path, kind)
		}
	}
	f(`file:_C:\a.exe`, `C:\a.exe`, "file")
	f(`containerfile:_C:\b.zip; file:_C:\b.zip->x.exe; file:_D:\c.exe`, `C:\b.zip`, "file")
	f(`containerfile:_C:\b.zip`, `C:\b.zip`, "file")
	f(`webfile:_C:\c.exe|http://x.test/|pid:4,ProcessStart:5`, `C:\c.exe`, "file")
	f(`regkey:_HKLM\x; file:_C:\a ; b.exe`, `C:\a`, "file")
	f(`regkey:_HKLM\x`, `HKLM\x`, "regkey")
	f(`CmdLine:_powershell x`, "powershell x", "cmdline")
	f("", "", "unknown")
	f(`file:_; ;`, "file:_; ;", "unknown")
}

// TestM1: what was found and what was done about it are one record.
func TestM1(t *testing.T) {
	const ps, ch = "Microsoft-Windows-Windows Defender", "Microsoft-Windows-Windows Defender/Operational"
	say := func(b *logBuilder, id uint32, threat, path, action string, code string) {
		b.add(ps, ch, id, false, "Threat Name", threat, "Severity Name", "High", "Path", path, "Process Name", "Unknown", "Detection User", `CORP\alice`,
			"Action Name", action, "Error Code", code)
	}
	f := tells(t, func(r record.Record) string {
		return fmt.Sprint(r.Op, " ", r.Rule, " ", r.User, " ", r.Path, " ", r.Result, " ", r.Get("threat"), " ", r.Get("action"), " ", r.Get("error"), " ", r.RawIDs)
	})
	f("found and quarantined", func(b *logBuilder) {
		say(b, 1116, "T", `file:_E:\data\a.exe`, "Not Applicable", "0x00000000")
		b.wait(590_000)
		say(b, 1117, "T", `file:_E:\data\A.exe; file:_E:\data\b.exe`, "Quarantine", "0x00000000")
		say(b, 1116, "T", `file:_E:\data\a.exe`, "Not Applicable", "0x00000000")
	}, `virus_found M1 CORP\alice E:\data\a.exe success T Quarantine  [1 2 3]`)
	f("not dealt with", func(b *logBuilder) { say(b, 1117, "T", `file:_E:\a.exe`, "Remove", "0x80508023") },
		`virus_found M1 CORP\alice E:\a.exe failure T Remove 0x80508023 [1]`)
	f("another file", func(b *logBuilder) {
		say(b, 1116, "T", `file:_E:\a.exe`, "x", "0")
		say(b, 1117, "T", `file:_E:\b.exe`, "y", "0")
		say(b, 1117, "U", `file:_E:\a.exe`, "z", "0")
	}, `virus_found M1 CORP\alice E:\a.exe success T x  [1]`, `virus_found M1 CORP\alice E:\b.exe success T y  [2]`, `virus_found M1 CORP\alice E:\a.exe success U z  [3]`)
	f("too late", func(b *logBuilder) {
		say(b, 1116, "T", `file:_E:\a.exe`, "x", "0")
		b.wait(601_000)
		say(b, 1117, "T", `file:_E:\a.exe`, "y", "0")
	}, `virus_found M1 CORP\alice E:\a.exe success T x  [1]`, `virus_found M1 CORP\alice E:\a.exe success T y  [2]`)
	f("nothing known", func(b *logBuilder) { b.add(ps, ch, 1116, false) }, `virus_found M1   success    [1]`)
}
