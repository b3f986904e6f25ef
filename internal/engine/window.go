package engine

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"github.com/akashi-audit/akashi/internal/convert"
	"github.com/akashi-audit/akashi/internal/event"
	"github.com/akashi-audit/akashi/internal/store"
)

// settler is a converter whose state can be compared with that of an earlier
// conversion, so that a late log makes only a window anew; see convert.Converter.
type settler interface {
	converter
	// Differs tells what of two states at one place differs of what is looked up
	// by key; ok is false when more differs.
	Differs(old *convert.Converter) (keys []uint32, ok bool)
	Agrees(old *convert.Converter, later convert.Later) (shift []byte, differs string)
	Shift(b []byte) error
	Trace() (keys []uint32, ok bool)
}

// Window is what an import or opening converted again because events came late.
type Window struct {
	Server string    `json:"server"`
	From   time.Time `json:"from"` // of the first event that was converted again
	To     time.Time `json:"to"`   // of the last one
	Events int64     `json:"events"`
	// Whole: there was no place from which on the records are as they were, so
	// all up to the end was converted.
	Whole bool `json:"whole"`
}

// window is one pass over the events that late ones touch.
type window struct {
	e      *Engine
	t      *tracker
	server string
	conv   converter
	at     uint64 // the commit behind which the next one stands
	mark   store.Key
	marks  []store.Mark // of the earlier conversion, not yet reached
	dirty  []store.Span // what is out of date; the first span is at hand
	quiet  map[string]store.Key
	old    *convert.Converter // at marks[0], when its commit is void already
	fails  int                // comparisons of states that failed in this window
	skip   int                // marks to pass before the next comparison
	n      int                // events since the last commit
	out    Window
	done   bool // it agrees: what follows is as it was
}

// reconvertLate converts again what is out of date of a server: window after
// window, each from the newest checkpoint before it to where its state is proved to
// go on as the earlier conversion did.
func (e *Engine) reconvertLate(ctx context.Context, server string, t *tracker) (diff store.Difference, err error) {
	for range maxWindows {
		w, err := e.window(ctx, server, t)
		if err != nil {
			return diff, err
		}
		if w == nil {
			break
		}
		if err := w.run(ctx); err != nil {
			return diff, fmt.Errorf("convert %s again: %w", server, err)
		}
		e.noteWindow(ctx, t, w.out)
	}
	if e.st.State(server).Behind {
		return e.reconvert(ctx, server, t, late)
	}
	return e.st.Supersede(ctx, server, e.deps.rules)
}

// maxWindows bounds the windows of one late log. What is still out of date then
// is converted to the end.
const maxWindows = 64

// window readies the next one; nil when there is nothing out of date, or when
// no earlier state can be compared: then the server is converted to the end.
func (e *Engine) window(ctx context.Context, server string, t *tracker) (*window, error) {
	dirty := e.st.Pending(server)
	if len(dirty) == 0 {
		return nil, nil
	}
	conv, from, err := e.resume(ctx, server)
	if err != nil {
		return nil, err
	}
	if _, ok := conv.(settler); !ok {
		return nil, nil
	}
	marks := e.st.Marks(server, from.Watermark)
	now := e.basis()
	if len(marks) < 2 || slices.ContainsFunc(marks, func(m store.Mark) bool { return m.Basis != now }) ||
		dirty[0].To.Compare(marks[len(marks)-1].Watermark) >= 0 {
		return nil, nil
	}
	t.set(func(p *Progress) { p.Phase = "reconvert" })
	return &window{
		e: e, t: t, server: server, conv: conv, at: from.Seq, mark: from.Watermark, marks: marks, dirty: dirty,
		quiet: e.st.LastKeys(server), out: Window{Server: server},
	}, nil
}

// errSettled ends the replay where the states agree.
type errSettled struct{}

func (errSettled) Error() string { return "the states agree" }

// run converts the events of the window.
func (w *window) run(ctx context.Context) error {
	err := w.e.st.Replay(ctx, w.server, w.mark, func(ev *event.Event, k store.Key) error {
		if err := w.pass(ctx, k); err != nil {
			return err
		}
		w.conv.Add(ev)
		if w.mark = k; w.out.Events == 0 {
			w.out.From = ev.Time.Time()
		}
		w.out.To = ev.Time.Time()
		w.out.Events++
		if w.n++; w.n < w.e.deps.batch {
			return nil
		}
		if err := w.keep(ctx); err != nil {
			return err
		}
		return w.commit(ctx, w.part())
	})
	if w.done {
		return nil
	}
	if err == nil {
		err = w.pass(ctx, store.LastKey())
	}
	if err != nil && !w.done {
		return err
	}
	return nil
}

