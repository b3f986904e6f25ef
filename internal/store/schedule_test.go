package store

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/akashi-audit/akashi/internal/query"
	"github.com/akashi-audit/akashi/internal/seal"
)

// A schedule as format 3 stored it means what it meant.
func TestScheduleOfFormat3(t *testing.T) {
	var s Schedule
	text := `{"confirmed":{"months":84,"by":"責任者","ground":"規程","time":2},"proposed":{"months":0,"by":"担当","time":3}}`
	if err := json.Unmarshal([]byte(text), &s); err != nil {
		t.Fatal(err)
	}
	for _, server := range []string{"FS01", "fs02.example"} {
		if got := s.For(server); got == nil || got.Months != 84 || got.Year {
			t.Errorf("%s: %+v", server, got)
		}
	}
	if l := s.Waiting(); len(l) != 1 || l[0].Months != 0 {
		t.Errorf("waiting: %+v", l)
	}
}

func TestTermOfServer(t *testing.T) {
	s := Schedule{Confirmed: &Term{Months: 84}, Own: []Term{{Server: "FS01", Months: 12}, {Server: "fs01.example", Months: 24}, {Server: "old", Months: 0}}}
	for server, want := range map[string]int{"FS01": 12, "FS01.example": 24, "fs01.other": 12, "OLD.example": 0, "fs02": 84} {
		if got := s.For(server).Months; got != want {
			t.Errorf("%s: %d months, want %d", server, got, want)
		}
	}
	if a, b := (&Term{Months: 12, Year: true}), (&Term{Months: 12}); !a.longer(b) || b.longer(a) {
		t.Error("the current year counts")
	}
	n := s.AsProposed()
	if d := cmp.Diff(s.Terms(), n.Terms()); d != "" {
		t.Error(d)
	}
}

// Random terms, servers and holds: exactly what a plain model says is deleted, and
// each deletion was sealed.
func TestRetentionAgainstModel(t *testing.T) {
	for seed := range uint64(6) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) { retentionModel(t, rand.New(rand.NewPCG(seed, 1))) })
	}
}

