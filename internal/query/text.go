package query

import (
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// Text writes the query in the text language, with days and times in zone (nil
// is UTC): Parse at a clock of that zone gives the query back, but for Cursor,
// Lists, Top, Trace and Lives. Bounds from 1678 to 2261 that lie in the right order
// and values that package record knows can be written.
func (q Query) Text(zone *time.Location) string { return strings.Join(q.Terms(zone), " ") }

// Terms are the pieces of Text; each is a text of its own.
func (q Query) Terms(zone *time.Location) []string {
	var w writer
	for _, s := range q.Words {
		w.term(false, "", []string{word(s)})
	}
	want := q.wanted()
	w.conditions(&want, false)
	w.conditions(&q.Not, true)
	w.period(q.From, q.To, Clock{Zone: zone})
	set := func(is bool, k Key, value string) {
		if is {
			w.term(false, k.String(), []string{value})
		}
	}
	set(q.HideNetworkLogons, KeyLogons, "hidden")
	set(q.Superseded, KeySuperseded, "yes")
	set(q.Removed, KeyRemoved, "yes")
	set(q.Oldest, KeySort, "oldest")
	set(q.Limit > 0, KeyLimit, strconv.Itoa(q.Limit))
	return w.terms
}

// writer collects terms.
type writer struct{ terms []string }

func (w *writer) term(not bool, key string, values []string) {
	if len(values) == 0 {
		return
	}
	text := strings.Join(values, ",")
	if key != "" {
		text = key + ":" + text
	}
	if not {
		text = "-" + text
	}
	w.terms = append(w.terms, text)
}

func (w *writer) conditions(x *Exclusion, not bool) {
	for _, k := range Keys() {
		var l []string
		if texts := x.texts(k); texts != nil {
			for _, s := range *texts {
				l = append(l, quoteValue(s))
			}
		}
		switch k {
		case KeyOp:
			l = names(x.Ops)
		case KeyResult:
			l = names(x.Results)
		case KeyObject:
			l = names(x.Objects)
		case KeyConfidence:
			l = names(x.Confidences)
		case KeyClass:
			if l = names(x.Classes); strings.Join(l, ",") == strings.Join(names(AllClasses()), ",") {
				l = []string{"all"}
			}
		case KeySession:
			for _, s := range x.Sessions {
				l = append(l, "0x"+strconv.FormatUint(s, 16))
			}
		}
		w.term(not, k.String(), l)
	}
}

func names[T fmt.Stringer](l []T) []string {
	var s []string
	for _, v := range l {
		s = append(s, v.String())
	}
	return s
}

func (w *writer) period(from, to int64, c Clock) {
	if from != 0 && to != 0 {
		day := c.bound(from, false)
		if f, t, ok := c.day(day); ok && f == from && t == to {
			w.term(false, KeyDay.String(), []string{day})
			return
		}
	}
	if from != 0 {
		w.term(false, KeyFrom.String(), []string{c.bound(from, false)})
	}
	if to != 0 {
		w.term(false, KeyTo.String(), []string{c.bound(to, true)})
	}
}

// word is a bare word; in quotes what would be a pattern or is refused.
func word(s string) string {
	if strings.ContainsAny(s, "*?") || operator(s) != "" {
		return quoted(s)
	}
	return quoteValue(s)
}

// quoteValue puts a value in quotes when it needs them.
func quoteValue(s string) string {
	first, _ := utf8.DecodeRuneInString(s)
	if s == "" || minus(first) || strings.Contains(s, `\u{`) || strings.ContainsFunc(s, func(r rune) bool {
		return unicode.IsSpace(r) || comma(r) || colon(r) || quote(r) || unseen(r) || r == utf8.RuneError
	}) {
		return quoted(s)
	}
	return s
}

// unseen reports characters that do not show or that change how others show:
// those that record.Visible writes as \u{…}. Bytes that are no character stay.
func unseen(r rune) bool {
	return r < 0x20 || r >= 0x7f && r < 0xa0 || r >= 0x200b && r <= 0x200f || r >= 0x2028 && r <= 0x202e ||
		r >= 0x2060 && r <= 0x206f || r == 0xfeff || r == 0x061c
}

// quoted is s in quotes. A quote is doubled, but after a backslash, where it
// could be read in two ways, it is written as \u{22}.
func quoted(s string) string {
	s = strings.ReplaceAll(s, `\u{`, `\u{5c}u{`)
	var b strings.Builder
	for s != "" {
		r, n := utf8.DecodeRuneInString(s)
		if r == utf8.RuneError && n == 1 && len(s) >= 3 && s[0] == 0xed && s[1]&0xe0 == 0xa0 && s[2]&0xc0 == 0x80 { // lone surrogate
			r, n = 0xd000|rune(s[1]&0x3f)<<6|rune(s[2]&0x3f), 3
		}
		if unseen(r) || r >= 0xd800 && r <= 0xdfff {
			b.WriteString(`\u{` + strconv.FormatUint(uint64(uint32(r)), 16) + "}")
		} else {
			b.WriteString(s[:n])
		}
		s = s[n:]
	}
	s = strings.ReplaceAll(b.String(), `\"`, `\\u{22}`)
	return `"` + strings.ReplaceAll(s, `"`, `""`) + `"`
}
