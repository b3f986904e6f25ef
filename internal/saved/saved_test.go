package saved

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/akashi-audit/akashi/internal/state"
)

func open(t *testing.T) *Store {
	t.Helper()
	db, err := state.Open(t.Context(), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	return New(db, nil)
}

// names is what a person sees, with "*" after what is shared.
func names(t *testing.T, s *Store, owner string) (l []string) {
	t.Helper()
	all, err := s.List(t.Context(), owner)
	if err != nil {
		t.Fatal(err)
	}
	for _, x := range all {
		n := x.Name
		if x.Shared {
			n += "*"
		}
		l = append(l, n)
	}
	return l
}

func TestWhoSeesWhat(t *testing.T) {
	s, now := open(t), time.Unix(1_790_000_000, 0)
	add := func(owner, name string, shared bool) {
		t.Helper()
		if err := s.Add(t.Context(), Search{Owner: owner, Name: name, URL: "/search?path=x", Shared: shared, Made: now}); err != nil {
			t.Fatal(err)
		}
	}
	add("tanaka", "夜間の削除", false)
	add("tanaka", "月次点検", true)
	add("sato", "自分用", false)
	f := func(owner string, want ...string) {
		t.Helper()
		if d := cmp.Diff(want, names(t, s, owner)); d != "" {
			t.Errorf("%s sees (-want +got):\n%s", owner, d)
		}
	}
	f("tanaka", "夜間の削除", "月次点検*")
	f("TANAKA", "夜間の削除", "月次点検*")
	f("sato", "自分用", "月次点検*")
	f("ito", "月次点検*")
	add("tanaka", "月次点検", false) // the same name: replaced
	f("ito")
	f("tanaka", "夜間の削除", "月次点検")
}

func TestOnlyTheOwnerChanges(t *testing.T) {
	s := open(t)
	if err := s.Add(t.Context(), Search{Owner: "tanaka", Name: "a", URL: "/search", Shared: true, Made: time.Unix(1, 0)}); err != nil {
		t.Fatal(err)
	}
	l, err := s.List(t.Context(), "tanaka")
	if err != nil || len(l) != 1 || !l[0].Made.Equal(time.Unix(1, 0)) {
		t.Fatalf("list %v, %v", l, err)
	}
	id := l[0].ID
	f := func(what string, err, want error) {
		t.Helper()
		if !errors.Is(err, want) {
			t.Errorf("%s: %v, want %v", what, err, want)
		}
	}
	f("another unshares", s.Share(t.Context(), id, "sato", false), ErrNotFound)
	f("another removes", s.Remove(t.Context(), id, "sato"), ErrNotFound)
	f("owner unshares", s.Share(t.Context(), id, "Tanaka", false), nil)
	if got := names(t, s, "sato"); got != nil {
		t.Errorf("another person sees %v", got)
	}
	f("who looks after all removes", s.Remove(t.Context(), id, ""), nil)
	f("twice", s.Remove(t.Context(), id, ""), ErrNotFound)
}

func TestBounds(t *testing.T) {
	s := open(t)
	f := func(name, url string, want error) {
		t.Helper()
		if err := s.Add(t.Context(), Search{Owner: "o", Name: name, URL: url, Made: time.Unix(1, 0)}); !errors.Is(err, want) {
			t.Errorf("Add(%.20q, %.20q) = %v, want %v", name, url, err, want)
		}
	}
	f("", "/search", ErrName)
	f("  ", "/search", ErrName)
	f("a\xff", "/search", ErrName)
	f(strings.Repeat("検", MaxName), "/search", nil)
	f(strings.Repeat("検", MaxName+1), "/search", ErrName)
	f("a", "https://evil.example/", ErrURL)
	f("a", "//evil.example/", ErrURL)
	f("a", `/\evil.example/`, ErrURL)
	f("a", "/"+strings.Repeat("x", MaxURL), ErrURL)
}
