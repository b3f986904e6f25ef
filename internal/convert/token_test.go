package convert

import (
	"fmt"
	"testing"

	"github.com/akashi-audit/akashi/internal/record"
)

// TestSplitToken: the two sessions of an administrator's logon are at one screen,
// also when the 4624 of one is lost or the screen is looked at from elsewhere.
func TestSplitToken(t *testing.T) {
	const full, limited = 0x5000, 0x5010
	logon := func(b *logBuilder, id, other, kind int, addr string) {
		b.sec(4624, "TargetUserSid", "S-1-5-21-1-2-3-1660", "TargetUserName", b.user, "TargetDomainName", "CORP", "TargetLogonId", id, "LogonType", kind,
			"IpAddress", addr, "TargetLinkedLogonId", other)
	}
	use := func(b *logBuilder, id uint64, rel string) {
		b.logon = id
		b.sec(4663, append(b.subject(), "ObjectServer", "Security", "ObjectType", "File", "ObjectName", b.path(rel), "HandleId", 0x70,
			"AccessMask", 0x1, "ProcessId", 0x99, "ProcessName", `C:\Windows\notepad.exe`)...)
	}
	f := tells(t, func(r record.Record) string {
		return fmt.Sprint(r.Op, " ", r.ClientIP, " ", r.Get("logon_type"), " ", len(r.RawIDs))
	})
	f("both halves", func(b *logBuilder) {
		logon(b, full, limited, 10, "192.0.2.9")
		logon(b, limited, full, 10, "192.0.2.9")
		use(b, full, `x\a.txt`)
	}, "logon 192.0.2.9 10 2", "read 192.0.2.9  1")
	f("one 4624 is lost", func(b *logBuilder) {
		logon(b, limited, full, 10, "192.0.2.9")
		use(b, full, `x\a.txt`)
	}, "logon 192.0.2.9 10 1", "read 192.0.2.9  1")
	f("one 4624 of the console is lost", func(b *logBuilder) {
		logon(b, limited, full, 2, "-")
		use(b, full, `x\a.txt`)
	}, "logon local 2 1", "read local  1")
	f("connected again from elsewhere", func(b *logBuilder) {
		logon(b, full, limited, 10, "192.0.2.9")
		logon(b, limited, full, 10, "192.0.2.9")
		b.wait(600_000).sec(4778, "AccountName", b.user, "AccountDomain", "CORP", "LogonID", limited, "SessionName", "RDP-Tcp#1", "ClientName", "PC-8",
			"ClientAddress", "192.0.2.5")
		b.wait(60_000)
		use(b, full, `x\a.txt`)
		use(b, limited, `x\b.txt`)
	}, "logon 192.0.2.9 10 2", "logon 192.0.2.5  1", "read 192.0.2.5  1", "read 192.0.2.5  1")
	f("a hostile pair", func(b *logBuilder) {
		logon(b, full, full, 10, "192.0.2.9")
		b.wait(10_000)
		logon(b, limited, 0x3e7, 10, "192.0.2.8")
		use(b, 0x3e7, `x\a.txt`)
	}, "logon 192.0.2.9 10 1", "logon 192.0.2.8 10 1", "read local  1")
	f("another's half", func(b *logBuilder) {
		use(b, full, `x\a.txt`)
		b.user = "bob"
		logon(b, limited, full, 10, "192.0.2.8")
		b.user = "alice"
		b.wait(60_000)
		use(b, full, `x\b.txt`)
	}, "read   1", "logon 192.0.2.8 10 1", "read   1")
}

// TestNoLogonType: a session whose 4624 names no type is not one of type 0, that of
// the system's start; a failure without a status has no reason.
func TestNoLogonType(t *testing.T) {
	f := func(want string, id uint32, failed bool, kv ...any) {
		t.Helper()
		b := newLog()
		b.add("Microsoft-Windows-Security-Auditing", "Security", id, failed, kv...)
		got := ""
		for _, r := range convertAll(b.events) {
			got += fmt.Sprint(r.Op, " ", r.Class, " ", r.ClientIP, " ", r.Detail)
		}
		if got != want {
			t.Errorf("%d %v: %q, want %q", id, kv, got, want)
		}
	}
	who := []any{"TargetUserName", "bob", "TargetDomainName", "CORP", "TargetUserSid", "S-1-5-21-1-2-3-1660", "TargetLogonId", 0x77}
	f("logon user  []", 4624, false, who...)
	f("logon user  [{logon_type 3}]", 4624, false, append(who, "LogonType", "3")...)
	f("logon user  []", 4624, false, append(who, "LogonType", "three")...)
	f("logon background local [{logon_type 0}]", 4624, false, append(who, "LogonType", 0)...)
	f("logoff user  []", 4634, false, who...)
	f("logon_failed user  []", 4625, true, "TargetUserName", "bob")
	f("logon_failed user  [{authentication Kerberos}]", 4771, true, "TargetUserName", "bob")
	f("logon_failed user  [{authentication NTLM}]", 4776, true, "TargetUserName", "bob")
	f("", 4776, false, "TargetUserName", "bob")
	f("", 4768, true, "TargetUserName", "bob", "Status", 0x19)
	f("logon_failed user  [{authentication Kerberos} {reason certificate of wrong use} {status 0x4d}]", 4771, true, "TargetUserName", "bob", "Status", 0x4d)
}
