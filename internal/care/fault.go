package care

import (
	"errors"

	"github.com/akashi-audit/akashi/internal/account"
)

// Errors that pages and API tell apart.
var (
	// ErrRestricted: it concerns all servers, or counts of folders that are not seen, and
	// the visitor's scope does not allow that.
	ErrRestricted = errors.New("the visitor is restricted")
	// ErrOwnProposal refuses the confirmation of a term by whoever proposed it.
	ErrOwnProposal = errors.New("nobody confirms a proposal of his own")
	// ErrChanged: somebody else has changed it since it was looked at.
	ErrChanged = errors.New("it was changed since it was looked at")
	// ErrBusy: an import or a conversion runs.
	ErrBusy = errors.New("an import or a conversion is running")
	// ErrNotFound: there is no such thing.
	ErrNotFound = errors.New("there is no such thing")
	// ErrNoProposal: no term waits for confirmation.
	ErrNoProposal = errors.New("no term waits for confirmation")
)

// The codes of faults.
const (
	Missing = "missing" // the field is needed
	Wrong   = "value"   // the field cannot be used
)

// Fault is a field that makes what is asked for impossible.
type Fault struct {
	Field string // as the API calls it
	Code  string // Missing, Wrong
	Key   string // of the catalogue, in words
	Args  []any  // of the words
}

func (f *Fault) Error() string { return f.Field + ": " + f.Key }

func missing(field, key string) *Fault { return &Fault{Field: field, Code: Missing, Key: key} }
func wrong(field, key string) *Fault   { return &Fault{Field: field, Code: Wrong, Key: key} }

// SeesAll reports whether the visitor sees everything.
func SeesAll(v *account.Visitor) bool { return v != nil && v.Scope.All() }

// MaxGround bounds a ground, bytes.
const MaxGround = 2000

// CheckGround refuses a ground that is empty or too long.
func CheckGround(ground string) error {
	switch {
	case ground == "":
		return missing("ground", "web.holds.needs_ground")
	case len(ground) > MaxGround:
		return wrong("ground", "web.holds.needs_ground")
	}
	return nil
}
