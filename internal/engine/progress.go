package engine

import (
	"slices"
	"sync"
	"time"

	"github.com/akashi-audit/akashi/internal/collect"
	"github.com/akashi-audit/akashi/internal/event"
)

const progressEvery = 200 * time.Millisecond

// tracker holds the progress of an import and reports it from a goroutine of
// its own. The zero tracker reports to nobody.
type tracker struct {
	e     *Engine
	start time.Time
	fn    func(Progress)
	quit  chan struct{}
	ended sync.WaitGroup

	mu    sync.Mutex // guards the fields below
	p     Progress
	total int64     // events of all files
	names []fileEnd // cumulative events at the end of each file
	redo  []Window  // what was converted again
}

type fileEnd struct {
	name   string
	events int64
}

func (e *Engine) track(fn func(Progress)) *tracker {
	t := &tracker{e: e, start: time.Now(), fn: fn, quit: make(chan struct{})}
	t.set(func(*Progress) {})
	if fn == nil {
		return t
	}
	t.ended.Add(1)
	go func() {
		defer t.ended.Done()
		tick := time.NewTicker(progressEvery)
		defer tick.Stop()
		for {
			select {
			case <-t.quit:
				return
			case <-tick.C:
				t.report()
			}
		}
	}()
	return t
}

func (t *tracker) elapsed() time.Duration { return time.Since(t.start) }

func (t *tracker) report() {
	t.mu.Lock()
	p := t.p
	t.mu.Unlock()
	p.Elapsed = t.elapsed()
	t.fn(p)
}

// begin tells what is ahead.
func (t *tracker) begin(files []collect.File) {
	t.set(func(p *Progress) {
		p.Phase, p.Files, p.FilesDone, p.File = "import", len(files), 0, ""
		for i := range files {
			t.total += files[i].Events
			t.names = append(t.names, fileEnd{files[i].Name, t.total})
			p.Bytes += files[i].Size
		}
		p.AllEvents = t.total
	})
}

// set changes the progress and derives the rest from it. Events of several
// files are merged, so bytes and files done are shares of the events.
func (t *tracker) set(change func(*Progress)) {
	if t.e == nil {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	p := &t.p
	change(p)
	p.Elapsed = t.elapsed()
	if t.total > 0 {
		share := float64(min(p.Events, t.total)) / float64(t.total)
		p.BytesDone = int64(share * float64(p.Bytes))
		for p.FilesDone < len(t.names) && t.names[p.FilesDone].events <= p.Events {
			p.FilesDone++
		}
		if p.FilesDone < len(t.names) {
			p.File = t.names[p.FilesDone].name
		}
		if share > 0 && !p.Done {
			p.Left = time.Duration(float64(p.Elapsed) * (1 - share) / share)
		}
	}
	now := *p
	t.e.mu.Lock()
	t.e.running = &now
	t.e.mu.Unlock()
}

// again notes what was converted again.
func (t *tracker) again(w Window) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.redo = append(t.redo, w)
}

// windows are what was converted again, one for each server.
func (t *tracker) windows() []Window {
	t.mu.Lock()
	defer t.mu.Unlock()
	var l []Window
	for _, w := range t.redo {
		at := slices.IndexFunc(l, func(o Window) bool { return o.Server == w.Server })
		if at < 0 {
			l = append(l, w)
			continue
		}
		o := &l[at]
		o.Events, o.Whole = o.Events+w.Events, o.Whole || w.Whole
		if w.From.Before(o.From) {
			o.From = w.From
		}
		if w.To.After(o.To) {
			o.To = w.To
		}
	}
	return l
}

// done ends the progress well: a last report with Done.
func (t *tracker) done() {
	t.set(func(p *Progress) {
		p.Phase, p.Done, p.Left = "done", true, 0
		p.FilesDone, p.BytesDone = p.Files, p.Bytes
	})
	t.stop()
	if t.fn != nil {
		t.report()
	}
}

// stop ends the reports. It may be called twice.
func (t *tracker) stop() {
	select {
	case <-t.quit:
		return
	default:
	}
	close(t.quit)
	t.ended.Wait()
	t.e.mu.Lock()
	t.e.running = nil
	t.e.mu.Unlock()
}

// attribution counts new events per file. Several files can hold an event: it
// counts for the first one whose ids and times it lies in.
type attribution struct {
	fresh   []int64
	streams map[[2]string][]span
}

type span struct {
	file        int
	first, last uint64
	from, to    event.Filetime
}

func newAttribution(files []collect.File) *attribution {
	a := &attribution{fresh: make([]int64, len(files)), streams: make(map[[2]string][]span)}
	for i := range files {
		for _, s := range files[i].Streams {
			k := [2]string{s.Computer, s.Channel}
			a.streams[k] = append(a.streams[k], span{i, s.FirstID, s.LastID, s.FirstTime, s.LastTime})
		}
	}
	return a
}

func (a *attribution) note(events []*event.Event) {
	for _, e := range events {
		for _, s := range a.streams[[2]string{e.Computer, e.Channel}] {
			if s.first <= e.RecordID && e.RecordID <= s.last && s.from <= e.Time && e.Time <= s.to {
				a.fresh[s.file]++
				break
			}
		}
	}
}
