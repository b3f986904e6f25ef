package report

import (
	"strings"
	"unicode"
)

// Characters that must not begin and not end a line (JIS X 4051, the basic set).
const (
	notFirst = "、。，．・：；？！」』）］｝〉》】〕ーぁぃぅぇぉっゃゅょゎァィゥェォッャュョヮヵヶ々ゝゞヽヾ,.:;?!)]}%"
	notLast  = "「『（［｛〈《【〔([{"
)

func (s *setter) runeWidth(r rune) float64 {
	w, ok := s.wide[r]
	if !ok {
		s.try(s.pdf.SetFont(family, "", 100))
		n, err := s.pdf.MeasureTextWidth(string(r))
		s.try(err)
		w = n / 100
		s.wide[r] = w
	}
	return w
}

func (s *setter) measure(text string, size float64) (w float64) {
	for _, r := range text {
		w += s.runeWidth(r) * size
	}
	return w
}

// clip is as much of text as fits, in time linear in the width.
func (s *setter) clip(text string, size, width float64) string {
	room := width - s.runeWidth('…')*size
	for i, r := range text {
		if room -= s.runeWidth(r) * size; room < 0 {
			return text[:i] + "…"
		}
	}
	return text
}

// wrap cuts a text into lines of at most width: behind blanks and backslashes,
// between characters of Japanese, and anywhere when nothing else will do.
func (s *setter) wrap(text string, size, width float64) (lines []string) {
	for part := range strings.SplitSeq(text, "\n") {
		r := []rune(strings.ToValidUTF8(part, "\ufffd"))
		for {
			n := s.fit(r, size, width)
			lines = append(lines, strings.TrimRight(string(r[:n]), " "))
			if r = r[n:]; len(r) == 0 {
				break
			}
		}
	}
	return lines
}

// fit is how many characters make the next line.
func (s *setter) fit(r []rune, size, width float64) int {
	var w float64
	best := 0
	for i, c := range r {
		w += s.runeWidth(c) * size
		if w > width && i > 0 && c != ' ' {
			if best > i/3 {
				return best
			}
			return i
		}
		if i+1 < len(r) && mayBreak(c, r[i+1]) {
			best = i + 1
		}
	}
	return len(r)
}

func mayBreak(a, b rune) bool {
	if strings.ContainsRune(notFirst, b) || strings.ContainsRune(notLast, a) || b == ' ' {
		return false
	}
	return a == ' ' || a == '\\' || a == '/' || a == '-' || cjk(a) || cjk(b)
}

func cjk(r rune) bool {
	return r >= 0x3000 && r <= 0x30ff || r >= 0xff00 && r <= 0xffef || unicode.Is(unicode.Han, r)
}
