package paths

import (
	"encoding/binary"
	"math/bits"
	"strings"
	"unicode/utf8"

	"github.com/akashi-audit/akashi/internal/query"
)

// version is the first byte of an index.
const version = 1

const (
	pageSize  = 48 << 10 // a page is closed once it has so many bytes
	nameRun   = 32       // names from one that stands whole to the next
	folderRun = 16       // folders, the same
	maxShared = 255      // bytes that a name can share with the one before
)

// escaped stands for a backslash in a folded name (of U+FF3C): valid UTF-8 has
// no such byte.
const escaped = 0xff

// Encode writes a dictionary of paths that ascend by Compare without
// duplicates: the index, and the pages that it speaks of by their place.
func Encode(sorted []string) (index []byte, pages [][]byte) {
	e := NewEncoder(func(page []byte) error {
		pages = append(pages, page)
		return nil
	})
	for _, p := range sorted {
		_ = e.Add(p) // the function above has no error
	}
	index, _ = e.Finish()
	return index, pages
}

// Encoder writes a dictionary path by path, in memory of a few pages.
type Encoder struct {
	emit    func(page []byte) error
	size    int // bytes at which a page is closed
	pages   int
	paths   uint32
	names   nameWriter
	folders folderWriter
	group   group
	index   [2]encodedPages // of folders, of names
	err     error
}

// Packed is a dictionary that was written: its index as it is, and its pages, each
// as one zstd frame, in their order.
type Packed struct {
	Index []byte
	Pages [][]byte
	Plain []int // bytes of each page, unpacked
	N     int   // paths
}

// encodedPages is the part of the index for one kind of pages: of each, its
// place, the ids before it and the text it begins with.
type encodedPages struct {
	n    int
	list []byte
	last pageEntry
}

// group is the folders that are equal for NTFS, of which the last path was.
type group struct {
	spellings []string
	names     uint32
}

// NewEncoder makes an Encoder that gives each page, once it is full, to emit.
// The slice is not used again.
func NewEncoder(emit func(page []byte) error) *Encoder { return &Encoder{emit: emit, size: pageSize} }

// Len is the number of paths so far.
func (e *Encoder) Len() int { return int(e.paths) }

// Add appends a path, which must come behind all others by Compare. It returns
// the errors of emit.
func (e *Encoder) Add(path string) error {
	folder, name, ok := "", "", false
	g := &e.group
	if len(g.spellings) > 0 {
		folder = g.spellings[0]
		name, ok = strings.CutPrefix(path, folder)
	}
	if !ok || strings.IndexByte(name, '\\') >= 0 {
		folder, name = split(path)
	}
	at := 0
	switch {
	case len(g.spellings) == 0:
		g.spellings = append(g.spellings, strings.Clone(folder))
	case folder == g.spellings[0]:
	case compareKey(folder, g.spellings[0]) != 0:
		e.endGroup()
		g.spellings = append(g.spellings[:0], strings.Clone(folder))
		g.names = 0
	default:
		if at = place(g.spellings, folder); at == len(g.spellings) {
			g.spellings = append(g.spellings, strings.Clone(folder))
		}
	}
	e.names.add(name, at)
	g.names++
	e.paths++
	if e.names.size() >= e.size {
		e.flushNames()
	}
	return e.err
}

func place(l []string, s string) int {
	for i, v := range l {
		if v == s {
			return i
		}
	}
	return len(l)
}

func (e *Encoder) endGroup() {
	if len(e.group.spellings) == 0 {
		return
	}
	e.folders.add(&e.group)
	if e.folders.size() >= e.size {
		e.flushFolders()
	}
}

func (e *Encoder) flushNames() {
	n := uint32(e.names.n)
	e.page(1, pageEntry{ids: n, first: e.names.first}, e.names.page())
	e.names.reset()
}

func (e *Encoder) flushFolders() {
	e.page(0, pageEntry{ids: e.folders.names, first: e.folders.first}, e.folders.page())
	e.folders = folderWriter{}
}

func (e *Encoder) page(kind int, p pageEntry, b []byte) {
	if e.err != nil {
		return
	}
	e.err = e.emit(b)
	x := &e.index[kind]
	x.list = binary.AppendUvarint(x.list, uint64(e.pages-x.last.page))
	x.list = binary.AppendUvarint(x.list, uint64(p.ids))
	x.list = appendString(x.list, p.first)
	x.last.page = e.pages
	x.n++
	e.pages++
}

// Finish writes what is left and returns the index.
func (e *Encoder) Finish() ([]byte, error) {
	e.endGroup()
	if e.names.n > 0 {
		e.flushNames()
	}
	if e.folders.n > 0 {
		e.flushFolders()
	}
	b := []byte{version}
	for _, x := range e.index {
		b = binary.AppendUvarint(b, uint64(x.n))
		b = append(b, x.list...)
	}
	return b, e.err
}

func appendString(b []byte, s string) []byte {
	return append(binary.AppendUvarint(b, uint64(len(s))), s...)
}

// shared is how many bytes two texts have in common at their beginning.
func shared[A string | []byte](a A, b string) int {
	i, n := 0, min(len(a), len(b))
	for ; i+8 <= n; i += 8 { // eight bytes at a time
		if x := eight(a, i) ^ eight(b, i); x != 0 {
			return i + bits.TrailingZeros64(x)/8
		}
	}
	for i < n && a[i] == b[i] {
		i++
	}
	return i
}

// lower is folding of what has only ASCII letters with case.
func lower(s string) string {
	for i := 0; i < len(s); i++ {
		if c := s[i]; 'A' <= c && c <= 'Z' {
			b := []byte(s)
			lowerInto(b, b)
			return string(b)
		}
	}
	return s
}

// lowerInto writes src with ASCII letters in lower case to dst, which may be
// src, eight bytes at a time.
func lowerInto(dst, src []byte) {
	const ones = 0x0101010101010101
	dst = dst[:len(src)]
	i := 0
	for ; i+8 <= len(src); i += 8 {
		x := binary.LittleEndian.Uint64(src[i:])
		low := x &^ (ones << 7)
		// The highest bit of each byte that is a letter from A to Z.
		upper := (low + (0x80-'A')*ones) &^ (low + (0x80-'Z'-1)*ones) &^ x & (ones << 7)
		binary.LittleEndian.PutUint64(dst[i:], x|upper>>2)
	}
	for ; i < len(src); i++ {
		c := src[i]
		if 'A' <= c && c <= 'Z' {
			c += 'a' - 'A'
		}
		dst[i] = c
	}
}

// foldExtra is the folded form when it is not just lower(s); else the text that
// it returns means nothing.
func foldExtra(s string) (string, bool) {
	if plain(s) {
		return "", false
	}
	f := query.Fold(s)
	return f, f != lower(s)
}

// plain reports that s has only characters of which folding changes none but
// ASCII letters: ASCII, hiragana, katakana, unified ideographs.
func plain(s string) bool {
	for i := 0; i < len(s); {
		if s[i] < utf8.RuneSelf {
			i++
			continue
		}
		if i+3 > len(s) || s[i]&0xf0 != 0xe0 || s[i+1]&0xc0 != 0x80 || s[i+2]&0xc0 != 0x80 {
			return false
		}
		switch r := rune(s[i]&0xf)<<12 | rune(s[i+1]&0x3f)<<6 | rune(s[i+2]&0x3f); {
		case 0x3041 <= r && r <= 0x3096, 0x30a1 <= r && r <= 0x30fe, 0x4e00 <= r && r <= 0x9fff:
		default:
			return false
		}
		i += 3
	}
	return true
}
