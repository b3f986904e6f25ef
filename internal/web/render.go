package web

import (
	"embed"
	"fmt"
	"html/template"
	"io"
	"strings"

	"github.com/akashi-audit/akashi/internal/care"
	"github.com/akashi-audit/akashi/internal/i18n"
	"github.com/akashi-audit/akashi/internal/record"
)

//go:embed templates/*.html
var templateFiles embed.FS

// renderer is the templates of one language.
type renderer struct {
	*i18n.Printer
	t *template.Template
}

// tallText is how many bytes a value has at least that scrolls within a box of its own:
// a path has up to 32,767 characters, which would be a page of sixty screens.
const tallText = 1500

func (r *renderer) execute(w io.Writer, name string, view any) error {
	return r.t.ExecuteTemplate(w, name, view)
}

// loadPages parses the templates once per language.
func loadPages(a *assets) (map[string]*renderer, error) {
	m := map[string]*renderer{}
	for _, lang := range supported() {
		p := i18n.For(lang)
		t, err := template.New("").Funcs(template.FuncMap{
			"t":       p.T,
			"asset":   a.url,
			"number":  func(n any) string { return number(toUint(n)) },
			"size":    p.Bytes,
			"visible": record.Visible,
			"moment":  moment,
			"tall":    func(s string) bool { return len(s) > tallText },
			"fld": func(name, value, problem string) hoursField {
				return hoursField{Name: name, Value: value, Problem: problem}
			},
			"lang":          func() string { return lang },
			"recordClasses": care.RecordClasses,
			"hows":          func() []string { return []string{"part", "file", "folder"} },
			"periods":       func() []string { return []string{"", "today", "7d", "30d", "custom"} },
			"groups":        func() []group { return []group{groupRead, groupChange, groupCopy, groupDelete} },
			"days":          tokenDays,
			"words":         func(r *remark) string { return p.T(r.Key, r.Args...) },
			"tokenList": func(rows []tokenRow, to string) tokenTable {
				return tokenTable{rows, to}
			},
			"colclass": columnClass,
			"pair":     func(kind string, f facet) facetView { return facetView{kind, f} },
			"node":     func(n treeNode, cols []damage) nodeView { return nodeView{n, cols} },
			"clocked":  func(typed string) string { return strings.Replace(typed, "T", " ", 1) },
			"hourmark": func(hour int) bool { return hour%6 == 0 },
		}).ParseFS(templateFiles, "templates/*.html")
		if err != nil {
			return nil, fmt.Errorf("parse templates: %w", err)
		}
		m[lang] = &renderer{p, t}
	}
	return m, nil
}

// facetView is a value of a list with what its kind is.
type facetView struct {
	Kind  string
	Facet facet
}

// nodeView is a folder of the tree with the columns of its figures.
type nodeView struct {
	Node treeNode
	Cols []damage
}

// tokenTable is a list of tokens and where the forms that end them go.
type tokenTable struct {
	Rows []tokenRow
	To   string
}

// toUint takes the counts of templates; none is negative.
func toUint(n any) uint64 {
	switch n := n.(type) {
	case uint64:
		return n
	case int64:
		return uint64(max(n, 0))
	case int:
		return uint64(max(n, 0))
	case uint32:
		return uint64(n)
	}
	return 0
}
