package score

import (
	"cmp"
	"context"
	"iter"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/akashi-audit/akashi/internal/collect"
	"github.com/akashi-audit/akashi/internal/convert"
	"github.com/akashi-audit/akashi/internal/event"
	"github.com/akashi-audit/akashi/internal/record"
	"github.com/akashi-audit/akashi/internal/simulate"
)

// text is what two conversions of one log must have in common, byte for byte.
func text(records []record.Record) []string {
	slices.SortFunc(records, func(a, b record.Record) int {
		return cmp.Or(cmp.Compare(a.Time, b.Time), strings.Compare(a.ID().String(), b.ID().String()))
	})
	l := make([]string, len(records))
	for i := range records {
		l[i] = records[i].ID().String() + " " + string(records[i].AppendJSON(nil))
	}
	return l
}

func same(t *testing.T, what string, want, got []string) {
	t.Helper()
	if slices.Equal(want, got) {
		return
	}
	d := strings.Split(gocmp.Diff(want, got), "\n")
	t.Errorf("%s: records differ (-want +got):\n%s", what, strings.Join(d[:min(len(d), 24)], "\n"))
}

// days are logs in which servers audit in different ways.
func days(t *testing.T, fn func(name string, rng *rand.Rand, events []*event.Event)) {
	f := func(name string, seed uint64, v simulate.Variant) {
		t.Helper()
		events, _ := simulate.DayVariant(seed, 10, v)
		slices.SortStableFunc(events, func(a, b *event.Event) int { return int(int64(a.Time - b.Time)) })
		fn(name, rand.New(rand.NewPCG(seed, 3)), events)
	}
	f("both audits", 301, simulate.Variant{Programs: true})
	f("both audits, rush", 302, simulate.Variant{Programs: true, Rush: true})
	f("no closings", 303, simulate.Variant{Programs: true, NoCloses: true})
	f("uses only", 304, simulate.Variant{Programs: true, NoOpens: true, Rush: true})
	f("no share checks", 305, simulate.Variant{Programs: true, NoShareChecks: true})
	events, _ := simulate.DayVariant(306, 10, simulate.Variant{Programs: true})
	shares := events[:0:0]
	for _, e := range events {
		if e.ID != 4656 && e.ID != 4663 && e.ID != 4658 && e.ID != 4660 && e.ID != 4659 {
			shares = append(shares, e)
		}
	}
	fn("share checks only", rand.New(rand.NewPCG(306, 3)), shares)
}

func convertAll(events []*event.Event) []record.Record {
	c := convert.New(events[0].Computer, convert.Options{})
	for _, e := range events {
		c.Add(e)
	}
	return append(c.Take(), c.Tail()...)
}

// TestSplitsOfDays: a day in any batches, restored from checkpoints between
// them, gives the same records with the same ids.
func TestSplitsOfDays(t *testing.T) {
	days(t, func(name string, rng *rand.Rand, events []*event.Event) {
		want := text(convertAll(events))
		for _, mean := range []int{3, 400} {
			opt := convert.Options{}
			c := convert.New(events[0].Computer, opt)
			var got []record.Record
			for n, e := range events {
				c.Add(e)
				if rng.IntN(mean) > 0 || mean < 10 && n > 1500 { // small batches take long
					continue
				}
				switch rng.IntN(3) {
				case 0:
					got = append(got, c.Take()...)
				case 1:
					c.Tail()
				case 2:
					d, err := convert.Restore(events[0].Computer, opt, c.AppendCheckpoint(nil))
					if err != nil {
						t.Fatal(err)
					}
					c = d
				}
			}
			same(t, name, want, text(append(append(got, c.Take()...), c.Tail()...)))
		}
	})
}

