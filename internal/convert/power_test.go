package convert

import (
	"fmt"
	"testing"

	"github.com/akashi-audit/akashi/internal/event"
	"github.com/akashi-audit/akashi/internal/record"
)

// at writes one event of another channel at a time after t0 in milliseconds.
func (b *logBuilder) at(ms int, provider, channel string, id uint32, kv ...any) *event.Event {
	b.now = t0 + event.Filetime(ms)*10_000 - 3000
	return b.add(provider, channel, id, false, kv...)
}

const (
	kernelGeneral = "Microsoft-Windows-Kernel-General"
	kernelPower   = "Microsoft-Windows-Kernel-Power"
	logService    = "Microsoft-Windows-Eventlog"
)

func (b *logBuilder) restartAsked(ms int, user string) {
	b.at(ms, "User32", "System", 1074, "param1", `C:\Windows\system32\shutdown.exe (FS-A)`, "param2", "FS-A", "param3", "Other (Planned)",
		"param4", "0x80000000", "param5", "restart", "param6", "updates", "param7", user).UserID = "S-1-5-21-1-2-3-500"
}

// TestPower: the signs of one start or stop are one record (Y1 to Y5).
func TestPower(t *testing.T) {
	f := tells(t, func(r record.Record) string {
		if r.Rule == "V6" || r.Rule == "V7" {
			return ""
		}
		return fmt.Sprint(r.Op, " ", r.Rule, " ", r.Class, " ", r.User, " [", r.Get("events"), "] ", r.Channel, " ", r.RawIDs)
	})
	start := func(b *logBuilder, ms int) { // 12 is written late, with its own time
		b.at(ms+15_000, "EventLog", "System", 6009, "", "10.00.", "", "20348")
		b.at(ms+15_000, "EventLog", "System", 6005)
		b.at(ms+15_000, "EventLog", "System", 6013)
		b.at(ms, kernelGeneral, "System", 12)
		b.at(ms+9_000, "Microsoft-Windows-Security-Auditing", "Security", 4608)
	}
	f("restart", func(b *logBuilder) {
		b.restartAsked(0, `CORP\root`)
		b.at(16_000, logService, "Security", 1100)
		b.at(17_000, "EventLog", "System", 6006)
		start(b, 40_000)
		b.at(18_000, kernelGeneral, "System", 13)
	}, `shutdown Y5 user CORP\root [1074, 1100, 6006, 13] System [1 2 7]`, "boot Y1 system  [4608, 6009, 6005, 12] Security [1002]")
	f("crash", func(b *logBuilder) {
		b.at(0, "EventLog", "System", 6008, "", "10:00:00", "", "2026/04/01")
		start(b, -15_000)
		b.at(4_000, kernelPower, "System", 41, "BugcheckCode", 0x1e)
	}, "boot Y1 system  [4608, 6009, 6005, 12] Security [1001]", "shutdown Y3 system  [6008, 41] System [1 6]")
	f("two starts in one minute", func(b *logBuilder) {
		start(b, 0)
		b.at(40_000, "EventLog", "System", 6006)
		start(b, 50_000)
		b.at(41_000, kernelGeneral, "System", 13)
	}, "boot Y1 system  [4608, 6009, 6005, 12] Security [1001]", "shutdown Y2 system  [6006, 13] System [5 10]",
		"boot Y1 system  [4608, 6009, 6005, 12] Security [1002]")
	f("the system asks", func(b *logBuilder) { b.restartAsked(0, `NT AUTHORITY\SYSTEM`); b.events[0].UserID = "S-1-5-18" },
		`shutdown Y5 system NT AUTHORITY\SYSTEM [1074] System [1]`)
	f("sleep", func(b *logBuilder) {
		b.at(0, kernelPower, "System", 42, "TargetState", 4)
		b.at(9000, kernelPower, "System", 107, "TargetState", 4)
	}, "power Y4 system  [] System [1]", "power Y4 system  [] System [2]")
	f("41 and 12 of others", func(b *logBuilder) {
		b.at(0, "CAPI2", "System", 41)
		b.at(0, "X", "System", 12)
		b.at(0, "X", "System", 6005)
	})
	f("far apart", func(b *logBuilder) {
		b.at(0, "EventLog", "System", 6006)
		b.at(300_000, kernelGeneral, "System", 13)
	}, "shutdown Y2 system  [6006] System [1]", "shutdown Y2 system  [13] System [2]")
}

