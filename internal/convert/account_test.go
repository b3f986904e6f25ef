package convert

import (
	"fmt"
	"testing"

	"github.com/akashi-audit/akashi/internal/record"
)

// TestG1G2: every event of section 3.4 is one record of its account or group.
func TestG1G2(t *testing.T) {
	f := func(op record.Op, what string, ids ...uint32) {
		t.Helper()
		for _, id := range ids {
			b := newLog()
			b.sec(id, append(b.subject(), "TargetUserName", "eve", "TargetDomainName", "CORP", "TargetSid", "S-1-5-21-1-2-3-9", "OldTargetUserName", "eve",
				"NewTargetUserName", "eva", "DomainName", "CORP")...)
			rs := convertAll(b.events)
			if len(rs) != 1 || rs[0].Op != op || rs[0].Get("change") != what || rs[0].User != `CORP\alice` && id != 4740 || rs[0].Path == "" {
				t.Errorf("%d: %s, want %s %s", id, lines(rs), op, what)
			}
		}
	}
	acc, grp := record.OpAccountChanged, record.OpGroupChanged
	f(acc, "created", 4720)
	f(acc, "enabled", 4722)
	f(acc, "password changed", 4723)
	f(acc, "password reset", 4724)
	f(acc, "disabled", 4725)
	f(acc, "deleted", 4726)
	f(acc, "changed", 4738)
	f(acc, "locked out", 4740)
	f(acc, "unlocked", 4767)
	f(acc, "renamed", 4781)
	f(acc, "computer account created", 4741)
	f(acc, "computer account changed", 4742)
	f(acc, "computer account deleted", 4743)
	f(acc, "domain policy changed", 4739)
	f(acc, "SID history added", 4765)
	f(acc, "SID history refused", 4766)
	f(grp, "created", 4727, 4731, 4754, 4744, 4749, 4759)
	f(grp, "member added", 4728, 4732, 4756, 4746, 4751, 4761)
	f(grp, "member removed", 4729, 4733, 4757, 4747, 4752, 4762)
	f(grp, "deleted", 4730, 4734, 4758, 4748, 4753, 4763)
	f(grp, "changed", 4735, 4737, 4755, 4745, 4750, 4760)
	f(grp, "type changed", 4764)
}

// TestAccountDetails: members by their SID, and what a change made different.
func TestAccountDetails(t *testing.T) {
	f := func(name, key, want string, play func(b *logBuilder)) {
		t.Helper()
		b := newLog()
		play(b)
		rs := convertAll(b.events)
		if got := rs[len(rs)-1].Get(key); got != want {
			t.Errorf("%s: %s = %q, want %q", name, key, got, want)
		}
	}
	add := func(b *logBuilder, dn string) {
		b.wait(2000).sec(4732, append(b.subject(), "MemberName", dn, "MemberSid", "S-1-5-21-1-2-3-9", "TargetUserName", "Administrators", "TargetDomainName", "Builtin")...)
	}
	f("unknown", "member_account", "", func(b *logBuilder) { add(b, "-") })
	f("DN", "member", "CN=Eve", func(b *logBuilder) { add(b, "CN=Eve") })
	f("created before", "member_account", `CORP\eve`, func(b *logBuilder) {
		b.sec(4720, append(b.subject(), "TargetUserName", "eve", "TargetDomainName", "CORP", "TargetSid", "S-1-5-21-1-2-3-9")...)
		add(b, "-")
	})
	f("renamed before", "member_account", `CORP\eva`, func(b *logBuilder) {
		b.sec(4781, append(b.subject(), "OldTargetUserName", "eve", "NewTargetUserName", "eva", "TargetDomainName", "CORP", "TargetSid", "S-1-5-21-1-2-3-9")...)
		add(b, "-")
	})
	f("logged on before", "member_account", `CORP\eve`, func(b *logBuilder) {
		b.sec(4624, "TargetUserSid", "S-1-5-21-1-2-3-9", "TargetUserName", "eve", "TargetDomainName", "CORP", "TargetLogonId", 0x55, "LogonType", 3)
		add(b, "-")
	})
	change := func(b *logBuilder) {
		b.sec(4738, append([]any{"Dummy", "-", "TargetUserName", "eve", "TargetDomainName", "CORP"}, append(b.subject(), "PrivilegeList", "-", "SamAccountName", "-",
			"DisplayName", "Eve", "OldUacValue", "0x210", "NewUacValue", "0x10211", "UserAccountControl", "\r\n\t\t%%2080\r\n\t\t%%2096\r\n\t\t%%2057", "LogonHours", "-")...)...)
	}
	f("changed", "changed", "DisplayName, UserAccountControl", change)
	f("control", "account_control", "+account disabled, +no Kerberos pre-authentication, -password never expires", change)
	f("nothing changed", "changed", "", func(b *logBuilder) { b.sec(4738, "Dummy", "-", "UserAccountControl", "-") })
	f("wild codes", "account_control", "", func(b *logBuilder) { b.sec(4738, "UserAccountControl", "%%9 %% x %%2102 %%18446744073709551616") })
	f("computer of a lock-out", "change", "locked out", func(b *logBuilder) { b.sec(4740, "TargetUserName", "eve", "TargetDomainName", "PC-7") })
	c := New("A", Options{})
	for n := range 2 * maxAccounts {
		c.learnAccount(fmt.Sprint("S-1-", n), "x")
	}
	if len(c.s.Accounts) > maxAccounts {
		t.Errorf("%d accounts are kept", len(c.s.Accounts))
	}
}
