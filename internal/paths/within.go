package paths

import (
	"slices"
	"sync"
	"unicode/utf8"

	"github.com/akashi-audit/akashi/internal/query"
)

// odd is the characters of a dictionary's folders that have twins (query.Twins), but
// for ASCII. There are few or none, and while none of a folder's twins is among them,
// whatever lies below it in the order of the dictionary lies within it for Windows.
// It is found out once, when it is asked for.
type odd struct {
	mu    sync.Mutex
	known bool
	runes []rune
}

// AddWithin adds the ids of a folder and of all that lies below it by query.Lies, which
// rights go by. Below gives a few more: the order of a dictionary holds names for the
// same that NTFS tells apart.
func (d *Dict) AddWithin(s *Set, folder string) error {
	l, err := d.Below(folder)
	if err != nil || len(l) == 0 {
		return err
	}
	twins := query.Twins(folder)
	if len(twins) == 0 {
		for _, r := range l {
			s.AddRange(r)
		}
		return nil
	}
	sure := !slices.ContainsFunc(twins, func(r rune) bool { return r < utf8.RuneSelf })
	if sure {
		have, err := d.oddRunes()
		if err != nil {
			return err
		}
		sure = !slices.ContainsFunc(twins, func(r rune) bool { return slices.Contains(have, r) })
	}
	self, err := d.Find(folder) // its last name is in no folder
	if err != nil {
		return err
	}
	c := d.Cursor()
	for _, r := range l {
		if sure && r != self {
			s.AddRange(r)
			continue
		}
		for id := r.From; id < r.To; id++ {
			if err := c.Seek(id); err != nil {
				return err
			}
			if _, ok := query.Lies(string(c.Path()), folder); ok {
				s.Add(id)
			}
		}
	}
	return nil
}

// oddRunes is what odd says.
func (d *Dict) oddRunes() ([]rune, error) {
	o := d.odd
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.known {
		return o.runes, nil
	}
	var found []rune
	var last []byte
	for page := range d.folders {
		r, err := d.foldersAt(page)
		if err != nil {
			return nil, err
		}
		if err := r.seek(0); err != nil {
			return nil, err
		}
		for {
			next, err := r.next()
			if err != nil {
				return nil, err
			}
			if !next {
				break
			}
			text := r.folder.text
			for _, c := range string(text[common(text, last):]) {
				if c >= utf8.RuneSelf && !slices.Contains(found, c) && len(query.Twins(string(c))) > 0 {
					found = append(found, c)
				}
			}
			last = append(last[:0], text...)
		}
	}
	o.known, o.runes = true, found
	return found, nil
}
