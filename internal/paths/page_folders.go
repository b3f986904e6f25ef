package paths

import (
	"encoding/binary"
	"slices"
	"strings"
)

// A page of folders: number of runs, for each run (its first folder stands
// whole and begins a group) its offset and the names of the page before it, and
// the folders: bytes shared with the one before, the rest, 4 · names of the
// group + 1 when a folded form follows + 2 when it is another spelling of the
// group before (it has no names of its own), and the folded form, front-coded
// to that of the folder before.

type folderWriter struct {
	n      int // folders
	inRun  int
	names  uint32
	first  string
	runs   []byte
	body   []byte
	last   string
	folded string
}

func (w *folderWriter) size() int { return len(w.runs) + len(w.body) }

func (w *folderWriter) add(g *group) {
	if w.n == 0 {
		w.first = strings.Clone(g.spellings[0])
	}
	if w.inRun >= folderRun || w.n == 0 {
		w.runs = binary.LittleEndian.AppendUint32(w.runs, uint32(len(w.body)))
		w.runs = binary.LittleEndian.AppendUint32(w.runs, w.names)
		w.inRun, w.last, w.folded = 0, "", ""
	}
	for i, s := range g.spellings {
		n := shared(w.last, s)
		w.body = binary.AppendUvarint(w.body, uint64(n))
		w.body = appendString(w.body, s[n:])
		f, extra := foldExtra(s)
		kind := uint64(0)
		if i == 0 {
			kind = uint64(g.names) << 2
		} else {
			kind |= 2
		}
		if extra {
			kind |= 1
		}
		w.body = binary.AppendUvarint(w.body, kind)
		if extra {
			n := shared(w.folded, f)
			w.body = binary.AppendUvarint(w.body, uint64(n))
			w.body = appendString(w.body, f[n:])
		} else {
			f = lower(s)
		}
		w.last, w.folded = s, f
		w.n++
		w.inRun++
	}
	w.names += g.names
}

func (w *folderWriter) page() []byte {
	b := binary.LittleEndian.AppendUint32(nil, uint32(len(w.runs)/8))
	return slices.Concat(b, w.runs, w.body)
}

// folderReader goes through the folders of a page.
type folderReader struct {
	runs   []byte
	body   []byte
	at     int
	folder folderEntry
	pushed bool // the folder was read ahead: nextGroup gives it
}

// folderEntry is a folder as read. Its texts are valid until the next one.
type folderEntry struct {
	text   []byte
	folded []byte
	keep   int   // bytes of folded that are those of the folder before
	names  Range // of the group, counted in the page
	other  bool  // another spelling of the group before
	extra  bool  // folded is not just lower(text)
}

func parseFolders(b []byte) (r folderReader, err error) {
	if len(b) < 4 {
		return r, damage("page of folders has %d bytes", len(b))
	}
	n := uint64(number(b))
	if n == 0 || n*8 > uint64(len(b)-4) {
		return r, damage("page of folders has %d bytes and %d runs", len(b), n)
	}
	r.runs, r.body = b[4:4+n*8], b[4+n*8:]
	return r, nil
}

func (r *folderReader) runCount() int { return len(r.runs) / 8 }

// run is where a run begins and the names of the page before it.
func (r *folderReader) run(i int) (at int, id uint32) {
	return number(r.runs[8*i:]), binary.LittleEndian.Uint32(r.runs[8*i+4:])
}

// head is the text of the first folder of a run.
func (r *folderReader) head(i int) ([]byte, error) {
	at, _ := r.run(i)
	if at >= len(r.body) || r.body[at] != 0 {
		return nil, damage("folders do not begin at byte %d", at)
	}
	n, k := binary.Uvarint(r.body[at+1:])
	if k <= 0 || n > uint64(len(r.body)-at-1-k) {
		return nil, damage("folders do not begin at byte %d", at)
	}
	return r.body[at+1+k:][:n], nil
}

func (r *folderReader) seek(run int) error {
	if _, err := r.head(run); err != nil {
		return err
	}
	at, id := r.run(run)
	r.at, r.pushed = at, false
	r.folder = folderEntry{text: r.folder.text[:0], folded: r.folder.folded[:0], names: Range{id, id}}
	return nil
}

// nextGroup reads on to the first folder of a group.
func (r *folderReader) nextGroup() (bool, error) {
	for {
		if r.pushed {
			r.pushed = false
			return true, nil
		}
		if more, err := r.next(); !more || err != nil {
			return false, err
		}
		if !r.folder.other {
			return true, nil
		}
	}
}

// next reads a folder; false at the end of the page.
func (r *folderReader) next() (bool, error) {
	if r.at >= len(r.body) {
		return false, nil
	}
	f := &r.folder
	n, text, ok := r.piece(len(f.text))
	if !ok {
		return false, damage("folder at byte %d does not follow the one before", r.at)
	}
	kind, k := binary.Uvarint(r.body[r.at:])
	if k <= 0 || kind>>2 > 1<<32-1-uint64(f.names.To) {
		return false, damage("folder at byte %d has no number of names", r.at)
	}
	r.at += k
	wasExtra := f.extra
	f.text = append(f.text[:n], text...)
	f.other, f.extra = kind&2 != 0, kind&1 != 0
	if !f.other {
		f.names = Range{f.names.To, f.names.To + uint32(kind>>2)}
	}
	if f.extra {
		n, text, ok := r.piece(len(f.folded))
		if !ok {
			return false, damage("folded folder at byte %d does not follow the one before", r.at)
		}
		f.folded, f.keep = append(f.folded[:n], text...), n
		return true, nil
	}
	if wasExtra || n > len(f.folded) {
		n = 0
	}
	f.keep = n
	f.folded = append(f.folded[:n], f.text[n:]...)
	lowerInto(f.folded[n:], f.folded[n:])
	return true, nil
}

// piece reads a number of shared bytes, at most have, and the rest.
func (r *folderReader) piece(have int) (n int, text []byte, ok bool) {
	s, k := binary.Uvarint(r.body[r.at:])
	if k <= 0 || s > uint64(have) {
		return 0, nil, false
	}
	l, m := binary.Uvarint(r.body[r.at+k:])
	if m <= 0 || l > uint64(len(r.body)-r.at-k-m) {
		return 0, nil, false
	}
	text = r.body[r.at+k+m:][:l]
	r.at += k + m + int(l)
	return int(s), text, true
}

// copy keeps the texts of a folder.
func (f *folderEntry) copy() spelling {
	b := append(append(make([]byte, 0, len(f.text)+len(f.folded)), f.text...), f.folded...)
	return spelling{b[:len(f.text)], b[len(f.text):]}
}
