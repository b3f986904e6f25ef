package server

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// numbers are counters, gauges and times, written in the text format of
// Prometheus. A name may carry labels: akashi_x{kind="a"}. It is safe for
// concurrent use.
//
// The library that is usual for this (VictoriaMetrics/metrics) writes to standard
// error when it is merely linked into a program in some containers, so that every
// command would; these few lines do not.
type numbers struct {
	mu     sync.Mutex // guards the rest
	counts map[string]uint64
	gauges map[string]float64
	times  map[string]*timing
}

// timing is how long something took, by bucket.
type timing struct {
	n       uint64
	sum     time.Duration
	buckets [len(bounds)]uint64 // those that took up to the bound, and not up to the one before
}

// bounds are the upper ends of buckets.
var bounds = [...]time.Duration{
	5 * time.Millisecond, 10 * time.Millisecond, 25 * time.Millisecond, 50 * time.Millisecond, 100 * time.Millisecond, 300 * time.Millisecond,
	time.Second, 3 * time.Second, 10 * time.Second, 30 * time.Second, 2 * time.Minute,
}

func newNumbers() *numbers {
	return &numbers{counts: make(map[string]uint64), gauges: make(map[string]float64), times: make(map[string]*timing)}
}

func (x *numbers) count(name string) {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.counts[name]++
}

func (x *numbers) gauge(name string, v float64) {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.gauges[name] = v
}

func (x *numbers) took(name string, d time.Duration) {
	x.mu.Lock()
	defer x.mu.Unlock()
	t := x.times[name]
	if t == nil {
		t = &timing{}
		x.times[name] = t
	}
	t.n++
	t.sum += d
	if i := slices.IndexFunc(bounds[:], func(b time.Duration) bool { return d <= b }); i >= 0 {
		t.buckets[i]++
	}
}

// write writes everything, by name.
func (x *numbers) write(w io.Writer) error {
	x.mu.Lock()
	defer x.mu.Unlock()
	var b strings.Builder
	typed := ""
	kind := func(name, kind string) (base, labels string) {
		base, labels, _ = strings.Cut(strings.TrimSuffix(name, "}"), "{")
		if base != typed {
			typed = base
			fmt.Fprintf(&b, "# TYPE %s %s\n", base, kind)
		}
		return base, labels
	}
	for _, name := range slices.Sorted(maps.Keys(x.counts)) {
		kind(name, "counter")
		fmt.Fprintf(&b, "%s %d\n", name, x.counts[name])
	}
	for _, name := range slices.Sorted(maps.Keys(x.gauges)) {
		kind(name, "gauge")
		fmt.Fprintf(&b, "%s %s\n", name, strconv.FormatFloat(x.gauges[name], 'f', -1, 64))
	}
	for _, name := range slices.Sorted(maps.Keys(x.times)) {
		t := x.times[name]
		base, labels := kind(name, "histogram")
		comma, own := "", ""
		if labels != "" {
			comma, own = ",", "{"+labels+"}"
		}
		sum := uint64(0)
		for i, n := range t.buckets {
			sum += n
			fmt.Fprintf(&b, "%s_bucket{%s%sle=%q} %d\n", base, labels, comma, seconds(bounds[i]), sum)
		}
		fmt.Fprintf(&b, "%s_bucket{%s%sle=\"+Inf\"} %d\n%s_sum%s %s\n%s_count%s %d\n", base, labels, comma, t.n, base, own, seconds(t.sum), base, own, t.n)
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func seconds(d time.Duration) string { return strconv.FormatFloat(d.Seconds(), 'f', -1, 64) }
