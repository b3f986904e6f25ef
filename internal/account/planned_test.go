package account

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/pquerna/otp/totp"

	"github.com/akashi-audit/akashi/internal/seal"
	"github.com/akashi-audit/akashi/internal/state"
)

// cut is what a power cut leaves: the files of the database and the leaves.
type cut struct {
	step string
	dir  string
	l    []seal.Entry
}

// cutSeal takes a picture before and after each leaf.
type cutSeal struct {
	*fakeSeal
	take func(step string)
}

func (s *cutSeal) Record(ctx context.Context, e seal.Entry) error {
	s.take("before the leaf")
	err := s.fakeSeal.Record(ctx, e)
	s.take("after the leaf")
	return err
}

// picture copies the database as it is on disk, with what is committed.
func (w *world) picture(t *testing.T, step string) cut {
	t.Helper()
	c := cut{step, t.TempDir(), slices.Clone(w.seal.l)}
	for _, ext := range []string{"", "-wal"} {
		b, err := os.ReadFile(filepath.Join(w.dir, state.FileName+ext))
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(c.dir, state.FileName+ext), b, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return c
}

// open starts akashi on what the power cut left.
func (c cut) open(t *testing.T, now func() time.Time) (*Book, *state.DB, []seal.Entry) {
	t.Helper()
	db, err := state.Open(t.Context(), c.dir)
	if err != nil {
		t.Fatal(err)
	}
	s := &fakeSeal{l: c.l}
	b, err := Open(db, Options{Seal: s, Entries: s.entries, Now: now, Cost: cheap})
	if err == nil {
		err = b.Settle(t.Context())
	}
	if err != nil {
		t.Fatal(err)
	}
	return b, db, c.l
}

// TestPowerFails cuts the power at every durable step of every change: nobody is locked
// out at the next start, and the change is there wholly, exactly when its leaf is, or
// not at all.
func TestPowerFails(t *testing.T) {
	w := newWorld(t)
	ctx := t.Context()
	boss, p := w.add(t, "boss", Admin), w.add(t, "p", Viewer)
	agree := w.add(t, "agree", Officer)
	as := func(x *Person) Actor { return Actor{ID: x.ID, Name: x.Name, Ground: "g"} }
	secret := NewSecret()
	password := good
	steps := []struct {
		name string
		do   func() error
	}{
		{"add", func() error {
			_, err := w.Add(ctx, as(boss), NewPerson{Name: "new", Roles: []Role{Viewer}, Password: good})
			return err
		}},
		{"roles", func() error {
			_, err := w.SetGrant(ctx, as(boss), p.ID, Grant{Roles: []Role{Reviewer}, Scope: Scope{Folders: []string{`D:\x`}}})
			return err
		}},
		{"show", func() error { _, err := w.SetShown(ctx, as(boss), p.ID, "山田"); return err }},
		{"token", func() error { _, _, err := w.AddToken(ctx, p.ID, "t", See, time.Hour); return err }},
		{"revoke", func() error { return w.Revoke(ctx, as(p), 1, false) }},
		{"second", func() error {
			code, err := totp.GenerateCode(secret, w.clock.now())
			if err != nil {
				return err
			}
			_, err = w.SetSecond(ctx, p.ID, secret, code)
			return err
		}},
		{"recovery", func() error { _, err := w.NewRecovery(ctx, p.ID); return err }},
		{"password", func() error { _, err := w.SetPassword(ctx, p.ID, good, good+" 2"); password = good + " 2"; return err }},
		{"reset", func() error {
			_, err := w.Reset(ctx, as(boss), p.ID, good+" 3", true)
			password = good + " 3"
			return err
		}},
		{"disable", func() error { _, err := w.Disable(ctx, as(boss), p.ID, true); return err }},
		{"enable", func() error { _, err := w.Disable(ctx, as(boss), p.ID, false); return err }},
		{"propose", func() error {
			_, err := w.Propose(ctx, as(boss), KindGrant, GrantProposal{Person: p.ID, Name: "p", Grant: Grant{Roles: []Role{Officer}}})
			return err
		}},
		{"decide", func() error { _, err := w.Decide(ctx, agree.Visitor(), 1, true, "g"); return err }},
	}
	for _, x := range steps {
		before := password
		var cuts []cut
		take := func(step string) { cuts = append(cuts, w.picture(t, step)) }
		s := &cutSeal{w.seal, take}
		w.opt.Seal, w.watch = s, take
		leaves := len(w.seal.l)
		if err := x.do(); err != nil {
			t.Fatalf("%s: %v", x.name, err)
		}
		w.opt.Seal, w.watch = w.seal, nil
		w.clean(t)
		if want := 6 * (len(w.seal.l) - leaves); len(cuts) != want || want == 0 {
			t.Errorf("%s: %d pictures, want %d", x.name, len(cuts), want)
		}
		for _, c := range cuts {
			b, db, l := c.open(t, w.clock.now)
			name := fmt.Sprintf("%s, power cut at %q with %d leaves", x.name, c.step, len(c.l))
			if d, err := Check(ctx, db, l); err != nil || len(d) > 0 {
				t.Errorf("%s: %+v, %v", name, d, err)
			}
			people, err := b.People(ctx)
			if err != nil {
				t.Errorf("%s: %v", name, err)
			}
			for _, q := range people {
				if q.Foreign {
					t.Errorf("%s: %s is locked out", name, q.Name)
				}
			}
			want := before
			if len(c.l) > leaves {
				want = password
			}
			if q, err := b.Named(ctx, "p"); err != nil {
				t.Errorf("%s: %v", name, err)
			} else if ok, _, err := b.hash.verify(ctx, want, q.password); err != nil || !ok {
				t.Errorf("%s: the password is the other one, %v", name, err)
			}
			if err := db.Close(); err != nil {
				t.Error(err)
			}
		}
	}
}

// TestPutDownIsNoWayIn: what somebody puts down himself is not completed, because no leaf
// says it.
func TestPutDownIsNoWayIn(t *testing.T) {
	w := newWorld(t)
	ctx := t.Context()
	w.add(t, "boss", Admin)
	p := w.add(t, "p", Viewer)
	var row string
	w.watch = func(step string) {
		if step != "down" {
			return
		}
		if err := w.db.QueryRowContext(ctx, "SELECT row FROM changes").Scan(&row); err != nil {
			t.Error(err)
		}
	}
	if _, err := w.SetShown(ctx, owner(), p.ID, "x"); err != nil {
		t.Fatal(err)
	}
	w.watch = nil
	for _, text := range []string{strings.Replace(row, `"viewer"`, `"admin"`, 1), strings.Replace(row, `"shown":"x"`, `"shown":"y"`, 1), `{"id":99,"name":"z"}`, `[]`, `{}`} {
		if text == row {
			t.Fatal("the test changes nothing")
		}
		if _, err := w.db.ExecContext(ctx, "INSERT OR REPLACE INTO changes (kind, id, row) VALUES (?,?,?)", seal.KindPerson, p.ID, text); err != nil {
			t.Fatal(err)
		}
		if err := w.Settle(ctx); err != nil {
			t.Errorf("%s: %v", text, err)
		}
		q, err := w.Person(ctx, p.ID)
		if err != nil || q.Foreign || q.Has(Admin) || q.Shown != "x" {
			t.Errorf("%s: %+v, %v", text, q, err)
		}
		w.clean(t)
	}
}

// TestRowComesLater: a row that could not be written behind its leaf is written before
// the next change.
func TestRowComesLater(t *testing.T) {
	w := newWorld(t)
	ctx := t.Context()
	w.add(t, "boss", Admin)
	p, q := w.add(t, "p", Viewer), w.add(t, "q", Viewer)
	w.watch = func(step string) {
		if step == "sealed" {
			if _, err := w.db.ExecContext(ctx, "CREATE TRIGGER full BEFORE UPDATE ON people BEGIN SELECT raise(ABORT, 'disk full'); END"); err != nil {
				t.Error(err)
			}
		}
	}
	if _, err := w.SetShown(ctx, owner(), p.ID, "x"); err == nil {
		t.Error("a row that was not written is no error")
	}
	w.watch = nil
	if _, err := w.SetShown(ctx, owner(), q.ID, "y"); err == nil {
		t.Error("the disk is full")
	}
	if _, err := w.db.ExecContext(ctx, "DROP TRIGGER full"); err != nil {
		t.Fatal(err)
	}
	if _, err := w.SetShown(ctx, owner(), q.ID, "y"); err != nil {
		t.Error(err)
	}
	if p, err := w.Person(ctx, p.ID); err != nil || p.Foreign || p.Shown != "x" {
		t.Errorf("%+v, %v", p, err)
	}
	w.clean(t)
}
