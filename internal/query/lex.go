package query

import (
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// term is one piece of a text between blanks: a key with its values or a bare
// word, which has one value and no key.
type term struct {
	off, end int
	not      bool
	key      Key
	values   []value
}

// value is one value and its place in the text, quotes included.
type value struct {
	text     string
	off, end int
	quoted   bool
}

// lexer reads terms. Japanese input methods give full-width forms of the signs:
// they count the same outside quotes.
type lexer struct {
	text string
	at   int
}

func minus(r rune) bool { return r == '-' || r == '－' || r == '−' }
func colon(r rune) bool { return r == ':' || r == '：' }
func comma(r rune) bool { return r == ',' || r == '，' || r == '、' || r == '､' }

// quote reports an opening quotation mark. What opens with " closes with ",
// ＂ with ＂, and typographic ones with any of “ ”.
func quote(r rune) bool { return r == '"' || r == '＂' || typographic(r) }

func typographic(r rune) bool { return r == '“' || r == '”' || r == '„' }

func closes(opening, r rune) bool {
	return r == opening || typographic(opening) && typographic(r)
}

func (l *lexer) peek() (rune, int) { return utf8.DecodeRuneInString(l.text[l.at:]) }

func (l *lexer) blanks() {
	rest := strings.TrimLeftFunc(l.text[l.at:], unicode.IsSpace)
	l.at = len(l.text) - len(rest)
}

func (l *lexer) fail(off, end int, message string, args ...any) *SyntaxError {
	return &SyntaxError{Text: l.text, Offset: off, Length: end - off, Message: message, Args: args}
}

// next reads a term; nil at the end of the text.
func (l *lexer) next() (*term, *SyntaxError) {
	l.blanks()
	if l.at == len(l.text) {
		return nil, nil
	}
	t := &term{off: l.at}
	if r, n := l.peek(); minus(r) && l.at+n < len(l.text) {
		if after, _ := utf8.DecodeRuneInString(l.text[l.at+n:]); !unicode.IsSpace(after) {
			t.not = true
			l.at += n
		}
	}
	err := l.name(t)
	if err == nil && t.key == keyNone {
		var v value
		v, err = l.value(func(rune) bool { return false })
		t.values = []value{v}
	} else if err == nil {
		err = l.list(t)
	}
	t.end = l.at
	return t, err
}

// name reads the key and its colon, when the term has one. C:\… is a path.
func (l *lexer) name(t *term) *SyntaxError {
	rest := l.text[l.at:]
	end := strings.IndexFunc(rest, func(r rune) bool {
		return colon(r) || unicode.IsSpace(r) || comma(r) || quote(r) || strings.ContainsRune(`\/*?`, r)
	})
	if end <= 0 {
		return nil
	}
	sign, n := utf8.DecodeRuneInString(rest[end:])
	if !colon(sign) {
		return nil
	}
	name, after := rest[:end], rest[end+n:]
	if len(name) == 1 && sign == ':' && unicode.IsLetter(rune(name[0])) && (after == "" || strings.ContainsAny(after[:1], "\\/ ")) {
		return nil
	}
	k, ok := parseKey(name)
	if !ok {
		var all []string
		for _, names := range keyNames {
			all = append(all, names...)
		}
		if near := nearest(Fold(name), all); near != "" {
			return l.fail(l.at, l.at+end, "query.error.key_near", "key", name, "near", near)
		}
		return l.fail(l.at, l.at+end, "query.error.key", "key", name)
	}
	t.key = k
	l.at += end + n
	return nil
}

// list reads values with commas between them; blanks may follow a comma.
func (l *lexer) list(t *term) *SyntaxError {
	for {
		at := l.at
		v, err := l.value(comma)
		if err != nil {
			return err
		}
		if v.text == "" && !v.quoted {
			return l.fail(t.off, at, "query.error.empty", "key", t.key.String())
		}
		t.values = append(t.values, v)
		r, n := l.peek()
		if n == 0 || !comma(r) {
			return nil
		}
		l.at += n
		l.blanks()
	}
}

// value reads up to a blank or what stops it. Quoted ones hold everything; a
// backslash is itself, also before the quote that ends the value.
func (l *lexer) value(stops func(rune) bool) (value, *SyntaxError) {
	ends := func(r rune) bool { return unicode.IsSpace(r) || stops(r) }
	start := l.at
	if r, _ := l.peek(); quote(r) {
		text, ok := l.quoted(r)
		if !ok {
			return value{}, l.fail(start, len(l.text), "query.error.unclosed")
		}
		if r, n := l.peek(); n > 0 && !ends(r) {
			end := l.at + endOf(l.text[l.at:], ends)
			return value{}, l.fail(l.at, end, "query.error.after_quote", "text", l.text[l.at:end])
		}
		return value{text, start, l.at, true}, nil
	}
	n := endOf(l.text[l.at:], ends)
	raw := l.text[start : start+n]
	if i := strings.IndexByte(raw, '"'); i >= 0 {
		return value{}, l.fail(start+i, start+i+1, "query.error.inner_quote")
	}
	l.at += n
	return value{unescape(raw), start, l.at, false}, nil
}

func endOf(s string, ends func(rune) bool) int {
	if i := strings.IndexFunc(s, ends); i >= 0 {
		return i
	}
	return len(s)
}

// quoted reads a value that opens with this mark. In "…" a quote is written
// twice, or after a backslash when something of the value follows it.
func (l *lexer) quoted(opening rune) (string, bool) {
	var b strings.Builder
	l.at += utf8.RuneLen(opening)
	from := l.at
	for l.at < len(l.text) {
		r, n := l.peek()
		rest := l.text[l.at+n:]
		switch {
		case closes(opening, r) && opening == '"' && strings.HasPrefix(rest, `"`): // doubled
			b.WriteString(unescape(l.text[from:l.at]))
			b.WriteByte('"')
			l.at += 2
			from = l.at
		case closes(opening, r):
			b.WriteString(unescape(l.text[from:l.at]))
			l.at += n
			return b.String(), true
		case r == '\\' && opening == '"' && strings.HasPrefix(rest, `"`) && !ended(rest[1:]):
			b.WriteString(unescape(l.text[from:l.at]))
			b.WriteByte('"')
			l.at += 2
			from = l.at
		default:
			l.at += n
		}
	}
	return "", false
}

// ended reports whether a value cannot go on here.
func ended(rest string) bool {
	r, n := utf8.DecodeRuneInString(rest)
	return n == 0 || unicode.IsSpace(r) || comma(r)
}

// unescape reads \u{202e}, the form in which record.Visible shows characters
// that cannot be seen. It cannot stand in a Windows name.
func unescape(s string) string {
	if !strings.Contains(s, `\u{`) {
		return s
	}
	var b strings.Builder
	for {
		before, rest, ok := strings.Cut(s, `\u{`)
		b.WriteString(before)
		if !ok {
			return b.String()
		}
		hex, after, closed := strings.Cut(rest, "}")
		n, err := strconv.ParseUint(hex, 16, 32)
		switch {
		case !closed || err != nil || len(hex) > 6 || n > unicode.MaxRune:
			b.WriteString(`\u{`)
			s = rest
			continue
		case n >= 0xd800 && n <= 0xdfff: // WTF-8
			b.Write([]byte{0xe0 | byte(n>>12), 0x80 | byte(n>>6)&0x3f | 0x80, 0x80 | byte(n)&0x3f})
		default:
			b.WriteRune(rune(n))
		}
		s = after
	}
}
