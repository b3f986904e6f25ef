package mask

import (
	"crypto/hmac"
	"crypto/sha256"
	"iter"
	"unicode/utf8"
)

const digits = 12

// Masker masks with commitments under a secret key. The same number gets the same
// commitment, so that its places can be compared without being read.
type Masker struct{ key []byte }

// New makes a Masker. The key should be 32 random bytes that stay secret.
func New(key []byte) *Masker { return &Masker{key: append([]byte(nil), key...)} }

// Salt is what reveals one number (twelve ASCII digits) and no other.
func (m *Masker) Salt(number string) [sha256.Size]byte {
	h := hmac.New(sha256.New, m.key)
	h.Write([]byte(number))
	return [sha256.Size]byte(h.Sum(nil))
}

// Commit is the commitment to a number: SHA-256 of its salt and its twelve ASCII
// digits.
func Commit(salt [sha256.Size]byte, number string) [sha256.Size]byte {
	return sha256.Sum256(append(salt[:], number...))
}

// Text puts stars in place of the digits of every number in s, and returns the
// commitments in their order. Other bytes stay, whether they are UTF-8 or not.
func (m *Masker) Text(s string) (string, [][sha256.Size]byte) {
	if !enough(s) {
		return s, nil
	}
	var out []byte
	var commits [][sha256.Size]byte
	for x := range numbers(s) {
		if out == nil {
			out = []byte(s)
		}
		stars(out, s, x.from, x.to)
		commits = append(commits, Commit(m.Salt(x.digits), x.digits))
	}
	if out == nil {
		return s, nil
	}
	return string(out), commits
}

// number is one that was found: twelve ASCII digits, and the bytes where they stand.
type number struct {
	digits   string
	from, to int
}

// numbers finds every number in s, in order. Of groups of four each may begin one, so that
// two numbers can share groups; each begins and ends behind the one before.
func numbers(s string) iter.Seq[number] {
	return func(yield func(number) bool) {
		if own(s) {
			return
		}
		after := false // the character before was a digit
		for i := 0; i < len(s); {
			_, n, isDigit := digitAt(s, i)
			if !isDigit {
				_, n = utf8.DecodeRuneInString(s[i:])
			} else if !after {
				if d, end := numberAt(s, i); end > 0 && Valid(d) && !yield(number{d, i, end}) {
					return
				}
			}
			i, after = i+n, isDigit
		}
	}
}

// Valid reports whether the last of twelve ASCII digits is the check digit of
// those before. Twelve zeros are nobody's number: they come from empty GUIDs and
// fields, as in the TransactionId of most events.
func Valid(number string) bool {
	if len(number) != digits || number == "000000000000" {
		return false
	}
	sum := 0
	for n := 1; n < digits; n++ { // n-th digit from the right, the check digit not counted
		d := number[digits-1-n]
		if d < '0' || d > '9' {
			return false
		}
		q := n + 1
		if n > 6 {
			q = n - 5
		}
		sum += int(d-'0') * q
	}
	want := 0
	if r := sum % 11; r > 1 {
		want = 11 - r
	}
	return int(number[digits-1]) == '0'+want
}

// numberAt reads twelve digits at i, in one run or as 4-4-4, that no digit
// follows. end is 0 when there are none.
func numberAt(s string, i int) (number string, end int) {
	var b [digits]byte
	grouped := false
	for n := range digits {
		if n == 4 || n == 8 {
			size := separatorAt(s, i)
			if n == 4 {
				grouped = size > 0
			} else if grouped != (size > 0) {
				return "", 0
			}
			i += size
		}
		d, size, ok := digitAt(s, i)
		if !ok {
			return "", 0
		}
		b[n], i = d, i+size
	}
	if _, _, more := digitAt(s, i); more {
		return "", 0
	}
	return string(b[:]), i
}

// digitAt is the half or full width digit at i, in ASCII, and its size.
func digitAt(s string, i int) (d byte, size int, ok bool) {
	switch {
	case i >= len(s):
		return 0, 0, false
	case s[i] >= '0' && s[i] <= '9':
		return s[i], 1, true
	case i+2 < len(s) && s[i] == 0xef && s[i+1] == 0xbc && s[i+2] >= 0x90 && s[i+2] <= 0x99: // U+FF10 to U+FF19
		return s[i+2] - 0x90 + '0', 3, true
	}
	return 0, 0, false
}

// separatorAt is the size of the hyphen or blank at i, 0 when there is none.
func separatorAt(s string, i int) int {
	r, n := utf8.DecodeRuneInString(s[i:])
	switch r {
	case '-', ' ', '_', '.', '\u00a0', '\u00ad', '\u2010', '\u2011', '\u2012', '\u2013', '\u2014', '\u2015', '\u2212', '\u3000', '\u30fb', '\u30fc', '\uff0d', '\uff0e', '\uff3f', '\uff70':
		return n
	}
	return 0
}

// stars writes a star over every digit of s[i:end], as wide as the digit.
func stars(out []byte, s string, i, end int) {
	for i < end {
		switch _, n, ok := digitAt(s, i); {
		case !ok:
			_, n = utf8.DecodeRuneInString(s[i:])
			i += n
		case n == 1:
			out[i] = '*'
			i++
		default:
			copy(out[i:], "\uff0a")
			i += n
		}
	}
}
