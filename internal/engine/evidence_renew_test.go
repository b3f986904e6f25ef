package engine

import (
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/akashi-audit/akashi/internal/evidence"
	"github.com/akashi-audit/akashi/internal/manifest"
	"github.com/akashi-audit/akashi/internal/query"
	"github.com/akashi-audit/akashi/internal/seal"
	"github.com/akashi-audit/akashi/internal/seal/sealtest"
	"github.com/akashi-audit/akashi/internal/verify"
)

// A bundle carries the stamp of its part and those that renewed it, with the leaves
// that say so: years later, without the data folder, the first one still counts. A
// chain that does not hold is found.
func TestEvidenceCarriesRenewals(t *testing.T) {
	tsa := sealtest.Start(t)
	roots, err := os.ReadFile(filepath.Join(tsa.Dir, "ca.pem"))
	if err != nil {
		t.Fatal(err)
	}
	files, names := cutFiles(rand.New(rand.NewPCG(2, 2)), company(2, 3))
	e := openDemo(t, filepath.Join(t.TempDir(), "d"), realOn(files, 1000))
	defer func() {
		if err := e.Close(); err != nil {
			t.Error(err)
		}
	}()
	importNames(t, e, names...)
	sealAll(t, e)
	var sizes []int64
	for _, days := range []int{100, 400, 300, 3000} { // the third one ends earlier and renews nothing
		tsa.Certify(t, days)
		if _, err := e.Stamp(t.Context(), tsa.Client()); err != nil {
			t.Fatal(err)
		}
		last, err := e.seal.LastStamp()
		if err != nil {
			t.Fatal(err)
		}
		sizes = append(sizes, last.Point.Size)
		if err := e.seal.Record(t.Context(), seal.Entry{Kind: seal.KindSettings, By: "t"}); err != nil { // so that the next stamp is of another checkpoint
			t.Fatal(err)
		}
		if _, err := e.seal.Checkpoint(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	out := filepath.Join(t.TempDir(), "b.zip")
	res, err := e.Evidence(t.Context(), evidence.Options{Case: "甲", By: "監査", Query: query.Query{Paths: []string{"人事"}}, Out: out})
	if err != nil || res.Stamps != 2 {
		t.Fatalf("%+v, %v", res, err)
	}
	var proofs manifest.Proofs
	m := membersOf(t, out)
	if err := manifest.Decode(m[manifest.ProofsName], &proofs); err != nil {
		t.Fatal(err)
	}
	for i, want := range []int64{sizes[0], sizes[3]} {
		c, err := seal.ParseCheckpoint([]byte(proofs.Stamps[i].Checkpoint))
		if err != nil || c.Size != want || proofs.Stamps[i].Leaf == nil {
			t.Fatalf("stamp %d is of %d leaves, want %d: %v", i, c.Size, want, err)
		}
	}
	check := func(path string, days int) *verify.Report {
		t.Helper()
		r, err := verify.Check(t.Context(), path, verify.Options{Roots: roots, Now: time.Now().AddDate(0, 0, days)})
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	ended := func(r *verify.Report) (n int) {
		for _, f := range r.Findings {
			if f.What == "stamp_expired" {
				n++
			}
		}
		return n
	}
	for days, want := range map[int]int{0: 0, 200: 0, 2900: 0, 3100: 1} {
		if r := check(out, days); r.Damage() || len(r.Anchors) != 2 || ended(r) != want {
			t.Errorf("after %d days: %d ended, want %d: %+v", days, ended(r), want, r.Findings)
		}
	}
	// What somebody makes of it who has no key.
	change := func(f func(*manifest.Proofs)) string {
		return rewritten(t, out, manifest.ProofsName, func([]byte) []byte {
			p := proofs
			p.Stamps = slices.Clone(proofs.Stamps)
			f(&p)
			b, err := manifest.Encode(p)
			if err != nil {
				t.Fatal(err)
			}
			return b
		})
	}
	if r := check(change(func(p *manifest.Proofs) { p.Stamps[0].Leaf = nil }), 200); ended(r) != 1 {
		t.Errorf("without the leaf nothing renews the first stamp: %+v", r.Findings)
	}
	for name, f := range map[string]func(*manifest.Proofs){
		"the leaf of another stamp": func(p *manifest.Proofs) { p.Stamps[0].Leaf = p.Stamps[1].Leaf },
		"another leaf":              func(p *manifest.Proofs) { p.Stamps[0].Leaf = &p.Selection },
		"another place": func(p *manifest.Proofs) {
			l := *p.Stamps[0].Leaf
			l.Index--
			p.Stamps[0].Leaf = &l
		},
	} {
		r := check(change(f), 0)
		if !slices.ContainsFunc(r.Findings, func(f verify.Finding) bool { return f.What == "stamp" && f.State == verify.Damaged }) {
			t.Errorf("%s: %+v", name, r.Findings)
		}
	}
	for _, s := range proofs.Stamps { // openssl takes both
		for name, b := range map[string][]byte{"point.txt": []byte(s.Checkpoint), "answer.tsr": m[s.Member]} {
			if err := os.WriteFile(filepath.Join(tsa.Dir, name), b, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		tsa.Run(t, "ts", "-verify", "-data", "point.txt", "-in", "answer.tsr", "-CAfile", "ca.pem")
	}
}
