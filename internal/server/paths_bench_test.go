package server

import (
	"context"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/akashi-audit/akashi/internal/account"
	"github.com/akashi-audit/akashi/internal/web"
)

// TestCompletionsOfALargeFolder prints what completing takes by the page's own route
// over the folder that AKASHI_BIG_DATA names, of the processor: the first time, with
// what goes on behind the answer, and again. It stays out of ordinary runs.
func TestCompletionsOfALargeFolder(t *testing.T) {
	cfg, pages := largeFolder(t)
	beside := &errands{ctx: t.Context()}
	pages.Paths, pages.Go, pages.Now = paths{cfg.Engine, cfg.gate}, beside.run, time.Now
	h, err := web.New(pages)
	if err != nil {
		t.Fatal(err)
	}
	ask := func(typed string) (clock, cpu time.Duration, w *httptest.ResponseRecorder) {
		r := httptest.NewRequest(http.MethodGet, "/paths?typed="+url.QueryEscape(typed), nil)
		r = r.WithContext(account.With(context.WithoutCancel(t.Context()), pages.Visitor(r)))
		w = httptest.NewRecorder()
		at, used := time.Now(), processorTime()
		h.ServeHTTP(w, r)
		clock = time.Since(at)
		beside.wg.Wait()
		for cpu = -1; processorTime()-used-cpu > time.Millisecond; time.Sleep(100 * time.Millisecond) { // counts go on for a while
			cpu = processorTime() - used
		}
		return clock, cpu, w
	}
	used := processorTime()
	cfg.Engine.WarmPaths(t.Context()) // as akashi serve does
	t.Logf("before anybody types: CPU %.0f ms", float64((processorTime()-used).Microseconds())/1000)
	all := []string{"D:", "a", ".xlsx", "2025", "見積", "ｍｉｎ", "人事", "議事録"}
	if l := os.Getenv("AKASHI_TYPED"); l != "" {
		all = strings.Split(l, " ")
	}
	for _, typed := range all {
		clock, cpu, w := ask(typed)
		least := time.Hour
		for range 5 {
			_, c, _ := ask(typed)
			least = min(least, c)
		}
		t.Logf("%-10s %d: CPU %5.1f ms, again %5.1f; %4d ms by the clock, %d bytes", typed, w.Code, float64(cpu.Microseconds())/1000, float64(least.Microseconds())/1000, clock.Milliseconds(), w.Body.Len())
		if os.Getenv("AKASHI_SHOW") != "" {
			t.Log(w.Body.String())
		}
	}
}
