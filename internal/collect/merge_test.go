package collect

import (
	"context"
	"errors"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/akashi-audit/akashi/internal/event"
)

// naive is the merge order by definition: sort each channel, drop repeats, note
// the running time, sort by the key.
func naive(events []*event.Event) []string {
	type keyed struct {
		running event.Filetime
		e       *event.Event
	}
	channels := map[string][]*event.Event{}
	for _, e := range events {
		channels[e.Channel] = append(channels[e.Channel], e)
	}
	var all []keyed
	for _, l := range channels {
		slices.SortStableFunc(l, func(a, b *event.Event) int {
			if a.Generation != b.Generation {
				return int(a.Generation) - int(b.Generation)
			}
			return int(a.RecordID) - int(b.RecordID)
		})
		var running event.Filetime
		for i, e := range l {
			if i > 0 && l[i-1].Generation == e.Generation && l[i-1].RecordID == e.RecordID {
				continue
			}
			if i > 0 && l[i-1].Generation != e.Generation {
				running = 0
			}
			running = max(running, e.Time)
			all = append(all, keyed{running, e})
		}
	}
	// Within a channel the order is fixed even when a later generation runs
	// earlier, so this is a merge of lists and not a sort of keys.
	next := map[string][]keyed{}
	var names []string
	for _, k := range all {
		if next[k.e.Channel] == nil {
			names = append(names, k.e.Channel)
		}
		next[k.e.Channel] = append(next[k.e.Channel], k)
	}
	slices.Sort(names)
	var out []string
	for range all {
		best := ""
		for _, n := range names {
			if len(next[n]) > 0 && (best == "" || next[n][0].running < next[best][0].running) {
				best = n
			}
		}
		out = append(out, label(next[best][0].e))
		next[best] = next[best][1:]
	}
	return out
}

func label(e *event.Event) string {
	return event.String(e.Channel).Text() + ":" + string(event.Uint(event.KindUint32, uint64(e.Generation)).AppendText(nil)) +
		":" + string(event.Uint(event.KindUint64, e.RecordID).AppendText(nil)) + "@" + string(event.Uint(event.KindUint64, uint64(e.Time)).AppendText(nil))
}

func input(channel string, gen uint32, first uint64, l []*event.Event) Input {
	return Input{Channel: channel, Generation: gen, FirstID: first, Events: func(yield func(*event.Event, error) bool) {
		for _, e := range l {
			if !yield(e.Clone(), nil) {
				return
			}
		}
	}}
}

func TestMergeIsTheNaiveMerge(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var all []*event.Event
		var inputs []Input
		for _, ch := range []string{"Security", "System"} {
			for gen := range uint32(rapid.IntRange(1, 2).Draw(t, "generations")) {
				times := rapid.SliceOfN(rapid.IntRange(0, 20), 30, 30).Draw(t, "times")
				for range rapid.IntRange(0, 4).Draw(t, "files") {
					ids := rapid.SliceOfN(rapid.IntRange(1, 29), 0, 12).Draw(t, "ids")
					slices.Sort(ids)
					var l []*event.Event
					for _, id := range ids {
						l = append(l, &event.Event{Channel: ch, Generation: gen, RecordID: uint64(id), Time: event.Filetime(times[id])})
					}
					first := uint64(0)
					if len(l) > 0 && rapid.Bool().Draw(t, "lazy") {
						first = l[0].RecordID
					}
					all = append(all, l...)
					inputs = append(inputs, input(ch, gen, first, l))
				}
			}
		}
		var got []string
		err := Merge(t.Context(), inputs, func(e *event.Event) error {
			got = append(got, label(e))
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(naive(all), got); d != "" {
			t.Errorf("order differs (-naive +Merge):\n%s", d)
		}
	})
}

func TestMergeOpensFilesWhenNeeded(t *testing.T) {
	var begun []uint64
	var inputs []Input
	for _, first := range []uint64{21, 1, 11} {
		in := input("Security", 0, first, []*event.Event{
			{RecordID: first, Time: event.Filetime(first)}, {RecordID: first + 9, Time: event.Filetime(first + 9)},
		})
		events := in.Events
		in.Events = func(yield func(*event.Event, error) bool) {
			begun = append(begun, first)
			events(yield)
		}
		inputs = append(inputs, in)
	}
	stop := errors.New("stop")
	err := Merge(t.Context(), inputs, func(e *event.Event) error {
		if e.RecordID == 10 {
			return stop
		}
		return nil
	})
	if !errors.Is(err, stop) {
		t.Fatalf("Merge = %v, want the error of fn", err)
	}
	if d := cmp.Diff([]uint64{1}, begun); d != "" {
		t.Errorf("inputs begun (-want +got):\n%s", d)
	}
}

func TestMergeEndsWithContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	err := Merge(ctx, []Input{input("Security", 0, 0, []*event.Event{{RecordID: 1}})}, func(*event.Event) error { return nil })
	if !errors.Is(err, context.Canceled) {
		t.Errorf("Merge = %v, want canceled", err)
	}
}

func TestRunTracker(t *testing.T) {
	sec := event.Filetime(10_000_000)
	f := func(name string, want int, ordered bool, pairs ...uint64) {
		t.Helper()
		var r runTracker
		for i := 0; i < len(pairs); i += 2 {
			r.add(pairs[i], event.Filetime(pairs[i+1])*sec)
		}
		if len(r.runs) != want || r.runs[0].ordered != ordered {
			t.Errorf("%s: %d runs, ordered %v, want %d, %v", name, len(r.runs), r.runs[0].ordered, want, ordered)
		}
	}
	f("in order", 1, true, 1, 100, 2, 101, 3, 500)
	f("newest first", 1, false, 3, 500, 2, 101, 1, 100)
	f("neighbours the wrong way round", 1, false, 2, 100, 1, 101)
	f("clock set back", 1, true, 1, 500, 2, 100, 3, 101)
	f("a new log", 2, true, 900, 100, 901, 200, 1, 300, 2, 301)
	f("twice the same", 1, false, 1, 100, 2, 300, 1, 100, 2, 300)
}
