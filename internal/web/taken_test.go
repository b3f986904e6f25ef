package web

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/akashi-audit/akashi/internal/account"
	"github.com/akashi-audit/akashi/internal/record"
)

// deskDay is records of one computer: its minutes after nine, who, and what.
func deskDay(lines ...string) []record.Record {
	var l []record.Record
	begin := time.Date(2026, 11, 20, 9, 0, 0, 0, tokyo())
	for i, line := range lines {
		f := strings.Fields(line) // minute op user session type
		minute, err := time.ParseDuration(f[0] + "m")
		if err != nil {
			panic(err)
		}
		op, err := record.ParseOp(f[1])
		if err != nil {
			panic(err)
		}
		at := begin.Add(minute).UnixNano()
		r := record.Record{Server: "FS01", Channel: "Security", FirstID: uint64(i + 1), Time: at, EndTime: at, Source: "windows", Op: op, Result: record.Success, Count: 1, Confidence: record.Certain, Rule: "T2", Class: record.ClassUser, RawIDs: []uint64{uint64(i + 1)}}
		switch op {
		case record.OpDeviceConnected:
			r.Object, r.Path, r.User, r.SID = record.ObjectDevice, `USBSTOR\DISK`, `CORP\FS01$`, "S-1-5-18"
			r.Set("storage", "yes")
			r.Set("vendor", f[2])
			r.Set("serial", "<img src=x>\u202e")
		case record.OpLogon, record.OpLogoff:
			r.User, r.SID, r.Session = `CORP\`+f[2], "S-1-5-21-1-"+f[2], uint64(f[3][0])
			r.Set("logon_type", f[4])
		case record.OpCopy:
			r.User, r.Path, r.NewPath = `CORP\`+f[2], f[3], f[4]
		case record.OpPrint:
			r.User, r.Path = `CORP\`+f[2], f[3]
		}
		l = append([]record.Record{r}, l...)
	}
	return l
}

func TestSittings(t *testing.T) {
	at := func(l []record.Record, minute int) string {
		t.Helper()
		var names []string
		for _, s := range openAt(sittings(l), time.Date(2026, 11, 20, 9, minute, 0, 0, tokyo()).UnixNano()) {
			names = append(names, strings.TrimPrefix(s.User, `CORP\`))
		}
		return strings.Join(names, " ")
	}
	f := func(want string, minute int, lines ...string) {
		t.Helper()
		if got := at(deskDay(lines...), minute); got != want {
			t.Errorf("%q at %d: %q, want %q", lines, minute, got, want)
		}
	}
	f("a", 5, "0 logon a 1 2", "9 logoff a 1 2")
	f("", 9, "0 logon a 1 2", "9 logoff a 1 2")
	f("a", 50, "0 logon a 1 10")
	f("", 5, "0 logon a 1 3")                                         // over the network
	f("", 5, "0 logon a 1 5")                                         // a service
	f("", 5, "0 logon FS01$ 1 2")                                     // the computer
	f("", 5, "0 logon a 1 2", "3 boot")                               // a boot ends all
	f("a", 5, "9 logoff a 1 2")                                       // it began before
	f("", 5, "6 boot", "9 logoff a 1 2")                              // but not before the boot
	f("a b", 5, "0 logon a 1 2", "1 logon b 2 10", "8 logoff b 2 10") // two persons
	f("a", 5, "0 logon a 1 2", "1 logon a 2 7", "2 logoff a 2 7")     // unlocked
}

// TestTaken: devices are joined to the one person whose session was open, with the reason;
// where two had sessions, nobody is chosen.
func TestTaken(t *testing.T) {
	m := &memory{status: company(50).status, records: deskDay(
		"0 logon tanaka 1 2", "5 device_connected Alone", "10 logon sato 2 10", "15 device_connected Both", "20 logoff tanaka 1 2", "25 device_connected Other",
		`30 copy tanaka D:\a.xlsx E:\a.xlsx`, `31 copy tanaka D:\a.xlsx D:\b\a.xlsx`, `32 print tanaka 給与.xlsx`, `33 print sato x.xlsx`,
	)}
	h := siteOf(t, func(c *Config) { c.Source = m })
	const part = "/files/taken?page=/files&user=tanaka&from=2026-11-20&to=2026-11-20"
	_, body := get(t, h, part, "Accept-Language", "ja")
	checkHTML(t, "taken", body)
	items := strings.Split(body, "<li>")[1:]
	if len(items) != 4 {
		t.Fatalf("%d signs: %s", len(items), body)
	}
	for i, want := range [][]string{{"印刷", "給与.xlsx"}, {"別のドライブ", `E:\`}, {"Both", "推定", "tanaka", "ほかの人", "sato", "分かりません"}, {"Alone", "推定", "CORP\\tanaka のセッション「対話型（コンソール）」（2026-11-20 09:00:00 から）"}} {
		for _, x := range want {
			if !strings.Contains(items[i], x) {
				t.Errorf("sign %d does not say %q: %s", i, x, items[i])
			}
		}
	}
	if strings.Contains(items[3], "ほかの人") || strings.Contains(body, "Other") || !strings.Contains(body, "セッションが開いていないときの接続: 1 件") {
		t.Errorf("%s", body)
	}
	if _, body = get(t, h, "/files?user=tanaka&from=2026-11-20&to=2026-11-20&wait=1", "Accept-Language", "en"); !strings.Contains(body, `id="taken"`) || !strings.Contains(body, "/files/taken?") {
		t.Error("the page of the person does not lead there")
	}
	if _, body = get(t, h, "/files?path=a&from=2026-11-20&to=2026-11-20&wait=1"); strings.Contains(body, `id="taken"`) {
		t.Error("signs of nobody")
	}
	if res, _ := get(t, h, "/files/taken?page=/files&path=a"); res.StatusCode != http.StatusBadRequest {
		t.Errorf("signs of nobody: %d", res.StatusCode)
	}
}

// TestLongValues: a path of the greatest length scrolls in a box of its own, and the page
// of a missing right tells of the folder as every page does.
func TestLongValues(t *testing.T) {
	m := &memory{status: company(50).status, records: deskDay(`1 copy tanaka D:\` + strings.Repeat("x", 32_000) + ` E:\short`)}
	h := siteOf(t, func(c *Config) { c.Source = m })
	_, body := get(t, h, "/records/"+m.records[0].ID().String(), "Accept-Language", "en")
	checkHTML(t, "a long path", body)
	if strings.Count(body, `tall" tabindex="0" role="group" aria-label="The whole text"`) != 1 {
		t.Errorf("%.3000s", body)
	}
	h = siteOf(t, func(c *Config) {
		c.Source = m
		c.Visitor = func(*http.Request) *account.Visitor { return &account.Visitor{ID: 1, Name: "v", Rights: account.See} }
	})
	res, body := get(t, h, "/settings/calendar", "Accept-Language", "ja")
	if res.StatusCode != http.StatusForbidden || strings.Contains(body, "まだ記録がありません") {
		t.Errorf("%d %.3000s", res.StatusCode, body)
	}
}
