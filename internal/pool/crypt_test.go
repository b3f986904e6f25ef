package pool

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"filippo.io/age"

	"github.com/akashi-audit/akashi/internal/manifest"
	"github.com/akashi-audit/akashi/internal/seal"
)

// encryptedOn are the files of a volume that hold an object encrypted.
func (k *kit) encryptedOn(volume, name string) []string {
	k.t.Helper()
	l, err := filepath.Glob(filepath.Join(k.rigs[volume].dir, name) + ".*" + manifest.EncryptedEnd)
	if err != nil {
		k.t.Fatal(err)
	}
	return l
}

func TestEncrypted(t *testing.T) {
	k := newKit(t, 2, "b")
	ctx := context.Background()
	plain, pb := k.put("FS/2026-03-31", 0, 70_000) // before
	mine, err := age.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	escrow, err := age.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	keys := filepath.Join(t.TempDir(), "keys")
	if err := os.WriteFile(keys, []byte("# mine\n"+mine.String()+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	other := &kit{t: t, dir: k.dir, opt: Options{ReadOnly: true}}
	k.set(Change{Recipients: &[]string{mine.Recipient().String()}, Identity: &keys})
	k.set(Change{Recipients: &[]string{mine.Recipient().String(), escrow.Recipient().String()}})
	if err := k.p.Set(ctx, Change{Recipients: &[]string{"age1nonsense"}}); err == nil {
		t.Error("nonsense is taken as a key")
	}
	hybrid, err := age.GenerateHybridIdentity()
	if err != nil {
		t.Fatal(err)
	}
	if err := k.p.Set(ctx, Change{Recipients: &[]string{mine.Recipient().String(), hybrid.Recipient().String()}}); err == nil {
		t.Error("keys that do not go together are taken")
	}
	name, b := k.put("FS/2026-04-01", 1, 3<<20)
	small, sb := k.put("FS/2026-04-01", 2, 10)
	k.want(plain, pb)
	k.want(name, b)
	k.want(small, sb)
	one, two := k.encryptedOn("archive", name), k.encryptedOn("b", name)
	if len(one) != 1 || len(two) != 1 || filepath.Base(one[0]) != filepath.Base(two[0]) {
		t.Fatal("the copies are not the same", one, two)
	}
	raw, err := os.ReadFile(one[0])
	if err != nil || bytes.Contains(raw, b[:64]) {
		t.Fatal("not encrypted", err)
	}
	if h, ok := manifest.NameHash(filepath.Base(one[0])); !ok || h != seal.Hash(sha256.Sum256(raw)) {
		t.Error("the name does not tell the hash of what lies there")
	}
	// Random access, checked by span, with a copy that is damaged.
	flip(t, one[0], len(raw)/2)
	r, err := k.p.OpenSpans(ctx, name, []manifest.Span{{Size: 1 << 20, SHA256: sha256.Sum256(b[:1<<20])}, {Offset: 1 << 20, Size: 2 << 20, SHA256: sha256.Sum256(b[1<<20:])}})
	if err != nil {
		t.Fatal(err)
	}
	for range 50 {
		off := rand.IntN(len(b) - 1000)
		got := make([]byte, 1000)
		if _, err := r.ReadAt(got, int64(off)); err != nil || !bytes.Equal(got, b[off:off+1000]) {
			t.Fatal(off, err)
		}
	}
	if err := r.Close(); err != nil {
		t.Fatal(err)
	}
	// Scrubbing, healing and draining need no key.
	if err := os.Rename(keys, keys+".away"); err != nil {
		t.Fatal(err)
	}
	k.reopen()
	if _, err := k.get(name); !errors.Is(err, ErrNoKey) {
		t.Fatal(err)
	}
	k.want(plain, pb)
	if s := k.status(); s.IdentityErr == "" || !s.Encrypted {
		t.Errorf("%+v", s)
	}
	flip(t, two[0], len(raw)/2) // the other is damaged too, and is the only one to be seen as such
	flip(t, one[0], len(raw)/2) // mended
	sum, err := k.p.Scrub(ctx, ScrubOptions{})
	if err != nil || sum.Damaged != 1 {
		t.Fatalf("%+v, %v", sum, err)
	}
	if w := k.heal(); w.Copied != 1 {
		t.Fatalf("%+v", w)
	}
	k.add("c", AddOptions{})
	if w, err := k.p.Drain(ctx, "archive", nil); err != nil || w.Short > 0 {
		t.Fatalf("%+v, %v", w, err)
	}
	// The escrow key alone opens everything.
	if err := os.WriteFile(keys, []byte(escrow.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	k.reopen()
	k.want(name, b)
	k.want(small, sb)
	other.open()
	other.want(name, b)
	// So does the age program, with nothing of ours.
	f, err := os.Open(k.encryptedOn("c", name)[0])
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	out, err := age.Decrypt(f, escrow)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := io.ReadAll(out); err != nil || !bytes.Equal(got, b) {
		t.Fatal(err)
	}
	// Encryption ends: what was encrypted stays readable.
	k.set(Change{Recipients: &[]string{}})
	open, ob := k.put("FS/2026-04-03", 4, 100)
	k.want(open, ob)
	k.want(name, b)
	if l := k.encryptedOn("c", open); len(l) > 0 {
		t.Error(l)
	}
}

func TestIdentities(t *testing.T) {
	id, err := age.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	env := map[string]string{"K": id.String() + "\npassphrase: 相言葉 と 空白\n", "BAD": "AGE-SECRET-KEY-1SECRETSECRET"}
	k, err := readIdentities("env:K", func(k string) string { return env[k] })
	if err != nil || len(k.ids) != 2 || k.pass != "相言葉 と 空白" {
		t.Fatal(len(k.ids), err)
	}
	for _, from := range []string{"env:NONE", "env:BAD", filepath.Join(t.TempDir(), "none")} {
		if _, err := readIdentities(from, func(k string) string { return env[k] }); err == nil || strings.Contains(err.Error(), "SECRETSECRET") {
			t.Errorf("%s: %v", from, err)
		}
	}
	if k, err := readIdentities("", nil); err != nil || k.ids != nil {
		t.Error(k, err)
	}
}

func TestPassphrase(t *testing.T) {
	k := newKit(t, 1)
	by := []string{ByPassphrase}
	if err := k.p.Set(context.Background(), Change{Recipients: &by}); err == nil {
		t.Error("without a passphrase")
	}
	k.opt.Getenv = func(string) string { return "passphrase: 合言葉\n" }
	k.reopen()
	from := "env:K"
	k.set(Change{Recipients: &by, Identity: &from})
	name, b := k.put("FS/2026-04-01", 1, 1000)
	if len(k.encryptedOn("archive", name)) != 1 {
		t.Fatal("not encrypted")
	}
	k.want(name, b)
}
