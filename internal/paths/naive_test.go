package paths

import (
	"errors"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/akashi-audit/akashi/internal/query"
	"pgregory.net/rapid"
)

func openRapid(t *rapid.T, sorted []string) *Dict {
	d, _, _ := encodeSmall(t, sorted, rapid.SampledFrom([]int{1, 60, 500, pageSize}).Draw(t, "page size"))
	return d
}

// encodeSmall sorts paths and writes them with pages of a size.
func encodeSmall(t interface{ Fatal(...any) }, l []string, size int) (d *Dict, index []byte, pages [][]byte) {
	slices.SortFunc(l, Compare)
	e := NewEncoder(func(b []byte) error {
		pages = append(pages, b)
		return nil
	})
	e.size = size
	for _, p := range l {
		if err := e.Add(p); err != nil {
			t.Fatal(err)
		}
	}
	index, err := e.Finish()
	if err != nil {
		t.Fatal(err)
	}
	d, err = Open(index, func(i int) ([]byte, error) {
		if i >= len(pages) {
			return nil, errors.New("no such page")
		}
		return pages[i], nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return d, index, pages
}

// cutPrefix is NTFS equality as query's Matcher has it: character by character
// by strings.EqualFold, what is no UTF-8 by bytes.
func cutPrefix(s, prefix string) (rest string, ok bool) {
	for prefix != "" {
		if s == "" {
			return "", false
		}
		a, n := utf8.DecodeRuneInString(s)
		b, m := utf8.DecodeRuneInString(prefix)
		if a == utf8.RuneError && n == 1 || b == utf8.RuneError && m == 1 {
			if s[0] != prefix[0] {
				return "", false
			}
			s, prefix = s[1:], prefix[1:]
			continue
		}
		if a != b && !strings.EqualFold(s[:n], prefix[:m]) {
			return "", false
		}
		s, prefix = s[n:], prefix[m:]
	}
	return s, true
}

func same(path, want string) bool {
	rest, ok := cutPrefix(path, want)
	return ok && rest == ""
}

func below(path, folder string) bool {
	rest, ok := cutPrefix(path, folder)
	return ok && (rest == "" || rest[0] == '\\' || strings.HasSuffix(folder, `\`))
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
