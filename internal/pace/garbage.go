package pace

import (
	"os"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"sync"
)

// How much garbage may wait to be collected. Most of what a large folder keeps in memory
// are caches without pointers, which cost the collector next to nothing, so that collecting
// often is cheap there and keeps the process small. What a small heap holds are tables full
// of pointers, which are read again by each collection.
const (
	garbageShare = 20       // percent of what is in use, at least
	garbageMost  = 400      // percent of what is in use, at most
	garbageFloor = 96 << 20 // bytes that may always wait, between the two
	garbageStep  = 5        // percent: a smaller change is not worth stopping the world for
)

// garbagePercent is the setting of the collector for a heap of which live bytes are in use.
func garbagePercent(live uint64) int {
	if live == 0 {
		return garbageMost
	}
	return int(max(garbageShare, min(garbageMost, garbageFloor*100/live)))
}

// garbage sets the collector after each of its rounds.
type garbage struct {
	mu   sync.Mutex
	set  int // percent
	done bool
}

// Garbage lets the collector wait for some 96 MB of garbage, four times what is in use at
// most and a fifth at least, until stop is called. It is for programs that run long or read
// much. Where GOGC is set, whoever started the program knows better, and nothing changes.
func Garbage() (stop func()) {
	if os.Getenv("GOGC") != "" {
		return func() {}
	}
	g := &garbage{set: garbageMost}
	before := debug.SetGCPercent(g.set)
	g.watch()
	return func() {
		g.mu.Lock()
		defer g.mu.Unlock()
		g.done = true
		debug.SetGCPercent(before)
	}
}

// watch calls adjust after the next round of the collector.
func (g *garbage) watch() {
	type round struct{ _ [32]byte } // of its own: what is smaller shares its memory with others
	runtime.AddCleanup(new(round), (*garbage).adjust, g)
}

// adjust sets the collector by what its last round found in use.
func (g *garbage) adjust() {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.done {
		return
	}
	sample := []metrics.Sample{{Name: "/gc/heap/live:bytes"}}
	metrics.Read(sample)
	if p := garbagePercent(sample[0].Value.Uint64()); p < g.set-garbageStep || p > g.set+garbageStep {
		debug.SetGCPercent(p)
		g.set = p
	}
	g.watch()
}
