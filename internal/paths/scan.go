package paths

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"runtime"

	"github.com/akashi-audit/akashi/internal/pace"
)

// finder looks for a folded word in pages of names. It reads only what is
// written of each name, not what it shares with the one before: a word either
// ends in that part, or was found in the name before.
type finder struct {
	word    []byte
	begins  bool // names that begin with the word, not those that have it
	page    Set  // places of the names of a page that were found
	scratch []byte
	places  []uint32
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
	for i := int(pages.From); i < int(pages.To); i++ {
		if err := pace.Yield(ctx); err != nil {
			return err
		}
		ids := d.idsOf(d.names, i)
		if within != nil && !within.Meets(ids) {
			continue
		}
		p, err := d.namesAt(i)
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
		text := p.text
		if letters(f.word) {
			f.scratch = append(f.scratch[:0], text...)
			lowerInto(f.scratch, f.scratch)
			text = f.scratch
		}
		if err := f.list(p.shared, text, f.word, nil); err != nil {
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
	return f.list(p.fShared, p.fText, bytes.ReplaceAll(f.word, []byte{'\\'}, []byte{escaped}), f.places)
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

func letters(b []byte) bool {
	for _, c := range b {
		if 'a' <= c && c <= 'z' {
			return true
		}
	}
	return false
}

// found notes entry i of a list whose entries have these places.
func (f *finder) found(i int, places []uint32) {
	if places != nil {
		f.page.Add(places[i])
		return
	}
	f.page.Add(uint32(i))
}

// list finds the word in a list of front-coded texts.
func (f *finder) list(shared, text, word []byte, places []uint32) error {
	last := word[len(word)-1]
	entry, start := 0, 0 // the text that holds pos, where its own part begins
	for pos, counted := 0, 0; ; {
		h := bytes.IndexByte(text[pos:], last)
		if h < 0 {
			return nil
		}
		h += pos
		pos = h + 1
		own := 1 // bytes of the word's end that stand before pos
		for own < len(word) && own <= h && text[h-own] == word[len(word)-1-own] {
			own++
		}
		crosses := own < len(word) // out of the text's own part, if at all
		if crosses && own <= h && text[h-own] != '\\' {
			continue
		}
		if n := bytes.Count(text[counted:h], []byte{'\\'}); n > 0 {
			if entry += n; entry >= len(shared) {
				return damage("%d names are written as %d", len(shared), entry)
			}
			start = bytes.LastIndexByte(text[:h], '\\') + 1
		}
		counted = h
		end := int(shared[entry]) + pos - start
		if f.begins && end != len(word) || crosses && !sharesEnd(shared, text, entry, start, word[:len(word)-own]) {
			continue
		}
		// This one, and those that share it.
		for {
			f.found(entry, places)
			n := bytes.IndexByte(text[pos:], '\\')
			if n < 0 {
				return damage("name %d of a page has no end", entry)
			}
			pos += n + 1
			start, counted = pos, pos
			if entry++; entry >= len(shared) {
				return nil
			}
			if int(shared[entry]) < end {
				break
			}
		}
	}
}

// sharesEnd reports whether what an entry, whose own part begins at start, shares
// with the one before ends with the word: it stands in the own parts of entries
// before.
func sharesEnd(shared, text []byte, entry, start int, word []byte) bool {
	to := int(shared[entry])
	if to < len(word) {
		return false
	}
	for len(word) > 0 {
		if entry--; entry < 0 {
			return false
		}
		close := start - 1
		start = bytes.LastIndexByte(text[:close], '\\') + 1
		s := int(shared[entry])
		if s >= to {
			continue
		}
		n := min(len(word), to-s) // bytes to compare, up to place to
		at := start + to - s
		if at > close || string(text[at-n:at]) != string(word[len(word)-n:]) {
			return false
		}
		word = word[:len(word)-n]
		to -= n
	}
	return true
}
