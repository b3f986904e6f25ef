package seal_test

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/akashi-audit/akashi/internal/fsx"
	"github.com/akashi-audit/akashi/internal/seal"
)

func openLog(t *testing.T, fs fsx.FS, dir string, opt seal.LogOptions) *seal.Log {
	t.Helper()
	l, err := seal.OpenLog(fs, dir, opt)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	return l
}

func entries(t *testing.T, l *seal.Log) []seal.Entry {
	t.Helper()
	var out []seal.Entry
	for leaf, err := range l.Entries(0, l.Size()) {
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, leaf.Entry)
	}
	return out
}

func add(t *testing.T, l *seal.Log, names ...string) {
	t.Helper()
	var e []seal.Entry
	for _, n := range names {
		e = append(e, seal.Entry{Kind: "test", Subject: n, By: "監査 花子", Time: 7})
	}
	if _, err := l.RecordAll(t.Context(), e); err != nil {
		t.Fatal(err)
	}
}

func sign(t *testing.T, l *seal.Log) *seal.Checkpoint {
	t.Helper()
	c, err := l.Checkpoint(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestLogKeepsAndProves(t *testing.T) {
	dir := t.TempDir()
	l := openLog(t, nil, dir, seal.LogOptions{})
	add(t, l, "a", "b\u2028<&>", strings.Repeat("長", 100_000))
	first := sign(t, l)
	if same := sign(t, l); same != first {
		t.Error("a head that did not move is signed again")
	}
	for i := range 9 {
		add(t, l, fmt.Sprint(i))
	}
	second := sign(t, l)
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	l = openLog(t, nil, dir, seal.LogOptions{ReadOnly: true})
	if l.Size() != 13 || l.Unsealed() != 0 || len(l.Checkpoints()) != 2 {
		t.Fatalf("%d leaves, %d unsealed, %d checkpoints", l.Size(), l.Unsealed(), len(l.Checkpoints()))
	}
	key := l.Keys()[0].Key
	for _, c := range l.Checkpoints() {
		if err := c.CheckSigned(key); err != nil {
			t.Error(err)
		}
	}
	for leaf, err := range l.Entries(0, l.Size()) {
		if err != nil {
			t.Fatal(err)
		}
		p, err := l.Prove(leaf.Index, second.Size)
		if err != nil {
			t.Fatal(err)
		}
		if err := seal.CheckInclusion(p, second.Size, second.Root, leaf.Index, seal.LeafHash(leaf.Data)); err != nil {
			t.Error(err)
		}
		if seal.CheckInclusion(p, second.Size, second.Root, leaf.Index, seal.LeafHash(append(leaf.Data, ' '))) == nil {
			t.Errorf("another leaf %d is proven", leaf.Index)
		}
	}
	p, err := l.Consistency(first.Size, second.Size)
	if err != nil {
		t.Fatal(err)
	}
	if err := seal.CheckConsistency(p, second.Size, second.Root, first.Size, first.Root); err != nil {
		t.Error(err)
	}
	if seal.CheckConsistency(p, second.Size, second.Root, first.Size, seal.Hash{1}) == nil {
		t.Error("another history is consistent")
	}
}

func TestKeyFileIsClosedToOthers(t *testing.T) {
	dir := t.TempDir()
	l := openLog(t, nil, dir, seal.LogOptions{})
	add(t, l, "a")
	sign(t, l)
	st, err := os.Stat(filepath.Join(dir, seal.DirName, seal.KeyName))
	if err != nil {
		t.Fatal(err)
	}
	if st.Mode().Perm() != 0o600 && os.PathSeparator == '/' {
		t.Errorf("the key has mode %v", st.Mode())
	}
}

func TestJournalBecomesTheFirstLeaves(t *testing.T) {
	dir := t.TempDir()
	a, b := seal.Entry{Kind: seal.KindErasure, Subject: `D:\人事`, By: "x", Time: 5}, seal.Entry{Kind: "b", Time: 6, Hash: seal.Hash{1}}
	record(t, dir, a, b)
	l := openLog(t, nil, dir, seal.LogOptions{})
	c := seal.Entry{Kind: "c", Time: 7}
	if err := l.Record(t.Context(), c); err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff([]seal.Entry{a, b, c}, entries(t, l)); d != "" {
		t.Error(d)
	}
	got, err := seal.Read(dir)
	if d := cmp.Diff([]seal.Entry{a, b, c}, got); d != "" || err != nil {
		t.Error(err, d)
	}
}

func TestRotationOverlaps(t *testing.T) {
	dir, now := t.TempDir(), time.Unix(1_700_000_000, 0)
	l := openLog(t, nil, dir, seal.LogOptions{Now: func() time.Time { return now }})
	add(t, l, "a")
	sign(t, l)
	k, err := l.Rotate(t.Context(), "監査 花子", false)
	if err != nil {
		t.Fatal(err)
	}
	if ok, err := k.Vouched(); !ok || err != nil {
		t.Errorf("the new key is not vouched for: %v", err)
	}
	keys := l.Keys()
	if err := sign(t, l).CheckSigned(keys[0].Key, keys[1].Key); err != nil {
		t.Error(err)
	}
	now = now.Add(seal.Overlap + time.Hour)
	add(t, l, "b")
	c := sign(t, l)
	if err := c.CheckSigned(keys[1].Key); err != nil {
		t.Error(err)
	}
	if c.CheckSigned(keys[0].Key) == nil {
		t.Error("the key before signs after the overlap")
	}
	if err := os.Remove(filepath.Join(dir, seal.DirName, seal.KeyName)); err != nil {
		t.Fatal(err)
	}
	add(t, l, "c") // needs no key
	if _, err := l.Checkpoint(t.Context()); !errors.Is(err, seal.ErrNoKey) {
		t.Errorf("got %v, want ErrNoKey", err)
	}
	if k, err = l.Rotate(t.Context(), "x", true); err != nil {
		t.Fatal(err)
	}
	if ok, err := k.Vouched(); ok || err != nil {
		t.Errorf("a key whose follower is lost vouches: %v %v", ok, err)
	}
	if err := sign(t, l).CheckSigned(k.Key); err != nil {
		t.Error(err)
	}
}

func TestPassphraseAndKeyOutside(t *testing.T) {
	dir, out := t.TempDir(), filepath.Join(t.TempDir(), "stick", "akashi.key")
	words := func(s string) seal.LogOptions {
		return seal.LogOptions{KeyFile: out, Passphrase: func() (string, error) { return s, nil }}
	}
	l := openLog(t, nil, dir, words("右"))
	add(t, l, "a")
	sign(t, l)
	b, err := os.ReadFile(out)
	if err != nil || bytes.Contains(b, []byte("PRIVATE")) {
		t.Fatalf("the key is kept plain, or %v", err)
	}
	add(t, l, "b")
	sign(t, l)
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	l = openLog(t, nil, dir, words("左"))
	add(t, l, "c")
	if _, err := l.Checkpoint(t.Context()); err == nil {
		t.Error("another passphrase opens the key")
	}
}

func TestChangedLogIsFound(t *testing.T) {
	dir := t.TempDir()
	l := openLog(t, nil, dir, seal.LogOptions{})
	add(t, l, "one", "two")
	add(t, l, "three")
	sign(t, l)
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, seal.DirName, seal.LeavesName)
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for i := range whole {
		b := bytes.Clone(whole)
		b[i] ^= 1 << (i % 8)
		if err := os.WriteFile(path, b, 0o600); err != nil {
			t.Fatal(err)
		}
		var d *seal.DamageError
		if l, err := seal.OpenLog(nil, dir, seal.LogOptions{ReadOnly: true}); !errors.As(err, &d) {
			if err == nil {
				_ = l.Close()
			}
			t.Fatalf("byte %d changed: got %v", i, err)
		}
	}
}

// Whatever call the power fails at, acknowledged leaves are there, and the log
// goes on and is whole.
func TestPowerFailureLosesNoAcknowledgedLeaf(t *testing.T) {
	run := func(fs fsx.FS) (acked []string) {
		l, err := seal.OpenLog(fs, "/data", seal.LogOptions{})
		if err != nil {
			return nil
		}
		defer func() { _ = l.Close() }()
		for i := range 4 {
			var e []seal.Entry
			var names []string
			for k := range i + 1 {
				names = append(names, fmt.Sprint(i, " ", k))
				e = append(e, seal.Entry{Kind: "test", Subject: names[k] + strings.Repeat(" ", 3000)})
			}
			if _, err := l.RecordAll(t.Context(), e); err != nil {
				return acked
			}
			acked = append(acked, names...)
			if i%2 == 1 {
				if _, err := l.SealFolder(t.Context(), []byte("{}\n")); err != nil {
					return acked
				}
			}
		}
		return acked
	}
	c := newCrash(t)
	run(c)
	calls := c.Calls()
	if calls < 20 {
		t.Fatalf("%d calls", calls)
	}
	for n := range calls {
		for seed := range uint64(6) {
			c := newCrash(t)
			c.StopAt(c.Calls() + n)
			acked := run(c)
			img := c.Image(seed)
			l, err := seal.OpenLog(img, "/data", seal.LogOptions{})
			if err != nil {
				t.Fatalf("power failure at call %d, image %d: %v", n, seed, err)
			}
			var got []string
			for _, e := range entries(t, l) {
				if e.Kind == "test" {
					got = append(got, strings.TrimSpace(e.Subject))
				}
			}
			if len(got) < len(acked) || !slices.Equal(acked, got[:len(acked)]) {
				t.Fatalf("power failure at call %d, image %d: %d leaves %q, acknowledged %q", n, seed, len(got), got, acked)
			}
			if _, err := l.SealFolder(t.Context(), []byte("{}\n")); err != nil {
				t.Fatalf("power failure at call %d, image %d: %v", n, seed, err)
			}
			if err := l.Close(); err != nil {
				t.Fatal(err)
			}
			if l, err = seal.OpenLog(img, "/data", seal.LogOptions{ReadOnly: true}); err != nil {
				t.Fatal(err)
			}
			_ = l.Close()
		}
	}
}

func newCrash(t *testing.T) *fsx.Crash {
	t.Helper()
	c := fsx.NewCrash()
	if err := fsx.MakeDir(c, "/data", 0o700); err != nil {
		t.Fatal(err)
	}
	return c
}

func FuzzParseCheckpoint(f *testing.F) {
	dir := f.TempDir()
	l, err := seal.OpenLog(nil, dir, seal.LogOptions{})
	if err != nil {
		f.Fatal(err)
	}
	c, err := l.Checkpoint(f.Context())
	if err != nil {
		f.Fatal(err)
	}
	f.Add(c.Text)
	f.Add([]byte("a\n1\n" + base64.StdEncoding.EncodeToString(make([]byte, 32)) + "\ntime 0\n\n— a AAAAAA==\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		if c, err := seal.ParseCheckpoint(b); err == nil && !bytes.Equal(c.Text, b) {
			t.Error("a checkpoint is not its text")
		}
		notes, rest := seal.SplitCheckpoints(b)
		n := len(rest)
		for _, x := range notes {
			n += len(x) + 1
		}
		if n != len(b) {
			t.Errorf("%d bytes split into %d", len(b), n)
		}
	})
}

func FuzzParseLine(f *testing.F) {
	f.Add([]byte(`{"kind":"a","subject":"","by":"","time":5}`))
	f.Add([]byte(`{"kind":"a","subject":"\u2028","by":"","ground":"x","time":-5,"hash":"` + strings.Repeat("0a", 32) + `"}`))
	f.Add([]byte(`{"hash":"` + strings.Repeat("0", 64) + `","leaf":{}}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		_, _, _ = seal.ParseLine(b)
		e, err := seal.ParseLeaf(b)
		if err != nil {
			return
		}
		if again, err := seal.EncodeLeaf(e); err != nil || !bytes.Equal(again, b) {
			t.Errorf("a leaf is another one when written again: %q %v", again, err)
		}
	})
}
