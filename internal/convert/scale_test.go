package convert

import (
	"os"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/akashi-audit/akashi/internal/event"
	"github.com/akashi-audit/akashi/internal/pace"
	"github.com/akashi-audit/akashi/internal/record"
	"github.com/akashi-audit/akashi/internal/simulate"
)

// residentLimit is what the converters of fifty servers and the generator that
// feeds them may occupy together.
const residentLimit = 300 << 20

// resident returns the resident memory of this process in bytes, or 0 where the
// system does not tell.
func resident() int64 {
	b, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return 0
	}
	for line := range strings.Lines(string(b)) {
		if rest, ok := strings.CutPrefix(line, "VmRSS:"); ok {
			n, _ := strconv.ParseInt(strings.Fields(rest)[0], 10, 64)
			return n << 10
		}
	}
	return 0
}

// month is a number of servers that live side by side, each with its converter.
type month struct {
	streams    []*simulate.Stream
	converters []*Converter
	events     int64
	records    int64
	converting time.Duration
	peak       int64 // resident bytes, highest seen
	heap       uint64
}

func newMonth(servers int, opt simulate.StreamOptions) *month {
	m := &month{}
	for i := range servers {
		o := opt
		o.Server, o.Seed = "FS"+strconv.Itoa(101+i), opt.Seed+uint64(i)
		s := simulate.NewStream(o)
		m.streams = append(m.streams, s)
		m.converters = append(m.converters, New(s.Server(), Options{}))
	}
	return m
}

// day feeds one day of every server. Events are converted in batches of 1024,
// as an import does, so that the clock is read rarely.
func (m *month) day(t *testing.T) {
	batch := make([]*event.Event, 0, 1024)
	for i, s := range m.streams {
		c := m.converters[i]
		flush := func() {
			start := time.Now()
			for _, e := range batch {
				c.Add(e)
			}
			rs := c.Take()
			m.converting += time.Since(start)
			m.events += int64(len(batch))
			m.records += int64(len(rs))
			for j := range rs {
				if r := &rs[j]; r.Server != s.Server() || r.Class == 0 || len(r.RawIDs) == 0 {
					t.Fatalf("record %s %s %q by %s of %s", r.ID(), r.Op, r.Path, r.Rule, r.Server)
				}
			}
			clear(batch)
			batch = batch[:0]
		}
		s.NextDay(func(e *event.Event) {
			if batch = append(batch, e); len(batch) == cap(batch) {
				flush()
			}
		})
		flush()
		m.peak = max(m.peak, resident())
	}
	var ms runtime.MemStats
	runtime.ReadMemStats(&ms)
	m.heap = max(m.heap, ms.HeapInuse)
}

// TestMonthOfFiftyServers converts the logs of fifty servers side by side, made
// on the fly. AKASHI_LONG=1 gives the whole month of 30 days, otherwise two
// days with few people.
func TestMonthOfFiftyServers(t *testing.T) {
	defer pace.Memory()() // as the commands that convert
	days, opt := 2, simulate.StreamOptions{Seed: 500, People: 5, Files: 40, Acts: 8}
	if os.Getenv("AKASHI_LONG") != "" {
		days, opt = 30, simulate.StreamOptions{Seed: 500, People: 40, Files: 250}
	}
	m := newMonth(50, opt)
	start := time.Now()
	for d := range days {
		m.day(t)
		if testing.Verbose() {
			t.Logf("day %d: %d events, resident %d MiB, heap %d MiB", d+1, m.events, m.peak>>20, m.heap>>20)
		}
	}
	var tail []record.Record
	for _, c := range m.converters {
		tail = append(tail[:0], c.Tail()...)
		m.records += int64(len(tail))
	}
	t.Logf("%d servers, %d days: %d events, %d records, %.0f events/s converted, %.0f events/s with generator; resident %d MiB, heap in use %d MiB",
		len(m.streams), days, m.events, m.records, float64(m.events)/m.converting.Seconds(), float64(m.events)/time.Since(start).Seconds(),
		m.peak>>20, m.heap>>20)
	if m.events == 0 || m.records == 0 {
		t.Error("nothing happened")
	}
	if m.peak > residentLimit {
		t.Errorf("resident memory %d MiB, want less than %d", m.peak>>20, residentLimit>>20)
	}
	if m.heap > residentLimit {
		t.Errorf("heap %d MiB, want less than %d", m.heap>>20, residentLimit>>20)
	}
}
