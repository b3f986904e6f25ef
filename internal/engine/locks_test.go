package engine

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/akashi-audit/akashi/internal/pool"
	"github.com/akashi-audit/akashi/internal/seal"
	"github.com/akashi-audit/akashi/internal/store"
)

// Locks follow a term that was made longer, to the moment at which it would delete.
func TestLockedUntil(t *testing.T) {
	zone, err := time.LoadLocation("Asia/Tokyo")
	if err != nil {
		t.Fatal(err)
	}
	all := func(months int, year bool) *store.Schedule {
		return &store.Schedule{Confirmed: &store.Term{Months: months, Year: year}}
	}
	own := func(months int) *store.Schedule {
		return &store.Schedule{Confirmed: &store.Term{Months: 12}, Own: []store.Term{{Server: "DC 01", Months: months}}}
	}
	names := map[string]string{"DC%2001": "DC 01"}
	f := func(name string, before, now *store.Schedule, object, want string) {
		t.Helper()
		got := lockedUntil(before, now, names, zone, object)
		text := ""
		if got != 0 {
			text = time.Unix(0, got).In(zone).Format("2006-01-02 15:04")
		}
		if text != want {
			t.Errorf("%s: locked until %q, want %q", name, text, want)
		}
	}
	const fs, dc = "FS01/2026-04-17/0001.records.ab.parquet", "DC%2001/2026-12-31/0001.records.ab.parquet"
	f("longer", all(12, false), all(84, false), fs, "2033-05-01 00:00")
	f("and the rest of the year", all(84, false), all(84, true), fs, "2034-01-01 00:00")
	f("shorter", all(84, false), all(12, false), fs, "")
	f("the same", all(84, false), all(84, false), fs, "")
	f("the first term", &store.Schedule{}, all(84, false), fs, "")
	f("for ever", all(84, false), all(0, false), fs, "")
	f("of another server", own(12), own(24), fs, "")
	f("of its own server", own(12), own(24), dc, "2029-01-01 00:00")
	f("of no day", all(12, false), all(84, false), "_log/000.json", "")
}

// What follows from a longer term is written down in the pool even when the bucket
// cannot be asked, and also when the program was stopped right behind the confirmation.
func TestLocksFollowTerms(t *testing.T) {
	ctx, dir := t.Context(), t.TempDir()
	open := func() *Engine {
		t.Helper()
		e, err := Open(ctx, dir, Options{Create: true})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = e.Close() }) // may be closed already
		return e
	}
	e := open()
	p, err := e.Pool()
	if err != nil {
		t.Fatal(err)
	}
	one := 1
	if err := p.Set(ctx, pool.Change{Copies: &one}); err != nil {
		t.Fatal(err)
	}
	object := fmt.Sprintf("FS01/2026-04-17/0001.records.%x.parquet", seal.Sum([]byte("x")))
	if err := p.Put(ctx, object, strings.NewReader("x"), 1); err != nil {
		t.Fatal(err)
	}
	if err := e.Close(); err != nil {
		t.Fatal(err)
	}
	// A bucket whose keys are not there has a copy, too.
	cfg, err := pool.Load(nil, dir)
	if err != nil {
		t.Fatal(err)
	}
	cfg.Generation++
	cfg.Volumes = append(cfg.Volumes, pool.Volume{ID: "w", Name: "worm", Driver: pool.DriverS3, Class: 5, State: pool.Active, S3: &pool.S3{Endpoint: "http://127.0.0.1:1", Bucket: "worm", Keys: "env:WORM", LockDays: 1}})
	b, err := json.Marshal(cfg)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, pool.DirName, pool.ConfigName), b, 0o600); err != nil {
		t.Fatal(err)
	}
	f, err := os.OpenFile(filepath.Join(dir, pool.DirName, pool.CopiesName), os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := fmt.Fprintf(f, `{"op":"has","name":%q,"volume":"w","bytes":1,"until":1}`+"\n", object); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	e = open()
	owed := func(want int64) {
		t.Helper()
		p, err := e.Pool()
		if err != nil {
			t.Fatal(err)
		}
		if s, err := p.Status(ctx); err != nil || s.LocksOwed != want {
			t.Errorf("%d locks owed, %v, want %d", s.LocksOwed, err, want)
		}
	}
	for _, months := range []int{12, 240} {
		if err := e.ProposeRetention(ctx, store.Term{Months: months, By: "b"}); err != nil {
			t.Fatal(err)
		}
		if months == 12 {
			if err := e.ConfirmRetention(ctx, "c", "g"); err != nil {
				t.Fatal(err)
			}
			owed(0) // the first term makes nothing longer
		}
	}
	if err := e.st.ConfirmRetention(ctx, "c", "g", e.deps.now().UnixNano()); err != nil { // and the power fails
		t.Fatal(err)
	}
	owed(0)
	if err := e.Close(); err != nil {
		t.Fatal(err)
	}
	e = open()
	if err := e.followTerms(ctx); err != nil {
		t.Fatal(err)
	}
	owed(1)
	if err := e.Close(); err != nil {
		t.Fatal(err)
	}
	e = open()
	owed(1)
}
