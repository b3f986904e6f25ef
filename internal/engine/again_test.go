package engine

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/akashi-audit/akashi/internal/config"
	"github.com/akashi-audit/akashi/internal/seal"
	"github.com/akashi-audit/akashi/internal/seal/sealtest"
	"github.com/akashi-audit/akashi/internal/verify"
)

// stampedFolder is a folder with an authority, sealed days, a trail and people.
func stampedFolder(t *testing.T, tsa *sealtest.Authority, d func(*deps)) (*Engine, []byte, []string) {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "d")
	files, names := cutFiles(rand.New(rand.NewPCG(2, 2)), company(2, 3))
	dd := realOn(files, 1000)
	if d != nil {
		d(&dd)
	}
	e := openDemo(t, dir, dd)
	var roots []byte
	if tsa != nil {
		c, err := config.Load(dir)
		if err != nil {
			t.Fatal(err)
		}
		c.Seal.Authority, c.Seal.Roots = tsa.URL, filepath.Join(tsa.Dir, "ca.pem")
		if err := config.Write(dir, c); err != nil {
			t.Fatal(err)
		}
		if roots, err = os.ReadFile(c.Seal.Roots); err != nil {
			t.Fatal(err)
		}
		if err := e.Close(); err != nil {
			t.Fatal(err)
		}
		e = openDemo(t, dir, dd)
	}
	slices.Sort(names)
	slices.Reverse(names) // the file server's come first
	importNames(t, e, names[:len(names)/2+1]...)
	if err := e.NoteConsole(t.Context(), "t", "search", "x"); err != nil {
		t.Fatal(err)
	}
	sealAll(t, e)
	return e, roots, names
}

// without checks a folder as if SHA-256 proved nothing.
func without(t *testing.T, dir string, roots []byte) *verify.Report {
	t.Helper()
	return check(t, dir, verify.Options{Roots: roots, Distrust: seal.SHA256})
}

func bad(r *verify.Report) (l []verify.Finding) {
	for _, f := range r.Findings {
		if f.State != verify.Note && f.What != "leaves_unsealed" && f.What != "trail_unsealed" { // a stamp's own leaf; the folder is open
			l = append(l, f)
		}
	}
	return l
}

