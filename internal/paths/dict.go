package paths

import (
	"encoding/binary"
	"fmt"
	"sort"
)

// Dict is an open dictionary. It keeps the index only: where each page begins.
type Dict struct {
	read    func(page int) ([]byte, error)
	folders []pageEntry
	names   []pageEntry
	paths   uint32
	recall  *recall
	odd     *odd
	once    func(page int, m *Memory) ([]byte, error) // for names; nil = read
}

// Memory is what a page is read and unpacked in, page after page.
type Memory struct{ Packed, Plain []byte }

// pageEntry is a page as the index knows it.
type pageEntry struct {
	page  int    // its place
	ids   uint32 // names before it; while writing, its names
	first string // the folder or name it begins with
}

// Open makes a Dict of an index. read gives the pages by their place, unpacked
// and checked; what it returns must never change.
func Open(index []byte, read func(page int) ([]byte, error)) (*Dict, error) {
	if len(index) == 0 || index[0] != version {
		return nil, damage("index of an unknown version")
	}
	d := &Dict{read: read, recall: new(recall), odd: new(odd)}
	b := index[1:]
	var err error
	var folders, names uint64
	if d.folders, folders, b, err = openPages(b); err != nil {
		return nil, err
	}
	if d.names, names, b, err = openPages(b); err != nil {
		return nil, err
	}
	if folders != names || len(b) != 0 {
		return nil, damage("index has %d names in folders, %d in pages and %d bytes behind", folders, names, len(b))
	}
	d.paths = uint32(names)
	return d, nil
}

func openPages(b []byte) (l []pageEntry, ids uint64, rest []byte, err error) {
	var numErr error
	num := func(most uint64) uint64 {
		v, n := binary.Uvarint(b)
		if n <= 0 || v > most {
			numErr = damage("index ends early")
			b = nil
			return 0
		}
		b = b[n:]
		return v
	}
	n := num(uint64(len(b) / 3))
	l = make([]pageEntry, 0, n)
	page := uint64(0)
	for range n {
		page += num(1 << 31)
		e := pageEntry{page: int(page), ids: uint32(ids)}
		ids += num(1<<32 - 1 - ids)
		k := num(uint64(len(b)))
		if k > uint64(len(b)) {
			numErr = damage("index ends early")
		}
		if numErr != nil {
			return nil, 0, nil, numErr
		}
		e.first = string(b[:k])
		b = b[k:]
		l = append(l, e)
	}
	return l, ids, b, numErr
}

// Len is the number of paths.
func (d *Dict) Len() int { return int(d.paths) }

// pageOf is the page of l that holds the id.
func pageOf(l []pageEntry, id uint32) int {
	return sort.Search(len(l), func(i int) bool { return l[i].ids > id }) - 1
}

// idsOf is the ids of page i of l.
func (d *Dict) idsOf(l []pageEntry, i int) Range {
	if i+1 < len(l) {
		return Range{l[i].ids, l[i+1].ids}
	}
	return Range{l[i].ids, d.paths}
}

// namesAt reads page i of the names.
func (d *Dict) namesAt(i int) (namePage, error) { return d.parseNamesAt(i, d.read) }

func (d *Dict) parseNamesAt(i int, read func(page int) ([]byte, error)) (namePage, error) {
	b, err := read(d.names[i].page)
	if err != nil {
		return namePage{}, fmt.Errorf("read page %d of a path dictionary: %w", d.names[i].page, err)
	}
	p, err := parseNames(b)
	if err == nil && p.n != d.idsOf(d.names, i).Len() {
		err = damage("page %d has %d names, its index %d", d.names[i].page, p.n, d.idsOf(d.names, i).Len())
	}
	return p, err
}

// foldersAt reads page i of the folders.
func (d *Dict) foldersAt(i int) (folderReader, error) {
	b, err := d.read(d.folders[i].page)
	if err != nil {
		return folderReader{}, fmt.Errorf("read page %d of a path dictionary: %w", d.folders[i].page, err)
	}
	return parseFolders(b)
}

// groupAt is the ids of a group with these names within page i of the folders.
func (d *Dict) groupAt(i int, names Range) (Range, error) {
	ids := d.idsOf(d.folders, i)
	if int64(names.To) > int64(ids.Len()) || names.From > names.To {
		return Range{}, damage("folders of page %d have more names than its index says", d.folders[i].page)
	}
	return Range{ids.From + names.From, ids.From + names.To}, nil
}

// Path is the path with an id below Len.
func (d *Dict) Path(id uint32) (string, error) {
	var c Cursor
	if err := c.seek(d, id); err != nil {
		return "", err
	}
	return string(c.path), nil
}

// Paths calls fn for each of ids, which must ascend. The path is valid during
// the call. It stops with fn's error.
func (d *Dict) Paths(ids []uint32, fn func(i int, path []byte) error) error {
	var c Cursor
	for i, id := range ids {
		if err := c.seek(d, id); err != nil {
			return err
		}
		if err := fn(i, c.path); err != nil {
			return err
		}
	}
	return nil
}

// Cursor goes through the paths of a dictionary in order. The zero Cursor is
// of no use: see Dict.Cursor.
type Cursor struct {
	d        *Dict
	id       uint32 // of path
	some     bool   // a path was read
	path     []byte
	err      error
	page     int // of the names
	names    namePage
	r        nameReader
	fpage    int
	folders  folderReader
	group    Range // ids of the group
	spelling []spelling
	folding  bool // folded is wanted
	folded   []byte
	fnames   foldedReader
	memory   *Memory // of a page of names, when it is read for this once
}

// spelling is a folder of a group.
type spelling struct{ text, folded []byte }

// With is the same dictionary with another way to read its pages.
func (d *Dict) With(read func(page int) ([]byte, error)) *Dict {
	c := *d
	c.read = read
	return &c
}

