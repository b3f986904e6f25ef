package account

import "strings"

// Right is a set of things that a person may do.
type Right uint32

// The rights. Each page, action and API route needs one of them.
const (
	See      Right = 1 << iota // search and read records within the own scope
	Export                     // take records out: CSV, XLSX, Parquet, evidence bundles
	Unmask                     // see My Numbers unmasked; needs a ground, and is sealed
	Hold                       // place and release legal holds
	Approve                    // confirm retention, deletion and erasure that another person proposed
	Trail                      // read who searched, opened and exported what
	Import                     // hand logs over
	Manage                     // archive, verify, restore, volumes of the pool, proposals of retention
	Settings                   // filters, calendar, keys, language, zone
	People                     // people, roles, restrictions, API tokens of others
)

// AllRights is every right there is.
const AllRights = People<<1 - 1

// Has reports whether all of want are in r. Nothing is always there.
func (r Right) Has(want Right) bool { return r&want == want }

// Role is what a person is in the organisation. The names are those of the PPC
// guideline and of Japanese practice.
type Role string

// The roles.
const (
	Viewer   Role = "viewer"   // 閲覧者
	Reviewer Role = "reviewer" // 点検者
	Officer  Role = "officer"  // 責任者
	Admin    Role = "admin"    // 管理者
)

// Roles lists the roles, the least powerful first.
func Roles() []Role { return []Role{Viewer, Reviewer, Officer, Admin} }

// Rights are what the role may do; none for an unknown role. An administrator
// runs akashi and does not approve; an officer approves and does not run it.
func (r Role) Rights() Right {
	switch r {
	case Viewer:
		return See
	case Reviewer:
		return See | Export | Trail
	case Officer:
		return See | Export | Unmask | Hold | Approve | Trail
	case Admin:
		return See | Export | Hold | Trail | Import | Manage | Settings | People
	}
	return 0
}

// names are the rights by the names that templates, tokens and leaves use.
func names() []string {
	return []string{"see", "export", "unmask", "hold", "approve", "trail", "import", "manage", "settings", "people"}
}

// Names lists the names of the rights in r, in the order of the constants.
func (r Right) Names() []string {
	l := []string{}
	for i, n := range names() {
		if r.Has(1 << i) {
			l = append(l, n)
		}
	}
	return l
}

// RightNamed is the right of that name, 0 for none.
func RightNamed(name string) Right {
	for i, n := range names() {
		if n == name {
			return 1 << i
		}
	}
	return 0
}

// ParseRights reads names that are separated by commas; unknown ones give nothing.
func ParseRights(s string) (r Right) {
	for n := range strings.SplitSeq(s, ",") {
		r |= RightNamed(n)
	}
	return r
}

// ParseRole reads the name of a role.
func ParseRole(s string) (Role, bool) {
	r := Role(s)
	return r, r.Rights() != 0
}
