package engine

import (
	"errors"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/akashi-audit/akashi/internal/account"
	"github.com/akashi-audit/akashi/internal/store"
	"github.com/akashi-audit/akashi/internal/verify"
)

// At the command line nobody confirms his own proposal when there is a second person;
// what one person or one account did alone is sealed as that, and verify says so.
func TestOneAtTheMachine(t *testing.T) {
	term := store.Term{Months: 12, By: "Suzuki"}
	told := func(e *Engine) []verify.Finding {
		t.Helper()
		if err := e.Close(); err != nil {
			t.Fatal(err)
		}
		return slices.DeleteFunc(check(t, e.dir, verify.Options{}).Findings, func(f verify.Finding) bool { return f.What != "one_person" })
	}
	for _, x := range []struct {
		people        int
		by, os1, os2  string
		refused       bool
		ground, found string
	}{
		{0, "suzuki", "root", "root", false, "規程 (by one person at the machine, account root)", "one person"},
		{1, "Suzuki", "root", "root", false, "規程 (by one person at the machine, account root)", "one person"},
		{2, " SUZUKI", "root", "other", true, "", ""},
		{2, "Tanaka", "root", "root", false, "規程 (by one account at the machine: root)", "one account"},
		{2, "Tanaka", "root", "tanaka", false, "規程", ""},
	} {
		e := openEngine(t, filepath.Join(t.TempDir(), "d"), fakeDeps(40))
		for i := range x.people {
			b, err := e.People(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if _, err := b.Add(t.Context(), account.Actor{Name: "t"}, account.NewPerson{Name: []string{"admin", "second"}[i], Roles: []account.Role{account.Admin}, Password: "correct horse battery 1"}); err != nil {
				t.Fatal(err)
			}
		}
		if err := e.ProposeConsole(t.Context(), term, x.os1); err != nil {
			t.Fatal(err)
		}
		err := e.ConfirmConsole(t.Context(), x.by, "規程", x.os2)
		if errors.Is(err, ErrOwnProposal) != x.refused || !x.refused && err != nil {
			t.Fatalf("%+v: %v", x, err)
		}
		sch := e.st.Retention()
		if x.refused {
			if sch.InForce() {
				t.Errorf("%+v: the term is in force", x)
			}
			continue
		}
		if got := sch.Terms()[0].Ground; got != x.ground {
			t.Errorf("%+v: ground %q", x, got)
		}
		l := told(e)
		if (len(l) == 1) != (x.found != "") || len(l) == 1 && !strings.Contains(l[0].Detail, x.found) {
			t.Errorf("%+v: %+v", x, l)
		}
	}
}
