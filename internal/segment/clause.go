package segment

import (
	"context"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/akashi-audit/akashi/internal/paths"
	"github.com/akashi-audit/akashi/internal/query"
)

// clause is one condition on paths: of its wanted texts one must hold, or with
// not, none may.
type clause struct {
	not      bool
	every    bool            // each path that the row names must be met, and there must be one
	patterns []query.Pattern // words too
	files    []string
	folders  []string
	lives    []query.Life
	m        *query.Matcher // the same, for single rows
	f        *Filter        // whose it is
}

// newClauses takes the conditions on paths out of q.
func newClauses(q *query.Query) []*clause {
	var l []*clause
	add := func(c clause, q query.Query) {
		q.Classes = query.AllClasses()
		c.m = query.NewMatcher(q)
		l = append(l, &c)
	}
	patterns := func(texts []string) (l []query.Pattern) {
		for _, s := range texts {
			l = append(l, query.NewPattern(s))
		}
		return l
	}
	for _, w := range q.Words {
		add(clause{patterns: []query.Pattern{query.NewWord(w)}}, query.Query{Words: []string{w}})
	}
	for _, x := range []struct {
		not                   bool
		paths, files, folders []string
	}{{false, q.Paths, q.Files, q.Folders}, {true, q.Not.Paths, q.Not.Files, q.Not.Folders}} {
		if len(x.paths) > 0 {
			add(clause{not: x.not, patterns: patterns(x.paths)}, query.Query{Paths: x.paths})
		}
		if len(x.files) > 0 {
			add(clause{not: x.not, files: x.files}, query.Query{Files: x.files})
		}
		if len(x.folders) > 0 {
			add(clause{not: x.not, folders: x.folders}, query.Query{Folders: x.folders})
		}
	}
	if len(q.Within.Folders) > 0 {
		add(clause{every: true, folders: named(q.Within.Folders)}, query.Query{Within: query.Extent{Folders: q.Within.Folders}})
	}
	if len(q.Lives) > 0 {
		add(clause{lives: q.Lives}, query.Query{Lives: q.Lives})
	}
	return l
}

// named leaves out folders without a name, which hold nothing.
func named(folders []string) (l []string) {
	for _, f := range folders {
		if local, _, _ := query.SplitUNC(f); local != "" {
			l = append(l, f)
		}
	}
	return l
}

// boundClause is a clause as numbers of one segment. A row whose path or new
// path is in ids meets it; so does one whose path is met by what shareSet says
// of the row's share. Rows whose share is the usual one of their path are in
// full and check at once.
type boundClause struct {
	*clause
	ids    *paths.Set
	full   *paths.Set  // ids, and those met below their usual share
	check  *paths.Set  // ids that only the text with the usual share tells
	shares []*shareSet // by share; nil = its UNC form adds nothing
	lives  []*paths.Set
	open   bool // rows with an unusual share can meet it whatever their path

	// lazy: few rows are expected, each is asked by its text until that takes as much
	// as a search of all names; then later is bound and takes over.
	lazy  bool
	asked atomic.Int64 // names, and rows by askedRows
	later atomic.Pointer[boundClause]
	texts bool // of a lazy one: a share's UNC form can meet it where the path does not
	// byText: a lazy one that nothing takes over from, since the dictionary is damaged.
	byText bool

	mu    sync.Mutex
	memo  map[[3]uint32]bool // by path, new path and share, of single rows; guarded by mu
	known map[uint32]bool    // of a lazy one: paths, and whether they meet it; guarded by mu
}

const (
	// lazyNames is how many names are asked by their text, at least, before the whole
	// dictionary is searched.
	lazyNames = 500
	// searchShare: to search all names of a dictionary takes as long as asking one in
	// so many of them by its text.
	searchShare = 256
	// askedRows: to ask so many rows for names that are known takes as long as one name.
	askedRows = 32
)

// shareSet is what a condition finds in the UNC forms of one share's paths.
type shareSet struct {
	all    bool       // every path
	ids    *paths.Set // these
	news   bool       // a new path counts too
	ask    *paths.Set // of these each row is asked
	askAll bool       // each row is asked
}

