package convert

import (
	"fmt"
	"testing"

	"github.com/akashi-audit/akashi/internal/record"
)

const lsm = "Microsoft-Windows-TerminalServices-LocalSessionManager"

func (b *logBuilder) screen(id uint32, user, addr string) {
	b.add(lsm, lsm+"/Operational", id, false, "User", user, "SessionID", 3, "Address", addr)
}

func (b *logBuilder) screenLogon(kind int, addr string) {
	b.sec(4624, "TargetUserSid", "S-1-5-21-1-2-3-1660", "TargetUserName", b.user, "TargetDomainName", "CORP", "TargetLogonId", b.logon, "LogonType", kind,
		"IpAddress", addr)
}

func (b *logBuilder) screenLogoff() {
	b.sec(4634, "TargetUserSid", "S-1-5-21-1-2-3-1660", "TargetUserName", b.user, "TargetDomainName", "CORP", "TargetLogonId", b.logon, "LogonType", 10)
}

// TestL5L6: one start or end of a terminal session is one record, whichever
// logs tell of it.
func TestL5L6(t *testing.T) {
	f := tells(t, func(r record.Record) string {
		if r.Rule == "V6" || r.Rule == "V7" {
			return ""
		}
		return fmt.Sprint(r.Op, " ", r.Rule, " ", r.Class, " ", r.User, " ", r.ClientIP, " ", r.Get("kind"), " ", r.Get("reason"), " ", r.RawIDs)
	})
	rdp := func(b *logBuilder, id uint32) { b.screen(id, `CORP\alice`, "192.0.2.9") }
	gone := func(b *logBuilder, reason int) {
		b.add(lsm, lsm+"/Operational", 40, false, "Session", 3, "Reason", reason)
	}
	f("session manager alone", func(b *logBuilder) {
		rdp(b, 21)
		rdp(b, 22)
		b.wait(60_000)
		rdp(b, 24)
		b.wait(60_000)
		rdp(b, 25)
		b.wait(60_000)
		rdp(b, 23)
	},
		`logon L5 user CORP\alice 192.0.2.9 logon  [1]`, `logoff L6 user CORP\alice 192.0.2.9 disconnected  [3]`,
		`logon L5 user CORP\alice 192.0.2.9 reconnected  [4]`, `logoff L6 user CORP\alice 192.0.2.9 logoff  [5]`)
	f("4624 first", func(b *logBuilder) { b.screenLogon(10, "-"); b.wait(800); rdp(b, 21) }, `logon L1 user CORP\alice 192.0.2.9   [1001]`)
	f("21 first", func(b *logBuilder) { rdp(b, 21); b.wait(800); b.screenLogon(10, "-") }, `logon L1 user CORP\alice 192.0.2.9   [1001]`)
	f("21 of another", func(b *logBuilder) { b.screen(21, `CORP\bob`, "192.0.2.9"); b.screenLogon(10, "192.0.2.8") },
		`logon L5 user CORP\bob 192.0.2.9 logon  [1]`, `logon L1 user CORP\alice 192.0.2.8   [1001]`)
	f("a network logon is another", func(b *logBuilder) { b.logonEvent(); rdp(b, 21) }, `logon L1 user CORP.EXAMPLE.TEST\alice 192.0.2.7   [1001]`,
		`logon L5 user CORP\alice 192.0.2.9 logon  [1]`)
	f("console", func(b *logBuilder) { b.screenLogon(2, "127.0.0.1"); b.screen(21, `CORP\alice`, "LOCAL") }, `logon L1 user CORP\alice local   [1001]`)
	f("logoff in both", func(b *logBuilder) { b.screenLogon(10, "192.0.2.9"); b.wait(60_000); rdp(b, 23); b.screenLogoff() },
		`logon L1 user CORP\alice 192.0.2.9   [1001]`, `logoff L2 user CORP\alice 192.0.2.9   [1002]`)
	f("logoff in both, 4634 first", func(b *logBuilder) { b.screenLogon(10, "192.0.2.9"); b.wait(60_000); b.screenLogoff(); rdp(b, 23) },
		`logon L1 user CORP\alice 192.0.2.9   [1001]`, `logoff L2 user CORP\alice 192.0.2.9   [1002]`)
	f("4778 and 25", func(b *logBuilder) {
		b.screenLogon(10, "192.0.2.9")
		b.wait(60_000)
		b.sec(4779, "AccountName", "alice", "AccountDomain", "CORP", "LogonID", b.logon, "SessionName", "RDP-Tcp#1", "ClientName", "PC-7", "ClientAddress", "192.0.2.9")
		rdp(b, 24)
		b.wait(60_000)
		b.sec(4778, "AccountName", "alice", "AccountDomain", "CORP", "LogonID", b.logon, "SessionName", "RDP-Tcp#1", "ClientName", "PC-7", "ClientAddress", "192.0.2.5")
		b.screen(25, `CORP\alice`, "192.0.2.5")
	}, `logon L1 user CORP\alice 192.0.2.9   [1001]`, `logoff L6 user CORP\alice 192.0.2.9 disconnected  [1002]`,
		`logon L5 user CORP\alice 192.0.2.5 reconnected  [1003]`)
	f("why disconnected", func(b *logBuilder) { rdp(b, 21); b.wait(60_000); rdp(b, 24); gone(b, 11) },
		`logon L5 user CORP\alice 192.0.2.9 logon  [1]`, `logoff L6 user CORP\alice 192.0.2.9 disconnected the user disconnected [2 3]`)
	f("40 announces the logoff", func(b *logBuilder) { rdp(b, 21); b.wait(60_000); gone(b, 12); rdp(b, 23) },
		`logon L5 user CORP\alice 192.0.2.9 logon  [1]`, `logoff L6 user CORP\alice 192.0.2.9 logoff the user logged off [2 3]`)
	f("40 alone", func(b *logBuilder) { gone(b, 5) }, `logoff L6 user   disconnected replaced by another connection [1]`)
	f("nothing known", func(b *logBuilder) {
		b.add(lsm, lsm, 21, false)
		b.add(lsm, lsm, 40, false)
		b.sec(4778)
		b.events = append(b.events, b.events[0].Clone())
		b.events[3].Schema, b.events[3].Values = nil, nil
	}, `logon L5 user   reconnected  [1001]`)
}
