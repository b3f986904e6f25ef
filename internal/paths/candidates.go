package paths

import (
	"bytes"
	"context"
	"strings"

	"github.com/akashi-audit/akashi/internal/pace"
	"github.com/akashi-audit/akashi/internal/query"
)

// Candidates calls fn for every folder of the dictionary in order, with its
// backslash, and with the ids of the paths directly in it. short is the shortest
// beginning of the folder, up to a backslash and without it, whose folded form has
// the word (folded), or nil when none has it. The texts are valid during the call.
func (d *Dict) Candidates(ctx context.Context, word string, fn func(folder, short []byte, ids Range) error) error {
	w := []byte(word)
	var last []byte // the last short
	for i := range d.folders {
		if err := pace.Yield(ctx); err != nil {
			return err
		}
		r, err := d.foldersAt(i)
		if err != nil {
			return err
		}
		if err := r.seek(0); err != nil {
			return err
		}
		for {
			more, err := r.nextGroup()
			if err != nil {
				return err
			}
			if !more {
				break
			}
			ids, err := d.groupAt(i, r.folder.names)
			if err != nil {
				return err
			}
			if ids.Len() == 0 {
				continue
			}
			short := r.folder.text
			switch {
			case len(last) > 0 && len(short) > len(last) && short[len(last)] == '\\' && bytes.HasPrefix(short, last):
				short = last
			default:
				if short = shortFolder(&r.folder, w); short != nil {
					last = append(last[:0], short...)
					short = last
				}
			}
			if err := fn(r.folder.text, short, ids); err != nil {
				return err
			}
		}
	}
	return nil
}

// shortFolder is the shortest beginning of a folder that has the word.
func shortFolder(e *folderEntry, word []byte) []byte {
	text, folded := bytes.TrimSuffix(e.text, []byte{'\\'}), bytes.TrimSuffix(e.folded, []byte{'\\'})
	i := bytes.Index(folded, word)
	if i < 0 || len(text) == 0 {
		return nil
	}
	if bytes.Count(text, []byte{'\\'}) != bytes.Count(folded, []byte{'\\'}) {
		return []byte(Shortest(string(text), string(word)))
	}
	n := bytes.Count(folded[:i+len(word)], []byte{'\\'}) + 1
	for at, c := range text {
		if c != '\\' {
			continue
		}
		if n--; n == 0 {
			if at == 0 {
				break
			}
			return text[:at]
		}
	}
	return text
}

// ShortestOf is Shortest for a path whose folded form is at hand.
func ShortestOf(path, folded, word string) string {
	i := strings.Index(folded, word)
	if i < 0 || strings.Count(path, `\`) != strings.Count(folded, `\`) {
		return Shortest(path, word)
	}
	n := strings.Count(folded[:i+len(word)], `\`) + 1
	for at := range len(path) {
		if path[at] != '\\' {
			continue
		}
		if n--; n == 0 {
			if at == 0 {
				break
			}
			return path[:at]
		}
	}
	return path
}

// Shortest is the shortest beginning of a path, up to a backslash and without
// it, whose folded form has the word (folded); the path itself when no shorter
// one has it.
func Shortest(path, word string) string {
	for i := 1; i < len(path); i++ {
		if path[i] == '\\' && path[i-1] != '\\' && strings.Contains(query.Fold(path[:i]), word) {
			return path[:i]
		}
	}
	return path
}
