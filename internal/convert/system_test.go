package convert

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/akashi-audit/akashi/internal/record"
)

// TestSessionsAndSystem plays events that are records by themselves.
func TestSessionsAndSystem(t *testing.T) {
	f := func(name string, play func(b *logBuilder), want []string, check func(t *testing.T, r record.Record)) {
		t.Helper()
		t.Run(name, func(t *testing.T) {
			b := newLog()
			play(b)
			rs := convertAll(b.events)
			if d := cmp.Diff(want, users(rs)); d != "" {
				t.Fatalf("records (-want +got):\n%s", d)
			}
			if check != nil {
				check(t, rs[0])
			}
		})
	}
	has := func(kv ...string) func(t *testing.T, r record.Record) {
		return func(t *testing.T, r record.Record) {
			for i := 0; i < len(kv); i += 2 {
				if got := r.Get(kv[i]); got != kv[i+1] {
					t.Errorf("detail %s = %q, want %q", kv[i], got, kv[i+1])
				}
			}
		}
	}
	sec := func(id uint32, kv ...any) func(b *logBuilder) {
		return func(b *logBuilder) { b.sec(id, append(b.subject(), kv...)...) }
	}
	other := func(provider, channel string, id uint32, kv ...any) func(b *logBuilder) {
		return func(b *logBuilder) { b.add(provider, channel, id, false, kv...) }
	}
	f("L1 L2", func(b *logBuilder) { b.logonEvent().wait(60000).logoffEvent() }, []string{"logon  L1 certain", "logoff  L2 certain"}, has("logon_type", "3"))
	f("4647 then 4634", func(b *logBuilder) {
		b.logonEvent().wait(60000)
		b.sec(4647, "TargetUserSid", "S-1-5-21-1-2-3-1660", "TargetUserName", "alice", "TargetDomainName", "CORP", "TargetLogonId", b.logon)
		b.logoffEvent()
	}, []string{"logon  L1 certain", "logoff  L2 certain"}, nil)
	f("machine", func(b *logBuilder) { b.user = "PC1$"; b.logonEvent() }, nil, nil)
	f("L3", func(b *logBuilder) {
		b.sec(4625, "TargetUserName", "bob", "TargetDomainName", "CORP", "Status", uint64(0xC000006D), "SubStatus", uint64(0xC000006A), "LogonType", 3, "IpAddress", "::ffff:192.0.2.9")
	}, []string{"logon_failed  failure L3 certain"}, has("reason", "wrong password"))
	f("L3 Kerberos", func(b *logBuilder) {
		b.sec(4771, "TargetUserName", "bob", "Status", 0x18, "IpAddress", "::ffff:192.0.2.9")
	},
		[]string{"logon_failed  failure L3 certain"}, has("reason", "wrong password"))
	f("4776 success", func(b *logBuilder) { b.sec(4776, "TargetUserName", "bob", "Status", 0) }, nil, nil)
	f("V1", other("Microsoft-Windows-Eventlog", "Security", 1102, "SubjectUserSid", "S-1-5-21-9", "SubjectUserName", "root", "SubjectDomainName", "CORP", "SubjectLogonId", 0x99),
		[]string{"log_cleared Security V1 certain"}, nil)
	f("V2", other("Microsoft-Windows-Eventlog", "Security", 1101, "Reason", 0), []string{"records_lost Security V2 certain"}, nil)
	f("Y2", other("EventLog", "System", 6006), []string{"shutdown  Y2 certain"}, nil)
	f("Y3", other("EventLog", "System", 6008), []string{"shutdown  Y3 certain"}, nil)
	f("Y1", func(b *logBuilder) { b.sec(4608) }, []string{"boot  Y1 certain"}, nil)
	f("V3", sec(4719, "SubcategoryGuid", "{0cce921d-69ae-11d9-bed3-505054503030}", "AuditPolicyChanges", "%%8448, %%8450"),
		[]string{"audit_policy_changed  V3 certain"}, has("change", "success removed, failure removed"))
	f("V4", sec(4616, "PreviousTime", t0, "NewTime", t0+36_000_000_000, "ProcessId", 77, "ProcessName", `C:\x.exe`), []string{"time_changed  V4 certain"}, nil)
	f("V5", sec(5142, "ShareName", `\\*\new`, "ShareLocalPath", `E:\new`), []string{`share_changed \\FS-A\new V5 certain`}, has("change", "added"))
	f("G1", sec(4720, "TargetUserName", "eve", "TargetDomainName", "CORP", "TargetSid", "S-1-5-21-1-2-3-9"), []string{`account_changed CORP\eve G1 certain`}, has("change", "created"))
	f("G2", sec(4732, "MemberName", "-", "MemberSid", "S-1-5-21-1-2-3-9", "TargetUserName", "Administrators", "TargetDomainName", "Builtin"),
		[]string{`group_changed Builtin\Administrators G2 certain`}, has("change", "member added", "member_sid", "S-1-5-21-1-2-3-9"))
	f("T2", sec(6416, "DeviceId", `USBSTOR\Disk&Ven_X\0123`, "ClassName", "DiskDrive"), []string{`device_connected USBSTOR\Disk&Ven_X\0123 T2 certain`},
		has("serial", "0123"))
	f("D2", func(b *logBuilder) { b.ask(`x\a.txt`, 0x10080).handleUse("x", 0x100040|0x100001, 0x40) }, []string{`delete E:\data\x\a.txt D2 inferred`}, nil)
	const ps, ch = "Microsoft-Windows-PrintService", "Microsoft-Windows-PrintService/Operational"
	f("T1", func(b *logBuilder) {
		b.add(ps, ch, 805, false, "RenderJobDiag/JobId", 5, "RenderJobDiag/Copies", 3, "RenderJobDiag/Color", 1)
		b.wait(900).add(ps, ch, 307, false, "Param1", 5, "Param2", "doc.pdf", "Param3", "alice", "Param4", `\\PC-7`, "Param5", "Printer A", "Param8", 2)
	}, []string{"print doc.pdf T1 certain"}, has("printer", "Printer A", "copies", "3"))
}

