package server

import (
	"bytes"
	"context"
	"net/http"
	"net/http/httptest"
	"os"
	"strconv"
	"syscall"
	"testing"
	"time"

	"github.com/akashi-audit/akashi/internal/account"
	"github.com/akashi-audit/akashi/internal/web"
)

// TestPagesOfALargeFolder prints what the pages over the folder that AKASHI_BIG_DATA
// names take, by the clock and of the processor, and the resident memory after each.
// It stays out of ordinary runs.
func TestPagesOfALargeFolder(t *testing.T) {
	cfg, pages := largeFolder(t)
	pages.Paths, pages.Go = paths{cfg.Engine, cfg.gate}, func(fn func(context.Context)) { go fn(t.Context()) }
	h, err := web.New(pages)
	if err != nil {
		t.Fatal(err)
	}
	for _, target := range []string{
		"/search/rows?page=/search&n=200&at=500000", "/search/rows?page=/search&n=200&at=1000000", "/search/rows?page=/search&n=200&at=1777777", "/search/rows?page=/search&n=200&at=7777777",
		"/search/counts?page=/search", "/search/counts?page=/search&path=xlsx",
		"/search/rows?page=/search&path=xlsx&n=200&at=100000", "/search/rows?page=/search&path=xlsx&n=200&at=200000", "/search/rows?page=/search&path=xlsx&n=200&at=1777777",
		"/search/counts?page=/search&noise=1", "/search/counts?page=/search&network=1", "/search/counts?page=/search&path=%E8%A6%8B%E7%A9%8D", "/search/counts?page=/people&op=delete", "/search?period=24h", "/search?path=%E8%AD%B0%E4%BA%8B%E9%8C%B2", "/files", "/people", "/paths?typed=D:", "/paths?typed=a", "/paths?typed=.xlsx",
	} {
		r := httptest.NewRequest(http.MethodGet, target, nil)
		r = r.WithContext(account.With(r.Context(), pages.Visitor(r)))
		w := httptest.NewRecorder()
		at, used := time.Now(), processorTime()
		h.ServeHTTP(w, r)
		t.Logf("%-60s %d %7.0f ms, CPU %6.0f ms, %d bytes, resident %d MB, at most %d MB", target, w.Code, float64(time.Since(at).Microseconds())/1000,
			float64((processorTime()-used).Microseconds())/1000, w.Body.Len(), memoryOf(t, "VmRSS:"), memoryOf(t, "VmHWM:"))
	}
}

func processorTime() time.Duration {
	var u syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &u) // a figure, no test
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// memoryOf is a figure of the process in MB, 0 where the system tells none.
func memoryOf(t *testing.T, key string) int {
	t.Helper()
	b, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return 0
	}
	for l := range bytes.Lines(b) {
		if f := bytes.Fields(l); len(f) > 1 && string(f[0]) == key {
			n, _ := strconv.Atoi(string(f[1]))
			return n >> 10
		}
	}
	return 0
}
