package server

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/akashi-audit/akashi/internal/account"
	"github.com/akashi-audit/akashi/internal/web"
)

// TestDashboardOfALargeFolder times the first page over the folder that
// AKASHI_BIG_DATA names, such as one that `akashi bench store --keep` left (its
// folder store). The median view may take 100 ms; the first one and the slowest,
// while numbers are counted beside, are told. It stays out of ordinary runs.
func TestDashboardOfALargeFolder(t *testing.T) {
	cfg, pages := largeFolder(t)
	st, err := cfg.Engine.Status(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	life, end := context.WithCancel(context.Background())
	beside := &errands{ctx: life}
	defer func() { end(); beside.wg.Wait() }()
	pages.Health, pages.Go = newHealth(cfg, beside), beside.run
	h, err := web.New(pages)
	if err != nil {
		t.Fatal(err)
	}
	began, views := time.Now(), []time.Duration{}
	counted := sync.OnceFunc(func() { t.Logf("%d records: numbers after %v", st.Records, time.Since(began).Round(time.Millisecond)) })
	for i := 0; i < 200 && time.Since(began) < time.Minute; i++ {
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		r = r.WithContext(account.With(r.Context(), pages.Visitor(r)))
		w := httptest.NewRecorder()
		at := time.Now()
		h.ServeHTTP(w, r)
		took := time.Since(at)
		views = append(views, took)
		if i == 0 {
			t.Logf("first view %v", took.Round(time.Millisecond))
		}
		b, err := io.ReadAll(w.Body)
		if err != nil || w.Code != http.StatusOK {
			t.Fatalf("status %d, %v", w.Code, err)
		}
		if bytes.Contains(b, []byte(`id="days"`)) {
			counted()
		}
	}
	slices.Sort(views)
	median := views[len(views)/2]
	t.Logf("median view %v, slowest %v", median.Round(100*time.Microsecond), views[len(views)-1].Round(time.Millisecond))
	if median > 100*time.Millisecond {
		t.Errorf("the median view took %v", median)
	}
}