// Everything is hashed anew; what comes after is, too; without SHA-256 the folder is in
// order, its old stamps count, and a changed byte of any file is named.
func TestEverythingIsHashedAnew(t *testing.T) {
	tsa := sealtest.Start(t)
	e, roots, names := stampedFolder(t, tsa, nil)
	dir := e.dir
	if r := without(t, dir, roots); !slices.ContainsFunc(r.Findings, func(f verify.Finding) bool { return f.What == "again_nothing" }) || r.Sealed != 0 || len(r.Anchors) != 0 {
		t.Errorf("before the renewal: %+v", r)
	}
	tsa.Sign(t, "sha512")
	res, err := e.Renew(t.Context(), RenewRequest{Algorithm: seal.SHA512, By: "t"})
	if err != nil || len(res.Broken) > 0 || res.StampTime == 0 || res.StampBy != seal.SHA512 || res.Lines == 0 {
		t.Fatalf("%+v, %v", res, err)
	}
	old := len(check(t, dir, verify.Options{Roots: roots}).Anchors)
	importNames(t, e, names[len(names)/2+1:]...)
	sealAll(t, e)
	if err := e.NoteConsole(t.Context(), "t", "search", "y"); err != nil {
		t.Fatal(err)
	}
	if err := e.Close(); err != nil {
		t.Fatal(err)
	}
	for _, opt := range []verify.Options{{Roots: roots}, {Roots: roots, Distrust: seal.SHA256}} {
		r := check(t, dir, opt)
		if len(bad(r)) > 0 || r.Sealed == 0 || len(r.Again) != 1 || len(r.Anchors) <= old {
			t.Errorf("distrusting %q: %+v, anchors %d, before %d", opt.Distrust, r.Findings, len(r.Anchors), old)
		}
	}
	// openssl takes the stamps of the heads.
	l, err := seal.OpenLog(nil, dir, seal.LogOptions{ReadOnly: true})
	if err != nil {
		t.Fatal(err)
	}
	g, err := l.OpenAgain(seal.SHA512)
	if err != nil {
		t.Fatal(err)
	}
	stamps, err := g.Stamps()
	if err != nil || len(stamps) < 2 {
		t.Fatalf("%d stamps, %v", len(stamps), err)
	}
	for _, s := range stamps {
		for name, b := range map[string][]byte{"head.txt": s.Head.Text, "head.tsr": s.Answer} {
			if err := os.WriteFile(filepath.Join(tsa.Dir, name), b, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		tsa.Run(t, "ts", "-verify", "-data", "head.txt", "-in", "head.tsr", "-CAfile", "ca.pem")
	}
	if err := errors.Join(g.Close(), l.Close()); err != nil {
		t.Fatal(err)
	}
	flipEach(t, dir, roots)
}

// flipEach flips a bit of each file and wants it named without SHA-256.
func flipEach(t *testing.T, dir string, roots []byte) {
	rng := rand.New(rand.NewPCG(4, 4))
	kinds := map[string]int{}
	for _, name := range allFiles(t, dir) {
		kind, _, _ := strings.Cut(name, "/")
		if base := filepath.Base(name); strings.HasPrefix(name, "seal/again/") {
			kind = base[strings.LastIndexByte(base, '.'):]
		}
		if kinds[kind]++; kinds[kind] > 2 || strings.HasSuffix(name, "lock") || strings.HasPrefix(name, "state.sqlite") || name == "seal/key" || name == "mask.key" || name == "outbox.json" || strings.HasPrefix(name, "archive/_log/") {
			continue
		}
		path := filepath.Join(dir, filepath.FromSlash(name))
		b, err := os.ReadFile(path)
		if err != nil || len(b) == 0 {
			continue
		}
		broken := bytes.Clone(b)
		broken[rng.IntN(len(b))] ^= 1 << rng.IntN(8)
		if err := os.WriteFile(path, broken, 0o600); err != nil {
			t.Fatal(err)
		}
		r := without(t, dir, roots)
		if !slices.ContainsFunc(r.Findings, func(f verify.Finding) bool {
			return (f.File == name || strings.HasSuffix(f.Detail, name)) && f.State != verify.Note && f.State != verify.Unsealed
		}) {
			t.Errorf("a bit of %s: %+v", name, r.Findings)
		}
		if err := os.WriteFile(path, b, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if len(kinds) < 8 {
		t.Errorf("only %v were tried", kinds)
	}
}

func allFiles(t *testing.T, dir string) (l []string) {
	t.Helper()
	err := filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			rel, _ := filepath.Rel(dir, path)
			l = append(l, filepath.ToSlash(rel))
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// A thing that is broken before is named, by the pass and by every check, has no new
// digest, and is taken up when it is whole again.
func TestWhatIsBrokenIsNotCarriedOver(t *testing.T) {
	e, _, _ := stampedFolder(t, nil, nil)
	defer func() {
		if err := e.Close(); err != nil {
			t.Error(err)
		}
	}()
	var victim string
	for _, name := range allFiles(t, e.dir) {
		if strings.Contains(name, ".raw.") {
			victim = name
		}
	}
	path := filepath.Join(e.dir, filepath.FromSlash(victim))
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	broken := bytes.Clone(b)
	broken[len(b)/2] ^= 1
	if err := os.WriteFile(path, broken, 0o600); err != nil {
		t.Fatal(err)
	}
	name := strings.TrimPrefix(victim, "archive/")
	res, err := e.Renew(t.Context(), RenewRequest{Algorithm: seal.SHA384, By: "t"})
	if err != nil || len(res.Broken) != 1 || res.Broken[0].Name != name {
		t.Fatalf("%+v, %v", res, err)
	}
	r := without(t, e.dir, nil)
	for _, what := range []string{"again_broken", "again_none"} {
		if !slices.ContainsFunc(r.Findings, func(f verify.Finding) bool {
			return f.What == what && strings.TrimPrefix(f.File, "archive/") == name
		}) {
			t.Errorf("%s is not told: %+v", what, r.Findings)
		}
	}
	if err := os.WriteFile(path, b, 0o600); err != nil {
		t.Fatal(err)
	}
	if res, err = e.Renew(t.Context(), RenewRequest{Algorithm: seal.SHA384, By: "t"}); err != nil || len(res.Broken) > 0 {
		t.Fatalf("%+v, %v", res, err)
	}
	if r := without(t, e.dir, nil); len(bad(r)) > 0 {
		t.Errorf("%+v", r.Findings)
	}
}

// renewedThings are the objects and records of the list of a folder's renewal.
func renewedThings(t *testing.T, e *Engine) map[string]bool {
	t.Helper()
	out := map[string]bool{}
	err := e.anew.Walk(func(_ []byte, x *seal.Again, _ seal.Digest) error {
		if x.Kind == seal.AgainObject || x.Kind == seal.AgainRows || x.Kind == seal.AgainContent {
			if out[x.Key()] {
				t.Errorf("%s stands twice", x.Key())
			}
			out[x.Key()] = true
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// goesOn finishes the renewal of a folder that was left in the middle, and compares.
func goesOn(t *testing.T, what, dir string, want map[string]bool) {
	t.Helper()
	d := realDeps()
	e, err := open(t.Context(), dir, Options{}, d)
	if err != nil {
		t.Fatalf("%s: %v", what, err)
	}
	s, err := Seal(dir)
	if err != nil {
		t.Fatalf("%s: %v", what, err)
	}
	if s.AgainBegun != "" { // as a running server does
		err = e.goOnAgain(t.Context())
	} else {
		_, err = e.Renew(t.Context(), RenewRequest{Algorithm: seal.SHA512, By: "t"})
	}
	if err != nil {
		t.Fatalf("%s: %v", what, err)
	}
	if got := renewedThings(t, e); len(got) != len(want) || len(want) == 0 {
		t.Errorf("%s: %d things, want %d", what, len(got), len(want))
	}
	if r := without(t, dir, nil); len(bad(r)) > 0 {
		t.Errorf("%s: %+v", what, r.Findings)
	}
	if err := e.Close(); err != nil {
		t.Fatalf("%s: %v", what, err)
	}
}

// A pass that is stopped, or whose disk dies, anywhere goes on, and in the end the list is
// that of one that was not.
func TestHashingAnewStopped(t *testing.T) {
	first, _, _ := stampedFolder(t, nil, nil)
	dir := first.dir
	if err := first.Close(); err != nil {
		t.Fatal(err)
	}
	// run hashes a copy anew on a disk that dies at its n-th change, -1 = never, and stops
	// the pass at its stop-th step.
	run := func(n, stop int) (s stopped, things map[string]bool) {
		s = stopAt(t, dir, realDeps(), n, func(e *Engine) error {
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			steps := 0
			_, err := e.Renew(ctx, RenewRequest{Algorithm: seal.SHA512, By: "t", Progress: func(RenewProgress) {
				if steps++; steps == stop {
					cancel()
				}
			}})
			if err == nil {
				things = renewedThings(t, e)
			}
			return err
		})
		return s, things
	}
	whole, want := run(-1, -1)
	if whole.err != nil {
		t.Fatal(whole.err)
	}
	for stop := 1; ; stop += 2 {
		s, _ := run(-1, stop)
		if s.err == nil {
			break
		}
		if !errors.Is(s.err, context.Canceled) {
			t.Fatalf("stopped at step %d: %v", stop, s.err)
		}
		goesOn(t, fmt.Sprintf("stopped at step %d", stop), s.dir, want)
	}
	step := inLong(7, 1)
	died := 0
	for n := whole.opening; n < whole.calls; n += step {
		s, _ := run(n, -1)
		if s.fired {
			died++
		}
		goesOn(t, fmt.Sprintf("the disk died at change %d of %d", n, whole.calls), s.dir, want)
	}
	if died < 5 {
		t.Errorf("the disk died %d times", died)
	}
}

// The renewal lies on the volumes: each proves itself without SHA-256.
func TestVolumesProveThemselvesWithoutSHA256(t *testing.T) {
	tsa := sealtest.Start(t)
	tsa.Sign(t, "sha512")
	e, roots, names := stampedFolder(t, tsa, nil)
	dirs := pooledFolder(t, e, "one", "two")
	importNames(t, e, names[len(names)/2+1:]...)
	sealAll(t, e)
	if res, err := e.Renew(t.Context(), RenewRequest{Algorithm: seal.SHA512, By: "t"}); err != nil || len(res.Broken) > 0 {
		t.Fatalf("%+v, %v", res, err)
	}
	p, err := e.Pool()
	if err == nil {
		_, err = p.Heal(t.Context(), nil)
	}
	if err = errors.Join(err, e.Close()); err != nil {
		t.Fatal(err)
	}
	for _, dir := range dirs {
		check := func() *verify.Report {
			r, err := verify.Volume(t.Context(), dir, verify.Options{Distrust: seal.SHA256, Roots: roots})
			if err != nil {
				t.Fatal(err)
			}
			return r
		}
		r := check()
		if len(bad(r)) > 0 || r.Sealed == 0 || len(r.Anchors) == 0 {
			t.Errorf("%+v", r)
		}
		for _, name := range allFiles(t, dir) {
			if !strings.Contains(name, ".parquet") {
				continue
			}
			path := filepath.Join(dir, filepath.FromSlash(name))
			b, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			b[len(b)/3] ^= 4
			if err := os.WriteFile(path, b, 0o600); err != nil {
				t.Fatal(err)
			}
			if r := check(); !found(r, name) || !r.Damage() {
				t.Errorf("%s: %+v", name, r.Findings)
			}
			break
		}
	}
}
