package account

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/pquerna/otp/totp"

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
	if w.Book, err = Open(w.db, Options{Seal: w.seal, Entries: w.seal.entries, Now: w.clock.now, Second: second}); err != nil {
		t.Fatal(err)
	}
	w.Book.hash.cost = cost{64, 1, 1} // TestPHC and TestHasherIsBounded are about the real one
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

func TestPasswords(t *testing.T) {
	f := func(password, name string, want error) {
		t.Helper()
		if got := CheckPassword(password, name); !errors.Is(got, want) {
			t.Errorf("CheckPassword(%q, %q) = %v, want %v", password, name, got, want)
		}
	}
	f(good, "boss", nil)
	f("さくらの木の下で待つ約束を", "boss", nil)
	f("Tr0ub4dor&3xyz", "boss", nil)
	f("b7Xk-p2Qz-9mLw", "boss", nil)
	f("short", "boss", ErrShort)
	f("十一文字しかない言葉だ", "boss", ErrShort)
	f(strings.Repeat("a", 1025), "boss", ErrLong)
	f("aaaaaaaaaaaa", "boss", ErrTrivial)
	f("abcabcabcabc", "boss", ErrTrivial)
	f("abcdefghijkl", "boss", ErrTrivial)
	f("123456789012", "boss", ErrTrivial)
	f("qwertyuiopas", "boss", ErrTrivial)
	f("password1234", "boss", ErrTrivial)
	f("P@ssw0rd2026!", "boss", ErrTrivial)
	f("administrator", "boss", ErrTrivial)
	f("yamada2026!!", "yamada", ErrTrivial)
	f("パスワード2026年です", "boss", ErrTrivial)
	for range 50 {
		f(NewPassword(), "boss", nil)
	}
}

func TestPHC(t *testing.T) {
	h := newHasher()
	a, err := h.hash(t.Context(), "がぎぐげご password")
	if err != nil || !strings.HasPrefix(a, "$argon2id$v=19$m=32768,t=3,p=1$") {
		t.Fatalf("hash %q, %v", a, err)
	}
	b, err := h.hash(t.Context(), "がぎぐげご password")
	if err != nil || a == b {
		t.Error("two hashes of a password are the same")
	}
	// As a Mac types it: letters and marks apart.
	if ok, old, err := h.verify(t.Context(), "か\u3099き\u3099く\u3099け\u3099こ\u3099 password", a); !ok || old || err != nil {
		t.Errorf("verify = %v, %v, %v", ok, old, err)
	}
	if ok, _, err := h.verify(t.Context(), "another password", a); ok || err != nil {
		t.Errorf("another password holds, %v", err)
	}
	weak := strings.Replace(a, "m=32768", "m=8192", 1)
	if ok, old, _ := h.verify(t.Context(), "がぎぐげご password", weak); ok || !old {
		t.Errorf("other costs: %v, %v", ok, old)
	}
	for _, bad := range []string{"", "$", "x", strings.Replace(a, "argon2id", "argon2i", 1), strings.Replace(a, "m=32768", "m=99999999", 1), strings.Replace(a, "t=3", "t=999", 1), a[:len(a)-4]} {
		if ok, _, err := h.verify(t.Context(), "がぎぐげご password", bad); ok || err != nil {
			t.Errorf("PHC %q: %v, %v", bad, ok, err)
		}
	}
}

func TestHasherIsBounded(t *testing.T) {
	h := newHasher()
	var wg sync.WaitGroup
	busy, done := 0, 0
	var mu sync.Mutex
	hold := make(chan struct{})
	for range passwordSlots + passwordQueue + 20 {
		wg.Go(func() {
			err := h.run(t.Context(), func() { <-hold })
			mu.Lock()
			defer mu.Unlock()
			if errors.Is(err, ErrBusy) {
				if busy++; busy == 20 {
					close(hold)
				}
			} else if err == nil {
				done++
			}
		})
	}
	wg.Wait()
	if busy != 20 || done != passwordSlots+passwordQueue {
		t.Errorf("%d refused, %d done", busy, done)
	}
}

