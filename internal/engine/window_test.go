package engine

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/akashi-audit/akashi/internal/coverage"
	"github.com/akashi-audit/akashi/internal/event"
	"github.com/akashi-audit/akashi/internal/simulate"
	"github.com/akashi-audit/akashi/internal/store"
)

const hourTicks = 3600 * 10_000_000

// liveServer is some days of a made-up server that restarts on Sundays, with some
// events of other channels, and holes in its record ids.
func liveServer(seed uint64, name string, people, days, holes int) []*event.Event {
	s := simulate.NewStream(simulate.StreamOptions{Server: name, People: people, Seed: seed, Start: time.Date(2026, 6, 4, 0, 0, 0, 0, time.FixedZone("JST", 9*3600))})
	var l []*event.Event
	for range days {
		s.NextDay(func(e *event.Event) { l = append(l, e.Clone()) })
	}
	rng := rand.New(rand.NewPCG(seed, 51))
	for range holes {
		at := rng.IntN(len(l) - 20)
		l = slices.Delete(l, at, at+1+rng.IntN(15))
	}
	return l
}

// systemLog is a channel of its own beside a server's: starts of services, as
// classic logs have them, one about every ten minutes.
func systemLog(seed uint64, server string, from, to event.Filetime) []*event.Event {
	rng := rand.New(rand.NewPCG(seed, 52))
	var l []*event.Event
	id := uint64(1000 * (seed + 1))
	for at := from; at < to; at += event.Filetime(rng.IntN(20*60)+1) * 10_000_000 {
		id++
		l = append(l, &event.Event{
			Provider: "EventLog", ID: []uint32{6013, 7036}[rng.IntN(2)], Channel: "System", Computer: server, ActivityID: event.SimulationActivity,
			Time: at, RecordID: id, Schema: event.NewSchema("EventData", nil),
		})
	}
	return l
}

