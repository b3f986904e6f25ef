package account

import (
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// Bounds of what is typed, in characters or entries.
const (
	maxName   = 64
	maxShown  = 64
	maxScope  = 1000
	maxFolder = 4096
	maxGround = 1000
)

// Errors that callers tell apart.
var (
	ErrNotFound   = errors.New("no such person, token or proposal")
	ErrTaken      = errors.New("the name is taken")
	ErrName       = errors.New("a name has 1 to 64 letters, digits and . _ - @ \\ without blanks")
	ErrRoles      = errors.New("a person has one role or more")
	ErrScope      = errors.New("a server or folder of the restriction cannot be used")
	ErrOwn        = errors.New("nobody changes his own roles or restriction or decides on his own proposal")
	ErrLastAdmin  = errors.New("the last administrator stays one")
	ErrRight      = errors.New("the right for this is missing")
	ErrDecided    = errors.New("the proposal was decided already")
	ErrNeedsOther = errors.New("this needs the approval of another person")
	ErrGround     = errors.New("a ground is needed")
	ErrChanged    = errors.New("the person was changed since he was looked at")
	ErrSecond     = errors.New("one-time codes are set up already")
	ErrLanguage   = errors.New("a language is ja or en")
	ErrZone       = errors.New("a zone has an IANA name")
)

// Person is somebody who may log in.
type Person struct {
	ID        int64
	Name      string // log-in name, compared without case, never changed
	Shown     string // name on pages, "" = Name
	Roles     []Role
	Scope     Scope
	Disabled  bool
	Second    bool // one-time codes are set up
	Codes     int  // unused recovery codes
	Must      bool // the password was set by another person and must be changed
	Lang      string
	Zone      string
	Dense     bool
	Created   int64 // Unix seconds
	CreatedBy string
	LastLogin int64 // Unix seconds, 0 = never
	// Foreign says that the row is not as the seal says: somebody changed the
	// database, or a change was interrupted. The person cannot log in.
	Foreign bool

	password string   // PHC
	totp     string   // secret of one-time codes, base32
	codes    []string // SHA-256 of the unused recovery codes
	step     int64
	epoch    int64
}

// Display is the name to show.
func (p *Person) Display() string {
	if p.Shown != "" {
		return p.Shown
	}
	return p.Name
}

// Rights are those of all roles together.
func (p *Person) Rights() (r Right) {
	for _, x := range p.Roles {
		r |= x.Rights()
	}
	return r
}

// Active reports whether the person can log in at all.
func (p *Person) Active() bool { return !p.Disabled && !p.Foreign }

// Has reports whether the person has the role.
func (p *Person) Has(r Role) bool { return slices.Contains(p.Roles, r) }

// Visitor is the person as the visitor of a request.
func (p *Person) Visitor() *Visitor {
	return &Visitor{
		ID: p.ID, Name: p.Name, Shown: p.Shown, Roles: slices.Clone(p.Roles), Rights: p.Rights(), Scope: p.Scope,
		Lang: p.Lang, Zone: p.Zone, Dense: p.Dense,
	}
}

// check refuses what no row may hold, and brings lists into their order.
func (p *Person) check() error {
	if !validName(p.Name) {
		return ErrName
	}
	p.Shown = tidy(p.Shown, maxShown)
	if len(p.Roles) == 0 {
		return ErrRoles
	}
	var roles []Role
	for _, r := range Roles() {
		if slices.Contains(p.Roles, r) {
			roles = append(roles, r)
		}
	}
	for _, r := range p.Roles {
		if r.Rights() == 0 {
			return fmt.Errorf("%w: %q", ErrRoles, r)
		}
	}
	p.Roles = roles
	var err error
	if p.Scope.Servers, err = scopeList(p.Scope.Servers, false); err != nil {
		return err
	}
	p.Scope.Folders, err = scopeList(p.Scope.Folders, true)
	return err
}

// scopeList cleans a list of servers or folders.
func scopeList(l []string, folders bool) ([]string, error) {
	out := []string{}
	for _, s := range l {
		s = strings.TrimSpace(s)
		if s == "" || slices.Contains(out, s) {
			continue
		}
		drive := len(s) >= 3 && s[1] == ':' && (s[2] == '\\' || s[2] == '/')
		switch {
		case !utf8.ValidString(s) || strings.ContainsFunc(s, unicode.IsControl) || len(s) > maxFolder:
			return nil, ErrScope
		case folders && !drive && !strings.HasPrefix(s, `\\`) && !strings.HasPrefix(s, "/"):
			return nil, fmt.Errorf("%w: %.80q is no whole path", ErrScope, s)
		case !folders && strings.ContainsAny(s, " \\/"):
			return nil, fmt.Errorf("%w: %.80q is no server", ErrScope, s)
		}
		out = append(out, s)
	}
	if len(out) > maxScope {
		return nil, ErrScope
	}
	return out, nil
}

func validName(s string) bool {
	n := utf8.RuneCountInString(s)
	if n == 0 || n > maxName || !utf8.ValidString(s) {
		return false
	}
	return !strings.ContainsFunc(s, func(r rune) bool {
		return !unicode.IsLetter(r) && !unicode.IsDigit(r) && !unicode.Is(unicode.Mn, r) && !strings.ContainsRune(`._-@\`, r)
	})
}

// tidy takes what a person typed as one line of at most n characters.
func tidy(s string, n int) string {
	s = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || unicode.Is(unicode.Cf, r) || r == utf8.RuneError {
			return -1
		}
		return r
	}, strings.TrimSpace(s))
	if r := []rune(s); len(r) > n {
		s = string(r[:n])
	}
	return s
}

// Preferences are what a person chooses for himself.
type Preferences struct {
	Shown string
	Lang  string // "", "ja", "en"
	Zone  string // IANA, "" = that of the data folder
	Dense bool
}

// Preferences are what the person chose.
func (p *Person) Preferences() Preferences {
	return Preferences{Shown: p.Shown, Lang: p.Lang, Zone: p.Zone, Dense: p.Dense}
}

func (x *Preferences) check() error {
	x.Shown = tidy(x.Shown, maxShown)
	if x.Lang != "" && x.Lang != "ja" && x.Lang != "en" {
		return fmt.Errorf("%w: %.20q", ErrLanguage, x.Lang)
	}
	if x.Zone == "" {
		return nil
	}
	if _, err := time.LoadLocation(x.Zone); err != nil || x.Zone == "Local" {
		return fmt.Errorf("%w: %.80q", ErrZone, x.Zone)
	}
	return nil
}

// Actor is who makes a change, and why.
type Actor struct {
	ID     int64  // of the person; 0 = the owner of the machine at its command line
	Name   string // log-in name, or the name of the operating system's user
	Ground string
	Token  string // name of the API token of a program that acts for the person, "" = the person
}

// ActorOf is the visitor as an actor.
func ActorOf(v *Visitor, ground string) Actor {
	if v == nil {
		return Actor{Name: "?", Ground: tidy(ground, maxGround)}
	}
	return Actor{ID: v.ID, Name: v.Name, Ground: tidy(ground, maxGround), Token: v.Token}
}

// network is what counts as one address: an IPv6 customer has a whole /64.
func network(addr string) string {
	a, err := netip.ParseAddr(addr)
	if err != nil {
		return addr
	}
	if a = a.Unmap(); a.Is4() {
		return a.String()
	}
	p, err := a.WithZone("").Prefix(64)
	if err != nil {
		return addr
	}
	return p.String()
}