func TestPeople(t *testing.T) {
	w := newWorld(t)
	ctx := t.Context()
	if empty, err := w.Empty(ctx); err != nil || !empty {
		t.Errorf("Empty = %v, %v", empty, err)
	}
	_, err := w.Add(ctx, owner(), NewPerson{Name: "v", Roles: []Role{Viewer}, Password: good})
	wantErr(t, "the first person is no administrator", err, ErrLastAdmin)
	boss, other := w.add(t, "boss", Admin), w.add(t, "other", Admin, Viewer, Viewer)
	if len(other.Roles) != 2 || other.Roles[0] != Viewer {
		t.Errorf("roles %v", other.Roles)
	}
	for _, x := range []struct {
		n    NewPerson
		want error
	}{
		{NewPerson{Name: "BOSS", Roles: []Role{Viewer}, Password: good}, ErrTaken},
		{NewPerson{Name: "", Roles: []Role{Viewer}, Password: good}, ErrName},
		{NewPerson{Name: "a b", Roles: []Role{Viewer}, Password: good}, ErrName},
		{NewPerson{Name: "a\u202eb", Roles: []Role{Viewer}, Password: good}, ErrName},
		{NewPerson{Name: "<script>", Roles: []Role{Viewer}, Password: good}, ErrName},
		{NewPerson{Name: "x", Password: good}, ErrRoles},
		{NewPerson{Name: "x", Roles: []Role{"root"}, Password: good}, ErrRoles},
		{NewPerson{Name: "x", Roles: []Role{Viewer}, Password: "short"}, ErrShort},
		{NewPerson{Name: "x", Roles: []Role{Viewer}, Password: good, Scope: Scope{Folders: []string{"relative"}}}, ErrScope},
		{NewPerson{Name: "x", Roles: []Role{Viewer}, Password: good, Scope: Scope{Servers: []string{`a\b`}}}, ErrScope},
	} {
		_, err := w.Add(ctx, owner(), x.n)
		wantErr(t, fmt.Sprintf("add %+v", x.n), err, x.want)
	}
	me := Actor{ID: boss.ID, Name: boss.Name}
	_, err = w.SetGrant(ctx, me, boss.ID, Grant{Roles: []Role{Admin, Officer}})
	wantErr(t, "own roles", err, ErrOwn)
	_, err = w.Disable(ctx, me, boss.ID, true)
	wantErr(t, "disable oneself", err, ErrOwn)
	_, err = w.Reset(ctx, me, boss.ID, good+" 2", false)
	wantErr(t, "reset oneself", err, ErrOwn)
	if _, err = w.Disable(ctx, me, other.ID, true); err != nil {
		t.Fatal(err)
	}
	_, err = w.SetGrant(ctx, owner(), boss.ID, Grant{Roles: []Role{Viewer}})
	wantErr(t, "the last administrator becomes a viewer", err, ErrLastAdmin)
	_, err = w.SetGrant(ctx, owner(), boss.ID, Grant{Roles: []Role{Admin}, Scope: Scope{Servers: []string{"FS01"}}})
	wantErr(t, "the last administrator is restricted", err, ErrLastAdmin)
	_, err = w.Disable(ctx, owner(), boss.ID, true)
	wantErr(t, "the last administrator is disabled", err, ErrLastAdmin)
	if p, err := w.Person(ctx, boss.ID); err != nil || p.Foreign || p.Disabled || !p.Has(Admin) {
		t.Errorf("the administrator is %+v, %v", p, err)
	}
	w.clean(t)
}

