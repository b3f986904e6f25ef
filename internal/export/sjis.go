package export

import (
	"cmp"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/japanese"
	"golang.org/x/text/unicode/norm"
	"golang.org/x/text/unicode/runenames"
)

// same are characters that CP932 has in another place of Unicode: what is
// written for them is what Windows itself shows for the same sign (the two
// mappings of JIS X 0208, Unicode's SHIFTJIS.TXT and CP932.TXT).
func same(r rune) (rune, bool) {
	switch r {
	case '\u301c':
		return '\uff5e', true // wave dash
	case '\u2212':
		return '\uff0d', true // minus
	case '\u2014':
		return '\u2015', true // em dash
	case '\u00a5':
		return '\uffe5', true // yen
	case '\u2016':
		return '\u2225', true // parallel
	case '\u00a2':
		return '\uffe0', true // cent
	case '\u00a3':
		return '\uffe1', true // pound
	case '\u00ac':
		return '\uffe2', true // not
	case '\u00a6':
		return '\uffe4', true // broken bar
	}
	return r, false
}

// maxKinds bounds how many different characters the report lists.
const maxKinds = 1000

// loss writes Shift_JIS and counts what it cannot hold.
type loss struct {
	enc     *encoding.Encoder
	entity  bool
	row     int64 // of records, 1 = the first; 0 = the header
	changed int64
	lost    int64
	kinds   map[string]*lossKind
	more    int64 // characters of kinds beyond maxKinds
}

// lossKind is one character and what became of it.
type lossKind struct {
	from, to string
	lost     bool
	n, row   int64 // row is the first one
}

func newLoss(entity bool) *loss {
	return &loss{enc: japanese.ShiftJIS.NewEncoder(), entity: entity, kinds: make(map[string]*lossKind)}
}

// encode is s in Shift_JIS.
func (l *loss) encode(s string) string {
	ascii := true
	for i := range len(s) {
		ascii = ascii && s[i] < utf8.RuneSelf
	}
	if ascii {
		return s
	}
	if !strings.ContainsFunc(s, unicode.IsMark) {
		if b, err := l.enc.String(s); err == nil {
			return b
		}
	}
	var b strings.Builder
	for i := 0; i < len(s); {
		_, n := utf8.DecodeRuneInString(s[i:])
		for i+n < len(s) { // marks belong to the character before
			r, m := utf8.DecodeRuneInString(s[i+n:])
			if !unicode.IsMark(r) {
				break
			}
			n += m
		}
		b.WriteString(l.one(s[i : i+n]))
		i += n
	}
	return b.String()
}

// one is a character with its marks in Shift_JIS.
func (l *loss) one(s string) string {
	if b, err := l.enc.String(s); err == nil && utf8.ValidString(s) {
		return b
	}
	if c := norm.NFC.String(s); c != s {
		if b, err := l.enc.String(c); err == nil {
			l.count(s, c, false)
			return b
		}
		s = c
	}
	var b strings.Builder
	for _, r := range s {
		if x, err := l.enc.String(string(r)); err == nil && r != utf8.RuneError {
			b.WriteString(x)
			continue
		}
		if to, ok := same(r); ok {
			l.count(string(r), string(to), false)
			b.WriteString(l.must(string(to)))
			continue
		}
		to := "〓"
		if l.entity {
			to = fmt.Sprintf("&#x%X;", r)
		}
		l.count(string(r), to, true)
		b.WriteString(l.must(to))
	}
	return b.String()
}

// must encodes what CP932 has for sure.
func (l *loss) must(s string) string {
	b, err := l.enc.String(s)
	if err != nil { // the tests encode every target
		return "?"
	}
	return b
}

func (l *loss) count(from, to string, lost bool) {
	if lost {
		l.lost++
	} else {
		l.changed++
	}
	k := l.kinds[from]
	switch {
	case k != nil:
		k.n++
	case len(l.kinds) < maxKinds:
		l.kinds[from] = &lossKind{from: from, to: to, lost: lost, n: 1, row: l.row}
	default:
		l.more++
	}
}

// Text gives the sentence of a key in the reader's language; the arguments are
// pairs of name and value.
type Text func(key string, args ...any) string

// Loss reports whether Shift_JIS could not hold everything as it was.
func (w *Writer) Loss() bool { return w.loss != nil && w.loss.changed+w.loss.lost > 0 }

// WriteLoss tells which characters Shift_JIS could not hold, most frequent first,
// as text in UTF-8 with a byte order mark. file is the name of the CSV.
func (w *Writer) WriteLoss(out io.Writer, file string, t Text) error {
	l := w.loss
	var b strings.Builder
	line := func(s string) { b.WriteString(s); b.WriteString("\r\n") }
	b.WriteString("\ufeff")
	line(t("export.loss.title", "file", file))
	line(t("export.loss.lead", "n", w.res.Records, "changed", l.changed, "lost", l.lost))
	line("")
	line(t("export.loss.head"))
	kinds := slices.SortedFunc(maps.Values(l.kinds), func(a, b *lossKind) int {
		if a.lost != b.lost {
			if a.lost {
				return -1
			}
			return 1
		}
		return cmp.Or(cmp.Compare(b.n, a.n), strings.Compare(a.from, b.from))
	})
	for _, k := range kinds {
		var codes, names []string
		for _, r := range k.from {
			codes = append(codes, fmt.Sprintf("U+%04X", r))
			names = append(names, runenames.Name(r))
		}
		what := "export.loss.changed"
		if k.lost {
			what = "export.loss.lost"
		}
		shown := k.from
		if strings.ContainsFunc(shown, func(r rune) bool { return unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) }) {
			shown = ""
		}
		line(strings.Join([]string{t(what), strings.Join(codes, " "), shown, strings.Join(names, " + "), k.to, fmt.Sprint(k.n), fmt.Sprint(k.row)}, "\t"))
	}
	if l.more > 0 {
		line(t("export.loss.more", "n", l.more))
	}
	_, err := io.WriteString(out, b.String())
	return err
}
