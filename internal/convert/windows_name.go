package convert

// shareName makes a name below a share uniform, from the bytes of a log (UTF-16).
// It reports false for names that need more than that: streams, letters outside of
// ASCII and East Asian scripts, names with a backslash at an end.
func (c *Converter) shareName(p *pathInfo, l *lastShare, rel []byte) bool {
	const most = 1 << 10
	if !l.usual || len(rel) <= 2 || len(rel) > most || len(l.unread) > most || rel[len(rel)-2] == '\\' && rel[len(rel)-1] == 0 || rel[0] == '\\' && rel[1] == 0 {
		return false
	}
	room := max(len(l.Local), len(l.Key)) + 1 + len(rel)/2*3
	if cap(c.raw) < room || cap(c.folded) < room {
		c.raw, c.folded = make([]byte, 0, 2*room), make([]byte, 0, 2*room)
	}
	path := append(append(c.raw[:0], l.Local...), '\\')
	n := len(path)
	key := append(append(c.folded[:0], l.Key...), '\\')
	more := len(key) - n
	path, key = path[:room], key[:room]
	same := l.Local == l.Key
	for i := 0; i+1 < len(rel); i += 2 {
		u := uint32(rel[i]) | uint32(rel[i+1])<<8
		switch {
		case u < 0x80:
			if u == ':' {
				return false
			}
			path[n] = byte(u)
			if u-'a' < 26 {
				u -= 'a' - 'A'
				same = false
			}
			key[n+more] = byte(u)
			n++
		case u >= 0x2e80 && u < 0xa640 || u >= 0xac00 && u < 0xd800: // caseless
			b := [3]byte{0xe0 | byte(u>>12), 0x80 | byte(u>>6)&0x3f, 0x80 | byte(u)&0x3f}
			copy(path[n:n+3], b[:])
			copy(key[n+more:n+more+3], b[:])
			n += 3
		default:
			return false
		}
	}
	*p = pathInfo{Path: string(path[:n])}
	if p.Key = p.Path; !same {
		p.Key = string(key[:n+more])
	}
	p.raw = p.Path
	p.finish()
	p.share, p.noise = l, noiseNo
	if noiseName(p.Key) {
		p.noise = noiseYes
	}
	return true
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
