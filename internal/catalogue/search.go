package catalogue

import (
	"context"
	"slices"
	"strings"

	"github.com/akashi-audit/akashi/internal/paths"
	"github.com/akashi-audit/akashi/internal/query"
)

// Parts are the open parts of one server. What they are asked they answer
// together.
type Parts []*Part

// Len is the number of paths of the parts, each part's own.
func (l Parts) Len() (n int) {
	for _, p := range l {
		n += p.Len()
	}
	return n
}

// Meeting is the paths that meet a needle, in the order of paths.Compare; false when
// there are more than most.
func (l Parts) Meeting(ctx context.Context, n paths.Needle, most int) ([]string, bool, error) {
	var out []string
	for _, p := range l {
		s, err := p.many().Search(ctx, n)
		if err != nil {
			return nil, false, err
		}
		if s.Len() > most-len(out) {
			return nil, false, nil
		}
		err = p.many().Paths(slices.Collect(s.All()), func(_ int, path []byte) error {
			out = append(out, string(path))
			return nil
		})
		if err != nil {
			return nil, false, err
		}
	}
	slices.SortFunc(out, paths.Compare)
	return slices.Compact(out), true, nil
}

// Entry is a path with what is known of it.
type Entry struct {
	Path   string
	Months Months
	N      uint64 // records that name it; a record that names it twice counts twice
}

// Search is the months in which a path of the part meets the needle.
func (p *Part) Search(ctx context.Context, n paths.Needle) (Months, error) {
	s, err := p.many().Search(ctx, n)
	if err != nil {
		return nil, err
	}
	return p.monthsOf(s)
}

// monthsOf is the months of the paths of s.
func (p *Part) monthsOf(s *paths.Set) (Months, error) {
	found := make([]bool, len(p.sets))
	left := len(found)
	var sets []uint32
	var m setsMemory
	once := valueBytes*valuesPerBlock*min(len(p.values), s.Len()) > p.cache.limit/2 // more than the cache can hold
	at := -1
	for id := range s.All() {
		if i := int(id) / valuesPerBlock; i != at {
			var err error
			if sets, err = p.setsAt(i, &m, once); err != nil {
				return nil, err
			}
			at = i
		}
		if set := sets[id%valuesPerBlock]; !found[set] {
			found[set] = true
			if left--; left == 0 {
				break
			}
		}
	}
	var months Months
	for set, ok := range found {
		if ok {
			months = months.Or(p.sets[set])
		}
	}
	return months, nil
}

// Find is the months of a path, under NTFS equality.
func (p *Part) Find(path string) (Months, error) {
	r, err := p.dict.Find(path)
	if err != nil {
		return nil, err
	}
	var s paths.Set
	s.AddRange(r)
	return p.monthsOf(&s)
}

// Below is the months of a folder and what lies below it, under NTFS equality.
func (p *Part) Below(folder string) (Months, error) {
	l, err := p.dict.Below(folder)
	if err != nil {
		return nil, err
	}
	var s paths.Set
	for _, r := range l {
		s.AddRange(r)
	}
	return p.monthsOf(&s)
}

// all is every month of the part.
func (p *Part) all() Months {
	var m Months
	for _, set := range p.sets {
		m = m.Or(set)
	}
	return m
}

// union asks every part.
func (l Parts) union(ask func(p *Part) (Months, error)) (Months, error) {
	var all Months
	for _, p := range l {
		m, err := ask(p)
		if err != nil {
			return nil, err
		}
		all = all.Or(m)
	}
	return all, nil
}

// Months is the months in which a record of the server can meet what q says of
// paths; no month that has such a record is missing, one that has none may be
// there. Other conditions are not looked at. any says that q says nothing of
// paths, and then Months is every month.
func (l Parts) Months(ctx context.Context, q *query.Query) (months Months, any bool, err error) {
	months, err = l.union(func(p *Part) (Months, error) { return p.all(), nil })
	if err != nil {
		return nil, false, err
	}
	any = true
	narrow := func(wanted []func(p *Part) (Months, error)) error {
		var kind Months
		for _, ask := range wanted {
			m, err := l.union(ask)
			if err != nil {
				return err
			}
			kind = kind.Or(m)
		}
		months, any = months.And(kind), false
		return nil
	}
	for _, wanted := range conditions(ctx, q) {
		if err := narrow(wanted); err != nil {
			return nil, false, err
		}
	}
	return months, any, nil
}

