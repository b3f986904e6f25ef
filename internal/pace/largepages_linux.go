//go:build amd64 || arm64

package pace

import (
	"bytes"
	"io/fs"
	"math"
	"os"
	"path"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

const (
	largeReserve = 512 << 20 // bytes of the heap that large pages are asked for, a quarter of the memory at most
	largePage    = 4 << 20   // bytes; larger ones (some arm64 systems) would waste memory
)

// adviseHeap asks the system for large pages for what the heap takes next, 512 MB at most.
// The runtime has no setting for it: a piece of memory is taken from it, advised and given back
// untouched. It costs address space only, and lies where the heap grows.
// See Documentation/admin-guide/mm/transhuge.rst of Linux and madvise(2).
func adviseHeap() {
	var m unix.Sysinfo_t
	if !largePagesOnRequest() || unix.Sysinfo(&m) != nil {
		return
	}
	size := min(largeReserve, uint64(m.Totalram)*uint64(m.Unit)/4, groupLimit(os.DirFS("/"))/4)
	if size < largePage {
		return
	}
	// So long a slice begins and ends with a page. Where it is refused, all stays as it was.
	_ = unix.Madvise(make([]byte, size), unix.MADV_HUGEPAGE)
	debug.FreeOSMemory()
}

// largePagesOnRequest tells whether the system gives large pages to whom asks for them, and
// only to those, and whether to reserve memory costs nothing here.
func largePagesOnRequest() bool {
	const thp = "/sys/kernel/mm/transparent_hugepage/"
	if strings.Contains(os.Getenv("GODEBUG"), "disablethp=1") {
		return false
	}
	if when, err := os.ReadFile(thp + "enabled"); err != nil || !bytes.Contains(when, []byte("[madvise]")) {
		return false
	}
	size, err := os.ReadFile(thp + "hpage_pmd_size")
	if n, bad := strconv.Atoi(string(bytes.TrimSpace(size))); err != nil || bad != nil || n > largePage {
		return false
	}
	// Strict accounting counts what is reserved as used (proc_sys_vm(5), overcommit_memory).
	if strict, err := os.ReadFile("/proc/sys/vm/overcommit_memory"); err != nil || bytes.HasPrefix(strict, []byte("2")) {
		return false
	}
	return unlimited(unix.RLIMIT_AS) && unlimited(unix.RLIMIT_DATA)
}

// unlimited reports whether the system sets this process no limit of the kind.
func unlimited(kind int) bool {
	var l unix.Rlimit
	return unix.Getrlimit(kind, &l) == nil && l.Cur == unix.RLIM_INFINITY
}

// groupLimit is how much memory the control groups of this process allow it, in bytes, of
// the second kind or the first (cgroups(7)); the largest number where none bounds it.
func groupLimit(root fs.FS) uint64 {
	least := uint64(math.MaxUint64)
	own, err := fs.ReadFile(root, "proc/self/cgroup")
	if err != nil {
		return least
	}
	for l := range strings.Lines(string(own)) {
		_, l, _ = strings.Cut(strings.TrimSpace(l), ":")
		kinds, group, _ := strings.Cut(l, ":")
		top, file := "sys/fs/cgroup", "memory.max"
		switch {
		case slices.Contains(strings.Split(kinds, ","), "memory"):
			top, file = "sys/fs/cgroup/memory", "memory.limit_in_bytes"
		case kinds != "":
			continue
		}
		for group = path.Clean("/" + group); ; group = path.Dir(group) { // any group above may be the narrow one
			text, err := fs.ReadFile(root, path.Join(top, group, file))
			if n, bad := strconv.ParseUint(string(bytes.TrimSpace(text)), 10, 64); err == nil && bad == nil {
				least = min(least, n)
			}
			if group == "/" {
				break
			}
		}
	}
	return least
}
