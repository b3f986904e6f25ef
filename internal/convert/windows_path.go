package convert

import (
	"hash/maphash"
	"math/bits"
	"strings"
	"unicode/utf8"

	"github.com/akashi-audit/akashi/internal/ntfs"
)

// pathInfo is a name as it stands in the log, made uniform
// (windows-events.md section 10).
type pathInfo struct {
	Path     string // display form, exact case
	Key      string // folded: equal for NTFS
	Dir      string // folder of Key
	Stream   bool   // the log named an alternate stream; it is cut off
	Mark     bool   // that stream is a mark which programs leave by themselves
	Snapshot bool   // on a shadow copy
	Drop     bool   // no file of a volume: pipe, device, empty

	tag            // of Path and Key
	dirSum  uint64 // of Dir, for facts
	dirHash uint64 // of Dir, for tables

	place, dirPlace factPlace

	unknown *unknownVolume // when no drive is known for its volume
	raw     string
}

// tag is what is found out about a name once. It is derived; a zero field is not
// known.
type tag struct {
	hash  uint64     // of the folded name, for tables
	sum   uint64     // of it, for facts
	share *lastShare // the name is one below it
	noise noiseState // noiseName
	noDir uint32     // in an act, facts.dirs+1 when its path was no folder
}

type noiseState uint8

const (
	noiseUnknown noiseState = iota
	noiseNo
	noiseYes
)

// unknownVolume is a name below a volume without a drive.
type unknownVolume struct {
	Volume string // "\device\harddiskvolumeN"
	Rest   string // what follows it
}