// conditions are what q says of paths: of each list, one must hold.
func conditions(ctx context.Context, q *query.Query) (all [][]func(p *Part) (Months, error)) {
	type ask = func(p *Part) (Months, error)
	for _, w := range q.Words {
		all = append(all, []ask{func(p *Part) (Months, error) { return p.anyForm(ctx, paths.Contains(w), foldPath(w)) }})
	}
	add := func(l []ask) {
		if len(l) > 0 {
			all = append(all, l)
		}
	}
	var l []ask
	for _, s := range q.Paths {
		pattern := query.NewPattern(s)
		l = append(l, func(p *Part) (Months, error) {
			return p.anyForm(ctx, paths.Meets(pattern), pattern.Literal())
		})
	}
	add(l)
	l = nil
	for _, s := range q.Files {
		l = append(l, func(p *Part) (Months, error) { return p.exact(s, true) })
	}
	add(l)
	l = nil
	for _, s := range q.Folders {
		l = append(l, func(p *Part) (Months, error) { return p.exact(s, false) })
	}
	add(l)
	l = nil
	for _, s := range q.Within.Folders {
		l = append(l, func(p *Part) (Months, error) { return p.exact(s, false) })
	}
	add(l)
	l = nil
	for _, life := range q.Lives {
		name := strings.TrimRight(life.Path, `\`) // as records spell it: a slash is one
		l = append(l, func(p *Part) (Months, error) {
			if life.Folder {
				return p.Below(name)
			}
			return p.Find(name)
		})
	}
	add(l)
	return all
}

func foldPath(s string) string { return strings.ReplaceAll(query.Fold(s), "/", `\`) }

// anyForm is the months in which a path has the needle, or its form below its
// share can have it: word is what each form that has it contains.
func (p *Part) anyForm(ctx context.Context, n paths.Needle, word string) (Months, error) {
	months, err := p.Search(ctx, n)
	if err != nil {
		return nil, err
	}
	for _, r := range p.roots {
		share := query.Fold(r.Share)
		if strings.Contains(share, word) {
			m, err := p.begins(r.Folder)
			if err != nil {
				return nil, err
			}
			months = months.Or(m)
			continue
		}
		for i := 1; i < len(word); i++ { // the word crosses the border
			if !strings.HasSuffix(share, word[:i]) {
				continue
			}
			m, err := p.Search(ctx, paths.RestBegins(len(r.Folder), word[i:]))
			if err != nil {
				return nil, err
			}
			months = months.Or(m)
		}
	}
	return months, nil
}

// begins is the months of all that a share's folder can hold.
func (p *Part) begins(folder string) (Months, error) {
	if strings.Contains(folder, `\`) {
		return p.Below(strings.TrimRight(folder, `\`))
	}
	return p.all(), nil
}

// exact is the months of a file, or of a folder and what lies below it; the
// path is local or names a share.
func (p *Part) exact(path string, file bool) (Months, error) {
	var months Months
	for _, local := range p.locals(path) {
		ask := p.Below
		if file {
			ask = p.Find
		}
		m, err := ask(local)
		if err != nil {
			return nil, err
		}
		months = months.Or(m)
	}
	return months, nil
}

// locals is the path, without backslashes at its end, and when it names a share
// the same below each folder of shares of that name.
func (p *Part) locals(path string) []string { return localsOf(p.roots, path) }

func localsOf(roots []Root, path string) []string {
	path = strings.TrimRight(strings.ReplaceAll(path, "/", `\`), `\`)
	l := []string{path}
	if !strings.HasPrefix(path, `\\`) {
		return l
	}
	_, rest, _ := strings.Cut(path[2:], `\`)
	name, rest, below := strings.Cut(rest, `\`)
	for _, r := range roots {
		_, share, _ := strings.Cut(strings.TrimPrefix(r.Share, `\\`), `\`)
		if !strings.EqualFold(share, name) {
			continue
		}
		if below {
			l = append(l, r.Folder+`\`+rest)
		} else {
			l = append(l, r.Folder)
		}
	}
	return l
}

// Each calls fn for every path of the part in order. It stops with fn's error.
func (p *Part) Each(fn func(Entry) error) error {
	c := p.dict.Cursor()
	for c.Next() {
		v, err := p.valuesAt(int(c.ID()) / valuesPerBlock)
		if err != nil {
			return err
		}
		i := c.ID() % valuesPerBlock
		if err := fn(Entry{string(c.Path()), p.sets[v.sets[i]], v.counts[i]}); err != nil {
			return err
		}
	}
	return c.Err()
}
