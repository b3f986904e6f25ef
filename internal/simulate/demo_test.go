package simulate

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/akashi-audit/akashi/internal/event"
	"github.com/akashi-audit/akashi/internal/evtx"
)

func demoOptions() DemoOptions {
	return DemoOptions{Seed: 7, EndDay: time.Date(2026, 5, 30, 9, 0, 0, 0, time.UTC), Days: 9, People: 12, MaxBytes: 16 << 20}
}

// readLog checks the structure of a log and returns its events.
func readLog(t *testing.T, name string) (l []*event.Event, size int64) {
	t.Helper()
	b, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	size = int64(len(b))
	if err := evtx.Check(bytes.NewReader(b), size); err != nil {
		t.Errorf("%s: %v", name, err)
	}
	r, err := evtx.NewReader(bytes.NewReader(b), size, evtx.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if err := r.Events(context.Background(), func(rec *evtx.Record) error {
		l = append(l, rec.Event.Clone())
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	if d := r.Damage(); len(d) > 0 {
		t.Errorf("%s: damage %v", name, d)
	}
	return l, size
}

func readTruth(t *testing.T, name string) []Action {
	t.Helper()
	f, err := os.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	var l []Action
	for sc := bufio.NewScanner(f); sc.Scan(); {
		var a Action
		if err := json.Unmarshal(sc.Bytes(), &a); err != nil {
			t.Fatal(err)
		}
		if a.ID != len(l)+1 {
			t.Errorf("act %d stands at line %d", a.ID, len(l)+1)
		}
		l = append(l, a)
	}
	return l
}

func TestDemo(t *testing.T) {
	opt := demoOptions()
	steps := 0
	opt.Progress = func(done, total int) {
		steps++
		if done != steps || total != 18 {
			t.Errorf("progress %d of %d at step %d", done, total, steps)
		}
	}
	dir := t.TempDir()
	res, err := Demo(context.Background(), dir, opt)
	if err != nil {
		t.Fatal(err)
	}
	var sum, count int64
	events := make(map[string][]*event.Event)
	for _, name := range res.Files[:len(res.Files)-1] {
		l, size := readLog(t, name)
		sum += size
		count += int64(len(l))
		events[l[0].Computer] = append(events[l[0].Computer], l...)
	}
	if sum > opt.MaxBytes || sum < opt.MaxBytes/4 {
		t.Errorf("the logs have %d bytes, want at most %d and not much less", sum, opt.MaxBytes)
	}
	truth := make(map[string][]Action)
	all := readTruth(t, res.Files[len(res.Files)-1])
	kinds := make(map[string]int)
	for _, a := range all {
		truth[a.Server] = append(truth[a.Server], a)
		kinds[a.Kind]++
	}
	for server, l := range events {
		checkStream(t, l, truth[server])
		first, last := l[0].Time.Time(), l[len(l)-1].Time.Time()
		if first.Before(time.Date(2026, 5, 20, 15, 0, 0, 0, time.UTC)) || !last.Before(time.Date(2026, 5, 29, 15, 0, 0, 0, time.UTC)) {
			t.Errorf("%s: events from %v to %v", server, first, last)
		}
	}
	if count != res.Events || len(all) != res.Actions || len(events) != 2 {
		t.Errorf("%d events and %d acts of %d servers, want %+v", count, len(all), len(events), res)
	}
	if kinds["mass_read"] < 20 || kinds["ransomware"] < 40 {
		t.Errorf("the incidents are missing: %v", kinds)
	}
	t.Logf("%d files, %d bytes, %d events, %d acts", len(res.Files), sum, res.Events, res.Actions)
}

func TestDemoIsDeterministic(t *testing.T) {
	opt := demoOptions()
	opt.Days, opt.Servers, opt.MaxBytes = 3, []string{"only"}, 4<<20
	make1 := func() map[string][]byte {
		dir := t.TempDir()
		res, err := Demo(context.Background(), dir, opt)
		if err != nil {
			t.Fatal(err)
		}
		m := make(map[string][]byte)
		for _, name := range res.Files {
			b, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			m[strings.TrimPrefix(name, dir)] = b
		}
		return m
	}
	a, b := make1(), make1()
	if len(a) != len(b) {
		t.Fatalf("%d and %d files", len(a), len(b))
	}
	for name := range a {
		if !bytes.Equal(a[name], b[name]) {
			t.Errorf("%s differs", name)
		}
	}
}

func TestDemoRefusals(t *testing.T) {
	opt := demoOptions()
	opt.Days = 1
	dir := t.TempDir()
	if err := os.MkdirAll(filepath.Join(dir, "S"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "S", "Security.evtx"), []byte("mine"), 0o600); err != nil {
		t.Fatal(err)
	}
	opt.Servers = []string{"S"}
	if _, err := Demo(context.Background(), dir, opt); err == nil {
		t.Error("Demo wrote over a log")
	}
	opt.MaxBytes = 1
	if _, err := Demo(context.Background(), t.TempDir(), opt); err == nil {
		t.Error("Demo took a bound of one byte")
	}
	opt = demoOptions()
	opt.People = 2
	if _, err := Demo(context.Background(), t.TempDir(), opt); err == nil {
		t.Error("Demo took two people")
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := Demo(ctx, t.TempDir(), demoOptions()); !errors.Is(err, context.Canceled) {
		t.Errorf("after cancel: %v", err)
	}
}

// TestDemoServers takes fewer and more servers than departments.
func TestDemoServers(t *testing.T) {
	for _, n := range []int{1, 3, 7} {
		opt := demoOptions()
		opt.Days, opt.MaxBytes = 4, int64(n)*(4<<20)
		for i := range n {
			opt.Servers = append(opt.Servers, string(rune('A'+i))+".corp.example")
		}
		res, err := Demo(context.Background(), t.TempDir(), opt)
		if err != nil {
			t.Fatal(err)
		}
		seen, closed := make(map[string]bool), make(map[string]bool)
		for _, a := range readTruth(t, res.Files[len(res.Files)-1]) {
			seen[a.Server] = true
			if strings.Contains(a.Path, mnFolder) {
				closed[a.Server] = true
			}
		}
		if len(seen) != n || len(closed) != 1 {
			t.Errorf("%d servers: acts on %v, individual numbers on %v", n, seen, closed)
		}
	}
}

// TestDemoSize holds the bound over many sizes.
func TestDemoSize(t *testing.T) {
	for _, mb := range []int64{8, 10, 24} {
		opt := demoOptions()
		opt.People, opt.MaxBytes, opt.Days = 40, mb<<20, 14
		res, err := Demo(context.Background(), t.TempDir(), opt)
		if err != nil {
			t.Fatal(err)
		}
		var sum int64
		for _, name := range res.Files[:len(res.Files)-1] {
			st, err := os.Stat(name)
			if err != nil {
				t.Fatal(err)
			}
			sum += st.Size()
		}
		if sum > mb<<20 {
			t.Errorf("%d bytes with a bound of %d MiB", sum, mb)
		}
		t.Logf("%d MiB: %d bytes", mb, sum)
	}
}
