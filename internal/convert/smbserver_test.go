package convert

import (
	"fmt"
	"testing"

	"github.com/akashi-audit/akashi/internal/event"
	"github.com/akashi-audit/akashi/internal/record"
)

func TestSocketAddress(t *testing.T) {
	f := func(v event.Value, want string) {
		t.Helper()
		if got := socketAddress(v); got != want {
			t.Errorf("socketAddress(%q) = %q, want %q", v.Text(), got, want)
		}
	}
	bin := func(s string) event.Value { return event.Value{Kind: event.KindBinary, Str: s} }
	f(bin("\x02\x00\xc3\x50\xc0\x00\x02\x07\x00\x00\x00\x00\x00\x00\x00\x00"), "192.0.2.7")
	f(bin("\x17\x00\xc3\x50\x00\x00\x00\x00\x20\x01\x0d\xb8\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x01\x00\x00\x00\x00"), "2001:db8::1")
	f(bin("\x17\x00\xc3\x50\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\xff\xff\xc0\x00\x02\x07\x00\x00\x00\x00"), "192.0.2.7")
	f(bin("\x02\x00\xc3\x50\xc0\x00"), "")
	f(bin("\x17\x00\xc3\x50"), "")
	f(bin("\x05"), "")
	f(bin(""), "")
	f(event.String("0200C350C00002070000000000000000"), "192.0.2.7")
	f(event.String("192.0.2.7"), "192.0.2.7")
	f(event.String("2001:db8:0:0:1:2:3:4"), "2001:db8::1:2:3:4")
	f(event.String("zz00C350C00002070000000000000000"), "")
	f(event.Value{}, "")
}

const smbServer, smbChannel = "Microsoft-Windows-SMBServer", "Microsoft-Windows-SMBServer/Security"

func (b *logBuilder) smb(id uint32, kv ...any) *event.Event {
	e := b.add(smbServer, smbChannel, id, false, kv...)
	for i, n := range e.Schema.Names {
		if n == "ClientAddress" {
			e.Values[i].Kind = event.KindBinary
		}
	}
	return e
}

const v4Address = "\x02\x00\xc3\x50\xc0\x00\x02\x07\x00\x00\x00\x00\x00\x00\x00\x00"

