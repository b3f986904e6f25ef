package verify_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/akashi-audit/akashi/internal/manifest"
	"github.com/akashi-audit/akashi/internal/seal"
	"github.com/akashi-audit/akashi/internal/verify"
)

// renewed is a data folder of three files whose list is sealed and hashed anew.
func renewed(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	log, err := seal.OpenLog(nil, dir, seal.LogOptions{})
	if err != nil {
		t.Fatal(err)
	}
	m := manifest.Folder{Format: manifest.Format}
	again, err := log.OpenAgain(seal.SHA512)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"archive/a/b/c.bin", "segments/000001.aks", "segments/000002.aks"} {
		b := []byte("what is in " + name)
		put(t, dir, name, b)
		m.Files = append(m.Files, manifest.File{Name: name, Mode: manifest.FileFixed, Size: int64(len(b)), SHA256: seal.Sum(b)})
		x := &seal.Again{Kind: seal.AgainFile, Name: name, Size: int64(len(b)), Old: seal.Sum(b), New: seal.SHA512.Sum(b)}
		if rest, ok := strings.CutPrefix(name, "archive/"); ok {
			x.Kind, x.Name = seal.AgainObject, rest
		}
		if err := again.Add(x); err != nil {
			t.Fatal(err)
		}
	}
	text := encode(t, m)
	if err := log.Record(t.Context(), seal.Entry{Kind: seal.KindAgain, Subject: `{"act":"done","hash":"sha512"}`}); err != nil {
		t.Fatal(err)
	}
	c, err := log.SealFolder(t.Context(), text)
	if err != nil {
		t.Fatal(err)
	}
	if err := again.Add(&seal.Again{Kind: seal.AgainFile, Name: "seal/" + seal.FolderFile(c.Size-1), Size: int64(len(text)), Old: seal.Sum(text), New: seal.SHA512.Sum(text)}); err != nil {
		t.Fatal(err)
	}
	if _, err := again.Sign(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := again.Close(); err != nil {
		t.Fatal(err)
	}
	if err := log.Close(); err != nil {
		t.Fatal(err)
	}
	return dir
}

// Somebody has another content with the same SHA-256 as a sealed file. Its digest under
// the other algorithm names exactly that file, whether SHA-256 is still trusted or not.
func TestCollision(t *testing.T) {
	for _, victim := range []string{"archive/a/b/c.bin", "segments/000002.aks"} {
		for _, distrust := range []seal.Algorithm{"", seal.SHA256} {
			dir := renewed(t)
			opt := verify.Options{Distrust: distrust}
			r, err := verify.Folder(t.Context(), dir, opt)
			if err != nil || len(r.Findings) > 0 || r.Sealed == 0 {
				t.Fatalf("%+v, %v", r, err)
			}
			path := filepath.Join(dir, filepath.FromSlash(victim))
			b, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			was := seal.Sum(b)
			b[3] ^= 1
			other := seal.Sum(b)
			if err := os.WriteFile(path, b, 0o600); err != nil {
				t.Fatal(err)
			}
			opt.Collide(func(h seal.Hash) seal.Hash {
				if h == other {
					return was
				}
				return h
			})
			if r, err = verify.Folder(t.Context(), dir, opt); err != nil {
				t.Fatal(err)
			}
			if len(r.Findings) != 1 || r.Findings[0].File != victim || r.Findings[0].State != verify.Damaged || !strings.Contains(r.Findings[0].Detail, "sha512") {
				t.Errorf("distrusting %q: %+v", distrust, r.Findings)
			}
			// Without the renewal nobody would see it.
			if err := os.RemoveAll(filepath.Join(dir, "seal", "again")); err != nil {
				t.Fatal(err)
			}
			if r, err = verify.Folder(t.Context(), dir, opt); err != nil {
				t.Fatal(err)
			}
			if found := slices.ContainsFunc(r.Findings, func(f verify.Finding) bool { return f.File == victim && f.State == verify.Damaged }); found {
				t.Errorf("the pretended collision is none: %+v", r.Findings)
			}
		}
	}
}

// A renewal under way, or whose files somebody changed, proves no more than it does.
func TestRenewalChanged(t *testing.T) {
	for name, what := range map[string]string{
		"sha512.jsonl": "again_line", "sha512.heads.txt": "again_head", "sha512.leaves": "again_leaf",
	} {
		dir := renewed(t)
		path := filepath.Join(dir, "seal", "again", name)
		b, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		for at := 0; at < len(b); at += 5 {
			b[at] ^= 1
			if err := os.WriteFile(path, b, 0o600); err != nil {
				t.Fatal(err)
			}
			for _, distrust := range []seal.Algorithm{"", seal.SHA256} {
				r, err := verify.Folder(t.Context(), dir, verify.Options{Distrust: distrust})
				if err != nil {
					t.Fatal(err)
				}
				if !r.Damage() || !slices.ContainsFunc(r.Findings, func(f verify.Finding) bool { return f.What == what || f.What == "again_head" }) {
					t.Fatalf("byte %d of %s: %+v", at, name, r.Findings)
				}
			}
			b[at] ^= 1
		}
	}
}
