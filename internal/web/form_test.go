package web

import (
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/akashi-audit/akashi/internal/query"
	"github.com/akashi-audit/akashi/internal/record"
)

func TestPeriod(t *testing.T) {
	at := func(s string) int64 {
		if s == "" {
			return 0
		}
		x, err := time.ParseInLocation("2006-01-02 15:04", s, tokyo())
		if err != nil {
			t.Fatal(err)
		}
		return x.UnixNano()
	}
	f := func(raw, from, to string, problems ...string) {
		t.Helper()
		fm := parseForm(&url.URL{Path: "/search", RawQuery: raw}, tokyo(), testNow())
		if fm.from != at(from) || fm.to != at(to) || !cmp.Equal(fm.Problems, problems) {
			t.Errorf("%q: %s – %s, problems %v; want %s – %s, %v", raw, clock(fm.from, tokyo()), clock(fm.to, tokyo()), fm.Problems, from, to, problems)
		}
	}
	f("", "", "")
	f("period=today", "2026-11-22 00:00", "")
	f("period=7d", "2026-11-16 00:00", "")
	f("period=30d&from=2020-01-01", "2026-10-24 00:00", "")
	f("from=2026-11-01&to=2026-11-03", "2026-11-01 00:00", "2026-11-04 00:00")
	f("from=2026-11-01T09:30&to=2026-11-01T10:00", "2026-11-01 09:30", "2026-11-01 10:00")
	f("to=2026/11/3", "", "2026-11-04 00:00")
	f("from=yesterday", "", "", "web.problem.from")
	f("to=9999-01-01", "", "", "web.problem.to")
	f("from=2026-11-05&to=2026-11-01", "2026-11-05 00:00", "2026-11-02 00:00", "web.problem.range")
	f("op=fly", "", "", "web.problem.op")
}

func TestFormQuery(t *testing.T) {
	u := &url.URL{Path: "/files", RawQuery: url.Values{
		"user": {`CORP\a, b、c`}, "what": {`"D:\共有\x.xlsx"`}, "how": {"file"}, "op": {"read", "read", "delete"}, "noise": {"1"},
	}.Encode()}
	want := query.Query{
		Users: []string{`CORP\a`, "b", "c"}, Files: []string{`D:\共有\x.xlsx`}, Ops: []record.Op{record.OpRead, record.OpDelete},
		Classes: []record.Class{record.ClassUser, record.ClassBackground}, HideNetworkLogons: true, Limit: pageRows,
	}
	if d := cmp.Diff(want, parseForm(u, tokyo(), testNow()).query()); d != "" {
		t.Errorf("query (-want +got):\n%s", d)
	}
}

func TestHistogram(t *testing.T) {
	link := func(from, to string) string { return from + "/" + to }
	var days []dayCounts
	start := time.Date(2016, 1, 1, 0, 0, 0, 0, time.UTC)
	var sum uint64
	for i := range 3653 {
		n := uint64(i % 7)
		sum += n
		days = append(days, dayCounts{Day: start.AddDate(0, 0, i).Format("2006-01-02"), N: n, Ops: map[record.Op]uint64{record.OpRead: n - n/3}, Denied: n / 3})
	}
	h := newHistogram(days, link)
	if h.Total != sum || len(h.Bars) > histBars || h.Step != 30 {
		t.Errorf("ten years: total %d of %d, %d bars of %d days", h.Total, sum, len(h.Bars), h.Step)
	}
	if b := h.Bars[len(h.Bars)-1]; b.To != days[len(days)-1].Day || b.URL != b.From+"/"+b.To {
		t.Errorf("last bar %+v", b)
	}
	if newHistogram(nil, link) != nil {
		t.Error("no days, but a histogram")
	}
	one := newHistogram([]dayCounts{{Day: "2026-11-22", N: 3, Denied: 3}}, link)
	if len(one.Bars) != 1 || one.Bars[0].Parts[0].N != 3 || !one.Refused || len(one.Groups) != 0 {
		t.Errorf("a day of refusals only: %+v", one)
	}
}

func TestSplitName(t *testing.T) {
	f := func(in string, want name) {
		t.Helper()
		if got := splitName(in); got != want {
			t.Errorf("splitName(%q) = %+v, want %+v", in, got, want)
		}
	}
	f(`D:\a\b.txt`, name{`D:\a\`, "b.txt", `D:\a\b.txt`})
	f(`D:\a\`, name{`D:\`, `a\`, `D:\a\`})
	f("b", name{"", "b", "b"})
	f("", name{})
	f("D:\\a\\b\u202e", name{`D:\a\`, `b\u{202e}`, `D:\a\b\u{202e}`})
}

func TestNumber(t *testing.T) {
	for in, want := range map[uint64]string{0: "0", 999: "999", 1000: "1,000", 12841220: "12,841,220"} {
		if got := number(in); got != want {
			t.Errorf("number(%d) = %q, want %q", in, got, want)
		}
	}
}

func TestSupersededIsSaid(t *testing.T) {
	m := company(50)
	if _, body := get(t, newSite(t, m), "/search?superseded=1&user=x", "Accept-Language", "en"); !strings.Contains(body, "Superseded records only") {
		t.Error("a search of superseded records does not say so")
	}
	f := parseForm(&url.URL{Path: "/search", RawQuery: "superseded=1"}, tokyo(), testNow())
	if !f.query().Superseded || f.values().Get("superseded") != "1" {
		t.Errorf("form %+v", f)
	}
}
