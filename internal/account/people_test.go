package account

import (
	"fmt"
	"slices"
	"testing"
)

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
