package account

import "context"

// Scope restricts what a person sees. The zero Scope restricts nothing.
type Scope struct {
	Servers []string // full names or host parts; empty = all
	// Folders are local or UNC paths; a record is seen when each path that it
	// names is one of them or lies below one. Empty = all; with folders, records
	// without a path are not seen.
	Folders []string
}

// All reports whether the scope restricts nothing.
func (s Scope) All() bool { return len(s.Servers)+len(s.Folders) == 0 }

// Visitor is the person (or the token of a person) that a request comes from.
type Visitor struct {
	ID     int64  // of the person; 0 = the local owner of a demonstration folder
	Name   string // log-in name
	Shown  string // name on pages, "" = Name
	Roles  []Role
	Rights Right // of the roles, less what a token leaves out
	Scope  Scope
	Token  string // name of the API token, "" = a person at a browser
	Lang   string // chosen language, "" = none
	Zone   string // chosen IANA zone, "" = that of the data folder
	Dense  bool   // narrow rows
	// Needs is what the person must do before he may anything else, "" = nothing.
	Needs string
}

// What a visitor may have to do first.
const (
	NeedsPassword = "password" // choose an own password
	NeedsSecond   = "second"   // set up one-time codes
)

// May reports whether the visitor has the right. Nobody (nil) may nothing.
func (v *Visitor) May(r Right) bool { return v != nil && v.Rights.Has(r) }

// Display is the name to show.
func (v *Visitor) Display() string {
	if v.Shown != "" {
		return v.Shown
	}
	return v.Name
}

type key struct{}

// With returns a context that carries the visitor.
func With(ctx context.Context, v *Visitor) context.Context {
	return context.WithValue(ctx, key{}, v)
}

// From returns the visitor of a request, nil when there is none.
func From(ctx context.Context) *Visitor {
	v, _ := ctx.Value(key{}).(*Visitor)
	return v
}
