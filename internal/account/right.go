package account

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
