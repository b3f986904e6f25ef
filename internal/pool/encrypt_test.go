package pool

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"filippo.io/age"

	"github.com/akashi-audit/akashi/internal/manifest"
)

// lying are the stored names of objects on a volume.
func (k *kit) lying(volume string) (plain, encrypted []string) {
	k.t.Helper()
	err := filepath.WalkDir(k.rigs[volume].dir, func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		rel, err := filepath.Rel(k.rigs[volume].dir, path)
		if _, _, ok := parseStored(filepath.ToSlash(rel)); !ok {
			return err
		}
		if strings.HasSuffix(rel, manifest.EncryptedEnd) {
			encrypted = append(encrypted, rel)
		} else {
			plain = append(plain, rel)
		}
		return err
	})
	if err != nil {
		k.t.Fatal(err)
	}
	return plain, encrypted
}

// What lies in memory passes every trial and is gone with the power.
func TestMemoryIsToldOf(t *testing.T) {
	for kind, want := range map[string]Level{"tmpfs": Warns, "ext4": Notes, "nfs": Notes, "": Notes} {
		if got := kindProbe(kind); got.Level != want || got.Detail != kind {
			t.Errorf("%s: %+v", kind, got)
		}
	}
}

// What lay there before encryption was turned on is encrypted on every volume, and made
// plain again, with the log plain all the time; what a stop left over goes the next time.
func TestEncryptExisting(t *testing.T) {
	k := newKit(t, 2, "b")
	ctx := context.Background()
	key, err := age.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	keys := filepath.Join(t.TempDir(), "keys")
	if err := os.WriteFile(keys, []byte(key.String()+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	bodies := map[string][]byte{}
	for i := range 4 {
		name, b := k.put("FS/2026-04-01", i, 100+i*40_000)
		bodies[name] = b
	}
	logged, lb := k.put("_log", 9, 500)
	k.set(Change{Recipients: &[]string{key.Recipient().String()}, Identity: &keys})
	later, b := k.put("_log", 10, 300)
	bodies[logged], bodies[later] = lb, b
	run := func(copied int64) *Work {
		t.Helper()
		w, err := k.p.EncryptExisting(ctx, nil)
		if err != nil || len(w.Errors) > 0 || w.Copied != copied {
			t.Errorf("%+v, %v, want %d copies", w, err, copied)
		}
		for name, b := range bodies {
			k.want(name, b)
		}
		return w
	}
	want := func(plain, encrypted int) {
		t.Helper()
		for _, v := range []string{"archive", "b"} {
			if p, e := k.lying(v); len(p) != plain || len(e) != encrypted {
				t.Errorf("volume %s: plain %v, encrypted %v", v, p, e)
			}
		}
	}
	want(6, 0)
	// A volume that fails leaves its copies as they were.
	k.rigs["b"].away.Store(true)
	w, err := k.p.EncryptExisting(ctx, nil)
	if err != nil || w.Short != 4 || w.Copied != 4 {
		t.Errorf("a volume is away: %+v, %v", w, err)
	}
	k.rigs["b"].away.Store(false)
	if _, err := k.p.CatchUp(ctx, nil); err != nil {
		t.Fatal(err)
	}
	// The power failed behind the writing and before the deleting.
	name := ""
	for n := range bodies {
		if !staysPlain(n) {
			name = n
		}
	}
	left := filepath.Join(k.rigs["archive"].dir, filepath.FromSlash(name))
	if err := os.WriteFile(left, bodies[name], 0o600); err != nil {
		t.Fatal(err)
	}
	run(4)
	want(2, 4)
	if w := run(0); w.Removed != 0 {
		t.Errorf("again: %+v", w)
	}
	k.reopen()
	k.heal()
	want(2, 4)
	k.set(Change{Recipients: &[]string{}})
	run(8)
	want(6, 0)
	if s := k.status(); s.Short+s.LostCount > 0 || s.Objects != 6 {
		t.Errorf("%+v", s)
	}
}