// TestFilesOfDays: the log of a day in any files, overlapping, twice, in any
// order, gives the same records with the same ids.
func TestFilesOfDays(t *testing.T) {
	days(t, func(name string, rng *rand.Rand, events []*event.Event) {
		want := text(merged(t, files(rng, events, 1, 0)))
		same(t, name+", twice", want, text(merged(t, append(files(rng, events, 1, 0), files(rng, events, 1, 0)...))))
		for range 3 {
			l := files(rng, events, 2+rng.IntN(9), 0.3)
			l = append(l, files(rng, events, 1+rng.IntN(4), 0)[:1]...) // a part of it again
			rng.Shuffle(len(l), func(i, j int) { l[i], l[j] = l[j], l[i] })
			same(t, name+", in files", want, text(merged(t, l)))
		}
	})
}

// files cuts each channel into n stretches, of which each reaches into the next
// by a part of its length.
func files(rng *rand.Rand, events []*event.Event, n int, overlap float64) (l []collect.Input) {
	channels := map[string][]*event.Event{}
	for _, e := range events {
		channels[e.Channel] = append(channels[e.Channel], e)
	}
	names := make([]string, 0, len(channels))
	for name := range channels {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		all := channels[name]
		cuts := []int{0, len(all)}
		for range n - 1 {
			cuts = append(cuts, rng.IntN(len(all)+1))
		}
		slices.Sort(cuts)
		for i := 1; i < len(cuts); i++ {
			part := all[cuts[i-1]:min(len(all), cuts[i]+int(float64(cuts[i]-cuts[i-1])*overlap*rng.Float64()))]
			if len(part) > 0 {
				l = append(l, collect.Input{Channel: name, FirstID: part[0].RecordID, Events: each(part)})
			}
		}
	}
	return l
}

func each(l []*event.Event) iter.Seq2[*event.Event, error] {
	return func(yield func(*event.Event, error) bool) {
		for _, e := range l {
			if !yield(e, nil) {
				return
			}
		}
	}
}

// merged converts inputs as an import does.
func merged(t *testing.T, inputs []collect.Input) []record.Record {
	t.Helper()
	var c *convert.Converter
	err := collect.Merge(context.Background(), inputs, func(e *event.Event) error {
		if c == nil {
			c = convert.New(e.Computer, convert.Options{})
		}
		c.Add(e)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return append(c.Take(), c.Tail()...)
}

// TestOrderBetweenChannels: where events of two channels are less than a
// millisecond apart, either may come first.
func TestOrderBetweenChannels(t *testing.T) {
	days(t, func(name string, rng *rand.Rand, events []*event.Event) {
		beside := events[:0:0]
		for _, e := range events { // prints, whose log is another channel, at the very time of other events
			if e.Channel != "Security" {
				continue
			}
			beside = append(beside, e)
			if (e.ID == 5145 || e.ID == 4663) && rng.IntN(30) == 0 {
				p := *e
				p.Provider, p.Channel, p.ID, p.RecordID = "Microsoft-Windows-PrintService", "Microsoft-Windows-PrintService/Operational", 307, uint64(len(beside))
				p.Schema = event.NewSchema("UserData/DocumentPrinted", []string{"Param1", "Param2", "Param3", "Param4", "Param5", "Param8"})
				p.Values = []event.Value{event.Uint(event.KindUint32, uint64(len(beside))), event.String("文書"), e.Get(event.SubjectUserName), event.String("-"), event.String("複合機"), event.Uint(event.KindUint32, 3)}
				beside = append(beside, &p)
			}
		}
		want := text(convertAll(beside))
		for range 3 {
			other, swapped := slices.Clone(beside), 0
			for i := 1; i < len(other); i++ {
				a, b := other[i-1], other[i]
				if a.Channel != b.Channel && time.Duration(b.Time-a.Time)*100 < time.Millisecond && rng.IntN(2) == 0 {
					other[i-1], other[i] = b, a
					swapped++
				}
			}
			if swapped == 0 {
				t.Errorf("%s: nothing to swap", name)
			}
			same(t, name, want, text(convertAll(other)))
		}
	})
}
