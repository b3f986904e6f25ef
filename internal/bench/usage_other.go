//go:build !linux && !windows

package bench

import "time"

// cpuTime is not known here.
func cpuTime() time.Duration { return 0 }

// peakMemory is not known here.
func peakMemory() int64 { return 0 }

func resetPeak() {}

// dropCaches does nothing here: cold figures are those of a store opened anew.
func dropCaches(string) error { return nil }
