package paths

import (
	"context"
	"encoding/binary"
	"errors"
	"strings"

	"github.com/akashi-audit/akashi/internal/query"
)

const pagePaths = 1024

// Encode makes the pages.
func Encode(sorted []string) (index []byte, pages [][]byte) {
	index = binary.AppendUvarint(nil, uint64(len(sorted)))
	for len(sorted) > 0 {
		n := min(len(sorted), pagePaths)
		var b []byte
		for _, s := range sorted[:n] {
			b = binary.AppendUvarint(b, uint64(len(s)))
			b = append(b, s...)
		}
		pages = append(pages, b)
		sorted = sorted[n:]
	}
	return index, pages
}

// Dict is a dictionary.
type Dict struct {
	n    int
	read func(page int) ([]byte, error)
}

var errBad = errors.New("bad path page")

// Open opens a dictionary.
func Open(index []byte, read func(page int) ([]byte, error)) (*Dict, error) {
	n, k := binary.Uvarint(index)
	if k <= 0 || n > 1<<31 {
		return nil, errBad
	}
	return &Dict{int(n), read}, nil
}

// Len is the number of paths.
func (d *Dict) Len() int { return d.n }

func (d *Dict) page(p int) ([]string, error) {
	b, err := d.read(p)
	if err != nil {
		return nil, err
	}
	var l []string
	for len(b) > 0 {
		n, k := binary.Uvarint(b)
		if k <= 0 || n > uint64(len(b)-k) {
			return nil, errBad
		}
		l = append(l, string(b[k:k+int(n)]))
		b = b[k+int(n):]
	}
	return l, nil
}

// Path is the path of an id.
func (d *Dict) Path(id uint32) (string, error) {
	l, err := d.page(int(id) / pagePaths)
	if err != nil {
		return "", err
	}
	if int(id)%pagePaths >= len(l) {
		return "", errBad
	}
	return l[id%pagePaths], nil
}

// Paths calls fn for ascending ids.
func (d *Dict) Paths(ids []uint32, fn func(i int, path string)) error {
	last := -1
	var l []string
	var err error
	for i, id := range ids {
		if p := int(id) / pagePaths; p != last {
			if l, err = d.page(p); err != nil {
				return err
			}
			last = p
		}
		if int(id)%pagePaths >= len(l) {
			return errBad
		}
		fn(i, l[id%pagePaths])
	}
	return nil
}

func (d *Dict) each(fn func(id uint32, path string)) error {
	for p := range (d.n + pagePaths - 1) / pagePaths {
		l, err := d.page(p)
		if err != nil {
			return err
		}
		for i, s := range l {
			fn(uint32(p*pagePaths+i), s)
		}
	}
	return nil
}

func (d *Dict) ranges(match func(string) bool) ([]Range, error) {
	var l []Range
	err := d.each(func(id uint32, s string) {
		if !match(s) {
			return
		}
		if n := len(l); n > 0 && l[n-1].To == id {
			l[n-1].To++
		} else {
			l = append(l, Range{id, id + 1})
		}
	})
	return l, err
}

// Find finds the spellings of a path.
func (d *Dict) Find(path string) (Range, error) {
	l, err := d.ranges(func(s string) bool { return strings.EqualFold(s, path) })
	if len(l) == 0 {
		return Range{}, err
	}
	return l[0], err
}

// Below finds a folder and all below it.
func (d *Dict) Below(folder string) ([]Range, error) {
	return d.ranges(func(s string) bool { return below(s, folder) })
}

func below(s, folder string) bool {
	for i := 0; i <= len(s); i++ {
		if i == len(s) || s[i] == '\\' {
			if strings.EqualFold(s[:i], folder) {
				return true
			}
		}
	}
	return strings.HasSuffix(folder, `\`) && len(s) >= len(folder) && strings.EqualFold(s[:len(folder)], folder)
}

// Needle is a wanted piece of a path.
type Needle struct {
	Pattern query.Pattern
}

// Search finds the ids whose folded path meets one of the patterns.
func (d *Dict) Search(ctx context.Context, needles ...Needle) (*Set, error) {
	s := &Set{}
	err := d.each(func(id uint32, p string) {
		f := query.Fold(p)
		for _, n := range needles {
			if n.Pattern.Match(f) {
				s.Add(id)
				return
			}
		}
	})
	if err == nil {
		err = ctx.Err()
	}
	return s, err
}
