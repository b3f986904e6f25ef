package api

import (
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/akashi-audit/akashi/internal/query"
)

// The limits of pages.
const (
	defaultLimit = 100
	maxLimit     = 1000
	maxTop       = 1000
)

// keyed are the parameters of a search that are keys of the text language: their
// values are read as there. Several values, or one with commas, must one hold.
var keyed = [...]string{"op", "result", "object", "confidence", "class", "session", "from", "to", "day", "last", "logons", "superseded", "removed", "sort"}

// textual are those whose value is a text as it stands.
func textual(q *query.Query) map[string]*[]string {
	return map[string]*[]string{
		"user": &q.Users, "path": &q.Words, "file": &q.Files, "folder": &q.Folders, "client": &q.Clients,
		"server": &q.Servers, "process": &q.Processes, "rule": &q.Rules,
	}
}

// known refuses parameters that the route does not have: a misspelt condition
// would find more than was meant.
func known(v url.Values, names ...string) error {
	for k := range v {
		if !slices.Contains(names, k) {
			return wrong(k, "parameter")
		}
	}
	return nil
}

// search reads the conditions of a search, and with paging limit and cursor.
func (s *server) search(v url.Values, more ...string) (query.Query, error) {
	var q query.Query
	texts := textual(&q)
	names := append([]string{"q"}, more...)
	names = append(names, keyed[:]...)
	for k := range texts {
		names = append(names, k)
	}
	if err := known(v, names...); err != nil {
		return q, err
	}
	for k, l := range texts {
		for _, x := range v[k] {
			if x != "" {
				*l = append(*l, strings.ToValidUTF8(x, "\uFFFD"))
			}
		}
	}
	at := query.Clock{Now: s.cfg.Now().Truncate(time.Second), Zone: s.cfg.Zone}
	var err error
	for _, k := range keyed {
		for _, x := range v[k] {
			if x == "" {
				continue
			}
			if strings.ContainsAny(x, " \u3000\"\t\n") {
				return q, wrong(k, "value")
			}
			if q, err = query.ParseOnto(q, k+":"+x, at); err != nil {
				return q, wrong(k, "value")
			}
		}
	}
	if text := strings.Join(v["q"], " "); text != "" {
		if q, err = query.ParseOnto(q, strings.ToValidUTF8(text, "\uFFFD"), at); err != nil {
			return q, err
		}
	}
	return q, nil
}

// number reads a parameter from 1 to most.
func number(v url.Values, name string, most int) (int, error) {
	x := v.Get(name)
	if x == "" {
		return 0, nil
	}
	n, err := strconv.Atoi(x)
	if err != nil || n < 1 || n > most {
		return 0, wrong(name, "number", "most", strconv.Itoa(most))
	}
	return n, nil
}
