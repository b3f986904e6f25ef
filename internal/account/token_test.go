package account

import (
	"errors"
	"strings"
	"testing"
	"time"
)

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
