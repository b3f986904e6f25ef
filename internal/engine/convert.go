package engine

import (
	"context"
	"fmt"
	"log/slog"

	"github.com/akashi-audit/akashi/internal/event"
	"github.com/akashi-audit/akashi/internal/store"
)

// catchUp converts what an interrupted import left unconverted, and compares
// what an interrupted conversion replaced.
func (e *Engine) catchUp(ctx context.Context, t *tracker) error {
	for _, name := range e.st.ServerNames() {
		st := e.st.State(name)
		var err error
		switch {
		case st.Behind:
			e.log.InfoContext(ctx, "continue interrupted conversion", slog.String("server", name))
			_, err = e.reconvertLate(ctx, name, t)
		case st.Unsettled:
			_, err = e.st.Supersede(ctx, name, e.deps.rules)
		}
		if err != nil {
			return err
		}
	}
	return e.spread(ctx, t)
}

// extent says how much of a server is converted again.
type extent bool

const (
	late  extent = false // from the newest checkpoint that no late event touches
	whole extent = true  // from the beginning, with progress by events
)

// reconvert converts a server again: what came after the place where it begins
// is void from the first commit on, and what of it comes out differently stays
// as superseded.
func (e *Engine) reconvert(ctx context.Context, server string, t *tracker, x extent) (diff store.Difference, err error) {
	t.set(func(p *Progress) { p.Phase = "reconvert" })
	before := e.st.State(server)
	conv, from := e.deps.fresh(server, e.optionsOf(server)), store.Resume{}
	if x == late {
		if conv, from, err = e.resume(ctx, server); err != nil {
			return diff, err
		}
	}
	rewind := &from.Seq
	mark := from.Watermark
	read := bool(x) && before.Unread // for facts too
	var facts []store.Fact
	n := 0
	again, redo := Window{Server: server, Whole: true}, len(e.st.Pending(server)) > 0
	commit := func(last bool) error {
		c, err := e.commitOf(ctx, server, conv, mark)
		if err != nil {
			return err
		}
		c.Rewind, c.Facts, c.FactsRead = rewind, facts, read && last
		if _, err := e.st.Append(ctx, c); err != nil {
			return fmt.Errorf("store records of %s: %w", server, err)
		}
		done := int64(n)
		rewind, facts, n = nil, nil, 0
		t.set(func(p *Progress) {
			p.Records += int64(len(c.Records))
			if x == whole {
				p.Events += done
			} else {
				p.Again += done
			}
		})
		return nil
	}
	err = e.st.Replay(ctx, server, from.Watermark, func(ev *event.Event, k store.Key) error {
		conv.Add(ev)
		if again.Events == 0 {
			again.From = ev.Time.Time()
		}
		again.To = ev.Time.Time()
		again.Events++
		if mark = k; read {
			facts = append(facts, factsOf([]*event.Event{ev})...)
		}
		if n++; n < e.deps.batch {
			return nil
		}
		return commit(false)
	})
	if err != nil {
		return diff, fmt.Errorf("convert %s again: %w", server, err)
	}
	if n > 0 || read || rewind != nil && from.Watermark != before.Watermark { // else nothing was read, nothing is void
		if err := commit(true); err != nil {
			return diff, err
		}
	}
	if x == late && redo { // else nothing of it was converted before
		e.noteWindow(ctx, t, again)
	}
	return e.st.Supersede(ctx, server, e.deps.rules)
}

// resume is the converter at the newest usable checkpoint of a server.
func (e *Engine) resume(ctx context.Context, server string) (converter, store.Resume, error) {
	var conv converter
	from, err := e.st.Resume(ctx, server, func(b []byte, shifts [][]byte, basis store.Basis) bool {
		if basis.Rules != e.deps.rules {
			return false
		}
		c, err := e.deps.restore(server, e.optionsOf(server), b)
		if err != nil { // of another form: an older one, or the beginning, will do
			e.log.WarnContext(ctx, "checkpoint cannot be used", slog.String("server", server), slog.Any("error", err))
			return false
		}
		if s, ok := c.(settler); ok {
			for _, x := range shifts {
				if err := s.Shift(x); err != nil {
					e.log.WarnContext(ctx, "checkpoint cannot be used", slog.String("server", server), slog.Any("error", err))
					return false
				}
			}
		} else if len(shifts) > 0 {
			return false
		}
		conv = c
		return true
	})
	if err != nil {
		return nil, from, err
	}
	if conv == nil {
		conv = e.deps.fresh(server, e.optionsOf(server))
	}
	return conv, from, nil
}

