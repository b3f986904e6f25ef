package mask

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base32"
	"encoding/binary"
	"strconv"
	"strings"
	"unicode/utf8"
)

// A tag stands behind the stars of a masked number: ‹k7q2m9xa›. It is the number
// encrypted under the key of a data folder, so that what was shown can be asked
// for again without the number, and the same number is seen to be the same.
const (
	tagOpen  = "‹"
	tagClose = "›"
	tagSize  = 8 // characters of 5 bits: 40 bits hold every number of twelve digits
	rounds   = 10
)

// Tagger masks with tags that its key, and no other, takes back. A nil Tagger
// leaves stars alone and takes nothing back. It is safe for concurrent use.
type Tagger struct{ key []byte }

// NewTagger makes a Tagger. The key should be 32 random bytes that stay secret.
func NewTagger(key []byte) *Tagger { return &Tagger{append([]byte(nil), key...)} }

// Text puts stars and a tag in place of every number in s. A text without a
// number comes back as it is.
func (t *Tagger) Text(s string) string {
	if !enough(s) {
		return s
	}
	var out []byte
	done := 0      // of s, what is in out
	after := false // the character before was a digit
	for i := 0; i < len(s); {
		_, n, isDigit := digitAt(s, i)
		if !isDigit {
			_, n = utf8.DecodeRuneInString(s[i:])
		} else if !after {
			if number, end := numberAt(s, i); end > 0 && Valid(number) {
				out = append(out, s[done:i]...)
				at := len(out)
				out = append(out, s[i:end]...)
				stars(out[at:], s[i:end], 0, end-i)
				out = append(out, t.tag(number)...)
				done, n = end, end-i
			}
		}
		i, after = i+n, isDigit
	}
	if out == nil {
		return s
	}
	return string(append(out, s[done:]...))
}

// enough reports whether s has digits for a number at all.
func enough(s string) bool {
	n := 0
	for i := range len(s) {
		c := s[i]
		if c >= '0' && c <= '9' || c >= 0x90 && c <= 0x99 && i >= 2 && s[i-1] == 0xbc && s[i-2] == 0xef {
			if n++; n == digits {
				return true
			}
		}
	}
	return false
}

// Reveal puts back the numbers of all tags that are of this key. Other text stays.
func (t *Tagger) Reveal(s string) string {
	if t == nil || !strings.Contains(s, tagOpen) {
		return s
	}
	var b strings.Builder
	for {
		at := strings.Index(s, tagOpen)
		if at < 0 {
			b.WriteString(s)
			return b.String()
		}
		end := at + len(tagOpen) + tagSize + len(tagClose)
		number, ok := "", false
		if end <= len(s) && s[end-len(tagClose):end] == tagClose {
			number, ok = t.untag(s[at+len(tagOpen) : end-len(tagClose)])
		}
		start := -1
		if ok {
			start = starsBefore(s[:at])
		}
		if start < 0 {
			b.WriteString(s[:at+len(tagOpen)])
			s = s[at+len(tagOpen):]
			continue
		}
		b.WriteString(s[:start])
		writeDigits(&b, s[start:at], number)
		s = s[end:]
	}
}

// starsBefore is where the twelve stars at the end of s begin, -1 when they are
// not there.
func starsBefore(s string) int {
	n, i := 0, len(s)
	for n < digits && i > 0 {
		r, size := utf8.DecodeLastRuneInString(s[:i])
		switch {
		case r == '*' || r == '＊':
			n++
		case (n == 4 || n == 8) && separatorAt(s[i-size:], 0) > 0:
		default:
			return -1
		}
		i -= size
	}
	if n < digits {
		return -1
	}
	return i
}

// writeDigits writes the digits over the stars, each as wide as its star.
func writeDigits(b *strings.Builder, masked, number string) {
	n := 0
	for _, r := range masked {
		switch r {
		case '*':
			b.WriteByte(number[n])
			n++
		case '＊':
			b.WriteRune('０' + rune(number[n]-'0'))
			n++
		default:
			b.WriteRune(r)
		}
	}
}

func alphabet() *base32.Encoding {
	return base32.NewEncoding("0123456789abcdefghjkmnpqrstvwxyz").WithPadding(base32.NoPadding)
}

// tag is the tag of twelve ASCII digits.
func (t *Tagger) tag(number string) string {
	if t == nil {
		return ""
	}
	n, err := strconv.ParseUint(number, 10, 64)
	if err != nil {
		return ""
	}
	l, r := uint32(n>>20)&half, uint32(n)&half
	for i := range rounds {
		l, r = r, l^t.round(i, r)
	}
	var b [8]byte
	binary.BigEndian.PutUint64(b[:], uint64(l)<<20|uint64(r))
	return tagOpen + letters(alphabet().EncodeToString(b[3:])) + tagClose
}

// letters keeps a tag from having digits alone, which could be taken for a
// number: the digits are written as letters that the alphabet does not use or in
// upper case.
func letters(s string) string { return strings.NewReplacer(toLetters()...).Replace(s) }

func toLetters() []string {
	return []string{"0", "A", "1", "B", "2", "C", "3", "D", "4", "E", "5", "F", "6", "G", "7", "H", "8", "J", "9", "K"}
}

func fromLetters(s string) string {
	l := toLetters()
	for i := 0; i < len(l); i += 2 {
		l[i], l[i+1] = l[i+1], l[i]
	}
	return strings.NewReplacer(l...).Replace(s)
}

// untag is the inverse of tag; false for what is no tag of this key.
func (t *Tagger) untag(s string) (string, bool) {
	b, err := alphabet().DecodeString(fromLetters(s))
	if err != nil || len(b) != 5 {
		return "", false
	}
	n := binary.BigEndian.Uint64(append([]byte{0, 0, 0}, b...))
	l, r := uint32(n>>20)&half, uint32(n)&half
	for i := rounds - 1; i >= 0; i-- {
		l, r = r^t.round(i, l), l
	}
	number := strconv.FormatUint(uint64(l)<<20|uint64(r), 10)
	if len(number) > digits {
		return "", false
	}
	number = strings.Repeat("0", digits-len(number)) + number
	return number, Valid(number)
}

// half is the bits of one half of a number.
const half = 1<<20 - 1

// round is the function of a Feistel network over 40 bits.
func (t *Tagger) round(i int, half32 uint32) uint32 {
	h := hmac.New(sha256.New, t.key)
	var b [5]byte
	b[0] = byte(i)
	binary.BigEndian.PutUint32(b[1:], half32)
	h.Write(b[:])
	return binary.BigEndian.Uint32(h.Sum(nil)) & half
}

// Tagged reports whether a text looks as if a number of it were masked with a tag.
func Tagged(s string) bool {
	for rest := s; ; {
		at := strings.Index(rest, tagOpen)
		if at < 0 {
			return false
		}
		end := at + len(tagOpen) + tagSize
		if strings.HasPrefix(rest[min(end, len(rest)):], tagClose) && starsBefore(rest[:at]) >= 0 {
			return true
		}
		rest = rest[at+len(tagOpen):]
	}
}