// coverageOf is what coverage tells of the stored events of a server.
func coverageOf(t *testing.T, e *Engine, server string) string {
	t.Helper()
	c := coverage.New(server, coverage.Options{})
	err := e.st.Replay(t.Context(), server, store.Key{}, func(ev *event.Event, _ store.Key) error {
		c.Add(ev)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	b, err := json.MarshalIndent(c.Report(), "", " ")
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// cutLate takes the events of a time out of a server's: those of all channels, or
// of one.
func cutLate(l []*event.Event, from, to event.Filetime, channel string) (rest, late []*event.Event) {
	for _, e := range l {
		if e.Time >= from && e.Time < to && (channel == "" || e.Channel == channel) {
			late = append(late, e)
		} else {
			rest = append(rest, e)
		}
	}
	return rest, late
}

// TestLateLogMakesAWindow imports days of a server, then a late log of the
// beginning: another channel, and an hour of the Security log. The events that are
// converted again are bounded by the window.
func TestLateLogMakesAWindow(t *testing.T) {
	all := liveServer(3, "A", 6, 12, 0)
	server, from := all[0].Computer, all[0].Time
	system := systemLog(1, server, from+10*hourTicks, from+16*hourTicks)
	rest, hour := cutLate(all, from+35*hourTicks, from+36*hourTicks, "")
	if len(hour) < 20 {
		t.Fatalf("only %d events in the hour", len(hour))
	}
	files := eventFiles{"rest": rest, "system": system, "hour": hour, "all": append(slices.Clone(all), system...)}
	files["more"] = liveServer(3, "A", 6, 14, 0)[len(all):]
	d := realOn(files, 500)
	once := openDemo(t, filepath.Join(t.TempDir(), "d"), d)
	importNames(t, once, "all")
	e := openDemo(t, filepath.Join(t.TempDir(), "d"), d)
	importNames(t, e, "rest")
	late := func(name string, most int64) {
		t.Helper()
		s := importQuiet(t, e, name)
		t.Logf("%s: %d events late, converted again: %+v", name, len(files[name]), s.Again)
		if len(s.Again) != 1 || s.Again[0].Whole || s.Again[0].Events > most {
			t.Errorf("%s: converted again %+v of %d events", name, s.Again, len(all))
		}
	}
	late("system", int64(len(all))/3)
	late("hour", int64(len(all))*2/3)
	sameRecords(t, "after two late logs", records(t, once), records(t, e))
	if d := gocmp.Diff(coverageOf(t, once, server), coverageOf(t, e, server)); d != "" {
		t.Errorf("coverage (-once +late):\n%s", d)
	}
	importNames(t, once, "more")
	importNames(t, e, "more")
	sameRecords(t, "after two more days", records(t, once), records(t, e))
	if err := errors.Join(once.Close(), e.Close()); err != nil {
		t.Fatal(err)
	}
}

// windowsSeen counts what a random test has shown.
type windowsSeen struct{ windows, whole int }

func (w *windowsSeen) note(s *Summary) {
	for _, a := range s.Again {
		if w.windows++; a.Whole {
			w.whole++
		}
	}
}

// TestLateAnyInterleaving brings the logs of two servers and a domain controller in
// pieces that come late, twice, and in any order, with flushes and restarts: the
// records, their ids, what coverage says and what further imports give are those
// of one import.
func TestLateAnyInterleaving(t *testing.T) {
	rounds := uint64(inLong(3, 80))
	var seen windowsSeen
	for seed := range rounds {
		rng := rand.New(rand.NewPCG(seed, 53))
		files, base, lates := lateCompany(rng, seed)
		d := realOn(files, 150+rng.IntN(700))
		once := openDemo(t, filepath.Join(t.TempDir(), "d"), d)
		importNames(t, once, append(slices.Clone(base), lates...)...)
		dir := filepath.Join(t.TempDir(), "d")
		e := openDemo(t, dir, d)
		importNames(t, e, base...)
		rng.Shuffle(len(lates), func(i, j int) { lates[i], lates[j] = lates[j], lates[i] })
		for at := 0; at < len(lates); {
			k := min(len(lates), at+1+rng.IntN(2))
			switch rng.IntN(4) {
			case 0:
				if err := e.st.Flush(t.Context()); err != nil {
					t.Fatal(err)
				}
			case 1:
				if err := e.Close(); err != nil {
					t.Fatal(err)
				}
				e = openDemo(t, dir, d)
			}
			names := slices.Clone(lates[at:k])
			if rng.IntN(3) == 0 {
				names = append(names, lates[rng.IntN(k)]) // once more
			}
			seen.note(importQuiet(t, e, names...))
			at = k
		}
		compareEngines(t, fmt.Sprintf("seed %d", seed), once, e)
		importNames(t, once, "more-A", "more-B")
		importNames(t, e, "more-A", "more-B")
		compareEngines(t, fmt.Sprintf("seed %d, after more", seed), once, e)
		if sum, err := e.Reconvert(t.Context(), ReconvertRequest{}, nil); err != nil {
			t.Fatal(err)
		} else {
			for _, s := range sum.Servers {
				if s.Superseded != 0 || s.Added != 0 {
					t.Errorf("seed %d: converting all again changes records: %+v", seed, s)
				}
			}
		}
		if err := errors.Join(once.Close(), e.Close()); err != nil {
			t.Fatal(err)
		}
	}
	t.Logf("%+v", seen)
	if seen.windows == seen.whole {
		t.Errorf("no window ended early: %+v", seen)
	}
}

// lateCompany is two servers with holes and restarts and a domain controller, as
// files: those that come first, those that come late, and "more-A", "more-B".
func lateCompany(rng *rand.Rand, seed uint64) (files eventFiles, base, lates []string) {
	files = eventFiles{}
	for i, name := range []string{"A", "B"} {
		l := liveServer(seed*2+uint64(i), name, 4, 6, rng.IntN(4))
		server, from, to := l[0].Computer, l[0].Time, l[len(l)-1].Time
		if rng.IntN(2) == 0 {
			l = append(l, systemLog(seed, server, from+event.Filetime(rng.IntN(60))*hourTicks, to)...)
		}
		slices.SortStableFunc(l, func(a, b *event.Event) int { return cmp.Compare(a.Time, b.Time) })
		end := from + (to-from)*8/10
		rest, more := cutLate(l, end, to+1, "")
		files["more-"+name] = more
		for k := range 1 + rng.IntN(3) {
			at := from + event.Filetime(rng.IntN(int((end-from)/hourTicks)))*hourTicks
			channel := ""
			if rng.IntN(3) == 0 {
				channel = "Security"
			}
			var late []*event.Event
			rest, late = cutLate(rest, at, at+event.Filetime(1+rng.IntN(4))*hourTicks, channel)
			if n := fmt.Sprintf("late-%s-%d", name, k); len(late) > 0 {
				files[n] = late
				lates = append(lates, n)
			}
		}
		if rng.IntN(2) == 0 {
			n := "late-system-" + name
			files[n] = systemLog(seed+7, server, from+event.Filetime(rng.IntN(40))*hourTicks, from+event.Filetime(41+rng.IntN(20))*hourTicks)
			for _, e := range files[n] {
				e.Channel = "Application"
			}
			lates = append(lates, n)
		}
		files["rest-"+name] = rest
		base = append(base, "rest-"+name)
	}
	files["DC"] = ticketsFor(rng, files["rest-A"])
	lates = append(lates, "DC")
	return files, base, lates
}

// ticketsFor is a domain controller's log of a day of the people of a server.
func ticketsFor(rng *rand.Rand, l []*event.Event) []*event.Event {
	who := map[string]string{}
	for _, e := range l {
		if sid := e.Get(event.SubjectUserSid).Text(); len(sid) > 20 {
			who[sid] = e.Get(event.SubjectUserName).Text()
		}
	}
	var sids []string
	for sid := range who {
		sids = append(sids, sid)
	}
	slices.Sort(sids)
	var out []*event.Event
	from := l[0].Time + 24*hourTicks
	for at := from; at < from+24*hourTicks && len(sids) > 0; at += event.Filetime(rng.Uint64N(1200)+1) * 10_000_000 {
		k := rng.IntN(len(sids))
		out = append(out, ticket(4768, uint64(len(out)+1), at, who[sids[k]], sids[k], fmt.Sprintf("10.0.%d.1", k)))
	}
	return out
}

// importQuiet imports made-up files and gives the summary.
func importQuiet(t *testing.T, e *Engine, names ...string) *Summary {
	t.Helper()
	slices.Sort(names)
	names = slices.Compact(names)
	emptyFiles(t, names...)
	return importAll(t, e, names...)
}

// emptyFiles goes into a folder with empty files: made-up ones have no bytes.
func emptyFiles(t *testing.T, names ...string) {
	t.Helper()
	dir := t.TempDir()
	for _, n := range names {
		if err := os.WriteFile(filepath.Join(dir, n), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	t.Chdir(dir)
}

// compareEngines compares records and coverage.
func compareEngines(t *testing.T, what string, want, got *Engine) {
	t.Helper()
	sameRecords(t, what, records(t, want), records(t, got))
	for _, server := range want.st.ServerNames() {
		if d := gocmp.Diff(coverageOf(t, want, server), coverageOf(t, got, server)); d != "" {
			t.Errorf("%s: coverage of %s (-want +got):\n%s", what, server, d)
		}
		if st := got.st.State(server); st.Behind || st.Unsettled {
			t.Errorf("%s: %s is %+v", what, server, st)
		}
	}
}

// TestWindowStopped ends an import of late logs at each of its calls of the disk:
// the next opening brings the records in line.
func TestWindowStopped(t *testing.T) {
	all := liveServer(4, "A", 4, 4, 2)
	from := all[0].Time
	rest, late := cutLate(all, from+33*hourTicks, from+36*hourTicks, "")
	files := eventFiles{"all": all, "rest": rest, "late": late, "system": systemLog(2, all[0].Computer, from+5*hourTicks, from+30*hourTicks)}
	d := realOn(files, 400)
	once := openDemo(t, filepath.Join(t.TempDir(), "d"), d)
	importNames(t, once, "all", "system")
	dir := filepath.Join(t.TempDir(), "d")
	e := openDemo(t, dir, d)
	importNames(t, e, "rest")
	if err := e.Close(); err != nil {
		t.Fatal(err)
	}
	step := inLong(9, 1)
	stop := func(n int) stopped {
		return stopAt(t, dir, d, n, func(e *Engine) error {
			emptyFiles(t, "late", "system")
			_, err := e.Import(context.Background(), ImportRequest{Paths: []string{"late", "system"}}, nil)
			return err
		})
	}
	whole := stop(-1)
	if whole.err != nil {
		t.Fatal(whole.err)
	}
	windows := 0
	for n := whole.opening; n < whole.calls; n += step {
		at := stop(n).dir
		e := openDemo(t, at, d)
		s := importQuiet(t, e, "late", "system")
		for _, a := range s.Again {
			if !a.Whole {
				windows++
			}
		}
		compareEngines(t, fmt.Sprintf("stopped at call %d of %d", n, whole.calls), once, e)
		if err := errors.Join(e.Close(), os.RemoveAll(at)); err != nil {
			t.Fatal(err)
		}
	}
	t.Logf("calls %d to %d; %d windows when it went on", whole.opening, whole.calls, windows)
	if err := once.Close(); err != nil {
		t.Fatal(err)
	}
}
