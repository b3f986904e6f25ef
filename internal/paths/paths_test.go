package paths

import (
	"context"
	"slices"
	"strings"
	"testing"

	"github.com/akashi-audit/akashi/internal/query"
	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// pieces are parts of odd names.
var pieces = []string{
	"a", "A", "b", "z", "_", ".txt", ".XLSX", "1", "１", "見積", "見", "積書", "給与明細_", "か\u3099", "が", "ガ", "ｶﾞ", "Ａ", "ａ",
	"\u212a", "k", "K", "ß", "ẞ", "ss", "İ", "i", "I", "ı", "ς", "σ", "Σ", "\xed\xa0\x80", "\xed\xa0\x81", "\xed", "\xe3\x81", "\x81", "\xff", "\x00", "\ufffd",
	"\u0345", "ι", "α", "ᾳ", "①", "＼", "/", "／", ":stream", " ", "…", "\u0301", "\u034f", "x y", "ſ", "s", "S", "Ω", "Ω", "ω", "\U00010400", "\U00010428",
}

func drawName(t *rapid.T) string {
	return strings.Join(rapid.SliceOfN(rapid.SampledFrom(pieces), 0, 4).Draw(t, "name"), "")
}

func drawPath(t *rapid.T) string {
	root := rapid.SampledFrom([]string{"", `D:\`, `d:\`, `\`, `\\srv\share\`, `\\?\D:\`, `D:\共有\`, `D:\共有\A\`, `d:\共有\a\`}).Draw(t, "root")
	l := rapid.SliceOfN(rapid.Custom(drawName), 1, 3).Draw(t, "names")
	p := root + strings.Join(l, `\`)
	if rapid.IntRange(0, 9).Draw(t, "slash") == 0 {
		p += `\`
	}
	return p
}

func drawPaths(t *rapid.T) []string {
	l := rapid.SliceOfN(rapid.Custom(drawPath), 0, 120).Draw(t, "paths")
	slices.SortFunc(l, Compare)
	return slices.Compact(l)
}

func TestPathsFindBelow(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		l := drawPaths(t)
		d := openRapid(t, l)
		if d.Len() != len(l) {
			t.Fatalf("Len = %d, want %d", d.Len(), len(l))
		}
		for i, p := range l {
			got, err := d.Path(uint32(i))
			if err != nil || got != p {
				t.Fatalf("Path(%d) = %q, %v, want %q", i, got, err, p)
			}
		}
		for _, want := range append([]string{drawPath(t), drawPath(t), "", `\`}, l...) {
			r, err := d.Find(want)
			if err != nil {
				t.Fatalf("Find(%q): %v", want, err)
			}
			for i, p := range l {
				if same := same(p, want); same != contains(r, uint32(i)) {
					t.Fatalf("Find(%q) = %v, place %d is %q: %v", want, r, i, p, same)
				}
			}
			checkBelow(t, d, l, want)
			checkBegins(t, d, l, want[:rapid.IntRange(0, len(want)).Draw(t, "cut")])
		}
		var got []string
		c := d.Cursor()
		for c.Next() {
			got = append(got, string(c.Path()))
		}
		if diff := cmp.Diff(l, got); c.Err() != nil || len(l) > 0 && diff != "" {
			t.Fatalf("Cursor: %v %s", c.Err(), diff)
		}
	})
}

func checkBelow(t *rapid.T, d *Dict, l []string, want string) {
	ranges, err := d.Below(want)
	if err != nil {
		t.Fatalf("Below(%q): %v", want, err)
	}
	for i, p := range l {
		in := slices.ContainsFunc(ranges, func(r Range) bool { return contains(r, uint32(i)) })
		if w := below(p, want); w != in {
			t.Fatalf("Below(%q) = %v, place %d is %q: %v", want, ranges, i, p, w)
		}
	}
}

func checkBegins(t *rapid.T, d *Dict, l []string, prefix string) {
	s, err := d.Begins(prefix)
	if err != nil {
		t.Fatalf("Begins(%q): %v", prefix, err)
	}
	for i, p := range l {
		if want := HasPrefix(p, prefix); want != s.Has(uint32(i)) {
			t.Fatalf("Begins(%q) of %q = %v, want %v", prefix, p, !want, want)
		}
	}
}

func TestSearch(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		l := drawPaths(t)
		d := openRapid(t, l)
		for range 8 {
			n := drawNeedle(t, l)
			got, err := d.Search(context.Background(), n)
			if err != nil {
				t.Fatalf("Search(%+v): %v", n, err)
			}
			for i, p := range l {
				if want := n.match(p); want != got.Has(uint32(i)) {
					t.Fatalf("Search(%+v) of %q = %v, want %v", n, p, !want, want)
				}
			}
		}
	})
}

func drawNeedle(t *rapid.T, l []string) Needle {
	word := rapid.SampledFrom(append([]string{`\`, "", "見積", `\a`, `a\`, `1\`}, pieces...)).Draw(t, "word")
	if len(l) > 0 && rapid.Bool().Draw(t, "of a path") {
		p := rapid.SampledFrom(l).Draw(t, "path")
		a := rapid.IntRange(0, len(p)).Draw(t, "from")
		word = p[a:rapid.IntRange(a, len(p)).Draw(t, "to")]
	}
	switch rapid.IntRange(0, 4).Draw(t, "kind") {
	case 0:
		return RestBegins(rapid.IntRange(0, 12).Draw(t, "at"), word)
	case 1:
		return Meets(query.NewPattern(rapid.SampledFrom([]string{"*", "?", "*.", ""}).Draw(t, "before") + word + rapid.SampledFrom([]string{"*", "?", "*.txt", ""}).Draw(t, "after")))
	}
	return Contains(word)
}
