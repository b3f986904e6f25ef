package query

import (
	"slices"
	"strings"

	"github.com/akashi-audit/akashi/internal/record"
)

// Matcher is a Query made ready for many records. It is safe for concurrent use.
type Matcher struct {
	q     Query
	want  conditions
	not   conditions
	words []string // folded
	sight *Sight   // nil = everything
}

// conditions are the kinds that Query and Exclusion share.
type conditions struct {
	users, clients, processes, rules, servers []string
	paths                                     []Pattern
	files, folders                            []unc
	ops                                       uint64
	results, classes, objects, confidences    uint32
	sessions                                  []uint64
}

// NewMatcher prepares q.
func NewMatcher(q Query) *Matcher {
	m := &Matcher{q: q}
	for _, w := range q.Words {
		m.words = append(m.words, foldPath(w))
	}
	want := q.wanted()
	if len(want.Classes) == 0 {
		want.Classes = []record.Class{record.ClassUser}
	}
	m.want, m.not = prepare(want), prepare(q.Not)
	if !q.Within.All() {
		m.sight = NewSight(q.Within)
	}
	return m
}

func foldPath(s string) string { return strings.ReplaceAll(Fold(s), "/", `\`) }

func prepare(x Exclusion) conditions {
	c := conditions{
		users: x.Users, clients: x.Clients, processes: x.Processes, rules: x.Rules, servers: x.Servers, sessions: x.Sessions,
		results: bits(x.Results), classes: bits(x.Classes), objects: bits(x.Objects), confidences: bits(x.Confidences),
	}
	for _, o := range x.Ops {
		c.ops |= 1 << o
	}
	for _, p := range x.Paths {
		c.paths = append(c.paths, NewPattern(p))
	}
	for _, p := range x.Files {
		c.files = append(c.files, splitUNC(p))
	}
	for _, p := range x.Folders {
		c.folders = append(c.folders, splitUNC(p))
	}
	return c
}

func bits[T ~uint8](l []T) (b uint32) {
	for _, v := range l {
		b |= 1 << v
	}
	return b
}

// Match reports whether the record meets every condition.
func (m *Matcher) Match(r *record.Record) bool {
	q := &m.q
	if q.From != 0 && r.Time < q.From || q.To != 0 && r.Time >= q.To || q.HideNetworkLogons && networkLogon(r) {
		return false
	}
	if m.sight != nil && !m.sight.Sees(r) {
		return false
	}
	for _, w := range m.words {
		if !anyForm(r, func(p string) bool { return strings.Contains(Fold(p), w) }) {
			return false
		}
	}
	if len(q.Lives) > 0 && !slices.ContainsFunc(q.Lives, func(l Life) bool { return l.match(r) }) {
		return false
	}
	for k := range kinds {
		if m.want.has(k) && !m.want.match(k, r) || m.not.has(k) && m.not.match(k, r) {
			return false
		}
	}
	return true
}

// kind is a kind of condition.
type kind int

const (
	kindOp kind = iota
	kindResult
	kindClass
	kindObject
	kindConfidence
	kindSession
	kindServer
	kindUser
	kindClient
	kindProcess
	kindRule
	kindFile
	kindFolder
	kindPath
	kinds
)

// has reports whether there is a condition of the kind.
func (c *conditions) has(k kind) bool {
	switch k {
	case kindOp:
		return c.ops != 0
	case kindResult:
		return c.results != 0
	case kindClass:
		return c.classes != 0
	case kindObject:
		return c.objects != 0
	case kindConfidence:
		return c.confidences != 0
	case kindSession:
		return len(c.sessions) > 0
	case kindServer:
		return len(c.servers) > 0
	case kindUser:
		return len(c.users) > 0
	case kindClient:
		return len(c.clients) > 0
	case kindProcess:
		return len(c.processes) > 0
	case kindRule:
		return len(c.rules) > 0
	case kindFile:
		return len(c.files) > 0
	case kindFolder:
		return len(c.folders) > 0
	}
	return len(c.paths) > 0
}

// match reports whether one of the conditions of the kind holds.
func (c *conditions) match(k kind, r *record.Record) bool {
	switch k {
	case kindOp:
		return c.ops&(1<<r.Op) != 0
	case kindResult:
		return c.results&(1<<r.Result) != 0
	case kindClass:
		return c.classes&(1<<r.Class) != 0
	case kindObject:
		return c.objects&(1<<r.Object) != 0
	case kindConfidence:
		return c.confidences&(1<<r.Confidence) != 0
	case kindSession:
		return slices.Contains(c.sessions, r.Session)
	case kindServer:
		return slices.ContainsFunc(c.servers, func(s string) bool { return SameServer(s, r.Server) })
	case kindUser:
		return slices.ContainsFunc(c.users, func(w string) bool { return SamePerson(w, r.User, r.SID) })
	case kindClient:
		return slices.ContainsFunc(c.clients, func(s string) bool {
			return strings.EqualFold(s, r.ClientIP) || strings.EqualFold(s, r.ClientName)
		})
	case kindProcess:
		return slices.ContainsFunc(c.processes, func(s string) bool { return SameProcess(s, r.Process) })
	case kindRule:
		return slices.ContainsFunc(c.rules, func(s string) bool { return strings.EqualFold(s, r.Rule) })
	case kindFile:
		return slices.ContainsFunc(c.files, func(u unc) bool { return u.matchRecord(r, true) })
	case kindFolder:
		return slices.ContainsFunc(c.folders, func(u unc) bool { return u.matchRecord(r, false) })
	}
	return slices.ContainsFunc(c.paths, func(p Pattern) bool {
		return anyForm(r, func(s string) bool { return p.Match(Fold(s)) })
	})
}

// anyForm reports whether fn holds for a form of the record's paths: path, new
// path, path below its share.
func anyForm(r *record.Record, fn func(string) bool) bool {
	if fn(r.Path) || r.NewPath != "" && fn(r.NewPath) {
		return true
	}
	u := r.UNC()
	return u != "" && fn(u)
}

// SamePerson reports whether a wanted person (DOMAIN\name, name alone, or SID)
// is this one.
func SamePerson(want, user, sid string) bool {
	if strings.EqualFold(want, user) || strings.EqualFold(want, sid) && want != "" {
		return true
	}
	_, name, ok := strings.Cut(user, `\`)
	return ok && strings.EqualFold(want, name)
}

// SameProcess reports whether a wanted program (full path or last name) is this
// one.
func SameProcess(want, process string) bool {
	if strings.EqualFold(want, process) {
		return true
	}
	at := strings.LastIndexAny(process, `\/`)
	return at >= 0 && strings.EqualFold(want, process[at+1:])
}

// match reports whether the record has this name at this time.
func (l *Life) match(r *record.Record) bool {
	if l.From != 0 && r.Time < l.From || l.To != 0 && r.Time >= l.To || !strings.EqualFold(l.Server, r.Server) {
		return false
	}
	w := unc{full: strings.TrimRight(l.Path, `\`)}
	return w.match(r.Path, !l.Folder) || r.NewPath != "" && w.match(r.NewPath, !l.Folder)
}

func networkLogon(r *record.Record) bool {
	return (r.Op == record.OpLogon || r.Op == record.OpLogoff) && r.Result == record.Success && r.Get("logon_type") == "3"
}

// WantsServer reports whether records of this server can meet the conditions.
func (q *Query) WantsServer(server string) bool {
	is := func(s string) bool { return SameServer(s, server) }
	return (len(q.Servers) == 0 || slices.ContainsFunc(q.Servers, is)) && !slices.ContainsFunc(q.Not.Servers, is) &&
		(len(q.Within.Servers) == 0 || slices.ContainsFunc(q.Within.Servers, is))
}

// SameServer reports whether a wanted server (full name or host part) is this
// one. Rights go by it: names differ in case only as Windows has it.
func SameServer(want, server string) bool {
	if SameName(want, server) {
		return true
	}
	host, _, _ := strings.Cut(server, ".")
	return SameName(want, host)
}
