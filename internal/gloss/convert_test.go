package gloss

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/akashi-audit/akashi/internal/i18n"
)

// source is the code of the package convert, by the names that a call of detail
// can lead to.
type source struct {
	files []*ast.File
	funcs map[string]*ast.FuncDecl
	vars  map[string]ast.Expr
}

func parseConvert(t *testing.T) *source {
	t.Helper()
	names, err := filepath.Glob("../convert/*.go")
	if err != nil {
		t.Fatal(err)
	}
	s := &source{funcs: map[string]*ast.FuncDecl{}, vars: map[string]ast.Expr{}}
	for _, n := range names {
		if strings.HasSuffix(n, "_test.go") {
			continue
		}
		f, err := parser.ParseFile(token.NewFileSet(), n, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		s.files = append(s.files, f)
		for _, d := range f.Decls {
			switch d := d.(type) {
			case *ast.FuncDecl:
				s.funcs[d.Name.Name] = d
			case *ast.GenDecl:
				for _, spec := range d.Specs {
					if v, ok := spec.(*ast.ValueSpec); ok {
						for i, name := range v.Names {
							if i < len(v.Values) {
								s.vars[name.Name] = v.Values[i]
							}
						}
					}
				}
			}
		}
	}
	return s
}

// texts are the string literals below n.
func texts(n ast.Node) (l []string) {
	ast.Inspect(n, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.BinaryExpr: // the beginning of a text that is not known in full
			return false
		case *ast.BasicLit:
			if s, err := strconv.Unquote(n.Value); err == nil && n.Kind == token.STRING {
				l = append(l, s)
			}
		}
		return true
	})
	return l
}

// values are the texts that the expression may have in the function fn: literals,
// what a function of the package returns, what was assigned to a variable.
func (s *source) values(fn *ast.FuncDecl, e ast.Expr, depth int) (l []string) {
	if depth > 6 {
		return nil
	}
	switch e := e.(type) {
	case *ast.BasicLit, *ast.IndexExpr, *ast.CompositeLit:
		return texts(e)
	case *ast.Ident:
		if v, ok := s.vars[e.Name]; ok {
			return texts(v)
		}
		ast.Inspect(fn.Body, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.AssignStmt:
				for i, lhs := range n.Lhs {
					if id, ok := lhs.(*ast.Ident); ok && id.Name == e.Name {
						l = append(l, s.values(fn, n.Rhs[min(i, len(n.Rhs)-1)], depth+1)...)
					}
				}
			case *ast.RangeStmt:
				if id, ok := n.Value.(*ast.Ident); ok && id.Name == e.Name {
					l = append(l, s.values(fn, n.X, depth+1)...)
				}
			}
			return true
		})
	case *ast.SelectorExpr:
		return s.values(fn, e.X, depth+1)
	case *ast.CallExpr:
		id, ok := e.Fun.(*ast.Ident)
		tables := ok // a function's tables count, a method's may be any
		if sel, method := e.Fun.(*ast.SelectorExpr); method {
			if x, isIdent := sel.X.(*ast.Ident); isIdent && x.Name == "c" { // a method of the converter
				id, ok = sel.Sel, true
			}
		}
		if ok && s.funcs[id.Name] != nil && id.Name != "text" && id.Name != "field" {
			callee := s.funcs[id.Name]
			ast.Inspect(callee.Body, func(n ast.Node) bool {
				switch n := n.(type) {
				case *ast.ReturnStmt:
					for _, r := range n.Results {
						if b, ok := r.(*ast.BasicLit); ok {
							l = append(l, texts(b)...)
						} else if id, ok := r.(*ast.Ident); ok && s.vars[id.Name] != nil {
							l = append(l, texts(s.vars[id.Name])...)
						}
					}
				case *ast.Ident:
					if v, ok := s.vars[n.Name]; ok && tables {
						l = append(l, texts(v)...)
					}
				}
				return true
			})
			return l
		}
		if sel, ok := e.Fun.(*ast.SelectorExpr); ok {
			if pkg, ok := sel.X.(*ast.Ident); !ok || pkg.Name != "strings" || sel.Sel.Name != "Join" {
				return nil
			}
		}
		for _, a := range e.Args {
			if _, call := a.(*ast.CallExpr); !call {
				l = append(l, s.values(fn, a, depth+1)...)
			}
		}
	}
	return l
}

// Every key and every known value that convert writes into a record's detail
// has words in both languages: a new one fails here until it has.
func TestConvertHasWords(t *testing.T) {
	s := parseConvert(t)
	known := map[string][]string{}
	for _, f := range s.files {
		for _, d := range f.Decls {
			fn, ok := d.(*ast.FuncDecl)
			if !ok || fn.Body == nil {
				continue
			}
			ast.Inspect(fn.Body, func(n ast.Node) bool {
				c, ok := n.(*ast.CallExpr)
				if !ok || len(c.Args) != 2 {
					return true
				}
				if sel, ok := c.Fun.(*ast.SelectorExpr); !ok || !slices.Contains([]string{"detail", "fill", "Set"}, sel.Sel.Name) {
					return true
				}
				for _, key := range s.values(fn, c.Args[0], 0) {
					known[key] = append(known[key], s.values(fn, c.Args[1], 0)...)
				}
				return true
			})
		}
	}
	n := 0
	for key, values := range known {
		slices.Sort(values)
		values = slices.Compact(values)
		for _, lang := range i18n.Languages() {
			p := i18n.For(lang)
			if !p.Has("detail." + key) {
				t.Errorf("%s: no words for the detail %q", lang, key)
			}
			for _, v := range values {
				if v == "" || strings.ContainsAny(v[:1], "-+,% ") { // separators, tails of GUIDs, message numbers
					continue
				}
				n++
				if _, ok := detailWords(p, key, v); !ok {
					t.Errorf("%s: no words for %s %q", lang, key, v)
				}
			}
		}
	}
	for key, want := range map[string]string{ // the search through the code finds them
		"change": "computer account deleted", "reason": "wrong password", "denied_rights": "write_dac", "stream": "yes", "logon_type": "", "uncertain": "lost_events",
	} {
		if l, ok := known[key]; !ok || want != "" && !slices.Contains(l, want) {
			t.Errorf("the value %q of %s was not found in convert: %q", want, key, l)
		}
	}
	for _, want := range []string{"failure added", "added"} {
		if !slices.Contains(known["change"], want) {
			t.Errorf("the change %q was not found in convert", want)
		}
	}
	t.Logf("%d keys, %d values", len(known), n/2)
}
