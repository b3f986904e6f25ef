package verify_test

import (
	"archive/zip"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/akashi-audit/akashi/internal/manifest"
	"github.com/akashi-audit/akashi/internal/seal"
	"github.com/akashi-audit/akashi/internal/verify"
)

func put(t testing.TB, dir, name string, b []byte) {
	t.Helper()
	path := filepath.Join(dir, filepath.FromSlash(name))
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, b, 0o600); err != nil {
		t.Fatal(err)
	}
}

func named(stem, ext string, b []byte) string {
	h := sha256.Sum256(b)
	return stem + "." + hex.EncodeToString(h[:]) + "." + ext
}

func encode(t testing.TB, v any) []byte {
	t.Helper()
	b, err := manifest.Encode(v)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// volume makes a volume with two days of two objects, leaves and a checkpoint.
func volume(t testing.TB) string {
	t.Helper()
	dir := t.TempDir()
	log, err := seal.OpenLog(nil, t.TempDir(), seal.LogOptions{})
	if err != nil {
		t.Fatal(err)
	}
	for day := range 2 {
		date := fmt.Sprintf("2026-11-2%d", day+3)
		d := manifest.Day{Format: manifest.Format, Server: "FS01", Day: date, Zone: "Asia/Tokyo", Part: 1}
		for _, kind := range []string{manifest.KindRecords, manifest.KindRaw} {
			b := bytes.Repeat([]byte(date+kind), 300)
			name := named("FS01/"+date+"/0001."+kind, "bin", b)
			put(t, dir, name, b)
			o := manifest.Object{Name: name, Kind: kind, Size: int64(len(b)), SHA256: sha256.Sum256(b)}
			half := len(b) / 2
			for i, part := range [][]byte{b[:half], b[half:]} {
				o.Spans = append(o.Spans, manifest.Span{Offset: int64(i * half), Size: int64(len(part)), SHA256: sha256.Sum256(part), What: fmt.Sprintf("rows %d-%d", i*100, i*100+99)})
			}
			d.Objects = append(d.Objects, o)
		}
		b := encode(t, d)
		put(t, dir, named("FS01/"+date+"/0001.day", "json", b), b)
		if err := log.Record(t.Context(), seal.Entry{Kind: seal.KindArchivePart, Subject: date, By: "akashi", Hash: sha256.Sum256(b)}); err != nil {
			t.Fatal(err)
		}
	}
	c, err := log.Checkpoint(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var leaves []byte
	for leaf, err := range log.Entries(0, log.Size()) {
		if err != nil {
			t.Fatal(err)
		}
		leaves = append(append(leaves, leaf.Data...), '\n')
	}
	put(t, dir, named(fmt.Sprintf("_log/0-%d", log.Size()), "jsonl", leaves), leaves)
	put(t, dir, named(fmt.Sprintf("_log/checkpoint.%d", c.Size), "txt", c.Text), c.Text)
	if err := log.Close(); err != nil {
		t.Fatal(err)
	}
	return dir
}

func files(t testing.TB, dir string) []string {
	t.Helper()
	var l []string
	err := filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			l = append(l, path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func run(t testing.TB, path string) *verify.Report {
	t.Helper()
	r, err := verify.Check(t.Context(), path, verify.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestVolume(t *testing.T) {
	dir := volume(t)
	if r := run(t, dir); len(r.Findings) > 0 || r.Kind != "volume" || r.Sealed != 3 || r.Files != 8 {
		t.Fatalf("%+v", r)
	}
	rng := rand.New(rand.NewPCG(1, 1))
	all := files(t, dir)
	for range 200 {
		path := all[rng.IntN(len(all))]
		b, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		at := rng.IntN(len(b))
		bad := bytes.Clone(b)
		bad[at] ^= 1 << rng.IntN(8)
		if err := os.WriteFile(path, bad, 0o600); err != nil {
			t.Fatal(err)
		}
		rel, err := filepath.Rel(dir, path)
		if err != nil {
			t.Fatal(err)
		}
		rel = filepath.ToSlash(rel)
		r := run(t, dir)
		i := slices.IndexFunc(r.Findings, func(f verify.Finding) bool { return f.File == rel && f.State == verify.Damaged })
		if i < 0 {
			t.Fatalf("%s byte %d: %+v", rel, at, r.Findings)
		}
		if strings.HasSuffix(rel, ".bin") {
			want := "rows 0-99"
			if at >= len(b)/2 {
				want = "rows 100-199"
			}
			if f := r.Findings[i]; f.Part != want || f.Server != "FS01" || !strings.Contains(rel, f.Period) {
				t.Fatalf("%s byte %d: %+v", rel, at, f)
			}
		}
		if err := os.WriteFile(path, b, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	victim := all[slices.IndexFunc(all, func(s string) bool { return strings.Contains(s, ".raw.") })]
	if err := os.Remove(victim); err != nil {
		t.Fatal(err)
	}
	r := run(t, dir)
	if !r.Damage() || len(r.Findings) != 1 || r.Findings[0].What != "object_missing" || r.Findings[0].Server != "FS01" {
		t.Errorf("an object removed by hand: %+v", r.Findings)
	}
}

// bundle makes a bundle of three records, one of them masked.
func bundle(t testing.TB) string {
	t.Helper()
	lines := []string{`{"user":"a"}`, `{"user":"b"}`, `{"user":"123456789018"}`}
	var leaves []seal.Hash
	for _, l := range lines {
		leaves = append(leaves, seal.LeafHash([]byte(l)))
	}
	shown := lines[0] + "\n" + lines[1] + "\n" + `{"user":"************"}` + "\n"
	sel := encode(t, manifest.Selection{Format: 1, Records: 3, RecordsRoot: seal.Root(leaves), Raw: []manifest.RawRoot{}})
	log, err := seal.OpenLog(nil, t.TempDir(), seal.LogOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = log.Close() }()
	if err := log.Record(t.Context(), seal.Entry{Kind: seal.KindExport, Subject: "case", Hash: sha256.Sum256(sel)}); err != nil {
		t.Fatal(err)
	}
	c, err := log.Checkpoint(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	leaf, err := log.Entry(0)
	if err != nil {
		t.Fatal(err)
	}
	path, err := log.Prove(0, c.Size)
	if err != nil {
		t.Fatal(err)
	}
	proofs := encode(t, manifest.Proofs{Format: 1, Selection: manifest.LeafProof{Index: 0, Leaf: string(leaf.Data), Path: path},
		Masked: []manifest.MaskedLine{{Member: manifest.RecordsName, Line: 2, Leaf: leaves[2]}}, Keys: []string{log.Keys()[0].Key}})
	var out bytes.Buffer
	z := zip.NewWriter(&out)
	m := manifest.Bundle{Format: 1, Records: 3} // the form of older programs
	add := func(name string, b []byte) {
		w, err := z.Create(name)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write(b); err != nil {
			t.Fatal(err)
		}
		m.Members = append(m.Members, manifest.Member{Name: name, Size: int64(len(b)), SHA256: sha256.Sum256(b)})
	}
	add(manifest.RecordsName, []byte(shown))
	add(manifest.SelectionName, sel)
	add(manifest.ProofsName, proofs)
	add(manifest.PointName, c.Text)
	add("説明.txt", []byte("説明"))
	last := encode(t, m)
	w, err := z.Create(manifest.BundleName)
	if err == nil {
		_, err = w.Write(last)
	}
	if err == nil {
		err = z.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
	name := filepath.Join(t.TempDir(), "case.zip")
	if err := os.WriteFile(name, out.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}

func TestBundle(t *testing.T) {
	name := bundle(t)
	if r := run(t, name); len(r.Findings) > 0 || r.Sealed != 2 || r.Files != 5 {
		t.Fatalf("%+v", r)
	}
	b, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	want := members(t, b)
	slack := 0
	for at := range b { // every byte, so more than 200
		bad := bytes.Clone(b)
		bad[at] ^= 1 << (at % 8)
		if err := os.WriteFile(name, bad, 0o600); err != nil {
			t.Fatal(err)
		}
		if r := run(t, name); !r.Damage() {
			slack++
			if got := members(t, bad); !maps.Equal(got, want) {
				t.Errorf("byte %d: a member was changed unnoticed", at)
			}
		}
	}
	// DEFLATE (RFC 1951) leaves up to seven bits behind the last code of a member without
	// a meaning, and sometimes the length of a code that no text uses.
	if slack > 2*len(want) {
		t.Errorf("%d bytes of %d can be others unnoticed, want at most two in each of %d members", slack, len(b), len(want))
	}
}

// members are the names and texts of a ZIP.
func members(t *testing.T, b []byte) map[string]string {
	t.Helper()
	z, err := zip.NewReader(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		t.Fatal(err)
	}
	all := make(map[string]string)
	for _, f := range z.File {
		r, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		all[f.Name] += string(text)
	}
	return all
}

func FuzzCheck(f *testing.F) {
	b, err := os.ReadFile(bundle(f))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(b)
	f.Add([]byte("PK\x05\x06" + strings.Repeat("\x00", 18)))
	f.Fuzz(func(t *testing.T, b []byte) {
		dir := t.TempDir()
		put(t, dir, "x.zip", b)
		_ = run(t, filepath.Join(dir, "x.zip"))
		put(t, dir, "seal/leaves.jsonl", b)
		put(t, dir, "seal/checkpoints.txt", b)
		put(t, dir, "manifest-a", b)
		if err := run(t, dir).Write(io.Discard, func(k string, _ ...any) string { return k }); err != nil {
			t.Error(err)
		}
	})
}

// Shown against BenchmarkPlainSHA256, the same files with nothing but their hash.
func BenchmarkVerify(b *testing.B) {
	dir, size := large(b)
	b.SetBytes(size)
	for b.Loop() {
		if r := run(b, dir); r.Damage() {
			b.Fatal(r.Findings)
		}
	}
}

func BenchmarkPlainSHA256(b *testing.B) {
	dir, size := large(b)
	b.SetBytes(size)
	for b.Loop() {
		for _, path := range files(b, dir) {
			f, err := os.Open(path)
			if err != nil {
				b.Fatal(err)
			}
			if _, err := io.Copy(sha256.New(), f); err != nil {
				b.Fatal(err)
			}
			if err := f.Close(); err != nil {
				b.Fatal(err)
			}
		}
	}
}

// large is a volume of 16 objects of 16 MiB.
func large(b *testing.B) (dir string, size int64) {
	dir = volume(b)
	block := make([]byte, 16<<20)
	for i := range 16 {
		block[i] = 1
		put(b, dir, named(fmt.Sprintf("_originals/%d", i), "evtx", block), block)
		size += int64(len(block))
	}
	return dir, size
}
