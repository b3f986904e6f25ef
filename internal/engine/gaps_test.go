package engine

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/akashi-audit/akashi/internal/event"
	"github.com/akashi-audit/akashi/internal/manifest"
	"github.com/akashi-audit/akashi/internal/seal"
	"github.com/akashi-audit/akashi/internal/verify"
)

// gapFile writes a log of a server with these ids, one a minute from at on.
func gapFile(t *testing.T, name string, at time.Time, from, to int, without func(id int) bool) string {
	t.Helper()
	var b []byte
	for id := from; id <= to; id++ {
		if without == nil || !without(id) {
			b = fmt.Appendf(b, "Security 0 %d %d %d h%d\n", id, event.FromUnixNano(at.Add(time.Duration(id)*time.Minute).UnixNano()), 1+id%2, id/2)
		}
	}
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, b, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func gapLeaves(t *testing.T, e *Engine) (l []*manifest.GapReport) {
	t.Helper()
	for leaf, err := range e.seal.Of(seal.KindGapReport) {
		if err != nil {
			t.Fatal(err)
		}
		g, err := manifest.ParseGapReport(leaf.Entry.Subject)
		if err != nil {
			t.Fatal(err)
		}
		l = append(l, g)
	}
	return l
}

// What a server's logs lack is sealed when an import ends and when a day is archived;
// the same report is not sealed again, one that a later import changed is.
func TestGapReportsAreSealed(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "d")
	day := time.Date(2026, 4, 1, 15, 0, 0, 0, time.UTC) // midnight in Tokyo
	lost := func(id int) bool { return id >= 300 && id < 340 }
	quiet := func(id int) bool { return lost(id) || id > 700 && id < 900 } // a gap of 3 h 20 min
	first := gapFile(t, "FS01.1", day, 100, 1000, quiet)
	next := gapFile(t, "FS01.2", day, 1500, 1900, nil) // the next day; 499 ids are missing before
	e := openEngine(t, dir, fakeDeps(64))
	importAll(t, e, first)
	l := gapLeaves(t, e)
	if len(l) != 1 {
		t.Fatalf("%d gap reports after an import, want 1", len(l))
	}
	c := l[0].Channels[0]
	if l[0].Server != "FS01" || l[0].Day != "" || c.Missing != 40+199 || c.GapCount != 2 || len(c.Gaps) != 2 || c.Gaps[0].FromID != 300 || c.Gaps[0].ToID != 339 ||
		c.FirstID != 100 || c.LastID != 1000 || c.SilenceCount != 1 {
		t.Errorf("%+v", l[0])
	}
	importAll(t, e, first)
	if n := len(gapLeaves(t, e)); n != 1 {
		t.Errorf("the same import again made %d gap reports", n-1)
	}
	importAll(t, e, next)
	l = gapLeaves(t, e)
	if len(l) != 2 || l[1].Channels[0].Missing != 40+199+499 || l[1].Channels[0].GapCount != 3 || l[1].Channels[0].SilenceCount != 1 {
		t.Fatalf("%d reports, the last %+v", len(l), l[len(l)-1])
	}
	sealAll(t, e)
	l = gapLeaves(t, e)
	if len(l) != 4 {
		t.Fatalf("%d gap reports after two days were sealed, want 4", len(l))
	}
	if a := l[2]; a.Day != "2026-04-02" || a.Channels[0].Missing != 239 || a.Channels[0].SilenceCount != 1 {
		t.Errorf("the first day: %+v", a)
	}
	if b := l[3]; b.Day != "2026-04-03" || b.Channels[0].FirstID != 1500 || b.Channels[0].Missing != 499 || b.Channels[0].Held != 401 ||
		b.Channels[0].Gaps[0].FromID != 1001 || b.Channels[0].Gaps[0].ToID != 1499 {
		t.Errorf("the second day, with what lacks before it: %+v", b)
	}
	sealAll(t, e)
	if n := len(gapLeaves(t, e)); n != 4 {
		t.Errorf("sealing what is sealed made %d gap reports", n-4)
	}
	if err := e.Close(); err != nil {
		t.Fatal(err)
	}
	e = openEngine(t, dir, fakeDeps(64)) // what was sealed is known after a restart
	importAll(t, e, next)
	if n := len(gapLeaves(t, e)); n != 4 {
		t.Errorf("after a restart the same import made %d gap reports", n-4)
	}
	importAll(t, e, gapFile(t, "FS01.3", day, 300, 339, nil)) // what was missing comes after all
	if l = gapLeaves(t, e); len(l) != 5 || l[4].Channels[0].Missing != 199+499 {
		t.Errorf("%d reports, the last %+v", len(l), l[len(l)-1])
	}
	if err := e.Close(); err != nil {
		t.Fatal(err)
	}
	r := check(t, dir, verify.Options{})
	at := slices.IndexFunc(r.Gaps, func(g verify.Gap) bool { return g.Server == "FS01" && g.Day == "" })
	if r.Damage() || len(r.Gaps) != 3 || at < 0 || r.Gaps[at].Missing != 698 || !r.Gaps[at].Sealed {
		t.Errorf("%+v", r.Gaps)
	}
}