// TestBootEndsEpoch: logon ids and handle values are given anew after a start.
func TestBootEndsEpoch(t *testing.T) {
	f := func(name string, sign func(b *logBuilder)) {
		t.Helper()
		t.Run(name, func(t *testing.T) {
			b := newLog()
			b.logonEvent()
			h := b.open(`x\a.txt`, 0x10080)
			b.use(h, `x\a.txt`, 0x1)
			b.wait(1000)
			sign(b)
			b.wait(1000)
			b.user, b.no5145 = "bob", true
			b.deleted(h)
			b.handleUse(`x\b.txt`, 0x120089, 0x1)
			for _, r := range convertAll(b.events) {
				if r.Op == record.OpDelete && r.Path != "" {
					t.Errorf("%s of %s over a start", r.Op, r.Path)
				}
				if r.User == `CORP\bob` && r.ClientIP != "" {
					t.Errorf("bob has the address %s of the session before the start", r.ClientIP)
				}
				if r.Path == `E:\data\x\b.txt` && r.User != `CORP\bob` {
					t.Errorf("%s is said to have read %s", r.User, r.Path)
				}
			}
		})
	}
	f("4608", func(b *logBuilder) { b.sec(4608) })
	f("6005", func(b *logBuilder) { b.add("EventLog", "System", 6005, false) })
	f("12", func(b *logBuilder) { b.add(kernelGeneral, "System", 12, false) })
	f("6008", func(b *logBuilder) { b.add("EventLog", "System", 6008, false) })
	f("1100", func(b *logBuilder) { b.add(logService, "Security", 1100, false) })
	f("restart", func(b *logBuilder) {
		b.add(logService, "Security", 1100, false)
		b.sec(4608)
		b.add("EventLog", "System", 6005, false)
	})
}

// TestV4: both logs tell of one change of the clock; small steps of the time
// service are background.
func TestV4(t *testing.T) {
	const hour = 36_000_000_000
	audit := func(b *logBuilder, logon int, process string, step event.Filetime) {
		b.sec(4616, "SubjectUserSid", "S-1-5-21-1-2-3-500", "SubjectUserName", "root", "SubjectDomainName", "CORP", "SubjectLogonId", logon,
			"PreviousTime", t0, "NewTime", t0+step, "ProcessId", 77, "ProcessName", process)
	}
	kernel := func(b *logBuilder, user string, step event.Filetime) {
		b.add(kernelGeneral, "System", 1, false, "NewTime", t0+step, "OldTime", t0, "Reason", 1).UserID = user
	}
	f := tells(t, func(r record.Record) string {
		return fmt.Sprint(r.Op, " ", r.Rule, " ", r.Class, " ", r.Channel, " ", r.User, " ", r.Get("cause"))
	})
	const svchost, cause = `C:\Windows\System32\svchost.exe`, "a program or service changed it"
	f("time service", func(b *logBuilder) { audit(b, 0x3e5, svchost, 10_000) }, `time_changed V4 background Security CORP\root `)
	f("time service, an hour", func(b *logBuilder) { audit(b, 0x3e5, svchost, hour) }, `time_changed V4 system Security CORP\root `)
	f("another program of the system", func(b *logBuilder) { audit(b, 0x3e7, `C:\vmtoolsd.exe`, 10_000) }, `time_changed V4 system Security CORP\root `)
	f("a person", func(b *logBuilder) { audit(b, 0x77, `C:\x.exe`, 10_000) }, `time_changed V4 user Security CORP\root `)
	f("both logs", func(b *logBuilder) { audit(b, 0x77, `C:\x.exe`, hour); kernel(b, "S-1-5-21-1-2-3-500", hour) },
		`time_changed V4 user Security CORP\root `+cause)
	f("both logs, the other first", func(b *logBuilder) { kernel(b, "S-1-5-21-1-2-3-500", hour); audit(b, 0x77, `C:\x.exe`, hour) },
		`time_changed V4 user Security CORP\root `+cause)
	f("two changes", func(b *logBuilder) { kernel(b, "S-1-5-21-1-2-3-500", 2*hour); audit(b, 0x77, `C:\x.exe`, hour) },
		"time_changed V4 user System  "+cause, `time_changed V4 user Security CORP\root `)
	f("System log, small", func(b *logBuilder) { kernel(b, "S-1-5-18", 10_000) }, "time_changed V4 background System  "+cause)
	f("as text", func(b *logBuilder) {
		b.add(kernelGeneral, "System", 1, false, "NewTime", "2026-04-01T00:00:01Z", "OldTime", "2026-04-01T00:00:00Z", "Reason", "3")
	}, "time_changed V4 background System  the time zone or its bias changed")
	f("no times", func(b *logBuilder) { b.add(kernelGeneral, "System", 1, false) }, "time_changed V4 system System  ")
	f("version 0", func(b *logBuilder) {
		b.sec(4616, append(b.subject(), "PreviousDate", "1/2/2026", "PreviousTime", "10:00", "NewDate", "1/3/2026", "NewTime", "10:00")...)
	}, `time_changed V4 user Security CORP\alice `)
}

