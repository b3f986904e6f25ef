package collect

import (
	"bufio"
	"io"
	"unicode/utf8"
)

// textReader gives the text of r as WTF-8 without a byte order mark: UTF-16 of
// either byte order (by its mark, or by a "<", "{" or "[" with a zero byte) is
// converted, everything else passes as it is.
func textReader(r io.Reader) io.Reader {
	b := bufio.NewReaderSize(r, 64<<10)
	head, _ := b.Peek(3)
	switch {
	case len(head) >= 3 && string(head) == "\xef\xbb\xbf":
		b.Discard(3)
	case len(head) >= 2 && string(head[:2]) == "\xff\xfe":
		b.Discard(2)
		return &utf16Reader{r: b}
	case len(head) >= 2 && string(head[:2]) == "\xfe\xff":
		b.Discard(2)
		return &utf16Reader{r: b, big: true}
	case len(head) >= 2 && head[1] == 0 && (head[0] == '<' || head[0] == '{' || head[0] == '['):
		return &utf16Reader{r: b}
	case len(head) >= 2 && head[0] == 0 && (head[1] == '<' || head[1] == '{' || head[1] == '['):
		return &utf16Reader{r: b, big: true}
	}
	return b
}

// utf16Reader converts UTF-16 to WTF-8. An odd last byte is dropped.
type utf16Reader struct {
	r    *bufio.Reader
	big  bool
	high uint16 // a high surrogate that waits for its partner, or 0
	out  []byte // converted and not yet read
	err  error
}

func (u *utf16Reader) Read(p []byte) (int, error) {
	for len(u.out) == 0 {
		if u.err != nil {
			return 0, u.err
		}
		u.fill()
	}
	n := copy(p, u.out)
	u.out = u.out[n:]
	return n, nil
}

func (u *utf16Reader) fill() {
	out := u.out[:0:0]
	for len(out) < 16<<10 {
		var b [2]byte
		if _, err := io.ReadFull(u.r, b[:]); err != nil {
			if err == io.ErrUnexpectedEOF {
				err = io.EOF
			}
			if u.high != 0 {
				out = appendUnit(out, u.high)
				u.high = 0
			}
			u.err = err
			break
		}
		unit := uint16(b[0]) | uint16(b[1])<<8
		if u.big {
			unit = uint16(b[1]) | uint16(b[0])<<8
		}
		out = u.unit(out, unit)
	}
	u.out = out
}

func (u *utf16Reader) unit(out []byte, unit uint16) []byte {
	if u.high != 0 {
		high := u.high
		u.high = 0
		if unit&0xfc00 == 0xdc00 {
			return utf8.AppendRune(out, 0x10000+(rune(high)&0x3ff)<<10+rune(unit)&0x3ff)
		}
		out = appendUnit(out, high)
	}
	if unit&0xfc00 == 0xd800 {
		u.high = unit
		return out
	}
	return appendUnit(out, unit)
}

// appendUnit appends one UTF-16 unit outside a pair; a lone surrogate keeps its
// three-byte form.
func appendUnit(b []byte, u uint16) []byte {
	if u&0xf800 != 0xd800 {
		return utf8.AppendRune(b, rune(u))
	}
	return append(b, 0xe0|byte(u>>12), 0x80|byte(u>>6)&0x3f, 0x80|byte(u)&0x3f)
}
