package archive

import (
	"slices"
	"strings"

	"github.com/akashi-audit/akashi/internal/query"
	"github.com/akashi-audit/akashi/internal/record"
)

// What a query asks of single columns says which rows cannot meet it, so that few
// columns are read whole. It is less than the query: rows that are left are compared
// as records.

// test is a condition on the values of one column.
type test struct {
	column string
	text   func(s string) bool // of a text; it does not keep s
	number func(n uint64) bool // of a number
}

// group is alternatives of which one must hold; all tests of an alternative must.
type group [][]test

// groups are conditions of which all must hold.
func groups(q *query.Query) []group {
	l := []group{{{{column: "superseded_by", number: func(n uint64) bool { return (n != 0) == q.Superseded }}}}}
	texts := func(column string, ok func(string) bool) test { return test{column: column, text: ok} }
	if len(q.Users) > 0 {
		l = append(l, group{
			{texts("user", func(s string) bool { return anyOf(q.Users, func(w string) bool { return query.SamePerson(w, s, "") }) })},
			{texts("sid", func(s string) bool { return anyOf(q.Users, func(w string) bool { return query.SamePerson(w, "", s) }) })},
			inexact(),
		})
	}
	classes := q.Classes
	if len(classes) == 0 {
		classes = []record.Class{record.ClassUser}
	}
	l = append(l, named("class", classes))
	if len(q.Ops) > 0 {
		l = append(l, named("op", q.Ops))
	}
	if len(q.Results) > 0 {
		l = append(l, named("result", q.Results))
	}
	if len(q.Objects) > 0 {
		l = append(l, named("object", q.Objects))
	}
	if len(q.Confidences) > 0 {
		l = append(l, named("confidence", q.Confidences))
	}
	if len(q.Sessions) > 0 {
		l = append(l, group{{{column: "session", number: func(n uint64) bool { return slices.Contains(q.Sessions, n) }}}})
	}
	if len(q.Rules) > 0 {
		l = append(l, group{{texts("rule", func(s string) bool { return anyOf(q.Rules, func(w string) bool { return strings.EqualFold(w, s) }) })}})
	}
	if len(q.Processes) > 0 {
		l = append(l, group{{texts("process", func(s string) bool { return anyOf(q.Processes, func(w string) bool { return query.SameProcess(w, s) }) })}, inexact()})
	}
	if len(q.Clients) > 0 {
		same := func(s string) bool { return anyOf(q.Clients, func(w string) bool { return strings.EqualFold(w, s) }) }
		l = append(l, group{{texts("client_ip", same)}, {texts("client_name", same)}, inexact()})
	}
	return append(l, pathGroups(q)...)
}

func anyOf(l []string, ok func(string) bool) bool { return slices.ContainsFunc(l, ok) }

// named is a condition on a column that holds names of values.
func named[T interface{ String() string }](column string, l []T) group {
	want := make([]string, len(l))
	for i := range l {
		want[i] = l[i].String()
	}
	return group{{{column: column, text: func(s string) bool { return slices.Contains(want, s) }}}}
}

// pathGroups are the conditions on paths.
func pathGroups(q *query.Query) (l []group) {
	for _, w := range q.Words {
		l = append(l, append(piece(query.NewWord(w).Literal()), inexact()))
	}
	if len(q.Paths) > 0 {
		var g group
		for _, p := range q.Paths {
			g = append(g, piece(query.NewPattern(p).Literal())...)
		}
		l = append(l, append(g, inexact()))
	}
	for i, wanted := range [][]string{q.Files, q.Folders} {
		var g group
		for _, p := range wanted {
			g = append(g, below(p, i == 0)...)
		}
		if len(g) > 0 {
			l = append(l, append(g, inexact()))
		}
	}
	return l
}

// inexact is the rows of which a text is not in its column as it is.
func inexact() []test { return []test{{column: "exact", text: func(s string) bool { return s != "" }}} }

// piece is the rows of which a form of a path can hold a folded text: path, new
// path, or the path as the share shows it, which is the share's name and the rest of
// the path behind the share's folder.
func piece(w string) group {
	if w == "" {
		return group{{}}
	}
	g := group{{{column: "path", text: holds(w)}}, {{column: "new_path", text: holds(w)}}, {{column: "share", text: holds(w)}}}
	// The text may begin in the share's name and end behind it.
	for i := 1; i < len(w); i++ {
		head, rest := w[:i], w[i:]
		if rest[0] != '\\' { // what is behind the share's name begins with a backslash
			continue
		}
		g = append(g, []test{
			{column: "share", text: func(s string) bool { return strings.HasSuffix(query.Fold(s), head) }},
			{column: "path", text: holds(rest)},
		})
	}
	return g
}

// folderOf is what is known of a folder: it holds the text, or the text can end in
// the names below it, which then begin with one of tails.
type folderOf struct {
	holds bool
	tails []string
}

// maxFolders is how many folders a condition remembers.
const maxFolders = 1 << 17

// holds reports whether a folded path holds a text. Folders come again and again, so
// what is known of one is kept.
func holds(w string) func(s string) bool {
	known := make(map[string]*folderOf)
	return func(s string) bool {
		at := strings.LastIndexByte(s, '\\')
		if at < 0 {
			return strings.Contains(query.Fold(s), w)
		}
		f := known[s[:at]]
		if f == nil {
			if len(known) >= maxFolders {
				clear(known)
			}
			f = newFolder(query.Fold(s[:at]), w)
			known[strings.Clone(s[:at])] = f
		}
		if f.holds || len(f.tails) == 0 {
			return f.holds
		}
		name := query.Fold(s[at+1:])
		for _, t := range f.tails {
			if t == w && strings.Contains(name, w) || t != w && strings.HasPrefix(name, t) {
				return true
			}
		}
		return false
	}
}

func newFolder(folder, w string) *folderOf {
	f := &folderOf{holds: strings.Contains(folder, w)}
	if f.holds {
		return f
	}
	if !strings.Contains(w, `\`) {
		f.tails = []string{w} // anywhere in the name
		return f
	}
	for i := range len(w) {
		if w[i] == '\\' && !strings.Contains(w[i+1:], `\`) && strings.HasSuffix(folder, w[:i]) {
			f.tails = append(f.tails, w[i+1:])
		}
	}
	return f
}

// below is the rows that can be of a wanted file or folder, local or by its share.
func below(wanted string, exact bool) group {
	path, share, rest := query.SplitUNC(wanted)
	local := func(s string) bool { return query.Below(s, path, exact) }
	g := group{{{column: "path", text: local}}, {{column: "new_path", text: local}}}
	if share == "" {
		return g
	}
	same := test{column: "share", text: func(s string) bool { return query.SameShare(share, s) }}
	if rest == "" {
		return append(g, []test{same})
	}
	end := holds(query.Fold(rest))
	return append(g, []test{same, {column: "path", text: end}}, []test{same, {column: "new_path", text: end}})
}