// TestLogService: what the log service says of itself (V1, V2, V8).
func TestLogService(t *testing.T) {
	f := func(id uint32, want, detail string, kv ...any) {
		t.Helper()
		b := newLog()
		b.add(logService, "Security", id, false, kv...)
		rs := convertAll(b.events)
		if len(rs) != 1 || brief(rs[0])+" "+rs[0].Class.String() != want || rs[0].Get(detail) == "" {
			t.Errorf("%d: %s, want %s", id, lines(rs), want)
		}
	}
	f(1101, "records_lost Security V2 certain system", "code", "Reason", 7)
	f(1104, "records_lost Security V2 certain system", "reason")
	f(1105, "log_cleared Application V8 certain system", "backup", "Channel", "Application", "BackupPath", `C:\Archive-Application-1.evtx`)
	f(1108, "records_lost Security V2 certain system", "event", "PublisherName", "X", "EventID", 4663, "ErrorCode", 87)
	f(104, "log_cleared System V1 certain user", "backup", "SubjectUserName", "root", "SubjectDomainName", "CORP", "Channel", "System", "BackupPath", "x")
}

// TestClockInTwoSteps: Windows writes one change as two events.
func TestClockInTwoSteps(t *testing.T) {
	b := newLog()
	for _, step := range []event.Filetime{36_000_000_000, 36_000_030_000} {
		b.sec(4616, append(b.subject(), "PreviousTime", t0, "NewTime", t0+step, "ProcessId", 77, "ProcessName", `C:\x.exe`)...)
	}
	rs := convertAll(b.events)
	if len(rs) != 1 || rs[0].Get("new_time") != (t0+36_000_030_000).String() || len(rs[0].RawIDs) != 2 {
		t.Errorf("records %s", lines(rs))
	}
}

func TestAuditName(t *testing.T) {
	f := func(guid, want string) {
		t.Helper()
		if got := auditName(guid); got != want {
			t.Errorf("auditName(%q) = %q, want %q", guid, got, want)
		}
	}
	f("{0cce921d-69ae-11d9-bed3-505054503030}", "File System")
	f("{0CCE9244-69AE-11D9-BED3-505054503030}", "Detailed File Share")
	f("0CCE924A-69AE-11D9-BED3-505054503030", "Token Right Adjusted Events")
	f("{0CCE9200-69AE-11D9-BED3-505054503030}", "")
	f("{0CCE9250-69AE-11D9-BED3-505054503030}", "")
	f("{XCCE9250-69AE-11D9-BED3-505054503030}", "")
	f("", "")
}
