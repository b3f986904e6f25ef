package engine

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/akashi-audit/akashi/internal/evidence"
	"github.com/akashi-audit/akashi/internal/manifest"
	"github.com/akashi-audit/akashi/internal/query"
	"github.com/akashi-audit/akashi/internal/seal"
	"github.com/akashi-audit/akashi/internal/seal/sealtest"
	"github.com/akashi-audit/akashi/internal/verify"
)

// A bundle of a folder that was hashed anew proves itself without SHA-256, its records out
// of parts that were sealed before; every changed member and proof is found without it.
func TestBundleWithoutSHA256(t *testing.T) {
	tsa := sealtest.Start(t)
	e, roots, names := stampedFolder(t, tsa, nil)
	defer func() {
		if err := e.Close(); err != nil {
			t.Error(err)
		}
	}()
	check := func(path string, days int) *verify.Report {
		t.Helper()
		r, err := verify.Check(t.Context(), path, verify.Options{Roots: roots, Distrust: seal.SHA256, Now: time.Now().AddDate(0, 0, days)})
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	make := func(name string) string {
		out := filepath.Join(t.TempDir(), name)
		if _, err := e.Evidence(t.Context(), evidence.Options{Case: "甲", By: "監査", Query: query.Query{Classes: query.AllClasses(), Limit: 300}, Out: out}); err != nil {
			t.Fatal(err)
		}
		return out
	}
	old := make("old.zip")
	if r := check(old, 0); r.Sealed != 0 || len(r.Anchors) != 0 || !slices.ContainsFunc(r.Findings, func(f verify.Finding) bool { return f.What == "again_bundle" }) {
		t.Errorf("a bundle from before: %+v", r)
	}
	tsa.Sign(t, "sha512")
	tsa.Certify(t, 100)
	if _, err := e.Renew(t.Context(), RenewRequest{Algorithm: seal.SHA512, By: "t"}); err != nil {
		t.Fatal(err)
	}
	tsa.Certify(t, 3000)
	importNames(t, e, names[len(names)/2+1:]...)
	out := make("new.zip")
	for _, days := range []int{0, 200} { // the first head's stamp is renewed by the last
		r := check(out, days)
		if len(bad(r)) > 0 || r.Sealed == 0 || len(r.Anchors) < 2 || slices.ContainsFunc(r.Findings, func(f verify.Finding) bool {
			return f.What == "again_part" || f.What == "stamp_expired" && strings.Contains(f.File, "again-")
		}) {
			t.Errorf("after %d days: %+v", days, r)
		}
	}
	m := membersOf(t, out)
	var proofs manifest.Proofs
	if err := manifest.Decode(m[manifest.ProofsName], &proofs); err != nil || proofs.Again == nil || len(proofs.Again.Parts) != len(proofs.Parts) || len(proofs.Parts) == 0 {
		t.Fatalf("%v, %+v", err, proofs.Again)
	}
	for _, h := range proofs.Again.Heads {
		for name, b := range map[string][]byte{"head.txt": []byte(h.Head), "head.tsr": m[h.Member]} {
			if err := os.WriteFile(filepath.Join(tsa.Dir, name), b, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		tsa.Run(t, "ts", "-verify", "-data", "head.txt", "-in", "head.tsr", "-CAfile", "ca.pem")
	}
	for name := range m {
		if strings.HasPrefix(name, "report.") || name == manifest.SealName || name == manifest.BundleName || // rewritten makes it anew
			len(m[name]) == 0 {
			continue
		}
		changed := rewritten(t, out, name, func(b []byte) []byte {
			b = bytes.Clone(b)
			b[len(b)/2] ^= 1
			return b
		})
		if r := check(changed, 0); !r.Damage() {
			t.Errorf("%s changed: %+v", name, r.Findings)
		}
	}
	// Proofs that somebody makes who has no key.
	for name, f := range map[string]func(*manifest.Proofs){
		"another line":  func(p *manifest.Proofs) { p.Again.Parts[0].Rows = p.Again.Parts[0].Day },
		"another rest":  func(p *manifest.Proofs) { p.Again.Parts[0].Rest = nil },
		"another place": func(p *manifest.Proofs) { p.Parts[0].Lines[0]++ },
	} {
		changed := rewritten(t, out, manifest.ProofsName, func(b []byte) []byte {
			var p manifest.Proofs
			if err := manifest.Decode(b, &p); err != nil {
				t.Fatal(err)
			}
			f(&p)
			b, err := manifest.Encode(p)
			if err != nil {
				t.Fatal(err)
			}
			return b
		})
		if r := check(changed, 0); !slices.ContainsFunc(r.Findings, func(f verify.Finding) bool { return f.What == "proof" && strings.Contains(f.Detail, "sha512") }) && name != "another place" {
			t.Errorf("%s: %+v", name, r.Findings)
		}
	}
	// A narrow bundle tells nothing of the list.
	page, err := e.Search(t.Context(), query.Query{Classes: query.AllClasses(), Limit: 500})
	if err != nil {
		t.Fatal(err)
	}
	var folder string
	for i := range page.Records {
		if p := page.Records[i].Path; strings.Count(p, `\`) > 2 {
			folder = p[:strings.LastIndex(p, `\`)]
		}
	}
	v := e.Within(query.Extent{Folders: []string{folder}})
	proofs = manifest.Proofs{}
	narrow := filepath.Join(t.TempDir(), "n.zip")
	if _, err := v.Evidence(t.Context(), evidence.Options{Case: "甲", By: "監査", Query: query.Query{Classes: query.AllClasses()}, Out: narrow}); err != nil {
		t.Fatal(err)
	}
	if err := manifest.Decode(membersOf(t, narrow)[manifest.ProofsName], &proofs); err != nil {
		t.Fatal(err)
	}
	if r := check(narrow, 0); len(bad(r)) > 0 || r.Sealed == 0 {
		t.Errorf("narrow: %+v", r.Findings)
	}
	for name := range membersOf(t, narrow) {
		if strings.HasPrefix(name, "stamps/again-") {
			t.Errorf("a narrow bundle has %s", name)
		}
	}
}
