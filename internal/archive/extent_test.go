package archive

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/akashi-audit/akashi/internal/fsx"
	"github.com/akashi-audit/akashi/internal/query"
	"github.com/akashi-audit/akashi/internal/record"
)

// TestExtent: the archive answers within servers and folders like a list of the
// records that may be seen, superseded ones too.
func TestExtent(t *testing.T) {
	s, fs, l := newFakeStore(), fsx.NewCrash(), &log{}
	if err := fs.MkdirAll("/d", 0o700); err != nil {
		t.Fatal(err)
	}
	for n := range 120 {
		server := []string{"FS1.example.jp", "FS2"}[n%2]
		s.act(server, n, start+int64(n%72)*3600e9, []string{`D:\人事\a`, `D:\人事課\a`, `D:\秘密\a`, ``, `d:\人事`}[n%5])
		r := &s.recs[server][len(s.recs[server])-1]
		if n%3 == 0 {
			r.NewPath = []string{`D:\人事\b`, `D:\秘密\b`}[n/3%2]
		}
		if n%7 == 0 {
			r.SupersededBy = 2
		}
	}
	a := openTest(t, fs, l)
	if _, err := a.Seal(t.Context(), s, SealOptions{Now: now, By: "t"}); err != nil {
		t.Fatal(err)
	}
	in := func(path string) bool {
		return strings.EqualFold(path, `D:\人事`) || strings.HasPrefix(strings.ToUpper(path), `D:\人事\`)
	}
	for i, q := range []query.Query{{Limit: 7}, {Limit: 100, Oldest: true}, {Limit: 9, Superseded: true}, {Limit: 50, Words: []string{"a"}}} {
		for _, servers := range [][]string{nil, {"fs1"}} {
			want := slices.DeleteFunc(s.naive(q), func(r record.Record) bool {
				return servers != nil && r.Server != "FS1.example.jp" || !in(r.Path) || r.NewPath != "" && !in(r.NewPath)
			})
			q.Within = query.Extent{Servers: servers, Folders: []string{`d:/人事/`}}
			got := pages(t, a, q)
			if len(want) == 0 {
				t.Errorf("query %d finds nothing", i)
			}
			if d := cmp.Diff(want, got); d != "" {
				t.Errorf("query %d within %v (-want +got):\n%s", i, servers, d)
			}
			q.Within = query.Extent{}
		}
	}
	if p := fmt.Sprint(s.naive(query.Query{})); !strings.Contains(p, "秘密") {
		t.Error("nothing is hidden")
	}
}
