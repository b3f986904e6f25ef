package paths

import "bytes"

const (
	sampleBytes = 4096 // of a page whose bytes are counted
	samplePages = 32   // of so many pages one
	// lowering: to make letters of so many bytes lower takes as long as to look at one
	// place that leads to nothing.
	lowering = 32
	// followMost is how many names are followed in a page, for each name that it has,
	// before its word is looked for by its last byte.
	followMost = 4
)

// sample counts the bytes of a part of some pages, and finds the word's byte that is
// there least.
func (f *finder) sample(text []byte) {
	f.pages++
	if f.pages%samplePages != 1 {
		return
	}
	text = text[:min(len(text), sampleBytes)]
	for _, c := range text {
		f.counts[c]++
	}
	lower := uint32((f.pages/samplePages + 1) * sampleBytes / lowering)
	least := ^uint32(0)
	for i, c := range f.word {
		n := f.counts[c]
		if letter(c) {
			n += f.counts[c-'a'+'A'] + lower
		}
		if n <= least {
			f.rare, least = i, n
		}
	}
}

// sameByte compares a byte of a name with one of the word, whose letters are lower.
func sameByte(c, w byte) bool { return c == w || letter(w) && c == w-'a'+'A' }

// list finds the word in a list of front-coded texts by the places of its byte number
// rare. It is false when too many names were followed for nothing; then not all were
// found. With the last byte that cannot be.
func (f *finder) list(shared, text, word []byte, rare int, places []uint32) (done bool, err error) {
	l := lister{shared: shared, text: text, word: word, rare: rare}
	f.steps = 0
	for pos := 0; ; {
		h := bytes.IndexByte(text[pos:], word[rare])
		if h < 0 {
			return true, nil
		}
		h += pos
		pos = h + 1
		base, have, err := l.at(h)
		if err != nil {
			return true, err
		}
		if base < 0 || f.begins && base != 0 {
			continue
		}
		// This one, and those that share the byte.
		first := have == len(word) // all since the first were found
		p := pos
		for at := l.entry; ; {
			if have == len(word) {
				f.found(at, places)
			}
			n := bytes.IndexByte(text[p:], '\\')
			if n < 0 {
				return true, damage("name %d of a page has no end", at)
			}
			p += n + 1
			if at++; at >= len(shared) {
				if first {
					return true, nil
				}
				break
			}
			s := int(shared[at])
			ends := s <= base+rare
			if !ends && s <= base+have && (have < len(word) || s < base+have) {
				have = s - base
				for q := p; have < len(word) && q < len(text) && sameByte(text[q], word[have]); q++ {
					have++
				}
			}
			if first && (ends || have < len(word)) {
				first = false
				pos = p // what stands before is of names that were found
				l.entry, l.start, l.counted = at, p, p
			}
			if ends {
				break
			}
			if !first {
				if f.steps++; f.steps > followMost*len(shared) {
					return false, nil
				}
			}
		}
	}
}

// lister knows which entry of a list a place of its text is in.
type lister struct {
	shared, text, word []byte
	rare               int
	entry, start       int // the entry that holds the last place, where its own part begins
	counted            int // up to which place entries were counted
}

// at looks for the word around the place h of its rarest byte: where it begins in the
// name, -1 when it does not, and how much of it the name has at least, counted from
// its beginning up to the byte and on. Places must ascend.
func (l *lister) at(h int) (base, have int, err error) {
	text, word := l.text, l.word
	before := 0 // bytes of the word that stand before h in the text's own part
	for before < l.rare && before < h && sameByte(text[h-1-before], word[l.rare-1-before]) {
		before++
	}
	crosses := before < l.rare // out of the text's own part, if at all
	if crosses && before < h && text[h-1-before] != '\\' {
		return -1, 0, nil
	}
	if n := bytes.Count(text[l.counted:h], []byte{'\\'}); n > 0 {
		if l.entry += n; l.entry >= len(l.shared) {
			return 0, 0, damage("%d names are written as %d", len(l.shared), l.entry)
		}
		l.start = bytes.LastIndexByte(text[:h], '\\') + 1
	}
	l.counted = h
	base = int(l.shared[l.entry]) + h - l.start - l.rare
	if base < 0 || crosses && !l.sharesEnd(word[:l.rare-before]) {
		return -1, 0, nil
	}
	have = l.rare + 1
	for at := h + 1; have < len(word) && at < len(text) && sameByte(text[at], word[have]); at++ {
		have++
	}
	return base, have, nil
}

// sharesEnd reports whether what the entry shares with the one before ends with the
// word: it stands in the own parts of entries before.
func (l *lister) sharesEnd(word []byte) bool {
	shared, text, entry, start := l.shared, l.text, l.entry, l.start
	to := int(shared[entry])
	if to < len(word) {
		return false
	}
	for len(word) > 0 {
		if entry--; entry < 0 {
			return false
		}
		end := start - 1
		start = bytes.LastIndexByte(text[:end], '\\') + 1
		s := int(shared[entry])
		if s >= to {
			continue
		}
		n := min(len(word), to-s) // bytes to compare, up to place to
		at := start + to - s
		if at > end || !sameBytes(text[at-n:at], word[len(word)-n:]) {
			return false
		}
		word = word[:len(word)-n]
		to -= n
	}
	return true
}

func sameBytes(text, word []byte) bool {
	for i, w := range word {
		if !sameByte(text[i], w) {
			return false
		}
	}
	return true
}
