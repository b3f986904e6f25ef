package pace

import (
	"math"
	"runtime"
	"runtime/debug"
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

func TestHeapPercent(t *testing.T) {
	const size = 640 << 20
	for live, want := range map[uint64]int{0: 15, 64 << 20: 900, 320 << 20: 100, 512 << 20: 25, 600 << 20: 15, size: 15, 1 << 40: 15} {
		if got := heapPercent(live, size); got != want {
			t.Errorf("%d MB: %d percent, want %d", live>>20, got, want)
		}
	}
	if got := heapPercent(1, 1<<60); got != math.MaxInt32 {
		t.Errorf("a byte: %d percent", got)
	}
}

// TestHeap: the collector waits until the heap has its size; what was set before holds
// again afterwards.
func TestHeap(t *testing.T) {
	t.Setenv("GOGC", "")
	before, limit := percent(), debug.SetMemoryLimit(-1)
	stop := Heap(256 << 20)
	if got := debug.SetMemoryLimit(-1); got != 256<<20*6/5 {
		t.Errorf("a limit of %d bytes", got)
	}
	held := make([]byte, 128<<20)
	await(t, func(p int) bool { return p > 50 && p <= 100 })
	runtime.KeepAlive(held)
	await(t, func(p int) bool { return p > 400 })
	stop()
	runtime.GC()
	if got := percent(); got != before || debug.SetMemoryLimit(-1) != limit {
		t.Errorf("%d percent and %d bytes afterwards, want %d and %d", got, debug.SetMemoryLimit(-1), before, limit)
	}
	low := debug.SetMemoryLimit(100 << 20) // GOMEMLIMIT
	defer debug.SetMemoryLimit(low)
	stop = Heap(256 << 20)
	defer stop()
	if got := debug.SetMemoryLimit(-1); got != 100<<20 {
		t.Errorf("a limit of %d bytes where a lower one was set", got)
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
