package engine

import (
	"archive/zip"
	"bytes"
	"context"
	"encoding/json"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/akashi-audit/akashi/internal/coverage"
	"github.com/akashi-audit/akashi/internal/evidence"
	"github.com/akashi-audit/akashi/internal/manifest"
	"github.com/akashi-audit/akashi/internal/query"
	"github.com/akashi-audit/akashi/internal/record"
	"github.com/akashi-audit/akashi/internal/seal"
	"github.com/akashi-audit/akashi/internal/seal/sealtest"
	"github.com/akashi-audit/akashi/internal/verify"
)

// membersOf reads a ZIP.
func membersOf(t *testing.T, name string) map[string][]byte {
	t.Helper()
	z, err := zip.OpenReader(name)
	if err != nil {
		t.Fatal(err)
	}
	defer z.Close()
	out := make(map[string][]byte)
	for _, f := range z.File {
		r, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		if out[f.Name], err = io.ReadAll(r); err != nil {
			t.Fatal(err)
		}
	}
	return out
}

// rewritten is the bundle with another member, as somebody would make it who has no
// key: the list of members fits, what is sealed does not.
func rewritten(t *testing.T, name, member string, change func([]byte) []byte) string {
	t.Helper()
	z, err := zip.OpenReader(name)
	if err != nil {
		t.Fatal(err)
	}
	defer z.Close()
	var out bytes.Buffer
	w := zip.NewWriter(&out)
	var list manifest.Bundle
	all := membersOf(t, name)
	if err := manifest.Decode(all[manifest.BundleName], &list); err != nil {
		t.Fatal(err)
	}
	all[member] = change(all[member])
	for i := range list.Members {
		if m := &list.Members[i]; m.Name == member {
			m.Size, m.SHA256 = int64(len(all[member])), seal.Sum(all[member])
			if list.Again != "" {
				m.New = list.Again.Sum(all[member])
			}
		}
	}
	if all[manifest.BundleName], err = manifest.Encode(list); err != nil {
		t.Fatal(err)
	}
	for _, f := range z.File {
		x, err := w.Create(f.Name)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := x.Write(all[f.Name]); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	to := filepath.Join(t.TempDir(), "b.zip")
	if err := os.WriteFile(to, out.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	return to
}

// A bundle proves each record out of the archive that was sealed and stamped before,
// and itself by a stamp of its own; whoever changes a member and the list of members
// is found, whatever member it is.
func TestEvidenceProves(t *testing.T) {
	tsa := sealtest.Start(t)
	roots, err := os.ReadFile(filepath.Join(tsa.Dir, "ca.pem"))
	if err != nil {
		t.Fatal(err)
	}
	files, names := cutFiles(rand.New(rand.NewPCG(2, 2)), company(2, 3))
	dir := filepath.Join(t.TempDir(), "d")
	e := openDemo(t, dir, realOn(files, 1000))
	importNames(t, e, names...)
	sealAll(t, e)
	if _, err := e.Stamp(t.Context(), tsa.Client()); err != nil {
		t.Fatal(err)
	}
	e.now.Seal.Authority, e.now.Seal.Roots = tsa.URL, filepath.Join(tsa.Dir, "ca.pem")
	all := everything(t, e, false)
	r := all[slices.IndexFunc(all, func(r record.Record) bool { return r.Class == record.ClassUser && strings.Contains(r.Path, "人事") })]
	out := filepath.Join(t.TempDir(), "b.zip")
	res, err := e.Evidence(t.Context(), evidence.Options{Case: "甲", By: "監査", Query: query.Query{Paths: []string{"人事"}}, Out: out})
	if err != nil {
		t.Fatal(err)
	}
	if res.Proven != res.Records || len(res.Unproven) > 0 || !res.Anchored || res.Stamps != 2 {
		t.Fatalf("%+v (first %s)", res, r.Path)
	}
	rep, err := verify.Check(t.Context(), out, verify.Options{Roots: roots})
	if err != nil || len(rep.Findings) > 0 || len(rep.Anchors) != 3 {
		t.Fatalf("%+v, %v", rep, err)
	}
	var text bytes.Buffer
	if err := rep.Write(&text, func(k string, _ ...any) string { return k }); err != nil || !strings.Contains(text.String(), "verify.proven") {
		t.Errorf("%s, %v", text.String(), err)
	}
	// Without the authority's root the stamps are told, and nothing more is claimed.
	rep, err = verify.Check(t.Context(), out, verify.Options{})
	if err != nil || rep.Damage() || len(rep.Anchors) > 0 || len(rep.Findings) != 3 || rep.Findings[0].What != "stamp_untrusted" {
		t.Errorf("%+v, %v", rep, err)
	}
	var proofs manifest.Proofs
	m := membersOf(t, out)
	if err := manifest.Decode(m[manifest.ProofsName], &proofs); err != nil || len(proofs.Parts) == 0 || len(proofs.Stamps) != 2 || !strings.Contains(proofs.Stamps[0].Authority, "stamps") {
		t.Fatalf("%+v, %v", proofs.Stamps, err)
	}
	for member, b := range m {
		if member == manifest.BundleName || member == manifest.SealName || len(b) == 0 {
			continue
		}
		bad := rewritten(t, out, member, func(b []byte) []byte {
			b = bytes.Clone(b)
			b[len(b)/3] ^= 1
			return b
		})
		if rep, err := verify.Check(t.Context(), bad, verify.Options{Roots: roots}); err != nil || !rep.Damage() {
			t.Errorf("another %s with a list that fits is not found: %+v, %v", member, rep, err)
		}
	}
	for _, member := range []string{manifest.BundleName, manifest.SealName} {
		b := m[member]
		for at := 0; at < len(b); at += 1 + len(b)/150 {
			rep, err := verify.Check(t.Context(), flipped(t, out, member, at), verify.Options{Roots: roots})
			// Nothing later covers the last stamp, and a token has bytes that it does not sign:
			// there another byte is found or claims nothing more (the ZIP has its own sums).
			if stamp := bytes.Index(b, []byte(`"stamp":"`)); err == nil && member == manifest.SealName && at > stamp && len(rep.Anchors) <= 3 {
				continue
			}
			if err != nil || !rep.Damage() {
				t.Fatalf("byte %d of %s: %+v, %v", at, member, rep, err)
			}
		}
	}
	if err := e.Close(); err != nil {
		t.Fatal(err)
	}
}

// flipped is the bundle with one other byte in a member.
func flipped(t *testing.T, name, member string, at int) string {
	t.Helper()
	z, err := zip.OpenReader(name)
	if err != nil {
		t.Fatal(err)
	}
	defer z.Close()
	all := membersOf(t, name)
	all[member][at] ^= 1
	to := filepath.Join(t.TempDir(), "b.zip")
	f, err := os.Create(to)
	if err != nil {
		t.Fatal(err)
	}
	w := zip.NewWriter(f)
	for _, x := range z.File {
		p, err := w.CreateHeader(&zip.FileHeader{Name: x.Name, Method: zip.Store})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := p.Write(all[x.Name]); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	return to
}

// A bundle seals the days of its records itself, and only these; it can be stopped,
// and searches go on beside it.
func TestEvidenceSealsItsDays(t *testing.T) {
	dir := t.TempDir()
	e := openEngine(t, dir, fakeDeps(16))
	importAll(t, e, fakeFiles(t, 4, 60)...)
	all := everything(t, e, false)
	q := query.Query{Classes: query.AllClasses(), From: all[0].Time, To: all[0].Time + 1}
	out := filepath.Join(t.TempDir(), "b.zip")
	ctx, stop := context.WithCancel(t.Context())
	opt := evidence.Options{Case: "甲", By: "監査", Query: q, Out: out, Progress: func(int64, int64) {
		stop()
		if _, err := e.Search(t.Context(), q); err != nil { // it would wait for ever if Evidence kept searches out
			t.Error(err)
		}
	}}
	if _, err := e.Evidence(ctx, opt); err == nil {
		t.Fatal("it went on when it was stopped")
	}
	if l, err := filepath.Glob(filepath.Join(filepath.Dir(out), "*")); err != nil || len(l) > 0 {
		t.Fatalf("left behind: %v, %v", l, err)
	}
	opt.Progress = nil
	res, err := e.Evidence(t.Context(), opt)
	if err != nil || res.Proven != res.Records || res.Records == 0 {
		t.Fatalf("%+v, %v", res, err)
	}
	days, err := e.ArchiveDays(t.Context())
	if err != nil || len(days) != 1 {
		t.Fatalf("%d parts are sealed, want that of the day alone: %v", len(days), err)
	}
	rep, err := verify.Check(t.Context(), out, verify.Options{})
	if err != nil || len(rep.Findings) > 0 || len(rep.Anchors) > 0 {
		t.Errorf("%+v, %v", rep, err)
	}
}

// What was erased is no gap in a bundle's statement.
func TestErasedIsNoGap(t *testing.T) {
	files, names := cutFiles(rand.New(rand.NewPCG(8, 8)), company(8, 3))
	e := openDemo(t, filepath.Join(t.TempDir(), "d"), realOn(files, 1000))
	importNames(t, e, names...)
	missing := func() map[string]uint64 {
		out := make(map[string]uint64)
		for _, s := range e.st.ServerNames() {
			r, err := e.Coverage(t.Context(), s)
			if err != nil {
				t.Fatal(err)
			}
			for _, c := range r.Channels {
				out[s+" "+c.Name] = c.Missing
				if c.GapCount != len(c.Gaps) && len(c.Gaps) < 100 {
					t.Errorf("%d gaps, %d listed", c.GapCount, len(c.Gaps))
				}
				if slices.ContainsFunc(c.Gaps, func(g coverage.Gap) bool { return g.FromTime == "" || g.ToTime == "" }) {
					t.Error("a gap without its time")
				}
			}
		}
		return out
	}
	before, err := json.Marshal(missing())
	if err != nil {
		t.Fatal(err)
	}
	x := pickErasure(rand.New(rand.NewPCG(1, 5)), everything(t, e, false))
	out, err := e.Erase(t.Context(), x)
	if err != nil || out.Events == 0 {
		t.Fatalf("%+v, %v", out, err)
	}
	if after, err := json.Marshal(missing()); err != nil || !bytes.Equal(before, after) {
		t.Errorf("missing before %s, after an erasure %s, %v", before, after, err)
	}
	if err := e.Close(); err != nil {
		t.Fatal(err)
	}
}