func TestOfficersAgree(t *testing.T) {
	w := newWorld(t)
	ctx := t.Context()
	boss := w.add(t, "boss", Admin)
	by := Actor{ID: boss.ID, Name: boss.Name, Ground: "new officer"}
	first, err := w.Add(ctx, by, NewPerson{Name: "officer", Roles: []Role{Officer}, Password: good})
	if err != nil {
		t.Fatalf("the first officer needs nobody: %v", err)
	}
	_, err = w.Add(ctx, by, NewPerson{Name: "puppet", Roles: []Role{Officer}, Password: good})
	wantErr(t, "a second officer", err, ErrNeedsOther)
	puppet := w.add(t, "puppet", Viewer)
	grant := Grant{Roles: []Role{Officer}}
	_, err = w.SetGrant(ctx, by, puppet.ID, grant)
	wantErr(t, "a viewer becomes an officer", err, ErrNeedsOther)
	_, err = w.Propose(ctx, Actor{ID: boss.ID, Name: boss.Name}, KindGrant, GrantProposal{Person: puppet.ID})
	wantErr(t, "a proposal without ground", err, ErrGround)
	propose := func() *Proposal {
		x, err := w.Propose(ctx, by, KindGrant, GrantProposal{Person: puppet.ID, Name: puppet.Name, Grant: grant})
		if err != nil {
			t.Fatal(err)
		}
		return x
	}
	x := propose()
	bossV, officerV := boss.Visitor(), first.Visitor()
	_, err = w.Decide(ctx, bossV, x.ID, true, "")
	wantErr(t, "own proposal", err, ErrOwn)
	bossV.Rights = AllRights
	_, err = w.Decide(ctx, bossV, x.ID, true, "")
	wantErr(t, "own proposal with all rights", err, ErrOwn)
	_, err = w.Decide(ctx, puppet.Visitor(), x.ID, true, "")
	wantErr(t, "a viewer decides", err, ErrRight)
	tok := first.Visitor()
	tok.Token = "robot"
	_, err = w.Decide(ctx, tok, x.ID, true, "")
	wantErr(t, "a token decides", err, ErrRight)
	if y, err := w.Decide(ctx, officerV, x.ID, false, "no need"); err != nil || y.Decision != Rejected {
		t.Errorf("reject: %+v, %v", y, err)
	}
	_, err = w.Decide(ctx, officerV, x.ID, true, "")
	wantErr(t, "decide twice", err, ErrDecided)
	x = propose()
	if _, err := w.Decide(ctx, bossV, x.ID, false, ""); err != nil {
		t.Errorf("take back: %v", err)
	}
	x = propose()
	if _, err := w.Decide(ctx, officerV, x.ID, true, "checked"); err != nil {
		t.Fatal(err)
	}
	if p, err := w.Person(ctx, puppet.ID); err != nil || !p.Has(Officer) {
		t.Errorf("approved, but the roles are %v, %v", p.Roles, err)
	}
	// An officer does not promote himself with somebody else's proposal.
	x, err = w.Propose(ctx, by, KindGrant, GrantProposal{Person: first.ID, Name: first.Name, Grant: Grant{Roles: []Role{Officer, Admin}}})
	if err != nil {
		t.Fatal(err)
	}
	_, err = w.Decide(ctx, officerV, x.ID, true, "")
	wantErr(t, "about oneself", err, ErrOwn)
	w.clean(t)
	if l, err := w.Proposals(ctx, ""); err != nil || len(l) != 4 || l[0].Decision != "" {
		t.Errorf("%d proposals, %v", len(l), err)
	}
}

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