// commitOf takes what the converter has ready into a commit.
func (e *Engine) commitOf(ctx context.Context, server string, conv converter, mark store.Key) (*store.Commit, error) {
	c := &store.Commit{
		Server: server, Records: conv.Take(), Tail: conv.Tail(), SetTail: true,
		Checkpoint: conv.AppendCheckpoint([]byte{}), Watermark: mark, Received: e.deps.now().UnixNano(),
		Basis: e.basis(), Trace: traceOf(conv),
	}
	return c, e.locate(ctx, c.Records, c.Tail)
}

// serverImport takes the events of one server of an import.
type serverImport struct {
	e       *Engine
	t       *tracker
	files   *attribution
	server  string
	planner *store.Planner
	conv    converter
	mark    store.Key
	started bool
	late    bool // events came that belong before converted ones
	batch   []*event.Event
	bytes   int
	dup     int64
}

func (e *Engine) newServerImport(server string, t *tracker, files *attribution) *serverImport {
	return &serverImport{e: e, t: t, files: files, server: server, planner: e.st.Planner(server)}
}

// begin readies the converter for the first new events. What other rules
// converted is converted again first: their state cannot go on under these; likewise
// where no checkpoint has the form of now.
func (si *serverImport) begin(ctx context.Context) error {
	if si.conv != nil {
		return nil
	}
	again := []func() error{
		func() error { _, err := si.e.reconvertLate(ctx, si.server, si.t); return err },
		// No late events: the checkpoint is of other rules, or of another form.
		func() error { _, err := si.e.reconvert(ctx, si.server, si.t, late); return err },
	}
	for {
		conv, from, err := si.e.resume(ctx, si.server)
		if err != nil {
			return err
		}
		st := si.e.st.State(si.server)
		if !st.Started || from.Watermark == st.Watermark || len(again) == 0 {
			si.t.set(func(p *Progress) { p.Phase = "import" })
			si.conv, si.mark, si.started = conv, from.Watermark, st.Started
			return nil
		}
		if err := again[0](); err != nil {
			return err
		}
		again = again[1:]
	}
}

// add takes one event, which is the caller's again afterwards.
func (si *serverImport) add(ctx context.Context, ev *event.Event) error {
	c := ev.Clone()
	si.batch = append(si.batch, c)
	si.bytes += 200 + 40*len(c.Values)
	for i := range c.Values {
		si.bytes += len(c.Values[i].Str)
	}
	if len(si.batch) < si.e.deps.batch && si.bytes < batchBytes {
		return nil
	}
	return si.flush(ctx)
}

// flush stores the batch: converted in the same commit when all of it lies
// behind what is converted already, else raw only.
func (si *serverImport) flush(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if len(si.batch) == 0 {
		return nil
	}
	n := int64(len(si.batch))
	plan, err := si.planner.Plan(ctx, si.batch)
	if err != nil {
		return fmt.Errorf("place events of %s: %w", si.server, err)
	}
	si.batch, si.bytes = si.batch[:0], 0
	si.dup += int64(plan.Duplicates)
	si.t.set(func(p *Progress) { p.Events += n })
	if len(plan.Events) == 0 {
		return nil
	}
	if err := si.begin(ctx); err != nil {
		return err
	}
	si.files.note(plan.Events)
	var c *store.Commit
	if si.late = si.late || si.started && plan.Late.Compare(si.mark) <= 0; si.late {
		c = &store.Commit{Server: si.server, Received: si.e.deps.now().UnixNano()}
		if plan.Late.Compare(si.mark) <= 0 { // else it follows what is converted
			c.Late, c.LateTo = plan.Late, lastUpTo(plan, si.mark)
		}
	} else {
		for _, ev := range plan.Events {
			si.conv.Add(ev)
		}
		si.mark, si.started = plan.Keys[len(plan.Keys)-1], true
		if c, err = si.e.commitOf(ctx, si.server, si.conv, si.mark); err != nil {
			return err
		}
	}
	c.Raw, c.Facts = plan.Raw, factsOf(plan.Events)
	seq, err := si.e.st.Append(ctx, c)
	if err != nil {
		return fmt.Errorf("store events of %s: %w", si.server, err)
	}
	si.e.noteBatch(si.server, seq, len(plan.Events))
	si.t.set(func(p *Progress) { p.Records += int64(len(c.Records)) })
	return nil
}

// finish stores what is left and converts again if events came late.
func (si *serverImport) finish(ctx context.Context) error {
	if err := si.flush(ctx); err != nil {
		return err
	}
	if si.late {
		_, err := si.e.reconvertLate(ctx, si.server, si.t)
		return err
	}
	return nil
}

// lastUpTo is the last key of a plan that belongs before converted events. Events
// behind those are converted anyway.
func lastUpTo(plan *store.Plan, mark store.Key) *store.Key {
	to := *plan.Late
	if to == (store.Key{}) { // stored events change their generation
		to = store.LastKey()
	}
	for _, k := range plan.Keys {
		if k.Compare(mark) <= 0 && k.Compare(to) > 0 {
			to = k
		}
	}
	return &to
}