// TestL3L4F3: refused logons and shares are told once, whichever logs have them.
func TestL3L4F3(t *testing.T) {
	f := tells(t, func(r record.Record) string {
		if r.Result == record.Success {
			return ""
		}
		return fmt.Sprint(r.Op, " ", r.Result, " ", r.Rule, " ", r.User, " ", r.ClientIP, " ", r.Path, " ", r.Get("reason"), " ", r.RawIDs)
	})
	smb := func(b *logBuilder, user string) {
		b.smb(551, "UserName", user, "ClientName", `\\PC-7`, "ClientAddress", v4Address, "Status", uint64(0xC000006D))
	}
	audit := func(b *logBuilder, user string) {
		b.sec(4625, "TargetUserName", user, "TargetDomainName", "CORP", "Status", uint64(0xC000006D), "SubStatus", uint64(0xC000006A), "LogonType", 3, "IpAddress", "-")
	}
	ntlm := func(b *logBuilder, user string) {
		b.sec(4776, "PackageName", "X", "TargetUserName", user, "Workstation", "PC-7", "Status", uint64(0xC000006A))
	}
	const one = `logon_failed failure L3 CORP\bob 192.0.2.7  wrong password `
	f("551 alone", func(b *logBuilder) { smb(b, `CORP\bob`) }, `logon_failed failure L4 CORP\bob 192.0.2.7  wrong name or password [1]`)
	f("4625 and 551", func(b *logBuilder) { audit(b, "bob"); smb(b, `CORP\bob`) }, one+"[1001]")
	f("551 and 4625", func(b *logBuilder) { smb(b, `CORP\bob`); audit(b, "bob") }, one+"[1001]")
	f("4776, 4625, 551", func(b *logBuilder) { ntlm(b, "bob"); audit(b, "bob"); smb(b, `CORP\bob`) }, one+"[1001 1002]")
	f("4625, 4776, 551", func(b *logBuilder) { audit(b, "bob"); ntlm(b, "bob"); smb(b, `CORP\bob`) }, one+"[1001 1002]")
	f("two tries", func(b *logBuilder) { ntlm(b, "bob"); audit(b, "bob"); ntlm(b, "bob"); audit(b, "bob") },
		`logon_failed failure L3 CORP\bob   wrong password [1001 1002]`, `logon_failed failure L3 CORP\bob   wrong password [1003 1004]`)
	f("two people", func(b *logBuilder) { audit(b, "bob"); smb(b, `CORP\eve`) },
		`logon_failed failure L3 CORP\bob   wrong password [1001]`, `logon_failed failure L4 CORP\eve 192.0.2.7  wrong name or password [1]`)
	f("far apart", func(b *logBuilder) { audit(b, "bob"); b.wait(4000); smb(b, `CORP\bob`) },
		`logon_failed failure L3 CORP\bob   wrong password [1001]`, `logon_failed failure L4 CORP\bob 192.0.2.7  wrong name or password [1]`)
	f("1009", func(b *logBuilder) { b.smb(1009, "ClientAddress", v4Address, "ClientName", "PC-7", "SessionId", 7) },
		`logon_failed failure L4  192.0.2.7  anonymous sessions are not allowed [1]`)
	f("Kerberos", func(b *logBuilder) {
		b.sec(4768, "TargetUserName", "bob", "TargetDomainName", "CORP", "Status", 6, "IpAddress", "::ffff:192.0.2.9")
		b.sec(4768, "TargetUserName", "bob", "TargetDomainName", "CORP", "Status", 0, "IpAddress", "::ffff:192.0.2.9")
		b.sec(4768, "TargetUserName", "bob", "TargetDomainName", "CORP", "Status", 0x19, "IpAddress", "::ffff:192.0.2.9")
	}, `logon_failed failure L3 CORP\bob 192.0.2.9  no such user [1001]`)

	deny := func(b *logBuilder) {
		b.smb(1006, "ShareName", `\\*\data`, "SharePath", `\??\E:\data`, "ClientAddress", v4Address, "UserName", `CORP\alice`, "ClientName", `\\192.0.2.7`,
			"MappedAccess", 0x12019f, "GrantedAccess", 0, "Status", uint64(0xC0000022))
	}
	f("1006 alone", deny, `read denied F3 CORP\alice 192.0.2.7 E:\data  [1]`)
	f("1006 and 5140", func(b *logBuilder) {
		b.add("Microsoft-Windows-Security-Auditing", "Security", 5140, true, append(b.subject(), "IpAddress", "192.0.2.7", "ShareName", `\\*\data`, "ShareLocalPath", `\??\E:\data`)...)
		deny(b)
	}, `read denied F2 CORP\alice 192.0.2.7 E:\data  [1001]`)
	f("1006 and 5145", func(b *logBuilder) {
		deny(b)
		b.ask(`x\a.txt`, 0x120089).events[len(b.events)-1].Keywords = event.AuditFailure
	}, `read denied F2 CORP\alice 192.0.2.7 E:\data\x\a.txt  [1001]`)
	f("1007", func(b *logBuilder) { b.smb(1007, "ShareName", `\\*\data`, "ClientAddress", v4Address) },
		`read denied F3  192.0.2.7 \\FS-A\data anonymous access to the share is not allowed [1]`)
	f("pipes", func(b *logBuilder) { b.smb(1006, "ShareName", `\\*\IPC$`, "UserName", `CORP\alice`) })
	f("nothing known", func(b *logBuilder) { b.smb(551); b.smb(1006); b.smb(1009); b.smb(3000) },
		`logon_failed failure L4     [1]`, `read denied F3     [2]`, `logon_failed failure L4    anonymous sessions are not allowed [3]`)
}
