package engine

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/akashi-audit/akashi/internal/collect"
	"github.com/akashi-audit/akashi/internal/event"
	"github.com/akashi-audit/akashi/internal/query"
	"github.com/akashi-audit/akashi/internal/simulate"
)

// eventFiles are made-up input files: their events by name.
type eventFiles map[string][]*event.Event

// open is deps.openSet over them.
func (f eventFiles) open(_ context.Context, paths []string, _ scanProgress) (eventSet, error) {
	s := &fakeSet{servers: map[string][]*event.Event{}}
	for _, p := range paths {
		file := collect.File{Path: p, Name: p}
		at := map[[2]string]int{}
		for _, e := range f[p] {
			k := [2]string{e.Computer, e.Channel}
			i, ok := at[k]
			if !ok {
				i = len(file.Streams)
				at[k] = i
				file.Streams = append(file.Streams, collect.Stream{Computer: e.Computer, Channel: e.Channel, FirstID: e.RecordID, FirstTime: e.Time})
			}
			st := &file.Streams[i]
			st.FirstID, st.LastID = min(st.FirstID, e.RecordID), max(st.LastID, e.RecordID)
			st.FirstTime, st.LastTime = min(st.FirstTime, e.Time), max(st.LastTime, e.Time)
			file.Events++
			s.servers[e.Computer] = append(s.servers[e.Computer], e)
		}
		s.files = append(s.files, file)
	}
	return s, nil
}

// realOn is the real engine over made-up files.
func realOn(files eventFiles, batch int) deps {
	d := realDeps()
	d.openSet, d.batch = files.open, batch
	return d
}

