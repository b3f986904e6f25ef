package query

import (
	"slices"
	"strings"

	"github.com/akashi-audit/akashi/internal/record"
)

// Query is the conditions of a search. Conditions of different kinds must all
// hold; of several values of one kind, one must. The zero Query finds all
// records of class user.
type Query struct {
	Users   []string // DOMAIN\name, name alone, or SID; case-insensitive
	Path    string   // substring of path or new_path, folded (Fold); local or UNC form
	File    string   // exact path or new_path under NTFS equality; local or UNC form
	Folder  string   // path or new_path is this folder or lies below it; local or UNC form
	Ops     []record.Op
	Results []record.Result
	Clients []string       // client_ip or client_name, case-insensitive
	Servers []string       // full name or host part, case-insensitive
	From    int64          // Unix ns, inclusive; 0 = no bound
	To      int64          // Unix ns, exclusive; 0 = no bound
	Classes []record.Class // empty = user; see AllClasses
	// HideNetworkLogons leaves out successful logon and logoff records of
	// logon type 3, as pages do by default.
	HideNetworkLogons bool

	// Superseded finds, instead of the records that hold, earlier ones that a
	// later conversion replaced.
	Superseded bool

	Limit  int    // most records of one page; 0 = the store's default (100)
	Cursor string // where the previous page ended; "" = the newest
}

// AllClasses is the value of Classes for --class all.
func AllClasses() []record.Class { return record.Classes() }

// Page is one page of records, newest first.
type Page struct {
	Records []record.Record
	Next    string // cursor of the next page, "" when there is none
}

// Count is a value with its number of records.
type Count struct {
	Value string
	N     uint64
}

// PersonCount is what one person did.
type PersonCount struct {
	User, SID   string
	N           uint64
	Ops         map[record.Op]uint64
	Denied      uint64   // results other than success
	First, Last int64    // Unix ns
	Clients     []string // distinct, at most 8
}

// DayCount is one calendar day in the data folder's zone.
type DayCount struct {
	Day    string // 2026-11-22
	N      uint64
	Ops    map[record.Op]uint64
	Denied uint64
}

// Facets are the counts over everything that a query finds, not over one page.
type Facets struct {
	Total       uint64
	First, Last int64         // Unix ns; 0 when Total is 0
	People      []PersonCount // most records first
	PeopleMore  int           // people beyond the list
	Ops         []Count
	Results     []Count
	Clients     []Count
	Servers     []Count
	Folders     []Count
	Paths       []Count
	Days        []DayCount // ascending, days without records included between the first and the last
}

// Matcher is a Query made ready for many records. It is safe for concurrent use.
type Matcher struct {
	q       Query
	users   []string
	path    string
	file    unc
	folder  unc
	classes uint8
	ops     uint64
	results uint8
}

// unc is a wanted path: as given, and split after \\server\share when it is a
// UNC path.
type unc struct{ full, share, rest string }

func splitUNC(p string) unc {
	p = strings.TrimRight(strings.ReplaceAll(p, "/", `\`), `\`)
	u := unc{full: p}
	if !strings.HasPrefix(p, `\\`) {
		return u
	}
	if f := strings.SplitN(p[2:], `\`, 3); len(f) >= 2 {
		u.share = `\\` + f[0] + `\` + f[1]
		if len(f) == 3 {
			u.rest = `\` + f[2]
		}
	}
	return u
}

// NewMatcher prepares q.
func NewMatcher(q Query) *Matcher {
	m := &Matcher{q: q, path: strings.ReplaceAll(Fold(q.Path), "/", `\`), file: splitUNC(q.File), folder: splitUNC(q.Folder)}
	for _, u := range q.Users {
		m.users = append(m.users, strings.ToLower(u))
	}
	cl := q.Classes
	if len(cl) == 0 {
		cl = []record.Class{record.ClassUser}
	}
	for _, c := range cl {
		m.classes |= 1 << c
	}
	for _, o := range q.Ops {
		m.ops |= 1 << o
	}
	for _, r := range q.Results {
		m.results |= 1 << r
	}
	return m
}

// Match reports whether the record meets every condition.
func (m *Matcher) Match(r *record.Record) bool {
	q := &m.q
	switch {
	case q.From != 0 && r.Time < q.From, q.To != 0 && r.Time >= q.To,
		m.classes&(1<<r.Class) == 0,
		m.ops != 0 && m.ops&(1<<r.Op) == 0,
		m.results != 0 && m.results&(1<<r.Result) == 0,
		q.HideNetworkLogons && networkLogon(r),
		!q.WantsServer(r.Server),
		len(q.Clients) > 0 && !slices.ContainsFunc(q.Clients, func(s string) bool {
			return strings.EqualFold(s, r.ClientIP) || strings.EqualFold(s, r.ClientName)
		}),
		len(m.users) > 0 && !m.matchUser(r),
		m.file.full != "" && !m.file.matchRecord(r, true),
		m.folder.full != "" && !m.folder.matchRecord(r, false),
		m.path != "" && !m.matchPath(r):
		return false
	}
	return true
}

func networkLogon(r *record.Record) bool {
	return (r.Op == record.OpLogon || r.Op == record.OpLogoff) && r.Result == record.Success && r.Get("logon_type") == "3"
}

// WantsServer reports whether records of this server can meet the conditions.
func (q *Query) WantsServer(server string) bool {
	return len(q.Servers) == 0 || slices.ContainsFunc(q.Servers, func(s string) bool { return sameServer(s, server) })
}

func sameServer(want, server string) bool {
	if strings.EqualFold(want, server) {
		return true
	}
	host, _, _ := strings.Cut(server, ".")
	return strings.EqualFold(want, host)
}

func (m *Matcher) matchUser(r *record.Record) bool {
	u := strings.ToLower(r.User)
	_, name, hasDomain := strings.Cut(u, `\`)
	for _, w := range m.users {
		if w == u || hasDomain && w == name || strings.EqualFold(w, r.SID) {
			return true
		}
	}
	return false
}

func (m *Matcher) matchPath(r *record.Record) bool {
	if strings.Contains(Fold(r.Path), m.path) || r.NewPath != "" && strings.Contains(Fold(r.NewPath), m.path) {
		return true
	}
	u := r.UNC()
	return u != "" && strings.Contains(Fold(u), m.path)
}

// matchRecord reports whether the record's path or new path is the wanted one
// (exact) or is it or lies below it (not exact).
func (u unc) matchRecord(r *record.Record, exact bool) bool {
	if u.match(r.Path, exact) || r.NewPath != "" && u.match(r.NewPath, exact) {
		return true
	}
	if u.share == "" || !sameShare(u.share, r.Share) || r.ShareRoot == 0 || int(r.ShareRoot) > len(r.Path) {
		return false
	}
	root := r.Path[:r.ShareRoot]
	w := unc{full: root + u.rest}
	return w.match(r.Path, exact) || r.NewPath != "" && w.match(r.NewPath, exact)
}

func (u unc) match(path string, exact bool) bool {
	rest, ok := hasPrefixFold(path, u.full)
	if !ok {
		return false
	}
	return rest == "" || !exact && (rest[0] == '\\' || strings.HasSuffix(u.full, `\`))
}

// sameShare compares \\server\share names; the server may be the host part.
func sameShare(a, b string) bool {
	ha, sa, _ := strings.Cut(strings.TrimPrefix(a, `\\`), `\`)
	hb, sb, _ := strings.Cut(strings.TrimPrefix(b, `\\`), `\`)
	return strings.EqualFold(sa, sb) && (sameServer(ha, hb) || sameServer(hb, ha))
}