// bindClause finds the numbers.
func (s *Segment) bindClause(ctx context.Context, c *clause) (*boundClause, error) {
	b := &boundClause{clause: c, ids: &paths.Set{}, memo: make(map[[3]uint32]bool)}
	for _, p := range c.patterns {
		if err := s.addMeeting(ctx, b.ids, c, p); err != nil {
			return nil, err
		}
	}
	for _, f := range c.files {
		local, _, _ := query.SplitUNC(f)
		if err := s.addPaths(b.ids, local, true); err != nil {
			return nil, err
		}
	}
	for _, f := range c.folders {
		local, _, _ := query.SplitUNC(f)
		if err := s.addFolder(b.ids, c, local); err != nil {
			return nil, err
		}
	}
	for _, l := range c.lives {
		set := &paths.Set{}
		if strings.EqualFold(l.Server, s.meta.Server) {
			if err := s.addPaths(set, strings.TrimRight(l.Path, `\`), !l.Folder); err != nil {
				return nil, err
			}
		}
		b.lives = append(b.lives, set)
		b.ids.Or(set)
	}
	b.full, b.check = b.ids, &paths.Set{}
	if len(c.lives) > 0 {
		return b, nil
	}
	return b, s.bindShares(ctx, b)
}

// nothing reports that no row can meet the clause.
func (c *boundClause) nothing() bool {
	return !c.lazy && !c.not && c.shares == nil && c.ids.Empty()
}

// plain reports whether a row with its path's usual share and without a new path
// meets the clause just when full has its path. A kind of clause for which that
// is not so must say false here.
func (c *boundClause) plain() bool {
	return !c.lazy && !c.every && len(c.clause.lives) == 0 && c.check.Empty()
}

// addFolder adds a folder that a clause names and all below it: of what may be seen,
// only what is surely within.
func (s *Segment) addFolder(set *paths.Set, c *clause, path string) error {
	if c.every {
		return s.pathError(s.dict.AddWithin(set, path))
	}
	return s.addPaths(set, path, false)
}

// addPaths adds the spellings of a path, or with exact false, a folder and all
// below it.
func (s *Segment) addPaths(set *paths.Set, path string, exact bool) error {
	if exact {
		r, err := s.dict.Find(path)
		set.AddRange(r)
		return s.pathError(err)
	}
	l, err := s.dict.Below(path)
	for _, r := range l {
		set.AddRange(r)
	}
	return s.pathError(err)
}

// bindShares adds what the UNC forms give.
func (s *Segment) bindShares(ctx context.Context, b *boundClause) error {
	b.shares = make([]*shareSet, len(s.tables.shares))
	some := false
	for i := range s.tables.shares {
		sh := &s.tables.shares[i]
		if sh.unc == "" || sh.root == 0 || !sh.known {
			continue
		}
		x, err := s.bindShare(ctx, b.clause, sh)
		if err != nil {
			return err
		}
		b.shares[i] = x
		some = some || x != nil
		b.open = b.open || x != nil && s.odd[i] && (x.all || x.askAll)
	}
	if !some {
		b.shares = nil
		return nil
	}
	b.full = &paths.Set{}
	b.full.Or(b.ids)
	from := uint32(0)
	for _, u := range s.usual {
		r := paths.Range{From: from, To: u.end}
		from = u.end
		x := b.shares[u.share]
		switch {
		case x == nil:
		case x.all:
			b.full.AddRange(r)
		case x.askAll:
			b.check.AddRange(r)
		default:
			addWithin(b.full, x.ids, r)
			addWithin(b.check, x.ask, r)
		}
	}
	return nil
}

// addWithin adds the ids of from that lie in r.
func addWithin(set, from *paths.Set, r paths.Range) {
	if !from.Meets(r) {
		return
	}
	for id := r.From; id < r.To; id++ {
		if from.Has(id) {
			set.Add(id)
		}
	}
}

// bindShare finds what the UNC forms of one share add; nil = nothing.
func (s *Segment) bindShare(ctx context.Context, c *clause, sh *share) (*shareSet, error) {
	x := &shareSet{ids: &paths.Set{}, ask: &paths.Set{}}
	some := len(c.patterns) > 0 && !sh.tidy
	x.askAll = some
	for _, p := range c.patterns {
		if x.askAll {
			break
		}
		found, err := s.bindSharePattern(ctx, c.f, x, p, sh)
		if err != nil {
			return nil, err
		}
		some = some || found
	}
	add := func(wanted string, to func(path string) error) error {
		_, unc, rest := query.SplitUNC(wanted)
		if unc == "" || !query.SameShare(unc, sh.unc) {
			return nil
		}
		some, x.news = true, true
		return to(sh.text + rest)
	}
	for _, f := range c.files {
		if err := add(f, func(path string) error { return s.addPaths(x.ids, path, true) }); err != nil {
			return nil, err
		}
	}
	for _, f := range c.folders {
		if err := add(f, func(path string) error { return s.addFolder(x.ids, c, path) }); err != nil {
			return nil, err
		}
	}
	if !some {
		return nil, nil
	}
	return x, nil
}

// bindSharePattern adds what one pattern finds in a tidy share; false = nothing.
// There the UNC form folds to the fold of the share and that of the rest, because
// the rest is empty or begins with a backslash.
func (s *Segment) bindSharePattern(ctx context.Context, c *Filter, x *shareSet, p query.Pattern, sh *share) (bool, error) {
	unc := query.Fold(sh.unc)
	if p.Name() { // the last name is that of the path, but for the local folder itself
		return true, s.addPaths(x.ask, sh.text, true)
	}
	if p.Wild() {
		start := p.Start()
		n := min(len(start), len(unc))
		x.askAll = x.askAll || start[:n] == unc[:n]
		return x.askAll, nil
	}
	word := p.Literal()
	if strings.Contains(unc, word) {
		x.all = true
		return true, nil
	}
	some := false
	for i := 1; i < len(word); i++ {
		if word[i] != '\\' || !strings.HasSuffix(unc, word[:i]) {
			continue
		}
		found, err := s.names(c).Search(ctx, paths.RestBegins(int(sh.root), word[i:]))
		if err != nil {
			return false, s.pathError(err)
		}
		x.ids.Or(found)
		some = true
	}
	return some, nil
}

// meets reports whether a row meets the clause, but for its not.
func (s *Segment) meets(c *boundClause, path, newPath uint32, shareCode uint64) (bool, error) {
	if shareCode == 0 {
		if c.full.Has(path) || newPath != 0 && c.ids.Has(newPath) {
			return true, nil
		}
		if newPath == 0 && !c.check.Has(path) {
			return false, nil
		}
	} else if c.ids.Has(path) || newPath != 0 && c.ids.Has(newPath) {
		return true, nil
	}
	if c.shares == nil {
		return false, nil
	}
	n := uint64(s.usualShare(path))
	if shareCode > 0 {
		n = shareCode - 1
	}
	if n >= uint64(len(c.shares)) {
		return false, nil
	}
	x := c.shares[n]
	switch {
	case x == nil:
		return false, nil
	case x.all || x.ids.Has(path) || x.news && newPath != 0 && x.ids.Has(newPath):
		return true, nil
	case !x.askAll && !x.ask.Has(path):
		return false, nil
	}
	return s.meetsText(c, path, newPath, shareCode)
}

// meetsText is meets by the texts of the row.
func (s *Segment) meetsText(c *boundClause, path, newPath uint32, shareCode uint64) (bool, error) {
	k := [3]uint32{path, newPath, uint32(shareCode)}
	c.mu.Lock()
	ok, seen := c.memo[k]
	c.mu.Unlock()
	if seen {
		return ok, nil
	}
	r, err := s.rowNames(path, newPath, shareCode)
	if err != nil {
		return false, err
	}
	ok = c.m.Match(&r)
	c.mu.Lock()
	c.memo[k] = ok
	c.mu.Unlock()
	return ok, nil
}