// openDemo opens a folder that takes simulated events.
func openDemo(t *testing.T, dir string, d deps) *Engine {
	t.Helper()
	e, err := open(context.Background(), dir, Options{Create: true, Demo: true}, d)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// importNames imports made-up files, which have no bytes to hash.
func importNames(t *testing.T, e *Engine, names ...string) {
	t.Helper()
	dir := t.TempDir()
	for _, n := range names {
		if err := os.WriteFile(filepath.Join(dir, n), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	t.Chdir(dir)
	importAll(t, e, names...)
}

// ticket is a 4768 (with the SID) or 4769 (without) of a domain controller.
func ticket(id uint32, n uint64, at event.Filetime, name, sid, ip string) *event.Event {
	names := []string{"TargetUserName", "TargetDomainName", "TargetSid", "Status", "IpAddress"}
	e := &event.Event{
		Provider: "Microsoft-Windows-Security-Auditing", ID: id, Time: at, RecordID: n, Channel: "Security", Computer: "DC01.corp.example",
		ActivityID: event.SimulationActivity, Schema: event.NewSchema("EventData", names),
	}
	if id == 4769 {
		name, sid = name+"@CORP.EXAMPLE", "S-1-0-0"
	}
	e.Values = []event.Value{event.String(name), event.String("CORP.EXAMPLE"), event.String(sid), event.Uint(event.KindHex32, 0), event.String("::ffff:" + ip)}
	return e
}

// company is a made-up day of a file server of which the log lost the beginning
// of sessions, and a domain controller that gave tickets to its people.
func company(seed uint64, people int) []*event.Event {
	rng := rand.New(rand.NewPCG(seed, 3))
	all, _ := simulate.Day(seed, people)
	var l []*event.Event
	who := map[string]string{} // SID → name
	from, to := all[0].Time, all[0].Time
	for _, e := range all {
		from, to = min(from, e.Time), max(to, e.Time)
		if sid := e.Get(event.SubjectUserSid).Text(); len(sid) > 20 {
			who[sid] = e.Get(event.SubjectUserName).Text()
		}
		switch e.ID {
		case 4624, 5140, 5145, 4778: // all that names an address, of two sessions in three
			if (e.Get(event.TargetLogonId).Uint()+e.Get(event.SubjectLogonId).Uint())>>4%3 != 0 {
				continue
			}
		}
		l = append(l, e)
	}
	var sids []string
	for sid := range who {
		sids = append(sids, sid)
	}
	slices.Sort(sids)
	n := uint64(1)
	for at := from; at < to; at += event.Filetime(rng.Uint64N(600)) * 10_000_000 {
		k := rng.IntN(len(sids))
		l = append(l, ticket(4768+uint32(rng.IntN(2)), n, at, who[sids[k]], sids[k], fmt.Sprintf("10.0.%d.%d", k, rng.IntN(2)+1)))
		n++
	}
	return l
}

// cutFiles writes events into files as logs are rotated: by server and channel,
// in record order, some overlapping the next.
func cutFiles(rng *rand.Rand, events []*event.Event) (eventFiles, []string) {
	flows := map[[2]string][]*event.Event{}
	for _, e := range events {
		k := [2]string{e.Computer, e.Channel}
		flows[k] = append(flows[k], e)
	}
	files := eventFiles{}
	var names []string
	for _, l := range flows {
		slices.SortFunc(l, func(a, b *event.Event) int { return cmp.Compare(a.RecordID, b.RecordID) })
		size := len(l)/(1+rng.IntN(4)) + 1
		for at := 0; at < len(l); at += size {
			name := fmt.Sprintf("%s-%s-%06d", l[0].Computer, filepath.Base(l[0].Channel), at)
			files[name] = l[at:min(len(l), at+size+rng.IntN(50))]
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return files, names
}

// TestRealEngineAnySplit imports the logs of a company in any split, any order
// and with files that overlap or come twice: the same records with the same ids.
func TestRealEngineAnySplit(t *testing.T) {
	rounds := inLong(4, 60)
	for seed := range uint64(rounds) {
		rng := rand.New(rand.NewPCG(seed, 23))
		events := company(seed, 3)
		files, names := cutFiles(rng, events)
		once := openDemo(t, filepath.Join(t.TempDir(), "d"), realOn(files, 500+rng.IntN(3000)))
		importNames(t, once, names...)
		want := records(t, once)
		if err := once.Close(); err != nil {
			t.Fatal(err)
		}
		located := 0
		for i := range want {
			if want[i].Get("client_ip_source") == "kerberos" {
				located++
			}
		}
		if located < 10 || located > len(want)*9/10 {
			t.Fatalf("seed %d: %d of %d records have their address from the domain controller", seed, located, len(want))
		}
		dir := filepath.Join(t.TempDir(), "d")
		d := realOn(files, 200+rng.IntN(3000))
		e := openDemo(t, dir, d)
		rng.Shuffle(len(names), func(i, j int) { names[i], names[j] = names[j], names[i] })
		for at := 0; at < len(names); {
			k := min(len(names), at+1+rng.IntN(3))
			importNames(t, e, names[at:k]...)
			if rng.IntN(2) == 0 {
				importNames(t, e, names[rng.IntN(k)])
			}
			at = k
			if rng.IntN(3) == 0 {
				if err := e.Close(); err != nil {
					t.Fatal(err)
				}
				e = openDemo(t, dir, d)
			}
		}
		sameRecords(t, fmt.Sprintf("seed %d, in pieces", seed), want, records(t, e))
		if sum, err := e.Reconvert(context.Background(), ReconvertRequest{}, nil); err != nil {
			t.Fatal(err)
		} else {
			for _, s := range sum.Servers {
				if s.Superseded != 0 || s.Added != 0 {
					t.Errorf("seed %d: converting again under the same rules: %+v", seed, s)
				}
			}
		}
		sameRecords(t, fmt.Sprintf("seed %d, converted again", seed), want, records(t, e))
		if err := e.Close(); err != nil {
			t.Fatal(err)
		}
		t.Logf("seed %d: %d events, %d files, %d records, %d located", seed, len(events), len(files), len(want), located)
	}
}

// TestLateControllerTouchesOnlyItsWindow imports a domain controller's log of
// the last hours after two file servers of which one was a month earlier: only
// records that get an address, and those made with them, are made again.
func TestLateControllerTouchesOnlyItsWindow(t *testing.T) {
	files := eventFiles{}
	var last event.Filetime
	events := company(5, 3)
	for _, e := range events {
		last = max(last, e.Time)
	}
	const hour = 3600 * 10_000_000
	for _, e := range events {
		if e.Computer == "DC01.corp.example" {
			if e.Time > last-8*hour {
				files["DC"] = append(files["DC"], e)
			}
			continue
		}
		files["A"] = append(files["A"], e)
		b := e.Clone()
		b.Computer, b.Time = "B.corp.example", e.Time-30*24*hour
		files["B"] = append(files["B"], b)
	}
	dir := filepath.Join(t.TempDir(), "d")
	d := realOn(files, 300)
	e := openDemo(t, dir, d)
	importNames(t, e, "B", "A")
	received := func() (l map[string]int64, located int) {
		p, err := e.Search(context.Background(), query.Query{Classes: query.AllClasses(), Limit: 1 << 20})
		if err != nil {
			t.Fatal(err)
		}
		l = map[string]int64{}
		for i := range p.Records {
			l[p.Records[i].ID().String()] = p.Records[i].Received
			if p.Records[i].Get("client_ip_source") != "" {
				located++
			}
		}
		return l, located
	}
	before, _ := received()
	importNames(t, e, "DC")
	after, located := received()
	again := map[byte]int{}
	for id, at := range after {
		if before[id] != at {
			again[id[0]]++
		}
	}
	n := superseded(t, e)
	t.Logf("%d records, %d located, made again: %v, %d superseded", len(after), located, again, len(n))
	if located == 0 || again['B'] > 0 || len(again) != 1 {
		t.Errorf("%d records located, made again by server: %v", located, again)
	}
	for id, k := range again {
		if k > len(after)/3 {
			t.Errorf("server %c: %d of %d records were made again for some hours", id, k, len(after))
		}
	}
	if len(n) != located {
		t.Errorf("%d records are superseded, %d got an address", len(n), located)
	}
	if err := e.Close(); err != nil {
		t.Fatal(err)
	}
}

// TestSpreadGoesOnAfterAnEnd ends the import of a domain controller's log right
// behind its events: the next opening brings the records in line.
func TestSpreadGoesOnAfterAnEnd(t *testing.T) {
	files := eventFiles{}
	for _, e := range company(6, 3) {
		name := "A"
		if e.Computer == "DC01.corp.example" {
			name = "DC"
		}
		files[name] = append(files[name], e)
	}
	ref := openDemo(t, filepath.Join(t.TempDir(), "d"), realOn(files, 1000))
	importNames(t, ref, "DC", "A")
	want := records(t, ref)
	if err := ref.Close(); err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(t.TempDir(), "d")
	for stop := range 12 {
		e := openDemo(t, dir, realOn(files, 200))
		importNames(t, e, "A")
		ctx, cancel := context.WithCancel(context.Background())
		n, now := 0, e.deps.now
		e.deps.now = func() time.Time {
			if n++; n == stop+2 {
				cancel()
			}
			return now()
		}
		_, err := e.Import(ctx, ImportRequest{Paths: []string{"DC"}}, nil)
		cancel()
		if err := e.Close(); err != nil {
			t.Fatal(err)
		}
		e = openDemo(t, dir, realOn(files, 200))
		importNames(t, e, "DC")
		sameRecords(t, fmt.Sprintf("ended at %d (%v)", stop, err), want, records(t, e))
		if err := errors.Join(e.Close(), os.RemoveAll(dir)); err != nil {
			t.Fatal(err)
		}
	}
}