// pass tells that all events before the key k are converted: marks of the earlier
// conversion lie behind the converter now.
func (w *window) pass(ctx context.Context, k store.Key) error {
	for len(w.marks) > 0 && w.marks[0].Watermark.Compare(k) < 0 {
		m := w.marks[0]
		w.mark = m.Watermark
		w.join()
		if len(w.marks) == 1 {
			return w.end(ctx, m)
		}
		if w.compares(m) {
			settled, err := w.settle(ctx, m)
			if err != nil {
				return err
			}
			if settled {
				w.done = true
				return errSettled{}
			}
			w.skip = 1 << min(w.fails, maxBackOff)
			w.fails++
		} else if w.skip > 0 {
			w.skip--
		}
		if err := w.commit(ctx, w.part()); err != nil {
			return err
		}
		w.marks, w.old = w.marks[1:], nil
	}
	return nil
}

// maxBackOff bounds how many marks are passed between two comparisons: 32.
const maxBackOff = 5

// compares reports whether the states are compared at a mark: behind what is out of date,
// and less often the more often they differed, since a comparison reads two states.
func (w *window) compares(m store.Mark) bool {
	return w.skip == 0 && w.dirty[0].To.Compare(m.Watermark) <= 0
}

// part is the window of a commit in the middle: what lies before the next mark
// is void, and from here on the records are out of date.
func (w *window) part() *store.Window {
	w.join()
	x := &store.Window{After: w.at}
	if len(w.marks) > 0 {
		x.Upto = w.marks[0].Seq
	}
	next := w.mark.Next()
	for i, s := range w.dirty {
		if i == 0 {
			if s.From = next; s.To.Compare(next) < 0 {
				s.To = next
			}
		}
		x.Pending = append(x.Pending, s)
	}
	return x
}

// keep reads the state at the next mark, before a commit in front of it makes it
// void.
func (w *window) keep(ctx context.Context) (err error) {
	if m := w.marks[0]; w.old == nil && w.compares(m) {
		w.old, err = w.restore(ctx, m.Seq)
	}
	return err
}

// join makes spans that the window has reached part of the one at hand.
func (w *window) join() {
	for len(w.dirty) > 1 && w.dirty[1].From.Compare(w.mark) <= 0 {
		if w.dirty[1].To.Compare(w.dirty[0].To) > 0 {
			w.dirty[0].To = w.dirty[1].To
		}
		w.dirty = slices.Delete(w.dirty, 1, 2)
	}
}

// end is where the earlier conversion ended: nothing of it is left.
func (w *window) end(ctx context.Context, m store.Mark) error {
	w.out.Whole = true
	w.marks, w.done = nil, true
	if err := w.commitWith(ctx, &store.Window{After: w.at, Upto: m.Seq}, w.conv); err != nil {
		return err
	}
	return errSettled{}
}

// commit stores what the converter has ready. The tail stays: it is that of the
// end.
func (w *window) commit(ctx context.Context, x *store.Window) error { return w.commitWith(ctx, x, nil) }

func (w *window) commitWith(ctx context.Context, x *store.Window, tail converter) error {
	c := &store.Commit{
		Server: w.server, Records: w.conv.Take(), Checkpoint: w.conv.AppendCheckpoint([]byte{}), Watermark: w.mark,
		Received: w.e.deps.now().UnixNano(), Basis: w.e.basis(), Window: x, Trace: traceOf(w.conv),
	}
	if tail != nil {
		c.Tail, c.SetTail = tail.Tail(), true
	}
	if err := w.e.locate(ctx, c.Records, c.Tail); err != nil {
		return err
	}
	seq, err := w.e.st.Append(ctx, c)
	if err != nil {
		return fmt.Errorf("store records of %s: %w", w.server, err)
	}
	n := int64(w.n)
	w.at, w.n = seq, 0
	w.t.set(func(p *Progress) {
		p.Records += int64(len(c.Records))
		p.Again += n
	})
	return nil
}

