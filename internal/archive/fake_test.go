package archive

import (
	"context"
	"crypto/sha256"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/akashi-audit/akashi/internal/event"
	"github.com/akashi-audit/akashi/internal/fsx"
	"github.com/akashi-audit/akashi/internal/record"
	"github.com/akashi-audit/akashi/internal/seal"
)

// fakeStore is a Source of plain lists.
type fakeStore struct {
	recs   map[string][]record.Record // by server
	events map[string][]*event.Event
	commit uint64
	short  bool // what is gone was deleted, not replaced
	reads  int
}

func newFakeStore() *fakeStore {
	return &fakeStore{recs: map[string][]record.Record{}, events: map[string][]*event.Event{}}
}

func (s *fakeStore) SealSize(server string, from, to int64) (records, events int64) {
	for i := range s.recs[server] {
		if t := s.recs[server][i].Time; from <= t && t < to {
			records++
		}
	}
	for _, e := range s.events[server] {
		if t := e.Time.UnixNano(); from <= t && t < to {
			events++
		}
	}
	return records, events
}

func (s *fakeStore) LastCommit() uint64 { return s.commit }

func (s *fakeStore) SealDays() map[string][]int {
	out := map[string][]int{}
	for name, l := range s.recs {
		for i := range l {
			out[name] = append(out[name], int(l[i].Time/86400e9))
		}
	}
	for name, l := range s.events {
		for _, e := range l {
			out[name] = append(out[name], int(e.Time.UnixNano()/86400e9))
		}
	}
	for name, l := range out {
		slices.Sort(l)
		out[name] = slices.Compact(l)
	}
	return out
}

func (s *fakeStore) SealMark(string, int64, int64) (string, bool) {
	return fmt.Sprint(s.commit), !s.short
}

func (s *fakeStore) SealRecords(_ context.Context, server string, from, to int64, fn func(*record.Record)) error {
	s.reads++
	for _, r := range s.recs[server] {
		if from <= r.Time && r.Time < to {
			fn(&r)
		}
	}
	return nil
}

func (s *fakeStore) SealEvents(_ context.Context, server string, from, to int64, fn func(string, uint32, []*event.Event) error) error {
	byChannel := map[string][]*event.Event{}
	for _, e := range s.events[server] {
		if t := e.Time.UnixNano(); from <= t && t < to {
			byChannel[e.Channel] = append(byChannel[e.Channel], e)
		}
	}
	for _, ch := range []string{"Security", "System"} {
		for part := range slices.Chunk(byChannel[ch], 7) {
			l := make([]*event.Event, len(part))
			for i := range part {
				l[i] = part[i].Clone()
			}
			if err := fn(ch, 0, l); err != nil {
				return err
			}
		}
	}
	return nil
}

// log remembers entries.
type log struct {
	mu sync.Mutex
	l  []seal.Entry
}

func (l *log) Record(_ context.Context, e seal.Entry) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.l = append(l.l, e)
	return nil
}

func openTest(t *testing.T, fs fsx.FS, rec seal.Recorder) *Archive {
	t.Helper()
	a, err := Open(NewFolder(fs, "/d/archive"), Options{FS: fs, Zone: time.UTC, Dir: "/d", Recorder: rec})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(a.Close)
	return a
}

const dayNS = int64(86400e9)

var start = time.Date(2026, 4, 1, 0, 0, 0, 0, time.UTC).UnixNano()

// act makes the n-th record of a server and its event.
func (s *fakeStore) act(server string, n int, at int64, path string) {
	id := uint64(n + 1)
	s.commit++
	s.recs[server] = append(s.recs[server], record.Record{
		Server: server, Channel: "Security", FirstID: id, Time: at, EndTime: at, Received: at + 5, Source: "windows",
		User: fmt.Sprintf(`CORP\u%d`, n%3), Op: record.OpRead, Object: record.ObjectFile, Result: record.Success, Confidence: record.Certain,
		Class: record.ClassUser, Count: 1, Path: path, RawIDs: []uint64{id}, RulesVersion: 1,
	})
	s.events[server] = append(s.events[server], &event.Event{
		RecordID: id, ID: 4663, Time: event.FromUnixNano(at), Channel: "Security", Computer: server, Provider: "Microsoft-Windows-Security-Auditing",
	})
}

// eventsSum is a hash of everything in the events.
func eventsSum(l []*event.Event) []byte {
	h := sha256.New()
	for part := range slices.Chunk(l, event.BlockEvents) {
		h.Write(event.AppendBlock(nil, part))
	}
	return h.Sum(nil)
}
