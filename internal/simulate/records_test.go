package simulate

import (
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/akashi-audit/akashi/internal/record"
)

func someRecords(t *testing.T, seed uint64, n int) []record.Record {
	t.Helper()
	var l []record.Record
	from := time.Date(2026, 4, 1, 0, 0, 0, 0, time.FixedZone("JST", 9*3600))
	err := Records(seed, n, from, 30, func(r *record.Record) error {
		c := *r
		c.RawIDs = append([]uint64(nil), r.RawIDs...)
		c.Detail = append([]record.Pair(nil), r.Detail...)
		l = append(l, c)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func TestRecords(t *testing.T) {
	const n = 20000
	l := someRecords(t, 4, n)
	if len(l) != n {
		t.Fatalf("%d records, want %d", len(l), n)
	}
	ids := make(map[record.ID]bool)
	filled := make(map[string]bool)
	from := time.Date(2026, 3, 31, 15, 0, 0, 0, time.UTC).UnixNano()
	for i, r := range l {
		if ids[r.ID()] {
			t.Fatalf("the id %v occurs twice", r.ID())
		}
		ids[r.ID()] = true
		if i > 0 && r.Time < l[i-1].Time || r.Time < from || r.Time >= from+30*day {
			t.Fatalf("record %d at %d is out of order or outside the period", i, r.Time)
		}
		if r.RawIDs[0] != r.FirstID || r.Count == 0 || r.Op == 0 || r.Object == 0 || r.Result == 0 || r.Class == 0 || r.Confidence == 0 {
			t.Fatalf("record %+v lacks a field", r)
		}
		for name, v := range map[string]string{
			"path": r.Path, "new path": r.NewPath, "share": r.UNC(), "process": r.Process, "client": r.ClientName, "ip": r.ClientIP, "rule": r.Rule, "source": r.Source, "user": r.User, "sid": r.SID,
		} {
			filled[name] = filled[name] || v != ""
		}
	}
	if len(filled) != 10 {
		t.Error(filled)
	}
	for name, ok := range filled {
		if !ok {
			t.Errorf("no record has a %s", name)
		}
	}
	if d := cmp.Diff(l, someRecords(t, 4, n)); d != "" {
		t.Errorf("other records from the same seed:\n%s", d)
	}
	stop := errors.New("enough")
	if err := Records(1, 10, time.Unix(0, 0), 1, func(*record.Record) error { return stop }); !errors.Is(err, stop) {
		t.Errorf("the error of fn came back as %v", err)
	}
	if err := Records(1, 10, time.Unix(0, 0), 0, func(*record.Record) error { return nil }); err == nil {
		t.Error("no days gave no error")
	}
}

func BenchmarkRecords(b *testing.B) {
	if err := Records(1, b.N, time.Unix(1_775_000_000, 0), 365, func(*record.Record) error { return nil }); err != nil {
		b.Fatal(err)
	}
}
