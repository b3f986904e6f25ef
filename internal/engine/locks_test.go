package engine

import (
	"testing"
	"time"

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
