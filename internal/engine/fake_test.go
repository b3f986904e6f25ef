package engine

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/akashi-audit/akashi/internal/collect"
	"github.com/akashi-audit/akashi/internal/convert"
	"github.com/akashi-audit/akashi/internal/event"
	"github.com/akashi-audit/akashi/internal/record"
	"github.com/akashi-audit/akashi/internal/store"
)

// fakeConverter joins "open" (id 1) and "close" (id 2) events by handle. Each
// record names the event before it, so that any change of order shows.
type fakeConverter struct {
	server string
	rules  uint32
	State  fakeState
	out    []record.Record
}

// byRules is what the rules of a version make of a record: from version 2 on
// some change, and one handle is no act any more.
func (c *fakeConverter) byRules(l []record.Record) []record.Record {
	out := l[:0]
	for _, r := range l {
		r.RulesVersion = c.rules
		if c.rules > 1 && r.FirstID%3 == 0 {
			r.Class = record.ClassBackground
			r.Set("rules", strconv.Itoa(int(c.rules)))
		}
		if c.rules == 1 || !strings.HasSuffix(r.Path, "h4") {
			out = append(out, r)
		}
	}
	return out
}

type fakeState struct {
	Open map[string]record.Record
	Last string
	N    int
}

func newFake(server string) *fakeConverter {
	return &fakeConverter{server: server, rules: 1, State: fakeState{Open: map[string]record.Record{}}}
}

func (c *fakeConverter) Add(e *event.Event) {
	h := e.Channel + e.Get(event.HandleId).Text()
	r, ok := c.State.Open[h]
	if !ok {
		r = record.Record{
			Server: c.server, Channel: e.Channel, Generation: e.Generation, FirstID: e.RecordID,
			Time: e.Time.UnixNano(), EndTime: e.Time.UnixNano(), Op: record.OpRead, Result: record.Success, Object: record.ObjectFile,
			Class: record.ClassUser, Confidence: record.Certain, Count: 1, RulesVersion: 1, Path: h, User: `D\u`,
			RawIDs: []uint64{e.RecordID},
		}
		r.Set("before", c.State.Last+"#"+strconv.Itoa(c.State.N))
	} else if r.Channel == e.Channel && r.Generation == e.Generation {
		r.RawIDs = append(slices.Clone(r.RawIDs), e.RecordID)
		r.EndTime = e.Time.UnixNano()
		r.Count++
	}
	c.State.Last = fmt.Sprintf("%s/%d/%d", e.Channel, e.Generation, e.RecordID)
	c.State.N++
	if e.ID == 2 {
		delete(c.State.Open, h)
		c.out = append(c.out, r)
		return
	}
	c.State.Open[h] = r
}

func (c *fakeConverter) Take() []record.Record {
	out := c.out
	c.out = nil
	return c.byRules(out)
}

func (c *fakeConverter) Tail() []record.Record {
	var l []record.Record
	for _, r := range c.State.Open {
		l = append(l, r)
	}
	return c.byRules(l)
}

// fakeRecord keeps MarshalJSON of an open record in the canonical form.
type fakeRecord struct{ record.Record }

func (r fakeRecord) MarshalJSON() ([]byte, error) { return r.AppendJSON(nil), nil }

func (c *fakeConverter) AppendCheckpoint(b []byte) []byte {
	open := map[string]fakeRecord{}
	for k, r := range c.State.Open {
		open[k] = fakeRecord{r}
	}
	s, err := json.Marshal(map[string]any{"Open": open, "Last": c.State.Last, "N": c.State.N})
	if err != nil {
		return b // a checkpoint that does not restore
	}
	return append(b, s...)
}

// fakeSet is an eventSet over files of "channel generation id time kind handle"
// lines, one event a line; the server is the file name up to the first dot.
type fakeSet struct {
	files   []collect.File
	servers map[string][]*event.Event
}

func openFake(_ context.Context, paths []string, _ scanProgress) (eventSet, error) {
	s := &fakeSet{servers: map[string][]*event.Event{}}
	schema := event.NewSchema("EventData", []string{"HandleId"})
	for _, p := range paths {
		b, err := os.ReadFile(p)
		if err != nil {
			return nil, err
		}
		server, _, _ := strings.Cut(filepath.Base(p), ".")
		f := collect.File{Path: p, Name: filepath.Base(p), Size: int64(len(b))}
		at := map[string]int{}
		for line := range strings.Lines(string(b)) {
			e := &event.Event{Computer: server, Provider: "P", Schema: schema}
			var h string
			if _, err := fmt.Sscan(line, &e.Channel, &e.Generation, &e.RecordID, &e.Time, &e.ID, &h); err != nil {
				return nil, err
			}
			e.Values = []event.Value{event.String(h)}
			if h == "simulated" {
				e.ActivityID, f.Simulated = event.SimulationActivity, true
			}
			f.Events++
			i, ok := at[e.Channel]
			if !ok {
				i = len(f.Streams)
				at[e.Channel] = i
				f.Streams = append(f.Streams, collect.Stream{Computer: server, Channel: e.Channel})
				f.Streams[i].FirstID, f.Streams[i].FirstTime = e.RecordID, e.Time
			}
			st := &f.Streams[i]
			st.FirstID, st.LastID = min(st.FirstID, e.RecordID), max(st.LastID, e.RecordID)
			st.FirstTime, st.LastTime = min(st.FirstTime, e.Time), max(st.LastTime, e.Time)
			s.servers[server] = append(s.servers[server], e)
		}
		s.files = append(s.files, f)
	}
	return s, nil
}

func (s *fakeSet) Files() []collect.File { return s.files }

func (s *fakeSet) Servers() []string {
	var l []string
	for n := range s.servers {
		l = append(l, n)
	}
	slices.Sort(l)
	return l
}

func (s *fakeSet) Events(ctx context.Context, server string, fn func(*event.Event) error) error {
	l := slices.Clone(s.servers[server])
	place := func(e *event.Event) store.Key {
		return store.Key{Channel: e.Channel, Generation: e.Generation, ID: e.RecordID}
	}
	slices.SortStableFunc(l, func(a, b *event.Event) int { return place(a).Compare(place(b)) })
	keys := map[*event.Event]store.Key{}
	running := map[string]event.Filetime{}
	for _, e := range l {
		life := fmt.Sprint(e.Channel, e.Generation)
		running[life] = max(running[life], e.Time)
		k := place(e)
		k.Running = running[life]
		keys[e] = k
	}
	slices.SortStableFunc(l, func(a, b *event.Event) int { return keys[a].Compare(keys[b]) })
	for _, e := range l {
		if err := ctx.Err(); err != nil {
			return err
		}
		c := e.Clone() // as collect: valid only during the call
		if err := fn(c); err != nil {
			return err
		}
		*c = event.Event{}
	}
	return nil
}

func (s *fakeSet) Close() error { return nil }

func fakeDeps(batch int) deps { return fakeRules(batch, 1) }

// fakeRules are fakeDeps with another version of the rules.
func fakeRules(batch int, rules uint32) deps {
	fresh := func(server string) *fakeConverter {
		c := newFake(server)
		c.rules = rules
		return c
	}
	return deps{
		now: time.Now, openSet: openFake, batch: batch, rules: rules,
		fresh: func(server string, _ convert.Options) converter { return fresh(server) },
		restore: func(server string, _ convert.Options, b []byte) (converter, error) {
			c := fresh(server)
			return c, json.Unmarshal(b, &c.State)
		},
	}
}
