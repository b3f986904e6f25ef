package query

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/akashi-audit/akashi/internal/record"
)

// Parse reads a search written as text:
//
//	user:CORP\tanaka op:delete,rename path:"給与" -class:background last:30d
//
// Terms stand between blanks and must all hold. A term is a bare word (a part of
// the path) or key:value,value,… of which one value must hold; a key said twice
// adds values. A minus before a term leaves out what meets it. A bare word with
// * or ? is a pattern, as in path:.
//
// A value goes up to the next blank or comma; one that holds either, a colon in
// a bare word, or begins with a minus stands in quotes, and so do the bare words
// OR, AND and NOT. A backslash is itself;
// a quote inside quotes is written twice; \u{200b} is that character. Keys,
// values and signs may be Japanese and full-width.
//
// A day or a time without zone is in at's zone. from: is inclusive; to: is
// exclusive when it names a time and includes the day when it names a day.
// The error is a *SyntaxError. Cursor, Lists, Top, Trace and Lives are not part of the
// language.
func Parse(text string, at Clock) (Query, error) { return ParseOnto(Query{}, text, at) }

// ParseOnto is Parse that adds to conditions which hold already: lists grow,
// the period is what both allow, and settings of the text win.
func ParseOnto(base Query, text string, at Clock) (Query, error) {
	p := parser{lexer: lexer{text: text}, at: at, q: base, said: map[Key]bool{}}
	p.q.Words = slices.Clone(p.q.Words)
	p.want, p.not = clone(base.wanted()), clone(base.Not)
	for {
		t, err := p.next()
		if err == nil && t != nil {
			err = p.term(t)
		}
		if err != nil {
			return Query{}, err
		}
		if t == nil {
			break
		}
	}
	p.q.want(p.want)
	p.q.Not = p.not
	return p.q, nil
}

// clone makes lists that can grow without touching those of x.
func clone(x Exclusion) Exclusion {
	for _, k := range Keys() {
		if l := x.texts(k); l != nil {
			*l = slices.Clone(*l)
		}
	}
	x.Ops, x.Results, x.Objects = slices.Clone(x.Ops), slices.Clone(x.Results), slices.Clone(x.Objects)
	x.Confidences, x.Sessions, x.Classes = slices.Clone(x.Confidences), slices.Clone(x.Sessions), slices.Clone(x.Classes)
	return x
}

// parser collects what the terms say.
type parser struct {
	lexer
	at        Clock
	q         Query
	want, not Exclusion
	said      map[Key]bool
	pattern   bool // a bare pattern was said, of which a query can hold one
}

func (p *parser) term(t *term) *SyntaxError {
	switch {
	case t.key == keyNone:
		return p.word(t)
	case t.key.condition():
		x := &p.want
		if t.not {
			x = &p.not
		}
		return p.condition(t, x)
	case t.not:
		return p.fail(t.off, t.end, "query.error.not", "key", t.key.String())
	case len(t.values) > 1:
		return p.fail(t.values[1].off, t.end, "query.error.one", "key", t.key.String())
	}
	switch t.key {
	case KeyFrom, KeyTo, KeyDay, KeyLast:
		return p.period(t)
	}
	if p.said[t.key] {
		return p.fail(t.off, t.end, "query.error.twice", "key", t.key.String())
	}
	p.said[t.key] = true
	return p.setting(t)
}

// operator is what to say of a sign of other search languages, "" of a word. As words they
// would find nothing, and nobody would know why.
func operator(word string) string {
	switch word {
	case "OR":
		return "query.error.or"
	case "AND":
		return "query.error.and"
	case "NOT":
		return "query.error.minus"
	}
	return ""
}

// word is a bare word. Each must hold; of patterns a query knows only lists of
// which one must, so that a second one is refused rather than misread.
func (p *parser) word(t *term) *SyntaxError {
	v := t.values[0]
	if message := operator(v.text); message != "" && !v.quoted {
		return p.fail(t.off, t.end, message)
	}
	wild := !v.quoted && strings.ContainsAny(v.text, "*?")
	switch {
	case t.not:
		p.not.Paths = append(p.not.Paths, v.text)
	case wild && (p.pattern || len(p.want.Paths) > 0):
		return p.fail(t.off, t.end, "query.error.pattern", "text", v.text)
	case wild:
		p.pattern = true
		p.want.Paths = append(p.want.Paths, v.text)
	default:
		p.q.Words = append(p.q.Words, v.text)
	}
	return nil
}

