package account

import (
	"encoding/json"
	"errors"
	"os"
	"testing"
	"time"

	"github.com/akashi-audit/akashi/internal/seal"
)

// TestForeignRowsGiveNothing changes the database behind akashi's back.
func TestForeignRowsGiveNothing(t *testing.T) {
	w := newWorld(t)
	ctx := t.Context()
	w.add(t, "boss", Admin)
	p := w.add(t, "viewer", Viewer)
	plain, tok, err := w.AddToken(ctx, p.ID, "script", See, time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	x, err := w.Propose(ctx, Actor{ID: p.ID, Name: p.Name, Ground: "g"}, "retention", map[string]int{"months": 84})
	if err != nil {
		t.Fatal(err)
	}
	w.clean(t)
	change := func(q string, args ...any) {
		t.Helper()
		if _, err := w.db.ExecContext(ctx, q, args...); err != nil {
			t.Fatal(err)
		}
	}
	differs := func(kind, what string) {
		t.Helper()
		d, err := Check(ctx, w.db, w.seal.l)
		if err != nil || len(d) != 1 || d[0].Kind != kind || d[0].What != what {
			t.Errorf("differences %+v, %v, want %s of %s", d, err, what, kind)
		}
	}
	desk := NewDesk(w.Book, DeskOptions{})
	visitor := func() *Visitor {
		v, err := w.TokenVisitor(ctx, plain)
		if err != nil && !errors.Is(err, ErrWrong) {
			t.Fatal(err)
		}
		return v
	}
	if v := visitor(); v == nil || v.Rights != See || v.Token != "script" {
		t.Fatalf("the token gives %+v", v)
	}
	for _, c := range []struct{ set, back string }{
		{"UPDATE people SET roles = 'admin' WHERE id = ?", "UPDATE people SET roles = 'viewer' WHERE id = ?"},
		{"UPDATE people SET folders = '[\"D:\\\\x\"]' WHERE id = ?", "UPDATE people SET folders = '[]' WHERE id = ?"},
		{"UPDATE people SET folders = 'no list' WHERE id = ?", "UPDATE people SET folders = '[]' WHERE id = ?"},
		{"UPDATE people SET totp = 'JBSWY3DPEHPK3PXP' WHERE id = ?", "UPDATE people SET totp = '' WHERE id = ?"},
		{"UPDATE people SET disabled = 1 WHERE id = ?", "UPDATE people SET disabled = 0 WHERE id = ?"},
	} {
		change(c.set, p.ID)
		differs(seal.KindPerson, DiffChanged)
		if visitor() != nil {
			t.Errorf("%s: the token still works", c.set)
		}
		if _, err := desk.opt.Prover.Prove(ctx, Credentials{"viewer", good}); !errors.Is(err, ErrWrong) {
			t.Errorf("%s: log-in: %v", c.set, err)
		}
		change(c.back, p.ID)
		w.clean(t)
	}
	other, err := w.hash.hash(ctx, "the attacker's password")
	if err != nil {
		t.Fatal(err)
	}
	change("UPDATE people SET password = ? WHERE id = ?", other, p.ID)
	if _, err := desk.opt.Prover.Prove(ctx, Credentials{"viewer", "the attacker's password"}); !errors.Is(err, ErrWrong) {
		t.Errorf("a password from outside: %v", err)
	}
	if _, err := w.Reset(ctx, owner(), p.ID, good, false); err != nil { // seals the person as he is
		t.Fatal(err)
	}
	w.clean(t)
	change("UPDATE tokens SET rights = 'see,export' WHERE id = ?", tok.ID)
	differs(seal.KindToken, DiffChanged)
	if visitor() != nil {
		t.Error("a token with other rights works")
	}
	change("UPDATE tokens SET rights = 'see' WHERE id = ?", tok.ID)
	change("UPDATE proposals SET by_id = 77 WHERE id = ?", x.ID)
	differs(seal.KindProposal, DiffChanged)
	if _, err := w.Decide(ctx, &Visitor{ID: 99, Name: "z", Rights: AllRights}, x.ID, true, ""); !errors.Is(err, ErrNotFound) {
		t.Errorf("a proposal from outside was decided: %v", err)
	}
	change("UPDATE proposals SET by_id = ? WHERE id = ?", p.ID, x.ID)
	change("INSERT INTO people (id, name, roles, password, created, created_by) VALUES (50, 'ghost', 'admin', ?, 1, 'x')", other)
	differs(seal.KindPerson, DiffUnsealed)
	if _, err := desk.opt.Prover.Prove(ctx, Credentials{"ghost", "the attacker's password"}); !errors.Is(err, ErrWrong) {
		t.Errorf("a person from outside: %v", err)
	}
	change("DELETE FROM people WHERE id = 50")
	change("PRAGMA foreign_keys = 0")
	change("DELETE FROM proposals")
	differs(seal.KindProposal, DiffMissing)
	change("DELETE FROM tokens")
	change("DELETE FROM devices")
	change("DELETE FROM people")
	if empty, err := w.Empty(ctx); err != nil || empty {
		t.Errorf("an emptied database begins anew: %v, %v", empty, err)
	}
}

// TestSealFails: what cannot be sealed is not done.
func TestSealFails(t *testing.T) {
	w := newWorld(t)
	ctx := t.Context()
	boss, p := w.add(t, "boss", Admin), w.add(t, "p", Viewer)
	w.seal.fail = os.ErrPermission
	for name, fn := range map[string]func() error{
		"add": func() error {
			_, err := w.Add(ctx, owner(), NewPerson{Name: "x", Roles: []Role{Viewer}, Password: good})
			return err
		},
		"grant":   func() error { _, err := w.SetGrant(ctx, owner(), p.ID, Grant{Roles: []Role{Admin}}); return err },
		"disable": func() error { _, err := w.Disable(ctx, owner(), p.ID, true); return err },
		"reset":   func() error { _, err := w.Reset(ctx, owner(), p.ID, good+" 2", true); return err },
		"token":   func() error { _, _, err := w.AddToken(ctx, p.ID, "t", See, time.Hour); return err },
		"propose": func() error {
			_, err := w.Propose(ctx, Actor{ID: boss.ID, Name: "boss", Ground: "g"}, "k", 1)
			return err
		},
	} {
		if err := fn(); !errors.Is(err, os.ErrPermission) {
			t.Errorf("%s: %v", name, err)
		}
		w.clean(t)
	}
	if l, err := w.People(ctx); err != nil || len(l) != 2 {
		t.Errorf("%d people, %v", len(l), err)
	}
}

func TestReopened(t *testing.T) {
	w := newWorld(t)
	ctx := t.Context()
	p := w.add(t, "boss", Admin)
	if err := w.Prefer(ctx, Actor{ID: p.ID, Name: p.Name}, Preferences{Shown: "山本 花子", Lang: "en", Zone: "Europe/Berlin", Dense: true}); err != nil {
		t.Fatal(err)
	}
	if err := w.Prefer(ctx, Actor{ID: p.ID, Name: p.Name}, Preferences{Zone: "Mars/Olympus"}); err == nil {
		t.Error("a zone that does not exist was kept")
	}
	if err := w.db.Close(); err != nil {
		t.Fatal(err)
	}
	w.open(t)
	q, err := w.Named(ctx, "BOSS")
	if err != nil || q.Foreign || q.Display() != "山本 花子" || q.Lang != "en" || q.Zone != "Europe/Berlin" || !q.Dense {
		t.Errorf("after opening again: %+v, %v", q, err)
	}
	var x personLeaf
	if err := json.Unmarshal([]byte(w.seal.l[0].Subject), &x); err != nil || x.Name != "boss" || x.Act != "add" || w.seal.l[0].By != "root@here" {
		t.Errorf("leaf %s by %s, %v", w.seal.l[0].Subject, w.seal.l[0].By, err)
	}
	w.clean(t)
}
