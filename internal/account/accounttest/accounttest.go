// Package accounttest has the desk of tests: people in a database of their own, whose
// leaves go nowhere. It is imported by tests only.
package accounttest

import (
	"context"
	"testing"

	"github.com/akashi-audit/akashi/internal/account"
	"github.com/akashi-audit/akashi/internal/seal"
	"github.com/akashi-audit/akashi/internal/state"
)

// Password is that of everybody.
const Password = "four strange words"

// noSeal takes every leaf.
type noSeal struct{}

func (noSeal) Record(context.Context, seal.Entry) error { return nil }

// Someone is a person with one role.
func Someone(name string, r account.Role) account.NewPerson {
	return account.NewPerson{Name: name, Roles: []account.Role{r}, Password: Password}
}

// Desk is a desk with these people, whose numbers begin at 1.
func Desk(t *testing.T, people ...account.NewPerson) *account.Desk {
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
	book, err := account.Open(db, account.Options{Seal: noSeal{}, Cost: account.Cost{Memory: 64, Time: 1, Lanes: 1}})
	if err != nil {
		t.Fatal(err)
	}
	for _, n := range people {
		if _, err := book.Add(t.Context(), account.Actor{Name: "t"}, n); err != nil {
			t.Fatal(err)
		}
	}
	return account.NewDesk(book, account.DeskOptions{})
}
