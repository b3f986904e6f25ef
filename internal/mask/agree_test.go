package mask

import (
	"math/rand/v2"
	"strings"
	"testing"
)

// untagged is a text without its tags.
func untagged(t *Tagger, s string) string {
	var b strings.Builder
	for i := 0; i < len(s); {
		if _, ok := t.tagAt(s, i); ok {
			i += tagBytes
			continue
		}
		b.WriteByte(s[i])
		i++
	}
	return b.String()
}

// valid is twelve digits whose check digit holds, of which the first eight are given.
func valid(rng *rand.Rand, eight string) string {
	for {
		s := eight + string([]byte{digit(rng), digit(rng), digit(rng), digit(rng)})
		if Valid(s) {
			return s
		}
	}
}

func digit(rng *rand.Rand) byte { return byte('0' + rng.IntN(10)) }

// TestBothAgree: Masker and Tagger put stars over the same digits, of numbers that share
// groups too, and the tags take everything back.
func TestBothAgree(t *testing.T) {
	rng := rand.New(rand.NewPCG(7, 7))
	m, g := New([]byte("k")), NewTagger([]byte("k"))
	pieces := []string{"-", " ", "ー", "　", "x", ".", "\\", "山", "‹", "›", "*", "＊", "\xff"}
	shared := 0
	for range 20_000 {
		var b strings.Builder
		last := ""
		for range rng.IntN(9) {
			switch rng.IntN(5) {
			case 0: // a number, or one that shares groups with the one before
				n := valid(rng, "98320567")
				if len(last) == 12 {
					n = valid(rng, last[4:])
				}
				if b.Len() > 0 && len(last) == 12 {
					b.WriteString("-" + n[8:])
				} else {
					b.WriteString(n[:4] + "-" + n[4:8] + "-" + n[8:])
				}
				last = n
				continue
			case 1:
				b.WriteString(valid(rng, string([]byte{digit(rng), digit(rng), digit(rng), digit(rng), digit(rng), digit(rng), digit(rng), digit(rng)})))
			case 2:
				for range rng.IntN(6) {
					b.WriteByte(digit(rng))
				}
			case 3:
				for range 4 {
					b.WriteRune('０' + rune(rng.IntN(10)))
				}
			default:
				b.WriteString(pieces[rng.IntN(len(pieces))])
			}
			last = ""
		}
		s := b.String()
		masked, commits := m.Text(s)
		tagged := g.Text(s)
		if got := untagged(g, tagged); got != masked {
			t.Fatalf("%q: stars %q, with tags %q", s, masked, tagged)
		}
		if got := g.Reveal(tagged); got != s {
			t.Fatalf("%q became %q and then %q", s, tagged, got)
		}
		if again := g.Text(tagged); again != tagged {
			t.Fatalf("%q is masked again: %q", tagged, again)
		}
		if strings.Count(masked, "*")+strings.Count(masked, "＊")-strings.Count(s, "*")-strings.Count(s, "＊") < digits*len(commits) {
			shared++
		}
	}
	if shared < 100 {
		t.Errorf("%d texts with numbers that share groups: the test looks for nothing", shared)
	}
}

// before is how Tagger found numbers once: it went on behind each.
func before(s string) string {
	out := []byte(s)
	after := false
	for i := 0; i < len(s); {
		_, n, isDigit := digitAt(s, i)
		if !isDigit {
			n = 1
		} else if !after {
			if d, end := numberAt(s, i); end > 0 && Valid(d) {
				stars(out, s, i, end)
				n = end - i
			}
		}
		i, after = i+n, isDigit
	}
	return string(out)
}

// TestNothingBecomesVisible: what was masked before is masked.
func TestNothingBecomesVisible(t *testing.T) {
	rng := rand.New(rand.NewPCG(8, 8))
	g := NewTagger([]byte("k"))
	more := 0
	for range 50_000 {
		var b strings.Builder
		for range 3 + rng.IntN(4) {
			for range 4 {
				b.WriteByte(byte('0' + rng.IntN(3)))
			}
			b.WriteString([]string{"-", "-", "-", " ", "x", ""}[rng.IntN(6)])
		}
		s := b.String()
		old, now := before(s), untagged(g, g.Text(s))
		for i := range old {
			if old[i] == '*' && now[i] != '*' {
				t.Fatalf("%q: %q once, %q now", s, old, now)
			}
		}
		if old != now {
			more++
		}
	}
	if more == 0 {
		t.Error("no number began inside another: the test looks for nothing")
	}
}