func TestAddress(t *testing.T) {
	f := func(in, want string) {
		t.Helper()
		if got := address(in); got != want {
			t.Errorf("address(%q) = %q, want %q", in, got, want)
		}
	}
	f("::ffff:192.0.2.1", "192.0.2.1")
	f("fe80::1%12", "fe80::1")
	f("[2001:db8::1]", "2001:db8::1")
	f("-", "")
	f("0.0.0.0", "")
	f("::1", "local")
	f("LOCAL", "local")
	f(`\\192.0.2.1`, "192.0.2.1")
	f("PC-7", "")
}

// TestPaths: windows-events.md section 10.
func TestPaths(t *testing.T) {
	c := New("A", Options{})
	f := func(in, want string) {
		t.Helper()
		p := c.path(in)
		got := p.Path
		if p.Drop {
			got = "dropped"
		}
		if got != want {
			t.Errorf("path(%q) = %q, want %q", in, got, want)
		}
	}
	f(`\??\C:\`, `C:\`)
	f(`\??\C:\Windows`, `C:\Windows`)
	f(`D:\a.txt:Zone.Identifier:$DATA`, `D:\a.txt`)
	f(`D:\x\`, `D:\x`)
	f(`\Device\NamedPipe\lsass`, "dropped")
	f(`\Device\HarddiskVolumeShadowCopy3\a`, `\Device\HarddiskVolumeShadowCopy3\a`)
	f(`\Device\HarddiskVolume4\a`, `\Device\HarddiskVolume4\a`)
	f(`\\?\UNC\srv\share\x`, `\\srv\share\x`)
	f("", "dropped")
}

// TestVolume: a volume's drive is learned from the 5145 before it.
func TestVolume(t *testing.T) {
	b := newLog()
	b.ask(`x\a.txt`, 0x120089)
	b.root = `\Device\HarddiskVolume8\data`
	b.handleUse(`x\a.txt`, 0x120089, 0x1)
	if d := cmp.Diff([]string{`read E:\data\x\a.txt X1 certain`}, users(convertAll(b.events))); d != "" {
		t.Error(d)
	}
}
