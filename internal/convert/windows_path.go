package convert

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// pathInfo is a name as it stands in the log, made uniform
// (windows-events.md section 10).
type pathInfo struct {
	Path     string // display form, exact case
	Key      string // folded: equal for NTFS
	Stream   bool   // the log named an alternate stream; it is cut off
	Mark     bool   // that stream is a mark which programs leave by themselves
	Snapshot bool   // on a shadow copy
	Drop     bool   // no file of a volume: pipe, device, empty
	Volume   string // "\device\harddiskvolumeN" when no drive is known for it
	Rest     string // what follows Volume
	Dir      string // folder of Key

	judged, noise bool   // noiseName of Key, once it was asked for
	shareGen      uint64 // Converter.shareGen when unc and root were found
	unc           string // shareFor
	root          uint32
	sum, dirSum   uint64 // of Key and Dir, for facts
	hash, dirHash uint64 // of Key and Dir, for tables
}

const (
	devicePrefix = `\Device\`
	volumePrefix = `\Device\HarddiskVolume`
	shadowPrefix = `\Device\HarddiskVolumeShadowCopy`
)

// maxCached bounds the names whose uniform form is at hand. The events of one
// act name one path several times within a moment; what is older gains nothing,
// and every converter of a large import has such a cache.
const maxCached = 2048

// path looks raw up in the cache or makes it uniform.
func (c *Converter) path(raw string) *pathInfo {
	if p, ok := c.cache[raw]; ok {
		return p
	}
	if len(c.cache) >= maxCached {
		c.forgetPaths()
	}
	p := c.parsePath(raw)
	p.sum, p.dirSum = pathSum(p.Key), pathSum(p.Dir)
	p.hash, p.dirHash = nameHash(p.Key), nameHash(p.Dir)
	c.cache[raw] = p
	return p
}

// forgetPaths drops what was derived from names: a volume has a drive now, or
// may have another one.
func (c *Converter) forgetPaths() {
	clear(c.cache)
	clear(c.shares)
	c.last = nil
}

func (c *Converter) parsePath(raw string) *pathInfo {
	p := &pathInfo{}
	s := raw
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
			p.Volume, p.Rest = vol, rest
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
	p.Dir = dirOf(p.Key)
	return p
}

// learnVolume notes that a volume is a drive when the 5145 that came just
// before names the same tail below its share's drive.
func (c *Converter) learnVolume(p *pathInfo, h *hint, now tick) bool {
	if h.Key == "" || now-h.At > sec || h.At-now > sec {
		return false
	}
	tail := strings.TrimRight(p.Rest, `\`)
	n := len(h.Path) - len(tail)
	if tail == "" || n < 2 || h.Path[1] != ':' || fold(h.Path[n:]) != fold(tail) {
		return false
	}
	drive := h.Path[:n]
	c.setVolume(p.Volume, drive)
	return true
}

func (c *Converter) setVolume(vol, drive string) {
	if len(c.s.Volumes) >= 1024 {
		clear(c.s.Volumes)
	}
	c.s.Volumes[vol] = drive
	c.forgetPaths()
}

// fold maps a name to the form in which NTFS compares it: every letter in upper
// case by simple mapping. A lone surrogate (WTF-8) stays.
func fold(s string) string {
	ascii, same := true, true
	for i := 0; i < len(s); i++ {
		switch b := s[i]; {
		case b >= utf8.RuneSelf:
			ascii = false
		case 'a' <= b && b <= 'z':
			same = false
		}
	}
	if ascii {
		if same {
			return s
		}
		return strings.ToUpper(s)
	}
	b := make([]byte, 0, len(s))
	for i := 0; i < len(s); {
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
		u := r
		if !caseless(r) {
			u = unicode.ToUpper(r)
		}
		if u == r {
			b = append(b, s[i:i+n]...)
		} else {
			b = utf8.AppendRune(b, u)
		}
		i += n
	}
	return string(b)
}

// caseless reports the scripts of East Asia, which have no upper case: most
// names need no look into the tables.
func caseless(r rune) bool { return r >= 0x2e80 && r < 0xa640 || r >= 0xac00 && r < 0xd800 }

func hasPrefixFold(s, prefix string) bool {
	return len(s) >= len(prefix) && strings.EqualFold(s[:len(prefix)], prefix)
}

// dirOf is the folder of a path, "" above the top. "D:\x" is in "D:\".
func dirOf(p string) string {
	n := strings.LastIndexByte(p, '\\')
	switch {
	case n < 0 || n == len(p)-1:
		return ""
	case n == 2 && p[1] == ':':
		return p[:3]
	}
	return p[:n]
}

// baseOf is the last name of a path.
func baseOf(p string) string { return p[strings.LastIndexByte(p, '\\')+1:] }

// extOf is the extension with its dot, "" for none. A leading dot begins a
// name, not an extension.
func extOf(p string) string {
	b := baseOf(p)
	if n := strings.LastIndexByte(b, '.'); n > 0 {
		return b[n:]
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
