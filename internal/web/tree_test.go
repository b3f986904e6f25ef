package web

import (
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/html"

	"github.com/akashi-audit/akashi/internal/query"
)

// Folders with specific personal information come first, and a count leads to as
// many records.
func TestTree(t *testing.T) {
	f := newFinder(t, 3000)
	_, body := get(t, f, "/files/tree?page=/files&under="+url.QueryEscape(`D:\共有`), "Accept-Language", "en")
	first := regexp.MustCompile(`<summary[^>]*><bdi>([^<]+)`).FindStringSubmatch(body)
	if first == nil || first[1] != "人事" || !strings.Contains(body, "Holds specific personal information") {
		t.Errorf("first folder %v", first)
	}
	m := regexp.MustCompile(`<span class="r num"><a href="([^"]+)" aria-label="人事 ([\d,]+)"`).FindStringSubmatch(body)
	if m == nil {
		t.Fatal("no count of the first folder")
	}
	_, page := get(t, f, html.UnescapeString(m[1])+"&wait=1")
	total := regexp.MustCompile(`data-total="(\d+)"`).FindStringSubmatch(page)
	if total == nil || total[1] != strings.ReplaceAll(m[2], ",", "") {
		t.Errorf("the tree counts %s, the search %v", m[2], total)
	}
}

func TestChild(t *testing.T) {
	f := func(path, under, want string) {
		t.Helper()
		got, ok := child(path, under)
		if got != want || ok != (want != "") {
			t.Errorf("child(%q, %q) = %q, %v, want %q", path, under, got, ok, want)
		}
	}
	f(`D:\a\b`, "", `D:`)
	f(`D:\a\b`, `D:`, `a`)
	f(`D:\a\b`, `d:\A`, `b`)
	f(`D:\a\b`, `D:\a\b`, "")
	f(`D:\ab`, `D:\a`, "")
	f("D:\\\u2c6f\\b", "D:\\\u0250", `b`) // letters of two and three bytes
	f(`\\FS01\人事\x`, "", `\\FS01\人事`)
	f(`\\FS01\人事\x`, `\\FS01\人事`, `x`)
}

func TestUsual(t *testing.T) {
	f := func(now, before uint64, want int) {
		t.Helper()
		if got := levelOf(now, before); got != want {
			t.Errorf("levelOf(%d, %d) = %d, want %d", now, before, got, want)
		}
	}
	f(0, 0, levelSame)
	f(2, 0, levelSame)
	f(3, 0, levelNew)
	f(9, 1, levelSame)
	f(30, 10, levelTimes)
	f(15, 10, levelMore)
	f(14, 10, levelSame)
	f(10, 30, levelLess)
	f(0, 10, levelGone)

	var now, before [7][24]uint64
	for d := 1; d <= 5; d++ {
		for h := 9; h < 18; h++ {
			before[d][h], now[d][h] = 10, 10
		}
	}
	now[6][22], now[3][23] = 7, 2
	h := newHabit(&now, &before)
	if !h.enough || h.outside != 9 || h.weekday != 6 || h.hour != 22 || h.most != 7 {
		t.Errorf("habit %+v", h)
	}
	if got := ranges(h.hours(0)); got != "9–18" {
		t.Errorf("usual hours %q", got)
	}
	var few [7][24]uint64
	few[1][9] = habitLeast - 1
	if newHabit(&now, &few).enough {
		t.Error("a habit is learnt from too little")
	}
	x := spanOf(query.Query{From: testNow().Add(-36 * time.Hour).UnixNano()}, tokyo(), testNow())
	if x.days != 2 || x.beforeTo.Add(48*time.Hour) != x.to || x.from.Sub(x.beforeFrom) != 48*time.Hour {
		t.Errorf("span %+v", x)
	}
}