func TestSecond(t *testing.T) {
	w := newWorld(t, Officer)
	ctx := t.Context()
	w.add(t, "boss", Admin)
	p := w.add(t, "p", Viewer)
	secret := NewSecret()
	code := func() string {
		c, err := totp.GenerateCode(secret, w.clock.now())
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	_, err := w.SetSecond(ctx, p.ID, secret, "000000")
	wantErr(t, "a wrong code sets nothing up", err, ErrWrong)
	codes, err := w.SetSecond(ctx, p.ID, secret, code())
	if err != nil || len(codes) != recoveryCodes {
		t.Fatalf("%d codes, %v", len(codes), err)
	}
	use := func(c string) error {
		t.Helper()
		p, err := w.Person(ctx, p.ID)
		if err != nil {
			t.Fatal(err)
		}
		_, err = w.useCode(ctx, p, c)
		return err
	}
	wantErr(t, "the code of the setting up", use(code()), ErrWrong)
	w.clock.add(30 * time.Second)
	now := code()
	if err := use(now); err != nil {
		t.Errorf("the next code: %v", err)
	}
	wantErr(t, "a used code", use(now), ErrWrong)
	w.clock.add(60 * time.Second)
	late := code()
	w.clock.add(30 * time.Second)
	wide := strings.Map(func(r rune) rune { return r - '0' + '０' }, late)
	if err := use(wide[:9] + " " + wide[9:]); err != nil {
		t.Errorf("the code of the step before, typed wide: %v", err)
	}
	old := code()
	w.clock.add(60 * time.Second)
	wantErr(t, "a code of two steps before", use(old), ErrWrong)
	wantErr(t, "nothing", use(""), ErrWrong)
	if err := use(strings.ToUpper(strings.ReplaceAll(codes[3], "-", " "))); err != nil {
		t.Errorf("a recovery code: %v", err)
	}
	wantErr(t, "a used recovery code", use(codes[3]), ErrWrong)
	if q, err := w.Person(ctx, p.ID); err != nil || q.Codes != recoveryCodes-1 {
		t.Errorf("%d codes left, %v", q.Codes, err)
	}
	fresh, err := w.NewRecovery(ctx, p.ID)
	if err != nil {
		t.Fatal(err)
	}
	wantErr(t, "a code of the old list", use(codes[5]), ErrWrong)
	if err := use(fresh[0]); err != nil {
		t.Error(err)
	}
	if _, err := w.SetGrant(ctx, owner(), p.ID, Grant{Roles: []Role{Officer}}); err != nil {
		t.Fatal(err)
	}
	wantErr(t, "a role demands codes", w.DropSecond(ctx, p.ID), ErrRight)
	for _, e := range w.seal.l {
		for _, c := range append(codes, fresh...) {
			if strings.Contains(e.Subject, c) || strings.Contains(e.Subject, secret) {
				t.Fatalf("the seal tells a secret: %s", e.Subject)
			}
		}
	}
	w.clean(t)
	b, err := SecretPicture(SecretURL(secret, "p", "akashi"))
	if err != nil || !strings.HasPrefix(string(b), "<svg ") || strings.Contains(string(b), "style") {
		t.Errorf("picture %.60s, %v", b, err)
	}
}

func TestTokens(t *testing.T) {
	w := newWorld(t)
	ctx := t.Context()
	w.add(t, "boss", Admin)
	p := w.add(t, "p", Reviewer)
	bad := func(name string, r Right, life time.Duration) {
		t.Helper()
		if _, _, err := w.AddToken(ctx, p.ID, name, r, life); !errors.Is(err, ErrToken) {
			t.Errorf("token %q %v %v: %v", name, r.Names(), life, err)
		}
	}
	bad("", See, time.Hour)
	bad("x", 0, time.Hour)
	bad("x", See|Manage, time.Hour)
	bad("x", People, time.Hour)
	bad("x", See, 400*24*time.Hour)
	bad("x", See, -time.Hour)
	plain, tok, err := w.AddToken(ctx, p.ID, "script", See|Trail, 24*time.Hour)
	if err != nil || !strings.HasPrefix(plain, TokenPrefix) || len(plain) < 40 {
		t.Fatalf("token %q, %v", plain, err)
	}
	v, err := w.TokenVisitor(ctx, plain)
	if err != nil || v.Rights != See|Trail || v.ID != p.ID {
		t.Fatalf("visitor %+v, %v", v, err)
	}
	var n int
	if err := w.db.QueryRowContext(ctx, "SELECT count(*) FROM tokens WHERE hash = ?", plain).Scan(&n); err != nil || n != 0 {
		t.Errorf("the token is kept as it is: %d, %v", n, err)
	}
	// The owner loses a right, and the token with him.
	if _, err := w.SetGrant(ctx, owner(), p.ID, Grant{Roles: []Role{Viewer}, Scope: Scope{Servers: []string{"FS01"}}}); err != nil {
		t.Fatal(err)
	}
	if v, err = w.TokenVisitor(ctx, plain); err != nil || v.Rights != See || len(v.Scope.Servers) != 1 {
		t.Errorf("after the owner lost a right: %+v, %v", v, err)
	}
	for _, x := range []string{"", plain + "x", plain[:len(plain)-1], "akashi_", TokenPrefix + strings.Repeat("a", 500), "Bearer"} {
		if _, err := w.TokenVisitor(ctx, x); !errors.Is(err, ErrWrong) {
			t.Errorf("token %.60q: %v", x, err)
		}
	}
	wantErr(t, "a stranger revokes", w.Revoke(ctx, Actor{ID: 99, Name: "z"}, tok.ID, false), ErrNotFound)
	w.clock.add(25 * time.Hour)
	_, err = w.TokenVisitor(ctx, plain)
	wantErr(t, "an expired token", err, ErrWrong)
	plain, tok, err = w.AddToken(ctx, p.ID, "b", See, time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Revoke(ctx, Actor{ID: p.ID, Name: "p"}, tok.ID, false); err != nil {
		t.Fatal(err)
	}
	_, err = w.TokenVisitor(ctx, plain)
	wantErr(t, "a revoked token", err, ErrWrong)
	plain, _, err = w.AddToken(ctx, p.ID, "c", See, time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Disable(ctx, owner(), p.ID, true); err != nil {
		t.Fatal(err)
	}
	_, err = w.TokenVisitor(ctx, plain)
	wantErr(t, "a token of a disabled person", err, ErrWrong)
	w.clean(t)
}

func TestReopened(t *testing.T) {
	w := newWorld(t)
	ctx := t.Context()
	p := w.add(t, "boss", Admin)
	if err := w.Prefer(ctx, p.ID, Preferences{Shown: "山本 花子", Lang: "en", Zone: "Europe/Berlin", Dense: true}); err != nil {
		t.Fatal(err)
	}
	if err := w.Prefer(ctx, p.ID, Preferences{Zone: "Mars/Olympus"}); err == nil {
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

func TestCommands(t *testing.T) {
	w := newWorld(t)
	ctx := t.Context()
	a, err := w.Run(ctx, Command{Act: "add", Name: "boss", Roles: []Role{Admin}, By: "root"})
	if err != nil || a.Password == "" {
		t.Fatalf("%+v, %v", a, err)
	}
	if p, err := w.Named(ctx, "boss"); err != nil || !p.Must {
		t.Errorf("must the password be changed? %+v, %v", p, err)
	}
	for _, c := range []Command{{Act: "add", Name: "o", Roles: []Role{Officer}}, {Act: "add", Name: "o2", Roles: []Role{Officer}}, {Act: "disable", Name: "o"}, {Act: "enable", Name: "o"}, {Act: "reset", Name: "o", Second: true}, {Act: "roles", Name: "o2", Roles: []Role{Viewer, Officer}, Servers: []string{"FS01"}}} {
		if _, err := w.Run(ctx, c); err != nil {
			t.Errorf("%+v: %v", c, err)
		}
	}
	if a, err = w.Run(ctx, Command{Act: "list"}); err != nil || len(a.People) != 3 {
		t.Errorf("%+v, %v", a, err)
	}
	_, err = w.Run(ctx, Command{Act: "disable", Name: "boss"})
	wantErr(t, "the last administrator", err, ErrLastAdmin)
	_, err = w.Run(ctx, Command{Act: "reset", Name: "nobody"})
	wantErr(t, "nobody", err, ErrNotFound)
	_, err = w.Run(ctx, Command{Act: "burn", Name: "boss"})
	wantErr(t, "burn", err, ErrCommand)
	w.clean(t)
}

func TestRights(t *testing.T) {
	for i, n := range names() {
		r := Right(1) << i
		if RightNamed(n) != r || !AllRights.Has(r) || !slices.Equal(r.Names(), []string{n}) || ParseRights("x,"+n) != r {
			t.Errorf("right %s", n)
		}
	}
	if len(AllRights.Names()) != len(names()) || RightNamed("root") != 0 {
		t.Error("rights without a name")
	}
	if Admin.Rights().Has(Approve) || Officer.Rights().Has(People) || Role("x").Rights() != 0 {
		t.Error("who runs akashi approves")
	}
}

func BenchmarkPassword(b *testing.B) {
	h := newHasher()
	for b.Loop() {
		if _, err := h.hash(b.Context(), good); err != nil {
			b.Fatal(err)
		}
	}
}
