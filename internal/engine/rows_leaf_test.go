package engine

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/akashi-audit/akashi/internal/evidence"
	"github.com/akashi-audit/akashi/internal/manifest"
	"github.com/akashi-audit/akashi/internal/query"
	"github.com/akashi-audit/akashi/internal/seal"
	"github.com/akashi-audit/akashi/internal/verify"
)

// What a leaf of kind rows says of an archived part is compared with the part's manifest,
// in a folder and on a volume: one that says something else is named.
func TestRowsLeavesAreCompared(t *testing.T) {
	e, _, _ := stampedFolder(t, nil, nil)
	all := everything(t, e, false)
	var folder string
	for i := range all {
		if p := all[i].Path; strings.Count(p, `\`) > 2 {
			folder = p[:strings.LastIndex(p, `\`)]
		}
	}
	v := e.Within(query.Extent{Folders: []string{folder}})
	if _, err := v.Evidence(t.Context(), evidence.Options{Case: "甲", By: "監査", Query: query.Query{Classes: query.AllClasses()}, Out: filepath.Join(t.TempDir(), "n.zip")}); err != nil {
		t.Fatal(err)
	}
	told := func() (l []verify.Finding) {
		t.Helper()
		if _, err := e.SealNow(t.Context()); err != nil {
			t.Fatal(err)
		}
		if err := e.publishLog(t.Context()); err != nil {
			t.Fatal(err)
		}
		r := check(t, e.dir, verify.Options{})
		vol, err := verify.Volume(t.Context(), filepath.Join(e.dir, archiveDir), verify.Options{})
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range append(r.Findings, vol.Findings...) {
			if strings.HasPrefix(f.What, "rows_") {
				l = append(l, f)
			}
		}
		return l
	}
	at := e.seal.Places(seal.KindRows)
	if l := told(); len(l) > 0 || len(at) == 0 {
		t.Fatalf("%d leaves: %+v", len(at), l)
	}
	good, err := e.seal.Entry(at[0])
	if err != nil {
		t.Fatal(err)
	}
	part, ok, err := e.seal.Last(seal.KindArchivePart)
	if err != nil || !ok {
		t.Fatal(err)
	}
	false1 := good.Entry // other records
	b, err := manifest.Encode(manifest.Rows{Format: manifest.BundleFormat, Server: "x", Leaf: part.Index})
	if err != nil {
		t.Fatal(err)
	}
	false1.Hash = seal.Sum(b)
	false2 := good.Entry // a leaf that is no part's
	false2.Subject = strings.Replace(good.Entry.Subject, `"leaf":`, `"leaf":1`, 1)
	for _, x := range []seal.Entry{false1, false2} {
		if err := e.seal.Record(t.Context(), x); err != nil {
			t.Fatal(err)
		}
		name := fmt.Sprintf("leaf %d", e.seal.Size()-1)
		if l := told(); !slices.ContainsFunc(l, func(f verify.Finding) bool {
			return f.What == "rows_leaf" && f.State == verify.Damaged && f.Part == name && strings.HasPrefix(f.File, "seal/")
		}) || !slices.ContainsFunc(l, func(f verify.Finding) bool {
			return f.What == "rows_leaf" && f.Part == name && f.File == manifest.LogDir
		}) {
			t.Errorf("%s: %+v", name, l)
		}
	}
	if err := e.Close(); err != nil {
		t.Fatal(err)
	}
}