const (
	devicePrefix = `\Device\`
	volumePrefix = `\Device\HarddiskVolume`
	shadowPrefix = `\Device\HarddiskVolumeShadowCopy`
)

// pathCache holds the names whose uniform form is at hand: of names that meet in
// one place the two that were asked for last. The events of one act name one path
// several times within a moment; what is older gains nothing, and every converter
// of a large import has such a cache.
type pathCache struct {
	hash [maxCached / 2][2]uint64 // of the name as it stands in the log
	name [maxCached / 2][2]*pathInfo
}

const maxCached = 512

// get returns the name with these bytes, nil when it is not at hand.
func (t *pathCache) get(hash uint64, raw string) *pathInfo {
	i := hash % (maxCached / 2)
	for way, h := range &t.hash[i] {
		if p := t.name[i][way]; h == hash && p != nil && p.raw == raw {
			return p
		}
	}
	return nil
}

func (t *pathCache) put(hash uint64, p *pathInfo) {
	i := hash % (maxCached / 2)
	t.hash[i][1], t.name[i][1] = t.hash[i][0], t.name[i][0]
	t.hash[i][0], t.name[i][0] = hash, p
}

// path looks raw up in the cache or makes it uniform.
func (c *Converter) path(raw string) *pathInfo {
	if c.at != nil && c.at.raw == raw {
		return c.at
	}
	hash := nameHash(raw)
	if c.at = c.cache.get(hash, raw); c.at != nil {
		return c.at
	}
	return c.newPath(raw, hash)
}

// newPath makes a name uniform that is not at hand.
func (c *Converter) newPath(raw string, hash uint64) *pathInfo {
	p := c.parsePath(raw)
	p.raw = raw
	p.finish()
	c.fetchName(p)
	c.cache.put(hash, p)
	c.at = p
	return p
}

// finish sets what follows from Key.
func (p *pathInfo) finish() {
	p.Dir = dirOf(p.Key)
	p.sum, p.dirSum = pathSum(p.Key), pathSum(p.Dir)
	p.hash, p.dirHash = nameHash(p.Key), nameHash(p.Dir)
}

// pathOf is path of a name in a buffer.
func (c *Converter) pathOf(raw []byte) *pathInfo {
	if c.at != nil && c.at.raw == string(raw) {
		return c.at
	}
	hash := maphash.Bytes(secretName, raw)
	if c.at = c.cache.get(hash, string(raw)); c.at != nil {
		return c.at
	}
	return c.newPath(string(raw), hash)
}

// forgetPaths drops what was derived from names: a volume has a drive now, or
// may have another one.
func (c *Converter) forgetPaths() {
	*c.cache = pathCache{}
	c.unread.clear()
	c.at = nil
	clear(c.shares)
	c.last = nil
}

// hash is nameHash, without work for the path that is being looked at and its
// folder.
func (c *Converter) hash(key string) uint64 {
	if p := c.at; p != nil {
		switch key {
		case p.Key:
			return p.hash
		case p.Dir:
			return p.dirHash
		}
	}
	return nameHash(key)
}

// dir is dirOf likewise.
func (c *Converter) dir(key string) string {
	if p := c.at; p != nil && p.Key == key {
		return p.Dir
	}
	return dirOf(key)
}

// sum is pathSum likewise.
func (c *Converter) sum(key string) uint64 {
	if p := c.at; p != nil {
		switch key {
		case p.Key:
			return p.sum
		case p.Dir:
			return p.dirSum
		}
	}
	return pathSum(key)
}

func (c *Converter) parsePath(raw string) *pathInfo {
	p := &pathInfo{}
	s := raw
	if len(s) > 3 && s[1] == ':' && s[2] == '\\' { // the usual form
		c.uniform(p, s)
		return p
	}
	for _, pre := range [...]string{`\??\`, `\\?\`, `\DosDevices\`} {
		if hasPrefixFold(s, pre) {
			s = s[len(pre):]
			break
		}
	}
	if hasPrefixFold(s, `UNC\`) && len(s) != len(raw) {
		s = `\` + s[3:]
	}
	switch {
	case s == "" || s == "-":
		p.Drop = true
		return p
	case hasPrefixFold(s, shadowPrefix):
		p.Snapshot = true
	case hasPrefixFold(s, volumePrefix):
		n := strings.IndexByte(s[len(volumePrefix):], '\\')
		if n < 0 {
			n = len(s) - len(volumePrefix)
		}
		vol, rest := fold(s[:len(volumePrefix)+n]), s[len(volumePrefix)+n:]
		if drive, ok := c.s.Volumes[vol]; ok {
			s = drive + rest
		} else {
			p.unknown = &unknownVolume{vol, rest}
		}
	case hasPrefixFold(s, devicePrefix):
		p.Drop = true
		return p
	case len(s) >= 2 && s[1] == ':', strings.HasPrefix(s, `\`), hasPrefixFold(s, "Volume{"):
	case strings.Contains(s, `\`) || strings.Contains(s, `/`):
	default: // a bare word: an object of another kind
		p.Drop = true
		return p
	}
	c.uniform(p, s)
	return p
}

// uniform sets the forms of a name that is no device's.
func (c *Converter) uniform(p *pathInfo, s string) {
	from := 0
	if len(s) >= 2 && s[1] == ':' {
		from = 2
	}
	if n := strings.IndexByte(s[from:], ':'); n >= 0 && !hasPrefixFold(s, "Volume{") {
		stream := strings.TrimSuffix(fold(s[from+n+1:]), ":$DATA")
		s, p.Stream = s[:from+n], stream != "" && stream != "$DATA"
		p.Mark = p.Stream && markStream(stream)
	}
	if n := len(strings.TrimRight(s, `\`)); n > 2 {
		s = s[:n]
	} else if n == 2 && s[1] == ':' {
		s = s[:2] + `\`
	}
	p.Path, p.Key = s, fold(s)
}

// learnVolume notes that a volume is a drive when the 5145 that came just
// before names the same tail below its share's drive.
func (c *Converter) learnVolume(p *pathInfo, h *asked, now tick) bool {
	if h.Key == "" || now-h.At > sec || h.At-now > sec {
		return false
	}
	tail := strings.TrimRight(p.unknown.Rest, `\`)
	n := len(h.Path) - len(tail)
	if tail == "" || n < 2 || h.Path[1] != ':' || fold(h.Path[n:]) != fold(tail) {
		return false
	}
	drive := h.Path[:n]
	c.setVolume(p.unknown.Volume, drive)
	return true
}

func (c *Converter) setVolume(vol, drive string) {
	if len(c.s.Volumes) >= 1024 {
		clear(c.s.Volumes)
	}
	c.s.Volumes[vol] = drive
	c.forgetPaths()
}

// fold maps a name to the form in which NTFS compares it (ntfs.Upper). A lone
// surrogate (WTF-8) stays.
func fold(s string) string {
	i := unfolded(s, 0)
	if i == len(s) {
		return s
	}
	var space [256]byte
	b := append(space[:0], s[:i]...)
	for i < len(s) {
		if c := s[i]; c < utf8.RuneSelf {
			if 'a' <= c && c <= 'z' {
				c -= 'a' - 'A'
			}
			b = append(b, c)
			i++
			continue
		}
		r, n := utf8.DecodeRuneInString(s[i:])
		if r == utf8.RuneError && n == 1 {
			b = append(b, s[i])
			i++
			continue
		}
		u := ntfs.Upper(r)
		if u == r {
			b = append(b, s[i:i+n]...)
		} else {
			b = utf8.AppendRune(b, u)
		}
		i += n
		if k := unfolded(s, i); k > i { // a run of what stays
			b = append(b, s[i:k]...)
			i = k
		}
	}
	return string(b)
}

// unfolded returns the end of the run of capitals, digits, signs and East Asian
// characters at s[i:], which fold leaves as they are.
func unfolded(s string, i int) int {
	for i < len(s) {
		switch c := s[i]; {
		case c < utf8.RuneSelf:
			if 'a' <= c && c <= 'z' {
				return i
			}
			i++
		case c >= 0xe3 && c <= 0xe9 && i+2 < len(s) && s[i+1]&0xc0 == 0x80 && s[i+2]&0xc0 == 0x80: // U+3000 to U+9FFF
			i += 3
		default:
			return i
		}
	}
	return i
}

func hasPrefixFold(s, prefix string) bool {
	return len(s) >= len(prefix) && strings.EqualFold(s[:len(prefix)], prefix)
}

// dirOf is the folder of a path, "" above the top. "D:\x" is in "D:\".
func dirOf(p string) string {
	n := lastSlash(p)
	switch {
	case n < 0 || n == len(p)-1:
		return ""
	case n == 2 && p[1] == ':':
		return p[:3]
	}
	return p[:n]
}

// baseOf is the last name of a path.
func baseOf(p string) string { return p[lastSlash(p)+1:] }

// lastSlash is where the last backslash of a path stands, -1 for none. It looks at
// eight bytes at a time.
func lastSlash(p string) int {
	const ones, low = 0x0101010101010101, 0x7f7f7f7f7f7f7f7f
	i := len(p)
	for ; i >= 8; i -= 8 {
		x := word(p[i-8:i]) ^ '\\'*ones
		if found := ^(x&low + low | x | low); found != 0 { // the top bit of each byte that is a backslash
			return i - 1 - bits.LeadingZeros64(found)/8
		}
	}
	for i--; i >= 0 && p[i] != '\\'; i-- {
	}
	return i
}

// extOf is the extension with its dot, "" for none. A leading dot begins a
// name, not an extension.
func extOf(p string) string {
	for i := len(p) - 1; i > 0 && p[i] != '\\'; i-- {
		if p[i] == '.' {
			if p[i-1] == '\\' {
				return ""
			}
			return p[i:]
		}
	}
	return ""
}

// under reports whether key is dir or below it.
func under(key, dir string) bool {
	if !strings.HasPrefix(key, dir) {
		return false
	}
	return len(key) == len(dir) || strings.HasSuffix(dir, `\`) || key[len(dir)] == '\\'
}
