package paths

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"slices"
	"strings"
)

// A page of names, see docs/FORMAT.md: a header, where the runs begin, the
// names, the folded forms of those for which lower is not enough, and the
// spellings of folders that differ from the group's first.

const nameHeader = 5 * 4

// maxNames bounds the names of a page: each takes two bytes at least.
const maxNames = 1 << 20

// texts writes front-coded texts: bytes shared with the one before, and the
// rest, each ended by a backslash.
type texts struct {
	last   []byte
	shared []byte
	text   []byte
}

func (t *texts) add(s string, whole bool) {
	n := 0
	if !whole {
		n = min(shared(t.last, s), maxShared)
	}
	t.shared = append(t.shared, byte(n))
	t.text = append(append(t.text, s[n:]...), '\\')
	t.last = append(t.last[:n], s[n:]...)
}

// reset forgets the texts and keeps their memory.
func (t *texts) reset() { t.last, t.shared, t.text = t.last[:0], t.shared[:0], t.text[:0] }

type nameWriter struct {
	n        int
	first    string
	runs     []byte
	names    texts
	places   []byte // of the folded names, each the distance to the one before
	foldedAt int
	folded   texts
	spelled  []byte
	spells   int
	spellAt  int
}

func (w *nameWriter) size() int {
	return w.n + len(w.names.text) + 2*len(w.folded.shared) + len(w.folded.text) + len(w.spelled)
}

// reset makes the writer ready for the next page, in the memory of this one.
func (w *nameWriter) reset() {
	w.names.reset()
	w.folded.reset()
	*w = nameWriter{runs: w.runs[:0], names: w.names, places: w.places[:0], folded: w.folded, spelled: w.spelled[:0]}
}