func retentionModel(t *testing.T, rng *rand.Rand) {
	by := &sealed{}
	s := openTest(t, t.TempDir(), Options{Create: true, FlushRows: -1, Seal: by})
	servers := []string{"fs1.example", "fs2.example", "fs3"}
	type place struct {
		server string
		month  int // since year 0
	}
	want := make(map[place]int)
	for i := range 60 {
		server := servers[rng.IntN(len(servers))]
		at := time.Date(2018+rng.IntN(8), time.Month(1+rng.IntN(12)), 1+rng.IntN(28), rng.IntN(24), 0, 0, 0, time.UTC)
		putAt(t, s, server, 1+i, at)
		want[place{server, at.Year()*12 + int(at.Month()) - 1}]++
	}
	if err := s.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	now := time.Date(2026, time.Month(1+rng.IntN(12)), 15, 0, 0, 0, 0, time.UTC)
	terms := make(map[string]Term) // by server, "" = all
	for _, server := range append([]string{""}, servers...) {
		if server != "" && rng.IntN(2) == 0 {
			continue
		}
		term := Term{Server: server, Months: []int{0, 6, 12, 30, 84}[rng.IntN(5)], Year: rng.IntN(2) == 0, By: "x", Time: 1}
		terms[server] = term
		if err := s.ProposeRetention(t.Context(), term); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.ConfirmRetention(t.Context(), "責任者", "規程", 2); err != nil {
		t.Fatal(err)
	}
	heldServer, heldMonth := servers[rng.IntN(len(servers))], (2018+rng.IntN(8))*12+rng.IntN(12)
	held := func(_ context.Context, server string, from, to int64) ([]string, error) {
		a, b := time.Unix(0, from).UTC(), time.Unix(0, to).UTC()
		if !a.AddDate(0, 1, 0).Equal(b) {
			t.Errorf("asked for %s to %s", a, b)
		}
		if server == heldServer && a.Year()*12+int(a.Month())-1 == heldMonth {
			return []string{"case"}, nil
		}
		return nil, nil
	}
	gone := 0
	for p := range want {
		term, ok := terms[p.server]
		if !ok {
			term = terms[""]
		}
		end := now.Year()*12 + int(now.Month()) - 1
		if term.Year {
			end = now.Year() * 12
		}
		if term.Months > 0 && p.month < end-term.Months && (p.server != heldServer || p.month != heldMonth) {
			delete(want, p)
			gone++
		}
	}
	before := len(by.list)
	x, err := s.Expire(t.Context(), ExpireOptions{Now: now.UnixNano(), WithoutArchive: true, Held: held})
	if err != nil {
		t.Fatal(err)
	}
	if len(x.Deleted) != gone || len(by.list)-before != gone {
		t.Errorf("%d months deleted, %d entries, want %d", len(x.Deleted), len(by.list)-before, gone)
	}
	got := make(map[place]int)
	for _, r := range all(t, s, query.Query{Classes: query.AllClasses(), Limit: 1000}) {
		at := time.Unix(0, r.Time).UTC()
		got[place{r.Server, at.Year()*12 + int(at.Month()) - 1}]++
	}
	if !maps.Equal(want, got) {
		t.Errorf("terms %+v, now %s, held %s %d:\nwant %v\ngot  %v", terms, now, heldServer, heldMonth, want, got)
	}
}

// When the holds cannot be asked, or an entry cannot be written, nothing goes.
func TestNothingIsDeletedWithoutAnswer(t *testing.T) {
	by := &sealed{}
	s := openTest(t, t.TempDir(), Options{Create: true, FlushRows: -1, Seal: by})
	for i := range 4 {
		putAt(t, s, "fs", 1+i, time.Date(2019, time.Month(1+i), 3, 0, 0, 0, 0, time.UTC))
	}
	if err := errors.Join(s.Flush(t.Context()), s.ProposeRetention(t.Context(), Term{Months: 12, By: "x"}), s.ConfirmRetention(t.Context(), "y", "g", 1)); err != nil {
		t.Fatal(err)
	}
	before, now, asked, broken := len(by.list), time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC).UnixNano(), 0, errors.New("cannot tell")
	opt := ExpireOptions{Now: now, WithoutArchive: true, Held: func(context.Context, string, int64, int64) ([]string, error) {
		if asked++; asked == 3 {
			return nil, broken
		}
		return nil, nil
	}}
	_, err := s.Expire(t.Context(), opt)
	if n := len(all(t, s, query.Query{})); !errors.Is(err, broken) || n != 4 || len(by.list) != before {
		t.Errorf("%v, %d records, %d entries", err, n, len(by.list)-before)
	}
	if slices.ContainsFunc(by.list, func(e seal.Entry) bool { return e.Kind == seal.KindDeletion }) {
		t.Error("a deletion was sealed that was not done")
	}
}

// Terms of other classes never stand for those of the store, which an akashi that
// knows no classes reads alone.
func TestTermsOfClasses(t *testing.T) {
	var s Schedule
	for _, x := range []Term{{Months: 12}, {Class: KeepArchive, Months: 84}, {Class: KeepArchive, Server: "FS01", Months: 120}, {Class: KeepOriginals, Months: 3}, {Class: KeepArchive, Months: 96}} {
		s = s.with(x)
	}
	for _, x := range []struct {
		class, server string
		want          int
	}{{KeepStore, "FS01", 12}, {KeepArchive, "fs01.example", 120}, {KeepArchive, "FS02", 96}, {KeepOriginals, "FS01", 3}} {
		if got := s.Of(x.class, x.server); got == nil || got.Months != x.want {
			t.Errorf("%s of %s: %+v, want %d", x.class, x.server, got, x.want)
		}
	}
	b, err := json.Marshal(s)
	if err != nil {
		t.Fatal(err)
	}
	var old struct{ Confirmed, Proposed *Term }
	var own struct{ Own, Proposals []Term }
	if err := errors.Join(json.Unmarshal(b, &old), json.Unmarshal(b, &own)); err != nil {
		t.Fatal(err)
	}
	if old.Confirmed.Months != 12 || len(own.Own) > 0 {
		t.Errorf("what an earlier akashi reads: %s", b)
	}
	if none := (&Schedule{}).Of(KeepArchive, "x"); none != nil {
		t.Errorf("no term: %+v", none)
	}
}
