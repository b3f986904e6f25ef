package convert

import (
	"testing"

	"github.com/akashi-audit/akashi/internal/event"
	"github.com/akashi-audit/akashi/internal/record"
	"github.com/google/go-cmp/cmp"
)

func TestBackgroundAddress(t *testing.T) {
	f := func(list []string, ip string, want bool) {
		t.Helper()
		o := Options{Background: Background{Addresses: list}}.withDefaults()
		if got := o.backgroundAddress(ip); got != want {
			t.Errorf("backgroundAddress(%v, %q) = %v, want %v", list, ip, got, want)
		}
	}
	f([]string{"192.0.2.7"}, "192.0.2.7", true)
	f([]string{"192.0.2.7"}, "192.0.2.70", false)
	f([]string{"192.0.2.77/24"}, "192.0.2.1", true)
	f([]string{"192.0.2.0/24"}, "192.0.3.1", false)
	f([]string{"2001:db8::/32"}, "2001:db8::5", true)
	f([]string{"::ffff:192.0.2.7"}, "192.0.2.7", true)
	f([]string{"192.0.2.7"}, "", false)
	f([]string{"192.0.2.7"}, localClient, false)
	f(nil, "192.0.2.7", false)
}

func TestBackgroundText(t *testing.T) {
	a := Background{Accounts: []string{`CORP\b`, `CORP\A`}, Processes: []string{"x*"}}
	b := Background{Accounts: []string{`corp\a`, `CORP\B`, `CORP\b`}, Processes: []string{"X*"}}
	if a.Text() != b.Text() || a.Text() != `accounts: corp\a, corp\b; processes: x*` || (Background{}).Text() != "" {
		t.Errorf("%q, %q", a.Text(), b.Text())
	}
	r := BackgroundChange("", a.Text(), 3, 5)
	if ChangedBackground(&r) != a.Text() || r.Class != record.ClassSystem || r.ID().String() != "(akashi):akashi.toml:0:3:24" {
		t.Errorf("%s", r.AppendJSON(nil))
	}
	r = BackgroundChange(a.Text(), "", 4, 5)
	if ChangedBackground(&r) != "" {
		t.Errorf("%s", r.AppendJSON(nil))
	}
}

func TestSightings(t *testing.T) {
	f := func(id uint32, name, domain, sid, ip string, status uint64, want ...Sighting) {
		t.Helper()
		e := &event.Event{
			Provider: "Microsoft-Windows-Security-Auditing", ID: id, Time: event.Filetime(116444736000000000 + 90*10_000_000),
			Schema: event.NewSchema("EventData", []string{"IpAddress", "TargetUserName", "TargetDomainName", "TargetSid", "Status"}),
			Values: []event.Value{event.String(ip), event.String(name), event.String(domain), event.String(sid), event.Uint(event.KindHex32, status)},
		}
		if d := cmp.Diff(want, Sightings(e)); d != "" {
			t.Errorf("Sightings of %d %s (-want +got):\n%s", id, name, d)
		}
	}
	const sid = "S-1-5-21-1-2-3-1105"
	f(4768, "Tanaka.H", "CORP", sid, "::ffff:192.0.2.7", 0, Sighting{1, "TANAKA.H@CORP", "192.0.2.7"}, Sighting{1, sid, "192.0.2.7"})
	f(4769, "tanaka.h@CORP.EXAMPLE.JP", "CORP.EXAMPLE.JP", "", "fe80::1%4", 0, Sighting{1, "TANAKA.H@CORP", "fe80::1"})
	f(4769, "tanaka.h@CORP.EXAMPLE.JP", "CORP.EXAMPLE.JP", "", "192.0.2.7", 0x20)
	f(4768, "PC-7$", "CORP", sid, "192.0.2.7", 0)
	f(4768, "tanaka.h", "CORP", sid, "::1", 0)
	f(4771, "tanaka.h", "CORP", sid, "192.0.2.7", 0)
}

func TestLocate(t *testing.T) {
	seen := map[string][]Sighting{}
	add := func(s Sighting) { seen[s.Who] = append(seen[s.Who], s) }
	last := func(who string, minute int64) (int64, string, bool) {
		for i := len(seen[who]) - 1; i >= 0; i-- {
			if s := seen[who][i]; s.Minute <= minute && s.Minute >= minute-SightingAge {
				return s.Minute, s.Where, true
			}
		}
		return 0, "", false
	}
	const sid = "S-1-5-21-1-2-3-1105"
	add(Sighting{10, sid, "192.0.2.7"})
	add(Sighting{20, "TANAKA@CORP", "192.0.2.8"})
	add(Sighting{30, "TANAKA@CORP", "10.9.9.9"})
	add(Sighting{2000, "TANAKA@CORP", "192.0.2.1"})
	add(Sighting{2000, sid, "192.0.2.2"})
	l := NewLocator(Background{Addresses: []string{"10.0.0.0/8"}}, last)
	f := func(name string, change func(*record.Record), want string, class record.Class) {
		t.Helper()
		r := record.Record{Time: 25 * 60e9, User: `CORP\Tanaka`, SID: sid, Session: 0x5000, Op: record.OpRead, Class: record.ClassUser, Confidence: record.Certain}
		change(&r)
		if Wanting(&r) {
			l.Locate(&r)
		}
		if r.ClientIP != want || r.Class != class || r.Confidence != record.Certain {
			t.Errorf("%s: %s", name, r.AppendJSON(nil))
		}
		if marked := r.Get("client_ip_source") == "kerberos" && r.Get("client_ip_confidence") == "inferred"; marked != (want != "" && want != "own") {
			t.Errorf("%s: marked %v: %s", name, marked, r.AppendJSON(nil))
		}
	}
	user, noise := record.ClassUser, record.ClassBackground
	at := func(minute int64) func(*record.Record) {
		return func(r *record.Record) { r.Time = minute * 60e9 }
	}
	f("the newest by name", at(25), "192.0.2.8", user)
	f("by SID", at(15), "192.0.2.7", user)
	f("before the first", at(9), "", user)
	f("declared background", at(31), "10.9.9.9", noise)
	f("too old", at(30+SightingAge+1), "", user)
	f("two places at once", at(2001), "", user)
	f("of another domain", func(r *record.Record) { r.User, r.SID = `OTHER\Tanaka`, "S-1-5-21-9-9-9-1105" }, "", user)
	f("its own address", func(r *record.Record) { r.ClientIP = "own" }, "own", user)
	f("no session", func(r *record.Record) { r.Session = 0 }, "", user)
	f("system account", func(r *record.Record) { r.Session = logonSystem }, "", user)
	f("a refused logon", func(r *record.Record) { r.Op = record.OpLogonFailed }, "", user)
}
