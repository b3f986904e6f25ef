package store_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/akashi-audit/akashi/internal/fsx"
	"github.com/akashi-audit/akashi/internal/query"
	"github.com/akashi-audit/akashi/internal/record"
	"github.com/akashi-audit/akashi/internal/store"
)

// vary writes a name as a person may: in another case, with slashes, folded.
func vary(r *rand.Rand, s string) string {
	switch r.IntN(6) {
	case 0:
		return strings.ToUpper(s)
	case 1:
		return strings.ToLower(s)
	case 2:
		return query.Fold(s)
	case 3:
		return strings.ReplaceAll(s, `\`, "/")
	}
	return s
}

// piece is a part of a name, cut anywhere.
func piece(r *rand.Rand, s string) string {
	if s == "" {
		return "x"
	}
	i := r.IntN(len(s))
	return vary(r, s[i:min(len(s), i+1+r.IntN(12))])
}

// pattern is a name with some of it made * or ?.
func pattern(r *rand.Rand, s string) string {
	l := []rune(vary(r, s))
	for range r.IntN(4) {
		if len(l) == 0 {
			break
		}
		i := r.IntN(len(l))
		switch r.IntN(3) {
		case 0:
			l[i] = '?'
		case 1:
			l = slices.Replace(l, i, min(len(l), i+1+r.IntN(5)), '*')
		default:
			l = slices.Insert(l, i, '*')
		}
	}
	if i := slices.Index(l, '\\'); i >= 0 && r.IntN(2) == 0 {
		l = l[i+1:]
	}
	return string(l)
}

// asker makes queries about some records, which are more likely to be found
// than what nobody stored.
type asker struct {
	r *rand.Rand
	l []record.Record
	n *names
}

func (a *asker) record() *record.Record {
	if len(a.l) == 0 {
		x := a.n.oddRecord(a.r, "FS-B", 1, 0)
		return &x
	}
	return &a.l[a.r.IntN(len(a.l))]
}

func (a *asker) path() string {
	x := a.record()
	switch a.r.IntN(4) {
	case 0:
		if x.NewPath != "" {
			return x.NewPath
		}
	case 1:
		if u := x.UNC(); u != "" {
			return u
		}
	}
	return x.Path
}

func (a *asker) folder() string {
	p := a.path()
	for range 1 + a.r.IntN(2) {
		if i := strings.LastIndexAny(p, `\/`); i > 0 {
			p = p[:i+a.r.IntN(2)]
		}
	}
	return vary(a.r, p)
}

func (a *asker) user() string {
	x := a.record()
	switch a.r.IntN(3) {
	case 0:
		return vary(a.r, x.SID)
	case 1:
		if _, name, ok := strings.Cut(x.User, `\`); ok {
			return vary(a.r, name)
		}
	}
	return vary(a.r, x.User)
}

func (a *asker) client() string {
	x := a.record()
	if a.r.IntN(2) == 0 {
		return vary(a.r, x.ClientName)
	}
	return x.ClientIP
}

func (a *asker) server() string {
	host, _, _ := strings.Cut(a.record().Server, ".")
	if a.r.IntN(2) == 0 {
		host = a.record().Server
	}
	if a.r.IntN(10) == 0 {
		host = "none"
	}
	return vary(a.r, host)
}

func (a *asker) process() string {
	p := a.record().Process
	if i := strings.LastIndexAny(p, `\/`); i >= 0 && a.r.IntN(2) == 0 {
		p = p[i+1:]
	}
	return vary(a.r, p)
}

// conditions are those that Query and its Not share; each is there once in so
// many queries.
func (a *asker) conditions(chance int) query.Exclusion {
	r := a.r
	return query.Exclusion{
		Users: some(r, chance, a.user),
		Paths: some(r, chance, func() string {
			if r.IntN(2) == 0 {
				return pattern(r, a.path())
			}
			return piece(r, a.path())
		}),
		Files:       some(r, chance, func() string { return vary(r, a.path()) }),
		Folders:     some(r, chance, a.folder),
		Ops:         some(r, chance, func() record.Op { return a.record().Op }),
		Results:     some(r, chance, func() record.Result { return a.record().Result }),
		Objects:     some(r, chance, func() record.Object { return a.record().Object }),
		Confidences: some(r, chance, func() record.Confidence { return a.record().Confidence }),
		Clients:     some(r, chance, a.client),
		Servers:     some(r, chance, a.server),
		Processes:   some(r, chance, a.process),
		Rules:       some(r, chance, func() string { return vary(r, a.record().Rule) }),
		Sessions:    some(r, chance, func() uint64 { return a.record().Session }),
		Classes:     some(r, chance, func() record.Class { return a.record().Class }),
	}
}

// time is near that of a record: on it, or on a border of its day.
func (a *asker) time() int64 {
	t := a.record().Time
	switch a.r.IntN(3) {
	case 0:
		return t
	case 1:
		return t + a.r.Int64N(3) - 1
	}
	_, off := 0, int64(5*3600+1800)*1e9
	return (t+off)/86400e9*86400e9 - off
}

func (a *asker) lives() []query.Life {
	return some(a.r, 12, func() query.Life {
		l := query.Life{Server: a.record().Server, Path: vary(a.r, a.path()), Folder: a.r.IntN(2) == 0}
		if l.Folder {
			l.Path = a.folder()
		}
		if a.r.IntN(2) == 0 {
			l.From = a.time()
		}
		if a.r.IntN(2) == 0 {
			l.To = a.time()
		}
		return l
	})
}

// randomQuery asks for few or many of the records, in every form that there is.
func randomQuery(r *rand.Rand, l []record.Record) query.Query {
	a := &asker{r: r, l: l, n: oddNames()}
	chance := []int{3, 8, 14}[r.IntN(3)]
	c := a.conditions(chance)
	q := query.Query{
		Users: c.Users, Paths: c.Paths, Files: c.Files, Folders: c.Folders, Ops: c.Ops, Results: c.Results, Objects: c.Objects,
		Confidences: c.Confidences, Clients: c.Clients, Servers: c.Servers, Processes: c.Processes, Rules: c.Rules, Sessions: c.Sessions, Classes: c.Classes,
		Words: some(r, chance, func() string { return piece(r, a.path()) }), Not: a.conditions(2 * chance), Lives: a.lives(),
		HideNetworkLogons: r.IntN(4) == 0, Superseded: r.IntN(10) == 0, Oldest: r.IntN(2) == 0, Limit: []int{0, 1, 3, 17, 1000}[r.IntN(5)],
	}
	if r.IntN(2) == 0 {
		q.Classes = query.AllClasses()
	}
	if r.IntN(3) == 0 {
		q.From = a.time()
	}
	if r.IntN(3) == 0 {
		q.To = a.time()
	}
	if r.IntN(3) == 0 {
		q.Lists = query.Lists(r.IntN(1 << 10))
	}
	if r.IntN(3) == 0 {
		q.Top = 1 + r.IntN(60)
	}
	if q.Limit == 1 && len(q.Users)+len(q.Words)+len(q.Paths)+len(q.Files) == 0 { // not a thousand pages
		q.Limit = 9
	}
	return q
}

// TestEveryQueryAgainstSlice asks random queries of random data, before and
// after everything moved where the store moves it.
func TestEveryQueryAgainstSlice(t *testing.T) {
	seeds, rounds := uint64(2), 150
	if long() {
		seeds, rounds = 40, 1000
	}
	eachSeed(t, seeds, func(t *testing.T, seed uint64) { everyQuery(t, seed, rounds) })
}

// eachSeed runs a test with each of so many seeds, side by side.
func eachSeed(t *testing.T, seeds uint64, fn func(t *testing.T, seed uint64)) {
	for seed := range seeds {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Parallel()
			fn(t, seed)
		})
	}
}

func everyQuery(t *testing.T, seed uint64, rounds int) {
	ctx := context.Background()
	r := rand.New(rand.NewPCG(seed, 0xa5))
	w := newWork(seed, 12)
	s, err := store.Open("/data", options(store.Options{FS: fsx.NewCrash(), Zone: zone()}))
	if err != nil {
		t.Fatal(err)
	}
	for i := range 60 {
		st := w.step()
		if err := st.apply(ctx, s); err != nil {
			t.Fatalf("seed %d, %s: %v", seed, st, err)
		}
		w.done(st)
		if i%20 == 19 {
			if err := w.model.look(ctx, s, r, rounds/3); err != nil {
				t.Fatalf("seed %d, after %s: %v", seed, st, err)
			}
		}
	}
	found := 0
	all := w.model.state()
	for range 100 {
		if len(find(randomQuery(r, all.Records), all)) > 0 {
			found++
		}
	}
	if found < 25 {
		t.Errorf("seed %d: %d of 100 queries find something: the test asks nothing", seed, found)
	}
	for _, kind := range []stepKind{stepFlush, stepMerge} {
		if err := (step{kind: kind}).apply(ctx, s); err != nil {
			t.Fatalf("seed %d: %v", seed, err)
		}
		if err := w.model.look(ctx, s, r, rounds/3); err != nil {
			t.Fatalf("seed %d, at the end: %v", seed, err)
		}
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
}
