package bench

import (
	"context"
	"encoding/json"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"unicode"

	"github.com/google/go-cmp/cmp"

	"github.com/akashi-audit/akashi/internal/query"
)

// The store's answers are those of the naive count, in one pass and in many; each way
// of being wrong is found.
func TestCheck(t *testing.T) {
	opt := Options{Records: 30_000, Servers: 2, Seed: 5, Dir: filepath.Join(t.TempDir(), "m"), Check: true}
	stages := make(map[string]bool)
	opt.Progress = func(p Progress) { stages[p.Stage] = true }
	res, err := Run(context.Background(), opt)
	if err != nil {
		t.Fatal(err)
	}
	c := res.Check
	if c == nil || c.Different != 0 || c.Equal != len(res.Answers) || c.Records != opt.Records || c.Passes != 1 || len(c.Questions) != len(questions()) || !stages["check"] {
		t.Fatalf("check of right answers: %+v", c)
	}
	r := &runner{opt: opt, res: Result{Answers: res.Answers}}
	gens, err := r.generators()
	if err != nil {
		t.Fatal(err)
	}
	r.samples = newSamples(gens)
	n, err := newNaive(res.Answers, r.samples.from, zone(), 300)
	if err != nil {
		t.Fatal(err)
	}
	for again := true; again; again = n.next() {
		if err := r.pass(context.Background(), n); err != nil {
			t.Fatal(err)
		}
	}
	if c := n.compare(res.Answers); c.Different != 0 || c.Passes < 4 {
		t.Errorf("check in %d passes: %+v", c.Passes, c)
	}
	rows := 0
	for i := range res.Answers {
		want := n.answer(i)
		for name, falsify := range falsehoods() {
			wrong := res.Answers[i]
			wrong.Rows = slices.Clone(wrong.Rows)
			if !falsify(&wrong) {
				continue
			}
			if rows++; differ(&wrong, want) == nil {
				t.Errorf("%s of %s %d: not found", name, wrong.ID, wrong.Variant)
			}
		}
	}
	if rows < 4*len(res.Answers) {
		t.Errorf("%d falsehoods of %d answers", rows, len(res.Answers))
	}
	res.Answers[9].Total++
	if c := n.compare(res.Answers); c.Different != 1 || c.Equal != len(res.Answers)-1 || len(c.Questions[1].Different) != 1 {
		t.Errorf("check of one wrong answer: %+v", c)
	}
}

// falsehoods make an answer wrong; false when there is nothing to make wrong.
func falsehoods() map[string]func(*Answer) bool {
	row := func(fn func([][]any) [][]any) func(*Answer) bool {
		return func(a *Answer) bool {
			if len(a.Rows) < 2 {
				return false
			}
			a.Rows = fn(a.Rows)
			return true
		}
	}
	return map[string]func(*Answer) bool{
		"a row less":  row(func(l [][]any) [][]any { return l[:len(l)-1] }),
		"a row twice": row(func(l [][]any) [][]any { return append(l, l[0]) }),
		"two rows changed": row(func(l [][]any) [][]any {
			l[0], l[1] = l[1], l[0]
			return l
		}),
		"another value": row(func(l [][]any) [][]any {
			last := slices.Clone(l[len(l)-1])
			last[len(last)-1] = json.Number("123456789")
			l[len(l)-1] = last
			return l
		}),
		"another total": func(a *Answer) bool { a.Total++; return true },
		"more":          func(a *Answer) bool { a.More++; return true },
	}
}

// Folding, written twice, is the same where a search of akashi is concerned.
func TestSearchForm(t *testing.T) {
	plain := func(s string) {
		t.Helper()
		if b, ok := plainForm(nil, s); ok && (string(b) != searchForm(s) || string(b) != caseless(s)) {
			t.Errorf("plain form of %q is %q, its search form %q", s, b, searchForm(s))
		}
	}
	same := func(a, b string) {
		t.Helper()
		plain(a)
		plain(b)
		if (searchForm(a) == searchForm(b)) != (query.Fold(a) == query.Fold(b)) {
			t.Errorf("%q and %q: same here %v, in the search %v", a, b, searchForm(a) == searchForm(b), query.Fold(a) == query.Fold(b))
		}
	}
	for _, p := range [][2]string{
		{"見積書.XLSX", "見積書.xlsx"}, {"ＡＢＣ１２", "abc12"}, {"ﾃﾞｰﾀ", "データ"}, {"ガ", "カ゛"}, {"が", "か\u3099"}, {"K", "\u212a"}, {"ſ", "S"}, {"㍿", "株式会社"},
		{"Ω", "ω"}, {"ひ", "ヒ"}, {"é", "e\u0301"}, {"É", "é"}, {"ǆ", "ǅ"}, {"ß", "ss"}, {"İ", "i"}, {"\xed\xa0\x80a", "\xed\xa0\x80A"},
	} {
		same(p[0], p[1])
	}
	for r := rune(0); r <= unicode.MaxRune; r++ {
		least := r
		for o := unicode.SimpleFold(r); o != r; o = unicode.SimpleFold(o) {
			least = min(least, o)
		}
		for _, with := range []string{"", "か", "\u3099", "\u309a", "a", "\u0301"} {
			plain(string(r) + with)
		}
		if first(r) != least {
			t.Fatalf("first of %q is %q, want %q", r, first(r), least)
		}
	}
}

func TestWords(t *testing.T) {
	var w words
	for i, s := range []string{"見積", "積書", "A", "b/c", "見積書_x"} {
		w.add(s, i)
	}
	for text, want := range map[string]uint64{
		"": 0, "見積": 1, "見積書": 3, "a": 4, `B\C`: 8, "x見積書_X見積": 19, "見": 0, "積": 0,
	} {
		if got := w.in([]byte(searchForm(text))); got != want {
			t.Errorf("words in %q: %b, want %b", text, got, want)
		}
	}
}

// The paths with the most records are exact however many there are.
func TestPathCounts(t *testing.T) {
	const n = 40_000
	c, all := newPathCounts(), make(map[string]uint64)
	add := func(i int) {
		p := strings.Repeat("x", i%3) + string(rune(0x4e00+i%20_000))
		all[p]++
		c.add(uint64(i%3)<<32|uint64(i%20_000), p)
	}
	for i := range n {
		add(i)
		add(i * i % 997)
		add(n - i)
	}
	var want []valueCount
	for p, k := range all {
		want = append(want, valueCount{p, k})
	}
	slices.SortFunc(want, mostFirst)
	if d := cmp.Diff(want[:100], c.most(100), cmp.AllowUnexported(valueCount{})); d != "" {
		t.Errorf("the most used paths:\n%s", d)
	}
	if len(c.names) >= 4*leaders {
		t.Errorf("%d names are kept", len(c.names))
	}
}
