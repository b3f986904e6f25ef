//go:build amd64 || arm64

package pace

import (
	"fmt"
	"math"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"testing/fstest"
)

// TestLargePages: what a program takes from the heap afterwards lies in large pages, and
// what was reserved takes no memory. It runs in a process of its own, whose heap is small.
func TestLargePages(t *testing.T) {
	if os.Getenv("AKASHI_LARGE_PAGES") == "" {
		if !largePagesOnRequest() {
			t.Skip("this system gives no large pages on request")
		}
		cmd := exec.Command(os.Args[0], "-test.run=^TestLargePages$", "-test.v")
		cmd.Env = append(os.Environ(), "AKASHI_LARGE_PAGES=1")
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		return
	}
	defer Memory()()
	if rss := rollup(t, "Rss:"); rss > 64<<20 {
		t.Errorf("%d MB in use before anything was kept", rss>>20)
	}
	var held [][]byte
	for range 1024 { // small things, as the heap of a conversion is
		b := make([]byte, 64<<10)
		for i := 0; i < len(b); i += 4096 {
			b[i] = 1
		}
		held = append(held, b)
	}
	if large := rollup(t, "AnonHugePages:"); large < 32<<20 {
		t.Errorf("%d of 64 MB lie in large pages", large>>20)
	}
	runtime.KeepAlive(held)
}

// TestGroupLimit: the narrowest group counts, of either kind, and what a container shows of
// its own group alone.
func TestGroupLimit(t *testing.T) {
	f := func(own string, want uint64, files ...string) {
		t.Helper()
		root := fstest.MapFS{"proc/self/cgroup": {Data: []byte(own)}}
		for i := 0; i < len(files); i += 2 {
			root["sys/fs/cgroup/"+files[i]] = &fstest.MapFile{Data: []byte(files[i+1] + "\n")}
		}
		if got := groupLimit(root); got != want {
			t.Errorf("%q %q: %d, want %d", own, files, got, want)
		}
	}
	f("0::/\n", math.MaxUint64)
	f("0::/\n", 256<<20, "memory.max", "268435456")
	f("0::/system.slice/akashi.service\n", 7, "system.slice/akashi.service/memory.max", "max", "system.slice/memory.max", "7")
	f("4:memory:/a/b\n0::/\n", 5, "memory/a/memory.limit_in_bytes", "5", "memory/a/b/memory.limit_in_bytes", "9223372036854771712")
	f("4:cpu,memory:/docker/x\n3:cpu:/y\n", 6, "memory/memory.limit_in_bytes", "6", "y/memory.max", "1")
	f("", math.MaxUint64, "memory.max", "1")
}

// rollup reads an entry of what the process holds, bytes.
func rollup(t *testing.T, name string) int {
	t.Helper()
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/smaps_rollup", os.Getpid()))
	if err != nil {
		t.Fatal(err)
	}
	for l := range strings.Lines(string(b)) {
		if f := strings.Fields(l); len(f) > 1 && f[0] == name {
			n, err := strconv.Atoi(f[1])
			if err != nil {
				t.Fatal(err)
			}
			return n << 10
		}
	}
	t.Fatalf("no %s in\n%s", name, b)
	return 0
}
