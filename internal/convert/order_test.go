package convert

import (
	"testing"

	"github.com/akashi-audit/akashi/internal/event"
	"github.com/akashi-audit/akashi/internal/record"
)

// TestRemoteDesktopOrder: the address of a remote desktop session stands in
// another channel, whose event may come just before the logon or after it.
func TestRemoteDesktopOrder(t *testing.T) {
	f := func(name string, first bool) {
		t.Helper()
		b := newLog()
		logon := func() {
			b.sec(4624, "TargetUserSid", "S-1-5-21-1-2-3-1001", "TargetUserName", "alice", "TargetDomainName", "CORP", "TargetLogonId", b.logon,
				"LogonType", 10, "IpAddress", "-", "WorkstationName", "FS-A")
		}
		attach := func() {
			b.add("Microsoft-Windows-TerminalServices-LocalSessionManager", "LSM", 21, false, "EventXML/User", `CORP\alice`, "EventXML/SessionID", "3", "EventXML/Address", "192.0.2.44")
		}
		if first {
			attach()
			logon()
		} else {
			logon()
			attach()
		}
		b.events[0].Time, b.events[1].Time = t0, t0+event.Filetime(milli/2)
		b.no5145 = true
		b.wait(2000).read(`x\a.txt`)
		for _, r := range convertAll(b.events) {
			if r.Op == record.OpRead && r.ClientIP != "192.0.2.44" {
				t.Errorf("%s: client %q", name, r.ClientIP)
			}
		}
	}
	f("logon first", false)
	f("address first", true)
}
