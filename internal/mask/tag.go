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

// Text puts stars in place of every number in s, and a tag behind each. A text without a
// number comes back as it is.
func (t *Tagger) Text(s string) string {
	if !enough(s) {
		return s
	}
	var masked, out []byte
	done := 0 // of masked, what is in out
	for x := range numbers(s) {
		if masked == nil {
			masked = []byte(s)
		}
		stars(masked, s, x.from, x.to)
		out = append(out, masked[done:x.to]...)
		out = append(out, t.tag(x.digits)...)
		done = x.to
	}
	if masked == nil {
		return s
	}
	return string(append(out, masked[done:]...))
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
	over := map[int]byte{} // digits by the place of their stars
	var gone []int         // places of tags
	for at := 0; ; {
		k := strings.Index(s[at:], tagOpen)
		if k < 0 {
			break
		}
		at += k
		digits, ok := t.tagAt(s, at)
		if ok {
			ok = t.starsBefore(s, at, digits, over)
		}
		if ok {
			gone = append(gone, at)
		}
		at += len(tagOpen)
	}
	if len(gone) == 0 {
		return s
	}
	var b strings.Builder
	for i := 0; i < len(s); {
		if len(gone) > 0 && i == gone[0] {
			i, gone = i+tagBytes, gone[1:]
			continue
		}
		_, n := utf8.DecodeRuneInString(s[i:])
		switch d, ok := over[i]; {
		case !ok:
			b.WriteString(s[i : i+n])
		case n == 1:
			b.WriteByte(d)
		default:
			b.WriteRune('０' + rune(d-'0'))
		}
		i += n
	}
	return b.String()
}

// tagBytes is the size of a tag.
const tagBytes = len(tagOpen) + tagSize + len(tagClose)

// tagAt is the number of the tag at i.
func (t *Tagger) tagAt(s string, i int) (digits string, ok bool) {
	end := i + tagBytes
	if t == nil || i < 0 || end > len(s) || !strings.HasPrefix(s[i:], tagOpen) || s[end-len(tagClose):end] != tagClose {
		return "", false
	}
	return t.untag(s[i+len(tagOpen) : end-len(tagClose)])
}

// starsBefore notes the digits of the number whose tag stands at i over its twelve stars,
// between which the tags of numbers that share groups with it may stand. ok is false, and
// nothing noted, when they are not there.
func (t *Tagger) starsBefore(s string, i int, number string, over map[int]byte) (ok bool) {
	at := make([]int, 0, digits)
	for len(at) < digits && i > 0 {
		r, size := utf8.DecodeLastRuneInString(s[:i])
		between := len(at) == 4 || len(at) == 8
		switch {
		case r == '*' || r == '＊':
			at = append(at, i-size)
		case between && separatorAt(s[i-size:], 0) > 0:
		case between && strings.HasSuffix(s[:i], tagClose):
			if _, ok := t.tagAt(s, i-tagBytes); !ok {
				return false
			}
			size = tagBytes
		default:
			return false
		}
		i -= size
	}
	if len(at) < digits {
		return false
	}
	for n, k := range at {
		over[k] = number[digits-1-n]
	}
	return true
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
	var t *Tagger // of numbers that share groups the first tag stands behind stars only
	for at := 0; ; at += len(tagOpen) {
		k := strings.Index(s[at:], tagOpen)
		if k < 0 {
			return false
		}
		at += k
		if end := at + len(tagOpen) + tagSize; strings.HasPrefix(s[min(end, len(s)):], tagClose) && t.starsBefore(s, at, "000000000000", map[int]byte{}) {
			return true
		}
	}
}
