package engine

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/akashi-audit/akashi/internal/config"
	"github.com/akashi-audit/akashi/internal/seal"
	"github.com/akashi-audit/akashi/internal/seal/sealtest"
	"github.com/akashi-audit/akashi/internal/verify"
)

// A stamp is renewed 90 days before the certificate of its authority ends, by a stamp
// of a checkpoint that covers the old token; nothing happens before, or after once more.
func TestStampsAreRenewed(t *testing.T) {
	a := sealtest.Start(t)
	a.Certify(t, 400)
	dir := sealedFolder(t)
	for range 2 { // a later merge, and what it leaves to be removed, would want stamps of their own
		e := openEngine(t, dir, fakeDeps(40))
		if err := errors.Join(e.st.Settle(t.Context()), e.Close()); err != nil {
			t.Fatal(err)
		}
	}
	c, err := config.Load(dir)
	if err != nil {
		t.Fatal(err)
	}
	c.Seal.Authority, c.Seal.Roots = a.URL, filepath.Join(a.Dir, "ca.pem")
	if err := config.Write(dir, c); err != nil {
		t.Fatal(err)
	}
	real := time.Now()
	run := func(days int) (stamps []int64) { // opens and closes the folder so many days later
		t.Helper()
		d := fakeDeps(40)
		d.now = func() time.Time { return real.AddDate(0, 0, days) }
		e := openEngine(t, dir, d)
		if err := e.Close(); err != nil {
			t.Fatal(err)
		}
		s, err := Seal(dir)
		if err != nil || s.NeedsStamp {
			t.Fatalf("a stamp is owed, or %v", err)
		}
		l, err := seal.OpenLog(nil, dir, seal.LogOptions{ReadOnly: true})
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close()
		if stamps, err = l.StampSizes(); err != nil {
			t.Fatal(err)
		}
		return stamps
	}
	if n := len(run(0)); n != 1 {
		t.Fatalf("%d stamps at first", n)
	}
	if s, err := Seal(dir); err != nil || time.Unix(0, s.StampExpires).Sub(time.Unix(0, s.StampRenewal)) != 90*24*time.Hour {
		t.Errorf("renewal at %v, end at %v, %v", s.StampRenewal, s.StampExpires, err)
	}
	if n := len(run(309)); n != 1 {
		t.Errorf("%d stamps 91 days before the end, want 1", n)
	}
	a.Down.Store(true)
	d := fakeDeps(40)
	d.now = func() time.Time { return real.AddDate(0, 0, 311) }
	e := openEngine(t, dir, d) // the authority does not answer
	if err := e.Close(); err != nil {
		t.Fatal(err)
	}
	a.Down.Store(false)
	a.Certify(t, 3000)
	stamps := run(312)
	if len(stamps) != 2 {
		t.Fatalf("%d stamps 88 days before the end, want 2", len(stamps))
	}
	if n := len(run(313)); n != 2 {
		t.Errorf("%d stamps a day later, want 2", n)
	}
	l, err := seal.OpenLog(nil, dir, seal.LogOptions{ReadOnly: true})
	if err != nil {
		t.Fatal(err)
	}
	at := l.Places(seal.KindStamp)
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	if stamps[1] <= at[0] {
		t.Errorf("the new stamp is of %d leaves and does not cover leaf %d of the old one", stamps[1], at[0])
	}
	pem, err := os.ReadFile(c.Seal.Roots)
	if err != nil {
		t.Fatal(err)
	}
	expired := func(days int) (n int) {
		t.Helper()
		r := check(t, dir, verify.Options{Roots: pem, Now: real.AddDate(0, 0, days)})
		if r.Damage() || len(r.Anchors) != 2 {
			t.Errorf("%+v", r)
		}
		for _, f := range r.Findings {
			if f.What == "stamp_expired" {
				n++
			}
		}
		return n
	}
	if n := expired(500); n != 0 {
		t.Errorf("%d stamps are told as ended, though renewed", n)
	}
	if n := expired(3100); n != 1 {
		t.Errorf("%d stamps are told as ended, want the last", n)
	}
	for _, x := range stamps { // openssl takes both, at their time
		l, err := seal.OpenLog(nil, dir, seal.LogOptions{ReadOnly: true})
		if err != nil {
			t.Fatal(err)
		}
		st, err := l.StampOf(x)
		if err != nil {
			t.Fatal(err)
		}
		if err := l.Close(); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(a.Dir, "point.txt"), st.Point.Text, 0o600); err != nil {
			t.Fatal(err)
		}
		a.Run(t, "ts", "-verify", "-data", "point.txt", "-in", filepath.Join(dir, "seal", seal.StampFile(x)), "-CAfile", "ca.pem")
		if !strings.Contains(st.Stamp.Authority, "stamps") {
			t.Error(st.Stamp.Authority)
		}
	}
}
