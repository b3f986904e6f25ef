package web

import (
	"net/http"
	"slices"
	"strings"
)

// columns are the keys of the columns that the table of records can have, in
// their order. Time and file are always there.
func columns() []string {
	return []string{"time", "user", "client", "op", "result", "file", "server", "share", "session", "process", "rule", "sid", "received"}
}

// usualColumns are shown until somebody chooses.
func usualColumns() []string { return []string{"time", "user", "client", "op", "result", "file"} }

// columnsCookie keeps the choice of a browser; "dense" among the keys means
// narrow rows.
const columnsCookie = "akashi_columns"

// columnKeys reads a choice in the order of the table; unknown keys are left
// out, and nil is no choice.
func columnKeys(values []string) []string {
	chosen := strings.Split(strings.Join(values, ","), ",")
	if strings.Join(chosen, "") == "" {
		return nil
	}
	var l []string
	for _, k := range columns() {
		if k == "time" || k == "file" || slices.Contains(chosen, k) {
			l = append(l, k)
		}
	}
	if slices.Contains(chosen, "dense") {
		l = append(l, "dense")
	}
	return l
}

// layout is how the table of records looks.
type layout struct {
	Cols  []string
	Dense bool
}

// Has reports whether a column is shown.
func (l layout) Has(key string) bool { return slices.Contains(l.Cols, key) }

// layout is the choice in the URL, which is kept in a cookie, or the one that
// was kept, or the usual one.
func (s *site) layout(rq *request, f *form) layout {
	chosen := f.Cols
	if chosen != nil {
		http.SetCookie(rq.w, &http.Cookie{
			Name: columnsCookie, Value: strings.Join(chosen, "."), Path: "/", MaxAge: 365 * 24 * 3600,
			HttpOnly: true, SameSite: http.SameSiteLaxMode,
		})
	} else if c, err := rq.r.Cookie(columnsCookie); err == nil {
		chosen = columnKeys(strings.Split(c.Value, "."))
	}
	l := layout{Cols: slices.DeleteFunc(slices.Clone(chosen), func(k string) bool { return k == "dense" })}
	l.Dense = slices.Contains(chosen, "dense") || rq.who != nil && rq.who.Dense && chosen == nil
	if len(l.Cols) == 0 {
		l.Cols = usualColumns()
	}
	return l
}

// columnClass is the CSS class of a column's cells.
func columnClass(key string) string {
	switch key {
	case "time", "received":
		return "num c-" + key
	case "user":
		return "c-who"
	case "client":
		return "c-from"
	case "result":
		return "c-res"
	}
	return "c-" + key
}
