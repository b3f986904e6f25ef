package account

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/akashi-audit/akashi/internal/seal"
	"github.com/akashi-audit/akashi/internal/state"
)

// fakeSeal keeps leaves in memory.
type fakeSeal struct {
	mu   sync.Mutex
	l    []seal.Entry
	fail error
}

func (s *fakeSeal) Record(_ context.Context, e seal.Entry) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.fail != nil {
		return s.fail
	}
	s.l = append(s.l, e)
	return nil
}

func (s *fakeSeal) entries(yield func(seal.Leaf, error) bool) {
	for i, e := range slices.Clone(s.l) {
		if !yield(seal.Leaf{Index: int64(i), Entry: e}, nil) {
			return
		}
	}
}

// clock is a time that a test moves.
type clock struct {
	mu sync.Mutex
	t  time.Time
}

func newClock() *clock { return &clock{t: time.Date(2026, 11, 27, 9, 0, 0, 0, time.UTC)} }

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.t
}

func (c *clock) add(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.t = c.t.Add(d)
}

// cheap is the cost of passwords here: TestPHC and TestHasherIsBounded are about the real one.
var cheap = Cost{Memory: 64, Time: 1, Lanes: 1}

// good is a password that everybody in these tests has.
const good = "correct horse battery"

type world struct {
	*Book
	dir   string
	db    *state.DB
	seal  *fakeSeal
	clock *clock
}

func newWorld(t *testing.T, second ...Role) *world {
	t.Helper()
	w := &world{dir: t.TempDir(), seal: &fakeSeal{}, clock: newClock()}
	w.open(t, second...)
	t.Cleanup(func() {
		if err := w.db.Close(); err != nil {
			t.Error(err)
		}
	})
	return w
}

func (w *world) open(t *testing.T, second ...Role) {
	t.Helper()
	var err error
	if w.db, err = state.Open(t.Context(), w.dir); err != nil {
		t.Fatal(err)
	}
	if w.Book, err = Open(w.db, Options{Seal: w.seal, Entries: w.seal.entries, Now: w.clock.now, Second: second, Cost: cheap}); err != nil {
		t.Fatal(err)
	}
}

func owner() Actor { return Actor{Name: "root@here"} }

func (w *world) add(t *testing.T, name string, roles ...Role) *Person {
	t.Helper()
	p, err := w.Add(t.Context(), owner(), NewPerson{Name: name, Roles: roles, Password: good})
	if err != nil {
		t.Fatalf("add %s: %v", name, err)
	}
	return p
}

// clean fails when the database is not as the seal says.
func (w *world) clean(t *testing.T) {
	t.Helper()
	d, err := Check(t.Context(), w.db, w.seal.l)
	if err != nil || len(d) > 0 {
		t.Errorf("the database differs from the seal: %+v, %v", d, err)
	}
}

func wantErr(t *testing.T, what string, got, want error) {
	t.Helper()
	if !errors.Is(got, want) {
		t.Errorf("%s: %v, want %v", what, got, want)
	}
}
