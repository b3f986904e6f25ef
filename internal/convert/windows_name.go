package convert

import (
	"encoding/binary"

	"github.com/akashi-audit/akashi/internal/ntfs"
)

// shareName makes a name below a share uniform, from the bytes of a log (UTF-16).
// It reports false for names that need more than that: streams, letters outside of
// ASCII and East Asian scripts, names with a backslash at an end.
func (c *Converter) shareName(p *pathInfo, l *lastShare, rel []byte) bool {
	const most = 1 << 10
	if !l.usual || len(rel) <= 2 || len(rel) > most || len(l.unread) > most || rel[len(rel)-2] == '\\' && rel[len(rel)-1] == 0 || rel[0] == '\\' && rel[1] == 0 {
		return false
	}
	room := len(l.Local) + len(l.Key) + 2 + len(rel)/2*6 + 8
	if cap(c.raw) < room {
		c.raw = make([]byte, 0, 2*room)
	}
	b := append(append(c.raw[:0], l.Local...), '\\')
	from := len(b)
	b, ok := appendPlain(b, rel)
	if !ok {
		return false
	}
	n := len(b)
	b = append(append(b, l.Key...), '\\')
	b, same := appendUpper(b, b[from:n])
	c.raw = b
	if same && l.Local == l.Key {
		*p = pathInfo{Path: string(b[:n])}
		p.Key = p.Path
	} else {
		s := string(b) // both in one piece of memory: they live equally long
		*p = pathInfo{Path: s[:n], Key: s[n:]}
	}
	p.raw = p.Path
	p.finish()
	c.fetchName(p)
	p.share, p.noise = l, noiseNo
	if l.system || noiseBelow(p.Key, len(l.Key)) {
		p.noise = noiseYes
	}
	return true
}

// appendPlain appends UTF-16 without a colon, of ASCII and of East Asian scripts
// without case. It reports false for anything else. b has room for 3 bytes a unit
// and 8 more.
func appendPlain(b, raw []byte) ([]byte, bool) {
	n := len(b)
	b = b[:cap(b)]
	for len(raw) >= 8 {
		w := binary.LittleEndian.Uint64(raw)
		raw = raw[8:]
		if w&0xff80ff80ff80ff80 == 0 {
			w |= w >> 8
			x := uint32(w&0xffff | w>>16&0xffff0000)
			if y := x ^ 0x3a3a3a3a; (y-0x01010101)&^y&0x80808080 != 0 {
				return nil, false
			}
			binary.LittleEndian.PutUint32(b[n:], x)
			n += 4
			continue
		}
		for range 4 {
			u := uint32(w & 0xffff)
			w >>= 16
			if n = putPlain(b, n, u); n == 0 {
				return nil, false
			}
		}
	}
	for ; len(raw) >= 2; raw = raw[2:] {
		if n = putPlain(b, n, uint32(binary.LittleEndian.Uint16(raw))); n == 0 {
			return nil, false
		}
	}
	return b[:n], true
}

// putPlain writes a unit of UTF-16 at b[n:] as UTF-8 and returns what is behind it, 0
// for a unit that is not plain. There is room for 4 bytes.
func putPlain(b []byte, n int, u uint32) int {
	if u >= 0x80 {
		if !ntfs.Caseless(rune(u)) {
			return 0
		}
		binary.LittleEndian.PutUint32(b[n:], 0x8080e0|u>>12|u<<2&0x3f00|u<<16&0x3f0000)
		return n + 3
	}
	if u == ':' {
		return 0
	}
	b[n] = byte(u)
	return n + 1
}

// appendUpper appends UTF-8 with the ASCII letters in upper case. It reports whether
// there were no others.
func appendUpper(b, text []byte) (upper []byte, same bool) {
	n := len(b)
	b = append(b, text...)
	t := b[n:]
	found := uint64(0)
	for len(t) >= 8 {
		w := binary.LittleEndian.Uint64(t)
		h := w & 0x7f7f7f7f7f7f7f7f
		lower := (h + 0x1f1f1f1f1f1f1f1f) &^ (h + 0x0505050505050505) &^ w & 0x8080808080808080
		found |= lower
		binary.LittleEndian.PutUint64(t, w-lower>>2)
		t = t[8:]
	}
	for i, x := range t {
		if x-'a' < 26 {
			t[i] = x - ('a' - 'A')
			found = 1
		}
	}
	return b, found == 0
}

// shareBelow returns what shareFor says of all names below the share, when that
// is the same for all of them: no other share begins there.
func (c *Converter) shareBelow(l *lastShare) (unc string, root uint32, ok bool) {
	if l.belowGen != c.shareGen {
		l.belowGen, l.below = c.shareGen, true
		c.listShares()
		for i := range c.shareList {
			if sh := &c.shareList[i]; sh.Key != l.Key && under(sh.Key, l.Key) {
				l.below = false
			}
		}
		l.belowUNC, l.belowRoot = c.shareFor(l.Local+`\x`, l.Key+`\X`)
	}
	return l.belowUNC, l.belowRoot, l.below
}
