package hold

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/akashi-audit/akashi/internal/query"
	"github.com/akashi-audit/akashi/internal/record"
	"github.com/akashi-audit/akashi/internal/seal"
)

// log is a seal in memory.
type log struct {
	l    []seal.Entry
	fail error
}

func (l *log) Record(_ context.Context, e seal.Entry) error {
	if l.fail == nil {
		l.l = append(l.l, e)
	}
	return l.fail
}

func (l *log) entries(yield func(seal.Leaf, error) bool) {
	for i, e := range l.l {
		if !yield(seal.Leaf{Index: int64(i), Entry: e}, nil) {
			return
		}
	}
}

func openHolds(t *testing.T, dir string, l *log) *Register {
	t.Helper()
	r, err := Open(dir, l.entries, Options{Zone: time.UTC, Recorder: l})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func at(day int) int64 { return time.Date(2026, 4, day, 0, 0, 0, 0, time.UTC).UnixNano() }

// records is a Finder.
type records []record.Record

func (l records) Search(_ context.Context, q query.Query) (*query.Page, error) {
	m := query.NewMatcher(q)
	p := &query.Page{}
	if q.Superseded {
		return p, nil
	}
	for i := range l {
		if m.Match(&l[i]) {
			p.Records = append(p.Records, l[i])
		}
	}
	return p, nil
}

func rec(server, path, user string, day int) record.Record {
	return record.Record{Server: server, Path: path, User: user, Time: at(day), EndTime: at(day), Class: record.ClassBackground, Op: record.OpRead}
}

func TestHolding(t *testing.T) {
	stored := records{rec("FS01.example", `D:\人事\給与.xlsx`, `CORP\tanaka`, 10), rec("FS02", `D:\x`, `CORP\suzuki`, 20)}
	april := func(server string) Area { return Area{server, at(1), at(31)} }
	for name, x := range map[string]struct {
		Scope
		area Area
		want bool
	}{
		"everything":           {Scope{}, april("any"), true},
		"server":               {Scope{Servers: []string{"fs01"}}, april("FS01.example"), true},
		"another server":       {Scope{Servers: []string{"fs01"}}, april("FS02"), false},
		"period":               {Scope{From: at(30), To: at(60)}, april("FS02"), true},
		"period after":         {Scope{From: at(40)}, april("FS02"), false},
		"period before":        {Scope{To: at(1) - 2*Edge}, april("FS02"), false},
		"its edge":             {Scope{To: at(1)}, april("FS02"), true},
		"search finds":         {Scope{Query: "給与"}, april("FS01.example"), true},
		"search finds no":      {Scope{Query: "給与"}, april("FS02"), false},
		"person":               {Scope{Query: `user:CORP\suzuki`}, april("FS02"), true},
		"person on other":      {Scope{Query: `user:CORP\suzuki`, Servers: []string{"fs01"}}, april("FS02"), false},
		"search out of period": {Scope{Query: "給与", From: at(11)}, april("FS01.example"), false},
		"server in the search": {Scope{Query: "server:FS02 user:suzuki"}, april("FS01.example"), false},
	} {
		l := &log{}
		r := openHolds(t, t.TempDir(), l)
		if err := r.Add(t.Context(), Hold{Case: "事案 1", Scope: x.Scope, By: "法務", Ground: "訴訟", Time: at(60)}); err != nil {
			t.Fatal(name, err)
		}
		got, err := r.Holding(t.Context(), x.area, stored)
		if err != nil || slices.Contains(got, "事案 1") != x.want {
			t.Errorf("%s: %v, %v", name, got, err)
		}
		if err := r.Release(t.Context(), Release{Case: "事案 1", By: "法務", Ground: "和解", Time: at(61)}); err != nil {
			t.Fatal(name, err)
		}
		if got, err := r.Holding(t.Context(), x.area, stored); err != nil || len(got) > 0 {
			t.Errorf("%s, released: %v, %v", name, got, err)
		}
	}
}

func TestConflicts(t *testing.T) {
	stored := records{rec("FS01", `D:\a`, `CORP\tanaka`, 10)}
	tanaka := query.Query{Users: []string{"tanaka"}, Classes: query.AllClasses()}
	on := func(server string, from, to int64) query.Query {
		q := tanaka
		q.Servers, q.From, q.To = []string{server}, from, to
		return q
	}
	for name, x := range map[string]struct {
		Scope
		q    query.Query
		want bool
	}{
		"server held":        {Scope{Servers: []string{"FS01"}}, tanaka, true},
		"host and full name": {Scope{Servers: []string{"FS01.example"}}, on("fs01", 0, 0), true},
		"other server":       {Scope{Servers: []string{"FS02"}}, on("FS01", 0, 0), false},
		"other time":         {Scope{From: at(20)}, on("FS01", 0, at(12)), false},
		"both find":          {Scope{Query: `D:\a`}, tanaka, true},
		"other person":       {Scope{Query: "user:suzuki"}, tanaka, false},
	} {
		r := openHolds(t, t.TempDir(), &log{})
		if err := r.Add(t.Context(), Hold{Case: "c", Scope: x.Scope, By: "b", Ground: "g", Time: at(60)}); err != nil {
			t.Fatal(name, err)
		}
		got, err := r.Conflicts(t.Context(), x.q, stored)
		if err != nil || (len(got) > 0) != x.want {
			t.Errorf("%s: %v, %v", name, got, err)
		}
	}
}

func TestRefused(t *testing.T) {
	r := openHolds(t, t.TempDir(), &log{})
	for _, h := range []Hold{
		{By: "b", Ground: "g"}, {Case: "c", Ground: "g"}, {Case: "c", By: "b"}, {Case: strings.Repeat("x", maxCase+1), By: "b", Ground: "g"},
		{Case: "c\xff", By: "b", Ground: "g"}, {Case: "c", By: "b", Ground: "g", Scope: Scope{From: 2, To: 1}},
		{Case: "c", By: "b", Ground: "g", Scope: Scope{Servers: []string{"\xed\xa0\x80"}}}, {Case: "c", By: "b", Ground: "g", Scope: Scope{Query: `user:"`}},
	} {
		if err := r.Add(t.Context(), h); err == nil {
			t.Errorf("taken: %+v", h)
		}
	}
	if err := r.Release(t.Context(), Release{Case: "c", By: "b", Ground: "g"}); !errors.Is(err, ErrNoCase) {
		t.Error(err)
	}
	if l, err := r.Holds(); err != nil || len(l) > 0 {
		t.Error(l, err)
	}
}

// What the seal did not take does not count; what it took counts after a stop too.
func TestEntriesAreTheTruth(t *testing.T) {
	dir, l := t.TempDir(), &log{}
	r := openHolds(t, dir, l)
	a := Hold{Case: "a", By: "b\xff", Ground: "g", Time: at(1)}
	if err := r.Add(t.Context(), a); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, FileName)
	one, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	l.fail = errors.New("full")
	b := a
	b.Case = "b"
	if err := r.Add(t.Context(), b); !errors.Is(err, l.fail) {
		t.Error(err)
	}
	if got, _ := r.Holds(); len(got) != 1 {
		t.Errorf("counts unsealed: %+v", got)
	}
	l.fail = nil
	if err := r.Add(t.Context(), b); err != nil {
		t.Fatal(err)
	}
	want, _ := r.Holds()
	two, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	check := func(name string, content []byte, damaged bool) {
		t.Helper()
		if content == nil {
			if err := os.Remove(path); err != nil {
				t.Fatal(err)
			}
		} else if err := os.WriteFile(path, content, 0o600); err != nil {
			t.Fatal(err)
		}
		r := openHolds(t, dir, l)
		got, err := r.Holds()
		if d := cmp.Diff(want, got); d != "" || errors.Is(err, ErrDamaged) != damaged {
			t.Errorf("%s: %v %s", name, err, d)
		}
		_, err = r.Holding(t.Context(), Area{"x", at(1), at(2)}, records{})
		if errors.Is(err, ErrDamaged) != damaged {
			t.Errorf("%s: deletion: %v", name, err)
		}
		if damaged {
			if err := r.Release(t.Context(), Release{Case: "a", By: "b", Ground: "g"}); !errors.Is(err, ErrDamaged) {
				t.Errorf("%s: release: %v", name, err)
			}
			if err := r.Rebuild(t.Context(), "b", at(3)); err != nil {
				t.Errorf("%s: %v", name, err)
			}
		}
		if now, err := os.ReadFile(path); err != nil || string(now) != string(two) {
			t.Errorf("%s: not written again: %v", name, err)
		}
	}
	check("stopped before the file", one, false)
	check("no file", nil, false)
	check("whole", two, false)
	check("empty", []byte{}, true)
	check("cut", two[:len(two)/2], true)
	check("another hold", []byte(strings.Replace(string(two), `"case": "a"`, `"case": "z"`, 1)), true)
	l.l = append(l.l, seal.Entry{Kind: seal.KindHold, Subject: "{"})
	bad := openHolds(t, dir, l)
	if err := bad.Rebuild(t.Context(), "b", 1); !errors.Is(err, ErrDamaged) {
		t.Errorf("an entry that does not read: %v", err)
	}
	l.l = l.l[:0] // the seal was lost: the file knows more
	if _, err := openHolds(t, dir, l).Holding(t.Context(), Area{}, records{}); !errors.Is(err, ErrDamaged) {
		t.Errorf("lost seal: %v", err)
	}
}
