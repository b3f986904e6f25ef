package bench

import (
	"bytes"
	"os"
	"strconv"
	"time"

	"golang.org/x/sys/unix"
)

// cpuTime is the processor time of this process so far, user and system.
func cpuTime() time.Duration {
	var u unix.Rusage
	if unix.Getrusage(unix.RUSAGE_SELF, &u) != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// peakMemory is the most resident memory of this process since the last
// resetPeak, in bytes; 0 when it is not known.
func peakMemory() int64 {
	b, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return 0
	}
	_, rest, ok := bytes.Cut(b, []byte("VmHWM:"))
	if f := bytes.Fields(rest); ok && len(f) > 0 {
		kib, err := strconv.ParseInt(string(f[0]), 10, 64)
		if err == nil {
			return kib << 10
		}
	}
	return 0
}

// resetPeak makes peakMemory begin again; where the system refuses, the peak
// is that of the whole run.
func resetPeak() { _ = os.WriteFile("/proc/self/clear_refs", []byte("5"), 0o600) }

// dropCaches takes the files below dir out of the system's cache.
func dropCaches(dir string) error {
	return eachFile(dir, func(f *os.File) error {
		if err := f.Sync(); err != nil { // only what is written can be dropped
			return err
		}
		return unix.Fadvise(int(f.Fd()), 0, 0, unix.FADV_DONTNEED)
	})
}
