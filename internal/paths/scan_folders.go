package paths

import (
	"bytes"
	"context"
	"encoding/binary"

	"github.com/akashi-audit/akashi/internal/pace"
)

// containsInFolders adds to s the paths in folders that have the word, and to
// each border the paths in folders that end with its folder.
func (d *Dict) containsInFolders(ctx context.Context, word string, s *Set, borders []border) error {
	f := folderFinder{d: d, word: []byte(word), borders: borders, out: s, hits: make([][]bool, 1+len(borders))}
	for i := range d.folders {
		if err := pace.Yield(ctx); err != nil {
			return err
		}
		r, err := d.foldersAt(i)
		if err != nil {
			return err
		}
		if err := f.scan(&r, i); err != nil {
			return err
		}
	}
	return nil
}

// folderFinder looks for a word in folders.
type folderFinder struct {
	d       *Dict
	word    []byte
	borders []border
	out     *Set
	end     int      // where the word ends in the folder, 0 when it is not there
	group   Range    // ids of the group
	hits    [][]bool // of the word and of each border, for each spelling of the group
}

func (f *folderFinder) scan(r *folderReader, page int) error {
	if err := r.seek(0); err != nil {
		return err
	}
	f.end = 0
	e := &r.folder
	for {
		more, err := r.next()
		if err != nil {
			return err
		}
		if !more || !e.other {
			if err := f.endGroup(); err != nil {
				return err
			}
		}
		if !more {
			return nil
		}
		if f.group, err = f.d.groupAt(page, e.names); err != nil {
			return err
		}
		f.hits[0] = append(f.hits[0], f.has(e))
		for i := range f.borders {
			f.hits[i+1] = append(f.hits[i+1], bytes.HasSuffix(e.folded, []byte(f.borders[i].folder)))
		}
	}
}

// has reports whether the folder has the word. What it shares with the folder
// before is not read again.
func (f *folderFinder) has(e *folderEntry) bool {
	if f.end > 0 && f.end <= e.keep {
		return true
	}
	f.end = 0
	if bytes.IndexByte(e.folded[e.keep:], f.word[len(f.word)-1]) < 0 {
		return false // it would end there
	}
	from := max(0, e.keep-len(f.word)+1)
	i := bytes.Index(e.folded[from:], f.word)
	if i < 0 {
		return false
	}
	f.end = from + i + len(f.word)
	return true
}

// endGroup adds the names of the group to the sets of what was found.
func (f *folderFinder) endGroup() error {
	for i, hits := range f.hits {
		out := f.out
		if i > 0 {
			out = &f.borders[i-1].folders
		}
		if len(hits) == 1 && hits[0] {
			out.AddRange(f.group)
		}
		if len(hits) > 1 {
			if err := f.d.addSpelled(out, f.group, hits); err != nil {
				return err
			}
		}
		f.hits[i] = hits[:0]
	}
	return nil
}

// addSpelled adds the names of a group whose folder has a spelling that was
// found.
func (d *Dict) addSpelled(out *Set, group Range, found []bool) error {
	if group.Len() == 0 {
		return nil
	}
	for i := pageOf(d.names, group.From); i < len(d.names) && d.names[i].ids < group.To; i++ {
		p, err := d.namesAt(i)
		if err != nil {
			return err
		}
		ids := d.idsOf(d.names, i)
		here := Range{max(group.From, ids.From), min(group.To, ids.To)}
		if found[0] {
			out.AddRange(here)
		}
		at := uint64(ids.From)
		for b := p.spelled; len(b) > 0; {
			n, k := binary.Uvarint(b)
			s, m := binary.Uvarint(b[max(k, 0):])
			if at += n; k <= 0 || m <= 0 || n > maxNames {
				return damage("spellings end early")
			}
			b = b[k+m:]
			id := uint32(at)
			if !contains(here, id) {
				continue
			}
			if s >= uint64(len(found)) {
				return damage("path %d has spelling %d of %d", id, s, len(found))
			}
			if found[s] {
				out.Add(id)
			} else {
				out.Remove(id)
			}
		}
	}
	return nil
}