// settle compares the states at a mark. When they agree up to the end of the
// earlier conversion, or up to a later mark behind which something is looked up
// that differs, the window ends here; it goes on behind that mark.
func (w *window) settle(ctx context.Context, m store.Mark) (bool, error) {
	old := w.old
	if old == nil {
		var err error
		if old, err = w.restore(ctx, m.Seq); err != nil || old == nil {
			return false, err
		}
	}
	now := w.conv.(settler)
	keys, ok := now.Differs(old)
	if !ok {
		return false, nil
	}
	to, err := w.reach(ctx, keys)
	if err != nil || to == 0 {
		return false, err
	}
	last := w.marks[to]
	end, err := w.restore(ctx, last.Seq)
	if err != nil || end == nil {
		return false, err
	}
	shift, differs := now.Agrees(old, convert.Later{
		End: end, Touched: func(uint32) bool { return false }, // reach has seen to it
		Quiet: func(channel string) bool {
			k, ok := w.quiet[channel]
			return !ok || k.Compare(m.Watermark) <= 0
		},
	})
	if differs != "" {
		w.e.log.DebugContext(ctx, "conversion goes on", slog.String("server", w.server), slog.String("differs", differs))
		return false, nil
	}
	x := &store.Window{After: w.at, Upto: m.Seq, Shift: shift, ShiftTo: last.Watermark}
	var tail converter
	if rest := w.dirty[1:]; to == len(w.marks)-1 && len(rest) == 0 {
		if err := end.Shift(shift); err != nil {
			return false, err
		}
		x.ShiftTo, tail = store.LastKey(), end
	} else {
		x.Pending = rest
		if next := last.Watermark.Next(); to < len(w.marks)-1 && (len(rest) == 0 || rest[0].From.Compare(next) > 0) {
			x.Pending = append([]store.Span{{From: next, To: next}}, rest...)
		}
	}
	return true, w.commitWith(ctx, x, tail)
}

// reach is the last mark up to which the earlier conversion looked up none of
// the keys, and no further span is out of date; 0 = not even the next.
func (w *window) reach(ctx context.Context, keys []uint32) (int, error) {
	to := 0
	for i, m := range w.marks[1:] {
		if len(w.dirty) > 1 && m.Watermark.Compare(w.dirty[1].From) >= 0 {
			break
		}
		if len(keys) > 0 {
			sets, ok, err := w.e.st.ReadTrace(ctx, w.server, m.Seq)
			if err != nil {
				return 0, err
			}
			if !ok || touches(sets, keys) {
				break
			}
		}
		to = i + 1
	}
	return to, nil
}

// touches reports whether one of the keys is in one of the sets.
func touches(sets [][]uint32, keys []uint32) bool {
	for _, set := range sets {
		for _, k := range keys {
			if _, found := slices.BinarySearch(set, k); found {
				return true
			}
		}
	}
	return false
}

// restore is the converter at a mark; nil when its state is lost.
func (w *window) restore(ctx context.Context, seq uint64) (*convert.Converter, error) {
	b, shifts, err := w.e.st.ReadMark(ctx, w.server, seq)
	if err != nil || b == nil {
		return nil, err
	}
	c, err := w.e.deps.restore(w.server, w.e.optionsOf(w.server), b)
	if err != nil {
		return nil, nil // of another form
	}
	x, ok := c.(*convert.Converter)
	if !ok {
		return nil, nil
	}
	for _, s := range shifts {
		if err := x.Shift(s); err != nil {
			return nil, nil
		}
	}
	return x, nil
}

// traceOf is what a converter looked up since its last checkpoint.
func traceOf(c converter) []uint32 {
	s, ok := c.(settler)
	if !ok {
		return nil
	}
	keys, ok := s.Trace()
	if !ok {
		return nil
	}
	return keys
}

// noteWindow tells what was converted again.
func (e *Engine) noteWindow(ctx context.Context, t *tracker, w Window) {
	if w.Events == 0 {
		return
	}
	if zone, err := e.cfg.Location(); err == nil {
		w.From, w.To = w.From.In(zone), w.To.In(zone)
	}
	e.log.InfoContext(ctx, "converted a window again", slog.String("server", w.Server), slog.Time("from", w.From), slog.Time("to", w.To),
		slog.Int64("events", w.Events), slog.Bool("to_the_end", w.Whole))
	t.again(w)
}
