package pace

import (
	"runtime"
	"runtime/metrics"
	"testing"
	"time"
)

func TestGarbagePercent(t *testing.T) {
	for live, want := range map[uint64]int{0: 400, 8 << 20: 400, 24 << 20: 400, 48 << 20: 200, 96 << 20: 100, 192 << 20: 50, 480 << 20: 20, 1 << 40: 20} {
		if got := garbagePercent(live); got != want {
			t.Errorf("%d MB: %d percent, want %d", live>>20, got, want)
		}
	}
}

// TestMemory: the collector follows what is in use, up and down, and is left as it was.
func TestMemory(t *testing.T) {
	t.Setenv("GOGC", "")
	before := percent()
	stop := Memory()
	if got := percent(); got != garbageMost {
		t.Errorf("%d percent at the beginning, want %d", got, garbageMost)
	}
	held := make([]byte, 192<<20)
	await(t, func(p int) bool { return p >= garbageShare && p <= 50 })
	runtime.KeepAlive(held)
	await(t, func(p int) bool { return p > 200 })
	stop()
	runtime.GC()
	if got := percent(); got != before {
		t.Errorf("%d percent afterwards, want %d", got, before)
	}
}

func TestMemoryLeavesGOGC(t *testing.T) {
	t.Setenv("GOGC", "70")
	before := percent()
	stop := Memory()
	if got := percent(); got != before {
		t.Errorf("%d percent, want %d", got, before)
	}
	stop()
	if got := percent(); got != before {
		t.Errorf("%d percent afterwards, want %d", got, before)
	}
}

func percent() int {
	sample := []metrics.Sample{{Name: "/gc/gogc:percent"}}
	metrics.Read(sample)
	return int(sample[0].Value.Uint64())
}

// await collects until the setting is as wanted.
func await(t *testing.T, want func(int) bool) {
	t.Helper()
	for range 500 {
		runtime.GC()
		if want(percent()) {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Fatalf("the collector stays at %d percent", percent())
}
