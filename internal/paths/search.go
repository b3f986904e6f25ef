package paths

import (
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
	all := &Set{}
	all.AddRange(Range{0, d.paths})
	for _, n := range needles {
		s, err := d.search(ctx, n)
		if err != nil {
			return nil, err
		}
		all.And(s)
		if all.Empty() {
			break
		}
	}
	return all, nil
}

func (d *Dict) search(ctx context.Context, n Needle) (*Set, error) {
	return d.naive(ctx, n)
}

func (d *Dict) naive(ctx context.Context, n Needle) (*Set, error) {
	s := &Set{}
	for c := d.Cursor(); ; {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		if !c.Next() {
			return s, c.Err()
		}
		if n.match(string(c.Path())) {
			s.Add(c.ID())
		}
	}
}

// match is what a needle means.
func (n *Needle) match(path string) bool {
	switch {
	case n.rest:
		return len(path) >= n.at && strings.HasPrefix(query.Fold(path[n.at:]), n.text)
	case n.wild:
		return n.pattern.Match(query.Fold(path))
	}
	return strings.Contains(query.Fold(path), n.text)
}
