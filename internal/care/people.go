package care

import (
	"errors"

	"github.com/akashi-audit/akashi/internal/account"
)

// The codes of what is refused of people beside those of fields.
const (
	Own       = "own"
	LastAdmin = "last_admin"
	NoRight   = "no_right"
	Decided   = "decided"
	Taken     = "taken"
	Another   = "needs_other"
	Done      = "done_already"
)

// Refused says which field or rule an error of package account is about, nil when it is
// none that a person can mend.
func Refused(err error) *Fault {
	for _, x := range []struct {
		err   error
		fault Fault
	}{
		{account.ErrWrong, Fault{"password", Wrong, "web.login.wrong", nil}}, {account.ErrBusy, Fault{"", "busy", "web.login.busy", nil}},
		{account.ErrFirst, Fault{"code", Wrong, "web.founder.code", nil}},
		{account.ErrShort, Fault{"password", Wrong, "web.login.short", nil}}, {account.ErrLong, Fault{"password", Wrong, "web.login.long", nil}},
		{account.ErrTrivial, Fault{"password", Wrong, "web.login.trivial", nil}},
		{account.ErrName, Fault{"name", Wrong, "web.who.bad_name", nil}}, {account.ErrTaken, Fault{"name", Taken, "web.who.taken", nil}},
		{account.ErrRoles, Fault{"roles", Wrong, "web.who.no_roles", nil}}, {account.ErrScope, Fault{"scope", Wrong, "web.who.bad_scope", nil}},
		{account.ErrOwn, Fault{"", Own, "web.who.own", nil}}, {account.ErrLastAdmin, Fault{"roles", LastAdmin, "web.who.last_admin", nil}},
		{account.ErrRight, Fault{"", NoRight, "web.error.no_right", nil}}, {account.ErrDecided, Fault{"", Decided, "web.approve.decided", nil}},
		{account.ErrGround, Fault{"ground", Missing, "web.approve.no_ground", nil}}, {account.ErrToken, Fault{"rights", Wrong, "web.me.bad_token", nil}},
		{account.ErrSecond, Fault{"", Done, "web.me.second_already", nil}}, {account.ErrLanguage, Fault{"language", Wrong, "web.error.form", nil}},
		{account.ErrZone, Fault{"zone", Wrong, "web.me.bad_zone", nil}},
		{account.ErrNeedsOther, Fault{"roles", Another, "web.who.add_officer", nil}},
	} {
		if errors.Is(err, x.err) {
			return &x.fault
		}
	}
	return nil
}
