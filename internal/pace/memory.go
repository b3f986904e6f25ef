package pace

import (
	"math"
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
	heapShare    = 15       // percent of what is in use, at least, for a heap that is kept to a size
)

// garbagePercent is the setting of the collector for a heap of which live bytes are in use.
func garbagePercent(live uint64) int {
	if live == 0 {
		return garbageMost
	}
	return int(max(garbageShare, min(garbageMost, garbageFloor*100/live)))
}

// heapPercent is the setting of the collector with which a heap of which live bytes are in
// use grows to size bytes.
func heapPercent(live, size uint64) int {
	if live == 0 || live >= size {
		return heapShare
	}
	return int(max(heapShare, min(math.MaxInt32, (size-live)*100/live)))
}

// garbage sets the collector after each of its rounds.
type garbage struct {
	percent func(live uint64) int

	mu   sync.Mutex
	set  int // percent
	done bool
}

// largePages lays the heap in pages of 2 MB for good, where Linux gives them on request (unless
// GODEBUG has disablethp=1): it asks once in a process. What akashi keeps is read in no order,
// and with pages of 4 KB the processor can take longer to find a page than to read from it.
var largePages = sync.OnceFunc(adviseHeap)

// Memory sets how a program that runs long or reads much holds its memory, until stop is called.
//
// The collector waits for some 96 MB of garbage, four times what is in use at most and a fifth
// at least. Where GOGC is set, whoever started the program knows better. The heap lies in
// large pages, for good.
func Memory() (stop func()) {
	return hold(garbagePercent)
}

// Heap is Memory for a program that makes garbage quickly, as a load does: the collector
// waits until the heap has size bytes, or 15 percent more than is in use. A soft limit lies
// a fifth above, for what comes before the collector is set anew; at the limit itself, the
// runtime would give back what it takes again at once.
func Heap(size uint64) (stop func()) {
	before := debug.SetMemoryLimit(-1)
	debug.SetMemoryLimit(min(before, int64(size+size/5)))
	end := hold(func(live uint64) int { return heapPercent(live, size) })
	return func() {
		end()
		debug.SetMemoryLimit(before)
	}
}

// hold sets the collector by what is in use, until stop is called.
func hold(percent func(live uint64) int) (stop func()) {
	largePages()
	if os.Getenv("GOGC") != "" {
		return func() {}
	}
	g := &garbage{percent: percent, set: garbageMost}
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
	if p := g.percent(sample[0].Value.Uint64()); p < g.set-garbageStep || p > g.set+garbageStep {
		debug.SetGCPercent(p)
		g.set = p
	}
	g.watch()
}
