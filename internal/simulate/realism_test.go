package simulate

import (
	"strings"
	"testing"
	"unicode/utf16"

	"github.com/akashi-audit/akashi/internal/event"
)

// TestSequences looks at what a busy day's log holds and in which order.
func TestSequences(t *testing.T) {
	events, truth := Day(9, 40)
	last := make(map[uint64]*event.Event) // share check of a logon, not followed yet
	handles, sessions := make(map[uint64]int), make(map[string]map[uint64]bool)
	v6, v4, long, checked := 0, 0, 0, 0
	for _, e := range events {
		logon := e.Get(event.SubjectLogonId).Uint()
		name := e.Get(event.ObjectName).Text()
		if len(utf16.Encode([]rune(name))) > 260 {
			long++
		}
		switch ip := e.Get(event.IpAddress).Text(); {
		case strings.Contains(ip, ":"):
			v6++
		case ip != "":
			v4++
		}
		switch e.ID {
		case 5145:
			last[logon] = e
		case 4656:
			if c := last[logon]; c != nil && e.Get(event.ProcessId).Text() == "0x4" {
				if d := e.Time.UnixNano() - c.Time.UnixNano(); strings.HasSuffix(name, c.Get(event.RelativeTargetName).Text()) && d > 0 && d < 5*milli {
					checked++
				}
			}
			h := e.Get(event.HandleId).Uint()
			handles[h]++
			for _, list := range []event.Field{event.AccessList, event.AccessReason} {
				if s := e.Get(list).Text(); !strings.HasPrefix(s, "%%") || !strings.HasSuffix(s, "\r\n\t\t\t\t") {
					t.Fatalf("list %q of event %d", s, e.RecordID)
				}
			}
		case 4624:
			u := e.Get(event.TargetUserName).Text()
			if sessions[u] == nil {
				sessions[u] = make(map[uint64]bool)
			}
			id := e.Get(event.TargetLogonId).Uint()
			sessions[u][id] = true
		}
	}
	several := 0
	for _, ids := range sessions {
		if len(ids) > 1 {
			several++
		}
	}
	if v6 == 0 || v4 < v6 || long == 0 || checked < 1000 || several < len(sessions)/2 {
		t.Errorf("%d IPv6, %d IPv4, %d long names, %d requests just after their share check, %d of %d users with several sessions", v6, v4, long, checked, several, len(sessions))
	}
	most := 0
	for _, n := range handles {
		most = max(most, n)
	}
	if most < 100 {
		t.Errorf("no handle value is used often: at most %d times; %d acts", most, len(truth))
	}
}

func TestRestart(t *testing.T) {
	events, truth, err := Scenario("restart", 3)
	if err != nil {
		t.Fatal(err)
	}
	users := make(map[string]bool) // of the first logon id
	var starts, stops int
	var id string
	for _, e := range events {
		switch e.ID {
		case 1100:
			stops++
		case 4608:
			starts++
		case 4624:
			if id == "" {
				id = e.Get(event.TargetLogonId).Text()
			}
			if e.Get(event.TargetLogonId).Text() == id {
				users[e.Get(event.TargetUserName).Text()] = true
			}
		}
	}
	if starts != 1 || stops != 1 || len(users) != 2 {
		t.Errorf("%d stops, %d starts, users %v of one logon id", stops, starts, users)
	}
	reads, offs := 0, 0
	for _, a := range truth {
		switch a.Op {
		case "read":
			reads++
		case "logoff":
			offs++
		}
	}
	if reads != 2 || offs != 1 {
		t.Errorf("%d reads and %d logoffs, want 2 and 1", reads, offs)
	}
}

func TestOwnerName(t *testing.T) {
	f := func(name, want string) {
		t.Helper()
		if got := ownerName(name); got != want {
			t.Errorf("ownerName(%q) = %q, want %q", name, got, want)
		}
	}
	f("週報.docx", "~$週報.docx")
	f("abcdef.docx", "~$abcdef.docx")
	f("abcdefg.docx", "~$bcdefg.docx")
	f("abcdefgh.docx", "~$cdefgh.docx")
	f("𠮷川様 御見積.xlsx", "~$川様 御見積.xlsx")
	f("𠮷川様 見積.xlsx", "~$川様 見積.xlsx")
}