// Once is the same dictionary, of which a search of all names and a Cursor read pages of
// names by another function. What that gives is looked at before the next call with the
// same memory.
func (d *Dict) Once(read func(page int, m *Memory) ([]byte, error)) *Dict {
	c := *d
	c.once = read
	return &c
}

// Cursor makes a Cursor that stands before the first path.
func (d *Dict) Cursor() *Cursor { return &Cursor{d: d} }

// Next goes to the next path; false at the end or after an error.
func (c *Cursor) Next() bool {
	id := uint32(0)
	if c.some {
		id = c.id + 1
	}
	if c.err != nil || id >= c.d.paths {
		return false
	}
	c.err = c.seek(c.d, id)
	return c.err == nil
}

// Seek goes to the path with an id, cheaply when it is not far ahead. After an error
// the Cursor is of no use any more.
func (c *Cursor) Seek(id uint32) error {
	if c.err == nil {
		c.err = c.seek(c.d, id)
	}
	return c.err
}

// ID is the id of the path.
func (c *Cursor) ID() uint32 { return c.id }

// Path is the path; it is valid until the next call of Next.
func (c *Cursor) Path() []byte { return c.path }

// Err is the error that ended Next.
func (c *Cursor) Err() error { return c.err }

// seek goes to id, cheaply when it is not far ahead.
func (c *Cursor) seek(d *Dict, id uint32) error {
	if id >= d.paths {
		return damage("no path %d, there are %d", id, d.paths)
	}
	if c.d != d || !c.some || id < c.id {
		*c = Cursor{d: d, path: c.path[:0], page: -1, fpage: -1, folding: c.folding, memory: c.memory}
	}
	if c.some && c.id == id {
		return nil
	}
	if !c.some || id >= c.group.To {
		if err := c.seekFolder(id); err != nil {
			return err
		}
	}
	return c.seekName(id)
}

func (c *Cursor) seekName(id uint32) error {
	if c.page < 0 || !contains(c.d.idsOf(c.d.names, c.page), id) {
		c.page = pageOf(c.d.names, id)
		p, err := c.d.parseNamesAt(c.page, c.readNames)
		if err != nil {
			return err
		}
		c.names = p
		c.r = nameReader{name: c.r.name[:0]}
		c.fnames = foldedReader{}
	}
	at := int(id - c.d.names[c.page].ids)
	if c.r.p == nil || at < c.r.i || at/nameRun > c.r.i/nameRun {
		if err := c.r.seek(&c.names, at); err != nil {
			return err
		}
	}
	var name []byte
	for c.r.i <= at {
		var err error
		if name, err = c.r.next(); err != nil {
			return err
		}
	}
	spelling, err := c.names.spelling(at)
	if err != nil {
		return err
	}
	if spelling >= len(c.spelling) {
		return damage("path %d has spelling %d of %d", id, spelling, len(c.spelling))
	}
	c.path = append(append(c.path[:0], c.spelling[spelling].text...), name...)
	c.id, c.some = id, true
	if !c.folding {
		return nil
	}
	c.folded = append(c.folded[:0], c.spelling[spelling].folded...)
	folded, ok, err := c.fnames.at(&c.names, at)
	switch {
	case err != nil:
		return err
	case !ok:
		n := len(c.folded)
		c.folded = append(c.folded, name...)
		lowerInto(c.folded[n:], c.folded[n:])
	default:
		for _, b := range folded {
			if b == escaped {
				b = '\\'
			}
			c.folded = append(c.folded, b)
		}
	}
	return nil
}

// readNames reads a page of names, which is valid until the next one is read.
func (c *Cursor) readNames(page int) ([]byte, error) {
	if c.d.once == nil {
		return c.d.read(page)
	}
	if c.memory == nil {
		c.memory = &Memory{}
	}
	return c.d.once(page, c.memory)
}

func contains(r Range, id uint32) bool { return r.From <= id && id < r.To }

// seekFolder reads the group of folders that holds id.
func (c *Cursor) seekFolder(id uint32) error {
	if c.fpage < 0 || !contains(c.d.idsOf(c.d.folders, c.fpage), id) {
		c.fpage = pageOf(c.d.folders, id)
		r, err := c.d.foldersAt(c.fpage)
		if err != nil {
			return err
		}
		c.folders = r
		if err := c.folders.seek(0); err != nil {
			return err
		}
	}
	base := c.d.folders[c.fpage].ids
	run := sort.Search(c.folders.runCount(), func(i int) bool {
		_, first := c.folders.run(i)
		return first > id-base
	}) - 1
	if run < 0 {
		return damage("folders of path %d begin behind it", id)
	}
	if at, first := c.folders.run(run); at > c.folders.at || first > c.folders.folder.names.To || id-base < c.folders.folder.names.From {
		if err := c.folders.seek(run); err != nil {
			return err
		}
	}
	return c.readGroup(id, base)
}

// readGroup reads folders up to the one of the group of id, and its spellings.
func (c *Cursor) readGroup(id, base uint32) error {
	f := &c.folders.folder
	for {
		more, err := c.folders.nextGroup()
		if err != nil {
			return err
		}
		if !more {
			return damage("path %d has no folder", id)
		}
		if id-base < f.names.To {
			break
		}
	}
	if id-base < f.names.From {
		return damage("path %d has no folder", id)
	}
	var err error
	if c.group, err = c.d.groupAt(c.fpage, f.names); err != nil {
		return err
	}
	c.spelling = append(c.spelling[:0], f.copy())
	for {
		more, err := c.folders.next()
		if err != nil {
			return err
		}
		if !more || !f.other {
			c.folders.pushed = more
			return nil
		}
		c.spelling = append(c.spelling, f.copy())
	}
}
