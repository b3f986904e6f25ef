//go:build amd64 || arm64

package pace

import (
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"strings"
	"testing"
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
