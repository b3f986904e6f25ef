package paths

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"runtime"
	"slices"

	"github.com/akashi-audit/akashi/internal/pace"
)

// finder looks for a folded word in pages of names. It reads only what is
// written of each name, not what it shares with the one before: a word either
// has its rarest byte in that part, or that byte was found in a name before.
type finder struct {
	word    []byte
	begins  bool // names that begin with the word, not those that have it
	page    Set  // places of the names of a page that were found
	scratch []byte
	places  []uint32
	counts  [256]uint32 // bytes in samples of the names
	pages   int         // that were looked through
	rare    int         // place of the word's rarest byte
	steps   int         // names that were followed in a page
	memory  Memory
}

// scanShare is how many pages of names are worth a second scanner; there are at
// most two, as more than one search runs at a time.
const scanShare = 16

// scan adds to out the names that have the word, or begin with it, of within when
// it is not nil. Of a large dictionary two scanners read one half each.
func (d *Dict) scan(ctx context.Context, word string, begins bool, within, out *Set) error {
	n := len(d.names)
	if n < 2*scanShare || runtime.GOMAXPROCS(0) < 2 {
		return d.scanPages(ctx, &finder{word: []byte(word), begins: begins}, Range{0, uint32(n)}, within, out)
	}
	second, ended := &Set{words: make([]uint64, len(out.words))}, make(chan error, 1)
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	go func() {
		err := d.scanPages(ctx, &finder{word: []byte(word), begins: begins}, Range{uint32(n / 2), uint32(n)}, within, second)
		if err != nil {
			cancel() // the other half is of no use
		}
		ended <- err
	}()
	err := d.scanPages(ctx, &finder{word: []byte(word), begins: begins}, Range{0, uint32(n / 2)}, within, out)
	if err != nil {
		cancel()
	}
	other := <-ended
	if err == nil || other != nil && errors.Is(err, context.Canceled) {
		err = other // the cause, not the end that it gave the first half
	}
	if err != nil {
		return err
	}
	out.Or(second)
	return nil
}

// scanPages is scan of some pages by one scanner.
func (d *Dict) scanPages(ctx context.Context, f *finder, pages Range, within, out *Set) error {
	read := d.read
	if d.once != nil {
		read = func(page int) ([]byte, error) { return d.once(page, &f.memory) }
	}
	for i := int(pages.From); i < int(pages.To); i++ {
		if err := pace.Yield(ctx); err != nil {
			return err
		}
		ids := d.idsOf(d.names, i)
		if within != nil && !within.Meets(ids) {
			continue
		}
		p, err := d.parseNamesAt(i, read)
		if err != nil {
			return err
		}
		if err := f.find(&p); err != nil {
			return err
		}
		for at := range f.page.All() {
			if id := ids.From + at; within == nil || within.Has(id) {
				out.Add(id)
			}
		}
	}
	return nil
}

// find leaves in f.page the names of a page that have the word.
func (f *finder) find(p *namePage) error {
	clear(f.page.words)
	if bytes.IndexByte(f.word, '\\') < 0 { // in a name, only a folded form has one
		f.sample(p.text)
		if err := f.names(p); err != nil {
			return err
		}
	}
	if len(p.fShared) == 0 {
		return nil
	}
	if err := f.readPlaces(p); err != nil {
		return err
	}
	for _, at := range f.places {
		f.page.Remove(at)
	}
	word := bytes.ReplaceAll(f.word, []byte{'\\'}, []byte{escaped})
	_, err := f.list(p.fShared, p.fText, word, len(word)-1, f.places)
	return err
}

// names finds the word in the names of a page.
func (f *finder) names(p *namePage) error {
	if !letter(f.word[f.rare]) {
		if done, err := f.list(p.shared, p.text, f.word, f.rare, nil); done || err != nil {
			return err
		}
		clear(f.page.words)
	}
	text, rare := p.text, f.rare
	if slices.ContainsFunc(f.word, letter) {
		f.scratch = append(f.scratch[:0], text...)
		lowerInto(f.scratch, f.scratch)
		text = f.scratch
	}
	if letter(f.word[rare]) {
		if done, err := f.list(p.shared, text, f.word, rare, nil); done || err != nil {
			return err
		}
		clear(f.page.words)
	}
	_, err := f.list(p.shared, text, f.word, len(f.word)-1, nil) // which follows no name for nothing
	return err
}

// readPlaces reads which names have a folded form of their own.
func (f *finder) readPlaces(p *namePage) error {
	f.places = f.places[:0]
	at := uint64(0)
	b := p.places
	for i := range p.fShared {
		n, k := binary.Uvarint(b)
		if at += n; k <= 0 || n > maxNames || at >= uint64(p.n) || i > 0 && n == 0 {
			return damage("folded names are of no name")
		}
		b = b[k:]
		f.places = append(f.places, uint32(at))
	}
	return nil
}

func letter(c byte) bool { return 'a' <= c && c <= 'z' }

// found notes entry i of a list whose entries have these places.
func (f *finder) found(i int, places []uint32) {
	if places != nil {
		f.page.Add(places[i])
		return
	}
	f.page.Add(uint32(i))
}