func (p *parser) condition(t *term, x *Exclusion) *SyntaxError {
	if t.key == KeyPath && !t.not && p.pattern {
		return p.fail(t.off, t.end, "query.error.pattern", "text", p.text[t.off:t.end])
	}
	for _, v := range t.values {
		if l := x.texts(t.key); l != nil {
			*l = append(*l, v.text)
			continue
		}
		var err *SyntaxError
		switch t.key {
		case KeyOp:
			x.Ops, err = add(p, t.key, x.Ops, v, record.Ops())
		case KeyResult:
			x.Results, err = add(p, t.key, x.Results, v, record.Results())
		case KeyObject:
			x.Objects, err = add(p, t.key, x.Objects, v, record.Objects())
		case KeyConfidence:
			x.Confidences, err = add(p, t.key, x.Confidences, v, record.Confidences())
		case KeyClass:
			if canonical(KeyClass, v.text) == "all" {
				x.Classes = append(x.Classes, AllClasses()...)
				continue
			}
			x.Classes, err = add(p, t.key, x.Classes, v, record.Classes(), "all")
		case KeySession:
			n, bad := strconv.ParseUint(Fold(v.text), 0, 64)
			if bad != nil {
				return p.fail(v.off, v.end, "query.error.session", "value", v.text)
			}
			x.Sessions = append(x.Sessions, n)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// canonical is a value in the form that is printed, when it is a synonym.
func canonical(k Key, text string) string {
	text = Fold(text)
	for _, w := range k.words() {
		if w.word == text {
			return w.value
		}
	}
	return text
}

// add appends the one of all that v names; also are names beside them.
func add[T fmt.Stringer](p *parser, k Key, list []T, v value, all []T, also ...string) ([]T, *SyntaxError) {
	text := canonical(k, v.text)
	for _, x := range all {
		if x.String() == text {
			return append(list, x), nil
		}
	}
	return list, p.unknown(k, v, append(names(all), also...))
}

// unknown refuses a value that is none of these.
func (p *parser) unknown(k Key, v value, names []string) *SyntaxError {
	args := []any{"key", k.String(), "value", v.text, "values", strings.Join(names, ", ")}
	for _, w := range k.words() {
		names = append(names, w.word)
	}
	if near := nearest(Fold(v.text), names); near != "" {
		return p.fail(v.off, v.end, "query.error.value_near", append(args, "near", near)...)
	}
	return p.fail(v.off, v.end, "query.error.value", args...)
}

// choice reports which of two values is meant.
func (p *parser) choice(t *term, yes, no string) (bool, *SyntaxError) {
	switch canonical(t.key, t.values[0].text) {
	case yes:
		return true, nil
	case no:
		return false, nil
	}
	return false, p.unknown(t.key, t.values[0], []string{yes, no})
}

func (p *parser) setting(t *term) (err *SyntaxError) {
	switch t.key {
	case KeyLogons:
		p.q.HideNetworkLogons, err = p.choice(t, "hidden", "shown")
	case KeySuperseded:
		p.q.Superseded, err = p.choice(t, "yes", "no")
	case KeyRemoved:
		p.q.Removed, err = p.choice(t, "yes", "no")
	case KeySort:
		p.q.Oldest, err = p.choice(t, "oldest", "newest")
	case KeyLimit:
		v := t.values[0]
		n, bad := strconv.Atoi(Fold(v.text))
		if bad != nil || n < 1 {
			return p.fail(v.off, v.end, "query.error.limit", "value", v.text)
		}
		p.q.Limit = n
	}
	return err
}

// period narrows the time range.
func (p *parser) period(t *term) *SyntaxError {
	v := t.values[0]
	var from, to int64
	var ok bool
	switch t.key {
	case KeyFrom:
		from, ok = p.at.moment(v.text, false)
	case KeyTo:
		to, ok = p.at.moment(v.text, true)
	case KeyDay:
		from, to, ok = p.at.day(v.text)
	case KeyLast:
		if from, ok = p.at.last(v.text); !ok {
			return p.fail(v.off, v.end, "query.error.last", "value", v.text)
		}
	}
	if !ok {
		return p.fail(v.off, v.end, "query.error.time", "value", v.text)
	}
	if from != 0 && (p.q.From == 0 || from > p.q.From) {
		p.q.From = from
	}
	if to != 0 && (p.q.To == 0 || to < p.q.To) {
		p.q.To = to
	}
	if p.q.From != 0 && p.q.To != 0 && p.q.From >= p.q.To {
		return p.fail(t.off, t.end, "query.error.range")
	}
	return nil
}
