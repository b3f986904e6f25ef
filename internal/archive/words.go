package archive

import (
	"encoding/base64"
	"hash/maphash"
	"strings"
	"unicode/utf8"

	"github.com/akashi-audit/akashi/internal/query"
	"github.com/akashi-audit/akashi/internal/record"
)

// A records object says in its footer, in little space, which pieces of text its paths
// have, so that a search for a word of which a piece is nowhere reads no page of it.
//
// A piece (gram) is two letters that follow one another when one of them is not ASCII,
// else three, of a folded path: path, new path, or path below the share. They go into a
// Bloom filter of five bits a piece at most: of the days without a word of a single
// piece a tenth is looked into for nothing, of two pieces a hundredth. Objects without
// one are looked through.
const (
	keyWords     = "akashi.words"
	wordsVersion = "1:"
	wordsBits    = 5 // set for each gram
	gramBits     = 5 // of the filter, for each gram, at most
	// rowsPerByte: a filter takes at most a quarter of a byte a record (a third as text).
	// Days of few records, whose filter would have less than half a byte a gram, get none.
	rowsPerByte = 4
	// maxGrams bounds the memory of the writer (16 bytes each) and the filter.
	maxGrams = 1 << 17
	// recentPaths is how many paths a writer remembers to have seen.
	recentPaths = 1 << 14
)

// gram is up to three letters in 21 bits each.
type gram uint64

// eachGram calls fn for the grams of a folded text, until it returns false.
func eachGram(s string, fn func(gram) bool) {
	a, b := rune(-1), rune(-1) // the two letters before
	for _, c := range s {
		switch {
		case b < 0:
		case b >= utf8.RuneSelf || c >= utf8.RuneSelf:
			if !fn(gram(b)<<21 | gram(c)) {
				return
			}
		case a >= 0 && a < utf8.RuneSelf:
			if !fn(gram(a)<<42 | gram(b)<<21 | gram(c)) {
				return
			}
		}
		a, b = b, c
	}
}

// gramSet collects the grams of the paths of records.
type gramSet struct {
	slots  []gram // each plus one, 0 is free; a power of two, at most half full
	n      int
	rows   int
	full   bool // there are too many
	seed   maphash.Seed
	recent []seenPath // that were seen lately, by their sum
}

type seenPath struct {
	path, share string
	root        uint32
}

func newGramSet() *gramSet {
	return &gramSet{slots: make([]gram, 1<<12), seed: maphash.MakeSeed(), recent: make([]seenPath, recentPaths)}
}

// row adds the paths of a record.
func (s *gramSet) row(r *record.Record) {
	s.rows++
	if r.NewPath != "" && s.fresh(seenPath{path: r.NewPath}) {
		eachGram(query.Fold(r.NewPath), s.add)
	}
	if !s.fresh(seenPath{r.Path, r.Share, r.ShareRoot}) {
		return
	}
	eachGram(query.Fold(r.Path), s.add)
	u := r.UNC()
	if u == "" {
		return
	}
	// Behind the share stands the end of the path: what is new is around its beginning.
	if rest := u[len(r.Share):]; strings.HasPrefix(rest, `\`) {
		if at := strings.IndexByte(rest[1:], '\\'); at > 0 {
			u = u[:len(r.Share)+1+at]
		}
	}
	eachGram(query.Fold(u), s.add)
}

// fresh reports whether a path is not one of those that were seen lately.
func (s *gramSet) fresh(p seenPath) bool {
	at := &s.recent[maphash.String(s.seed, p.path)%recentPaths]
	if s.full || *at == p {
		return false
	}
	*at = seenPath{strings.Clone(p.path), strings.Clone(p.share), p.root}
	return true
}

// add reports whether there is room for more.
func (s *gramSet) add(g gram) bool {
	mask := uint64(len(s.slots) - 1)
	i := mix(g) & mask
	for ; s.slots[i] != 0; i = (i + 1) & mask {
		if s.slots[i] == g+1 {
			return true
		}
	}
	s.slots[i] = g + 1
	if s.n++; 2*s.n > len(s.slots) {
		old := s.slots
		s.slots, s.n = make([]gram, 2*len(old)), 0
		for _, g := range old {
			if g != 0 {
				s.add(g - 1)
			}
		}
	}
	s.full = s.n > maxGrams
	return !s.full
}

// mix spreads the bits of a gram (the finalizer of SplitMix64, Steele and others 2014).
func mix(g gram) uint64 {
	x := uint64(g) + 0x9e3779b97f4a7c15
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}

// bitsOf calls fn for the bits of a gram in a filter of so many bits, until it returns
// false.
func bitsOf(g gram, bits uint64, fn func(at uint64) bool) {
	h := mix(g)
	step := h>>32 | 1
	for range wordsBits {
		if !fn(h % bits) {
			return
		}
		h += step
	}
}

// text is the filter as it stands in the footer; false when none is to be written.
func (s *gramSet) text() (string, bool) {
	b := make([]byte, min((s.n*gramBits+7)/8, s.rows/rowsPerByte))
	if s.full || s.n == 0 || 2*len(b) < s.n {
		return "", false
	}
	for _, g := range s.slots {
		if g != 0 {
			bitsOf(g-1, 8*uint64(len(b)), func(at uint64) bool { b[at/8] |= 1 << (at % 8); return true })
		}
	}
	return wordsVersion + base64.StdEncoding.EncodeToString(b), true
}

// wordFilter is the filter of an object; empty when it has none that this program reads.
type wordFilter []byte

func parseWords(s string) wordFilter {
	s, ok := strings.CutPrefix(s, wordsVersion)
	if !ok {
		return nil
	}
	b, err := base64.StdEncoding.DecodeString(s)
	if err != nil {
		return nil
	}
	return b
}

func (f wordFilter) has(g gram) (yes bool) {
	yes = true
	bitsOf(g, 8*uint64(len(f)), func(at uint64) bool { yes = f[at/8]>>(at%8)&1 == 1; return yes })
	return yes
}

// mayHold reports whether of each list of alternatives one may be in a path.
func (f wordFilter) mayHold(wanted [][]string) bool {
	if len(f) == 0 {
		return true
	}
	for _, alternatives := range wanted {
		if !anyOf(alternatives, func(w string) bool {
			all := true
			if utf8.ValidString(w) {
				eachGram(w, func(g gram) bool { all = f.has(g); return all })
			}
			return all
		}) {
			return false
		}
	}
	return true
}

// wordsOf are the texts that paths of a found record have, folded: one of each list.
func wordsOf(q *query.Query) (l [][]string) {
	for _, w := range q.Words {
		l = append(l, []string{query.NewWord(w).Literal()})
	}
	if len(q.Paths) > 0 {
		var alternatives []string
		for _, p := range q.Paths {
			alternatives = append(alternatives, query.NewPattern(p).Literal())
		}
		l = append(l, alternatives)
	}
	return l
}
