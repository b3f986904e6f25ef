package paths

import (
	"bytes"
	"context"
	"strings"

	"github.com/akashi-audit/akashi/internal/query"
)

// Needle is a condition of a path's folded form.
type Needle struct {
	text    string // folded, / as a backslash
	pattern query.Pattern
	wild    bool
	rest    bool // text is the beginning of the folded path without its first at bytes
	at      int
}

// Contains wants a word anywhere; / counts as a backslash.
func Contains(word string) Needle {
	return Needle{text: strings.ReplaceAll(query.Fold(word), "/", `\`)}
}

// Meets wants a pattern.
func Meets(p query.Pattern) Needle {
	return Needle{text: p.Literal(), pattern: p, wild: p.Wild()}
}

// RestBegins wants the path to have at least at bytes and the folded rest
// behind them to begin with the word: a word that crosses the border between a
// share and the path below it.
func RestBegins(at int, word string) Needle {
	n := Contains(word)
	n.rest, n.at = true, at
	return n
}

// Search is the ids of the paths that meet all needles; none gives all paths.
func (d *Dict) Search(ctx context.Context, needles ...Needle) (*Set, error) {
	var all *Set
	for _, n := range needles {
		s, err := d.search(ctx, n)
		if err != nil {
			return nil, err
		}
		if all == nil {
			all = s
		} else {
			all.And(s)
		}
		if all.Empty() {
			break
		}
	}
	if all == nil {
		all = &Set{}
		all.AddRange(Range{0, d.paths})
	}
	return all, nil
}

// maxWord is the bytes of a word that are looked for at once; of a longer one
// the end leads to candidates. It bounds what a word costs that matches almost
// everywhere.
const maxWord = 512

// search is the ids that meet one needle; the set is the caller's.
func (d *Dict) search(ctx context.Context, n Needle) (*Set, error) {
	if s, ok := d.recall.get(n); ok {
		return s, nil
	}
	s, err := d.look(ctx, n)
	if err == nil {
		d.recall.put(n, s)
	}
	return s, err
}

// look is search among all names.
func (d *Dict) look(ctx context.Context, n Needle) (*Set, error) {
	s := &Set{}
	var err error
	if n.rest && !strings.HasPrefix(n.text, `\`) {
		s.AddRange(Range{0, d.paths}) // the rest need not be folded as in the path
	} else if s, err = d.contains(ctx, n.text[max(0, len(n.text)-maxWord):]); err != nil {
		return nil, err
	}
	if n.rest || n.wild || len(n.text) > maxWord {
		return d.verify(ctx, s, &n)
	}
	return s, nil
}

// verify leaves of candidates those that meet the needle.
func (d *Dict) verify(ctx context.Context, candidates *Set, n *Needle) (*Set, error) {
	c := Cursor{folding: true}
	var root restRoot
	steps := 0
	for id := range candidates.All() {
		if steps++; steps%1024 == 0 && ctx.Err() != nil {
			return nil, ctx.Err()
		}
		if err := c.seek(d, id); err != nil {
			return nil, err
		}
		ok := false
		switch {
		case n.rest:
			ok = root.match(n, &c)
		case n.wild:
			ok = n.pattern.Match(string(c.folded))
		default:
			ok = bytes.Contains(c.folded, []byte(n.text))
		}
		if ok {
			continue
		}
		candidates.Remove(id)
	}
	return candidates, nil
}

// Have tells of each of ids, which must ascend, whether its path has a word of
// Contains.
func (d *Dict) Have(ids []uint32, word Needle) ([]bool, error) {
	c := Cursor{folding: true}
	out := make([]bool, len(ids))
	for i, id := range ids {
		if err := c.seek(d, id); err != nil {
			return nil, err
		}
		out[i] = bytes.Contains(c.folded, []byte(word.text))
	}
	return out, nil
}

// MeetsAny tells of each of ids, which must ascend, whether its path meets one of
// the patterns.
func (d *Dict) MeetsAny(ids []uint32, patterns []query.Pattern) ([]bool, error) {
	c := Cursor{folding: true}
	out := make([]bool, len(ids))
	for i, id := range ids {
		if err := c.seek(d, id); err != nil {
			return nil, err
		}
		for _, p := range patterns {
			if p.Wild() {
				out[i] = p.Match(string(c.folded))
			} else {
				out[i] = bytes.Contains(c.folded, []byte(p.Literal()))
			}
			if out[i] {
				break
			}
		}
	}
	return out, nil
}

// restRoot remembers how long the folded form of a path's beginning is.
type restRoot struct {
	root   []byte
	folded int
	some   bool
}

// match reports whether the cursor's path meets a needle of a rest.
func (r *restRoot) match(n *Needle, c *Cursor) bool {
	if len(c.path) < n.at {
		return false
	}
	root, rest := c.path[:n.at], c.path[n.at:]
	if len(rest) == 0 || rest[0] != '\\' || !strings.HasPrefix(n.text, `\`) {
		return strings.HasPrefix(query.Fold(string(rest)), n.text)
	}
	// What a backslash parts is folded apart.
	if !r.some || !bytes.Equal(r.root, root) {
		r.root, r.folded, r.some = append(r.root[:0], root...), len(query.Fold(string(root))), true
	}
	return r.folded <= len(c.folded) && bytes.HasPrefix(c.folded[r.folded:], []byte(n.text))
}

// contains is the ids of the paths whose folded form has the word: in the
// folder (then all its names), in the name, or across their border.
func (d *Dict) contains(ctx context.Context, word string) (*Set, error) {
	s := &Set{words: make([]uint64, (int(d.paths)+63)/64)}
	if word == "" {
		s.AddRange(Range{0, d.paths})
		return s, nil
	}
	borders := bordersOf(word)
	if err := d.containsInFolders(ctx, word, s, borders); err != nil {
		return nil, err
	}
	if err := d.scan(ctx, word, false, nil, s); err != nil {
		return nil, err
	}
	for i := range borders {
		b := &borders[i]
		if b.folders.Empty() {
			continue
		}
		if err := d.scan(ctx, b.name, true, &b.folders, s); err != nil {
			return nil, err
		}
	}
	return s, nil
}

// border is a way to cut a word into the end of a folder and the beginning of
// a name.
type border struct {
	folder, name string
	folders      Set // ids of the paths in folders that end so
}

func bordersOf(word string) []border {
	var l []border
	for i := 0; i+1 < len(word); i++ {
		if word[i] == '\\' {
			l = append(l, border{folder: word[:i+1], name: word[i+1:]})
		}
	}
	return l
}
