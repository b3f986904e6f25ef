package cli

import (
	"context"
	"runtime/debug"
	"runtime/metrics"
	"time"
)

// How much garbage may wait to be collected while akashi serves. Most of what a large
// folder keeps in memory are caches without pointers, which cost the collector next to
// nothing, so that collecting often is cheap there and keeps the process small. A small
// heap is collected as Go does it: collecting often would cost a job half its time again.
const (
	garbageShare = 20       // percent of what is in use
	garbageFloor = 96 << 20 // bytes that may always wait, up to as much as is in use
	garbageEvery = time.Second
)

// garbagePercent is the setting of the collector for a heap of which live bytes are in use.
func garbagePercent(live uint64) int {
	if live == 0 {
		return 100
	}
	return int(max(garbageShare, min(100, 100*garbageFloor/live)))
}

// paceGarbage sets the collector by what is in use, until ctx ends.
func paceGarbage(ctx context.Context) {
	tick := time.NewTicker(garbageEvery)
	defer tick.Stop()
	sample := []metrics.Sample{{Name: "/gc/heap/live:bytes"}}
	set := 100
	for {
		metrics.Read(sample)
		// Small steps are left out: each stops the world for a moment.
		if p := garbagePercent(sample[0].Value.Uint64()); p < set-5 || p > set+5 {
			debug.SetGCPercent(p)
			set = p
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// smallHeap does so for a command that reads and writes much, until stop is called.
func smallHeap(ctx context.Context) (stop func()) {
	before := debug.SetGCPercent(100)
	debug.SetGCPercent(before)
	ctx, cancel := context.WithCancel(ctx)
	done := make(chan struct{})
	go func() {
		defer close(done)
		paceGarbage(ctx)
	}()
	return func() {
		cancel()
		<-done
		debug.SetGCPercent(before)
	}
}
