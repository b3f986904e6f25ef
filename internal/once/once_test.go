package once

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/akashi-audit/akashi/internal/state"
)

func open(t *testing.T, dir string, now *time.Time) *Book {
	t.Helper()
	db, err := state.Open(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	return New(db, func() time.Time { return *now })
}

var (
	ann = Key{Person: 1, Name: "ann", Key: "k1"}
	req = Request{Print: "p", Scope: "s"}
)

func TestFirstAnswer(t *testing.T) {
	dir, now := t.TempDir(), time.Unix(1.7e9, 0)
	b := open(t, dir, &now)
	f := func(b *Book, k Key, r Request, status int, want error) {
		t.Helper()
		a, err := b.Begin(t.Context(), k, r)
		got := 0
		if a != nil {
			got = a.Status
		}
		if !errors.Is(err, want) || (err != nil) != (want != nil) || got != status {
			t.Errorf("Begin(%v, %v) = %v, %v, want %d, %v", k, r, a, err, status, want)
		}
	}
	f(b, ann, req, 0, nil)
	f(b, ann, req, 0, ErrRunning)
	f(b, ann, Request{"other", "s"}, 0, ErrOther)
	f(b, Key{1, "ann", "script", "k1"}, req, 0, nil) // a token has keys of its own
	f(b, Key{2, "bob", "", "k1"}, req, 0, nil)
	if err := b.End(t.Context(), ann, &Answer{Status: 202, Header: map[string]string{"Location": "/x"}, Body: []byte("body"), Kept: true}); err != nil {
		t.Fatal(err)
	}
	again := open(t, dir, &now) // the program was started anew
	for _, b := range []*Book{b, again} {
		f(b, ann, Request{"other", "s"}, 0, ErrOther)
		f(b, ann, Request{"p", "other"}, 0, ErrScope)
		a, err := b.Begin(t.Context(), ann, req)
		if err != nil || a == nil || a.Status != 202 || a.Header["Location"] != "/x" || string(a.Body) != "body" || !a.Kept {
			t.Errorf("the first answer: %+v, %v", a, err)
		}
	}
	f(again, Key{2, "bob", "", "k1"}, req, 0, ErrUnknown) // begun by a process that is gone
	var unknown *UnknownError
	if _, err := again.Begin(t.Context(), Key{2, "bob", "", "k1"}, req); !errors.As(err, &unknown) || !unknown.Begun.Equal(now) {
		t.Errorf("begun at %v, want %v", err, now)
	}
	if err := again.Drop(t.Context(), Key{2, "bob", "", "k1"}); err != nil {
		t.Fatal(err)
	}
	f(again, Key{2, "bob", "", "k1"}, req, 0, ErrUnknown) // which another one does not give back
	now = now.Add(longest)
	f(b, Key{1, "ann", "script", "k1"}, req, 0, ErrUnknown)
	now = now.Add(Life - longest - 1)
	f(b, ann, req, 202, nil)
	now = now.Add(1)
	f(b, ann, Request{"other", "s"}, 0, nil) // a day later it is free
}

func TestDropAndBounds(t *testing.T) {
	now := time.Unix(1.7e9, 0)
	b := open(t, t.TempDir(), &now)
	for range 2 { // a refused request can be sent again
		if a, err := b.Begin(t.Context(), ann, req); a != nil || err != nil {
			t.Fatal(a, err)
		}
		if err := b.Drop(t.Context(), ann); err != nil {
			t.Fatal(err)
		}
	}
	for i, x := range []Answer{{Status: 201, Body: []byte("secret")}, {Status: 201, Body: []byte(strings.Repeat("x", MaxBody+1)), Kept: true}} {
		k := Key{1, "ann", "", fmt.Sprint("b", i)}
		if _, err := b.Begin(t.Context(), k, req); err != nil {
			t.Fatal(err)
		}
		if err := b.End(t.Context(), k, &x); err != nil {
			t.Fatal(err)
		}
		if a, err := b.Begin(t.Context(), k, req); err != nil || a.Kept || len(a.Body) > 0 || a.Status != 201 {
			t.Errorf("%d: %+v, %v", i, a, err)
		}
	}
	if _, err := b.db.ExecContext(t.Context(), "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM n WHERE i < ?) INSERT INTO answers (person, name, token, key, print, scope, run, begun) SELECT 1, 'ann', '', 'n'||i, '', '', '', ? FROM n", maxKeys-2, now.UnixNano()); err != nil {
		t.Fatal(err)
	}
	if _, err := b.Begin(t.Context(), ann, req); !errors.Is(err, ErrFull) {
		t.Errorf("one key too many: %v", err)
	}
	if _, err := b.Begin(t.Context(), Key{2, "bob", "", "k"}, req); err != nil {
		t.Errorf("another person: %v", err)
	}
}

// TestTwins: of many at once one goes on.
func TestTwins(t *testing.T) {
	dir, now := t.TempDir(), time.Unix(1.7e9, 0)
	books := []*Book{open(t, dir, &now), open(t, dir, &now)}
	var wg sync.WaitGroup
	var mu sync.Mutex
	went := 0
	for i := range 16 {
		wg.Go(func() {
			a, err := books[i%2].Begin(t.Context(), ann, req)
			mu.Lock()
			defer mu.Unlock()
			switch {
			case a == nil && err == nil:
				went++
			case !errors.Is(err, ErrRunning) && !errors.Is(err, ErrUnknown):
				t.Errorf("twin %d: %v, %v", i, a, err)
			}
		})
	}
	wg.Wait()
	if went != 1 {
		t.Errorf("%d went on", went)
	}
}
