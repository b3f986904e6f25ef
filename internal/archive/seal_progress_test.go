package archive

import (
	"slices"
	"testing"
	"time"

	"github.com/akashi-audit/akashi/internal/fsx"
)

// Whoever seals is told how far it is within a day: every step in its order, never
// back, and all of it in the end, also when most of a day is sealed already.
func TestSealTellsHowFarItIs(t *testing.T) {
	s, fs := newFakeStore(), fsx.NewCrash()
	if err := fs.MkdirAll("/d", 0o700); err != nil {
		t.Fatal(err)
	}
	const perDay = 3000
	for n := range 2 * perDay {
		s.act("FS1", n, start+int64(n/perDay)*dayNS+int64(n%perDay)*1e9, `D:\a.txt`)
	}
	a := openTest(t, fs, &log{})
	seal := func(opt SealOptions) (told []SealProgress) {
		opt.By, opt.Step = "t", func(p SealProgress) { told = append(told, p) }
		if _, err := a.Seal(t.Context(), s, opt); err != nil {
			t.Fatal(err)
		}
		return told
	}
	check := func(told []SealProgress, days, rows int) {
		t.Helper()
		if len(told) == 0 {
			t.Fatal("nobody was told")
		}
		order := []SealStep{SealReads, SealWrites, SealCompares, SealPacks}
		seen := make(map[string]bool)
		within := false
		for i, p := range told {
			if p.AllRows != int64(rows) || p.Rows > p.AllRows || p.Done > p.Of {
				t.Errorf("told %+v of %d rows", p, rows)
			}
			if i > 0 {
				if was := told[i-1]; p.Rows < was.Rows || was.Day == p.Day && slices.Index(order, p.Step) < slices.Index(order, was.Step) {
					t.Errorf("told %+v after %+v", p, was)
				}
			}
			within = within || p.Step == SealWrites && p.Done > 0 && p.Done < p.Of
			seen[p.Day+" "+string(p.Step)] = true
		}
		if last := told[len(told)-1]; last.Rows != last.AllRows || last.Done != last.Of {
			t.Errorf("told %+v last", last)
		}
		if want := days * len(order); len(seen) != want || !within && rows > perDay {
			t.Errorf("%d steps of days, want %d: %v", len(seen), want, seen)
		}
	}
	first := SealOptions{Now: time.Unix(0, start+dayNS+int64(2*time.Hour))} // the second day is open
	check(seal(first), 1, 2*perDay)
	check(seal(SealOptions{Now: now}), 1, 2*perDay)
	if told := seal(SealOptions{Now: now}); len(told) != 0 {
		t.Errorf("nothing is due, and it was told of %+v", told[0])
	}
	s.act("FS1", 2*perDay, start+dayNS-1e9, `D:\b.txt`) // every day has another mark in this store
	s.events["FS1"] = s.events["FS1"][:2*perDay]        // a record alone
	told := seal(SealOptions{Now: now})
	if last := told[len(told)-1]; last.Rows != last.AllRows || last.AllRows != 4*perDay+1 {
		t.Errorf("told %+v last", last)
	}
}
