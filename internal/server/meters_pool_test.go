package server

import (
	"testing"

	"github.com/akashi-audit/akashi/internal/engine"
	"github.com/akashi-audit/akashi/internal/pool"
)

// The metrics tell of the volumes once there is a pool.
func TestPoolMetrics(t *testing.T) {
	e, err := engine.Open(t.Context(), t.TempDir(), engine.Options{Create: true})
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	got := map[string]float64{}
	read := func() {
		t.Helper()
		if err := newMeters(e, nil).pool(t.Context(), func(k string, v float64) { got[k] = v }); err != nil {
			t.Fatal(err)
		}
	}
	if read(); len(got) != 0 {
		t.Errorf("without a pool: %v", got)
	}
	p, err := e.Pool()
	if err != nil {
		t.Fatal(err)
	}
	quota, days := int64(0), 90
	if err := p.Set(t.Context(), pool.Change{WarnDays: &days, Volume: "archive", Quota: &quota}); err != nil {
		t.Fatal(err)
	}
	read()
	if got["akashi_pool_warn_days"] != 90 || got["akashi_pool_days_until_full"] != -1 || got["akashi_pool_warning"] != 0 || got["akashi_pool_free_bytes"] <= 0 || got["akashi_pool_volumes_away"] != 0 {
		t.Errorf("%v", got)
	}
	if len(got) != 11 {
		t.Errorf("%d numbers: %v", len(got), got)
	}
}