func (w *nameWriter) add(name string, spelling int) {
	if w.n == 0 {
		w.first = strings.Clone(name)
	}
	whole := w.n%nameRun == 0
	if whole {
		w.runs = binary.LittleEndian.AppendUint32(w.runs, uint32(len(w.names.text)))
	}
	w.names.add(name, whole)
	if f, ok := foldExtra(name); ok {
		w.places = binary.AppendUvarint(w.places, uint64(w.n-w.foldedAt))
		w.foldedAt = w.n
		w.folded.add(strings.ReplaceAll(f, `\`, string([]byte{escaped})), len(w.folded.shared) == 0)
	}
	if spelling > 0 {
		w.spelled = binary.AppendUvarint(w.spelled, uint64(w.n-w.spellAt))
		w.spelled = binary.AppendUvarint(w.spelled, uint64(spelling))
		w.spellAt = w.n
		w.spells++
	}
	w.n++
}

func (w *nameWriter) page() []byte {
	b := make([]byte, 0, nameHeader+len(w.runs)+w.size()+len(w.places))
	for _, n := range []int{w.n, len(w.names.text), len(w.folded.shared), len(w.places), len(w.folded.text)} {
		b = binary.LittleEndian.AppendUint32(b, uint32(n))
	}
	return slices.Concat(b, w.runs, w.names.shared, w.names.text, w.places, w.folded.shared, w.folded.text, w.spelled)
}

// namePage is a page of names as read.
type namePage struct {
	n       int
	runs    []byte
	shared  []byte
	text    []byte
	places  []byte
	fShared []byte
	fText   []byte
	spelled []byte
}

func damage(format string, args ...any) error {
	return fmt.Errorf("path dictionary: "+format, args...)
}

// number reads four bytes; more than an int may hold is as much as it may.
func number(b []byte) int { return int(min(binary.LittleEndian.Uint32(b), 1<<31-1)) }

func parseNames(b []byte) (p namePage, err error) {
	if len(b) < nameHeader {
		return p, damage("page of names has %d bytes", len(b))
	}
	var h [5]int
	rest := len(b) - nameHeader
	for i := range h {
		h[i] = number(b[4*i:])
		if h[i] > len(b) {
			return p, damage("page of names has %d bytes and speaks of %d", len(b), h[i])
		}
		rest -= h[i]
	}
	runs := (h[0] + nameRun - 1) / nameRun * 4
	if rest < runs || h[0] == 0 || h[0] > maxNames {
		return p, damage("page of names is too short for its %d names", h[0])
	}
	b = b[nameHeader:]
	cut := func(n int) (c []byte) {
		c, b = b[:n:n], b[n:]
		return c
	}
	p.n = h[0]
	p.runs, p.shared, p.text, p.places, p.fShared, p.fText = cut(runs), cut(h[0]), cut(h[1]), cut(h[3]), cut(h[2]), cut(h[4])
	p.spelled = b
	return p, nil
}

// run is where the names from r·nameRun on begin in the text.
func (p *namePage) run(r int) (int, error) {
	at := number(p.runs[4*r:])
	if at >= len(p.text) || p.shared[r*nameRun] != 0 {
		return 0, damage("names do not begin at byte %d", at)
	}
	return at, nil
}

// head is the name with which run r begins.
func (p *namePage) head(r int) ([]byte, error) {
	at, err := p.run(r)
	if err != nil {
		return nil, err
	}
	n := bytes.IndexByte(p.text[at:], '\\')
	if n < 0 {
		return nil, damage("name %d of a page has no end", r*nameRun)
	}
	return p.text[at : at+n], nil
}

// spelling is the number of the spelling of the folder of a name.
func (p *namePage) spelling(name int) (int, error) {
	at := 0
	for b := p.spelled; len(b) > 0; {
		d, n := binary.Uvarint(b)
		if n <= 0 {
			return 0, damage("spellings end early")
		}
		s, m := binary.Uvarint(b[n:])
		if m <= 0 || d > maxNames || s > maxNames {
			return 0, damage("spellings end early")
		}
		b = b[n+m:]
		if at += int(d); at == name {
			return int(s), nil
		}
		if at > name {
			break
		}
	}
	return 0, nil
}

// nameReader goes through the names of a page.
type nameReader struct {
	p    *namePage
	i    int // the name that next reads
	at   int
	name []byte
}

// seek prepares to read name i, which must be in the page.
func (r *nameReader) seek(p *namePage, i int) error {
	at, err := p.run(i / nameRun)
	if err != nil {
		return err
	}
	r.p, r.i, r.at, r.name = p, i/nameRun*nameRun, at, r.name[:0]
	for r.i < i {
		if _, err := r.next(); err != nil {
			return err
		}
	}
	return nil
}

// next reads a name; it is valid until the next call.
func (r *nameReader) next() ([]byte, error) {
	p := r.p
	end := bytes.IndexByte(p.text[r.at:], '\\')
	if r.i >= p.n || end < 0 || int(p.shared[r.i]) > len(r.name) {
		return nil, damage("name %d of a page does not follow the one before", r.i)
	}
	r.name = append(r.name[:p.shared[r.i]], p.text[r.at:r.at+end]...)
	r.at += end + 1
	r.i++
	return r.name, nil
}

// foldedReader goes through the folded names of a page.
type foldedReader struct {
	i      int // folded names read
	pos    int // in the places
	text   int // in the text
	place  int // of the last name read
	folded []byte
}

// at is the folded form of a name that has one of its own; places must ascend.
func (r *foldedReader) at(p *namePage, place int) ([]byte, bool, error) {
	for r.i == 0 || r.place < place {
		if r.i == len(p.fShared) {
			return nil, false, nil
		}
		d, n := binary.Uvarint(p.places[r.pos:])
		end := bytes.IndexByte(p.fText[r.text:], '\\')
		s := int(p.fShared[r.i])
		if n <= 0 || d > maxNames || end < 0 || s > len(r.folded) {
			return nil, false, damage("folded name %d of a page does not follow the one before", r.i)
		}
		r.pos += n
		r.place += int(d)
		r.folded = append(r.folded[:s], p.fText[r.text:r.text+end]...)
		r.text += end + 1
		r.i++
	}
	return r.folded, r.place == place, nil
}
