package engine

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"unicode/utf16"

	"github.com/akashi-audit/akashi/internal/erasure"
	"github.com/akashi-audit/akashi/internal/pool"
	"github.com/akashi-audit/akashi/internal/query"
	"github.com/akashi-audit/akashi/internal/record"
	"github.com/akashi-audit/akashi/internal/store"
	"github.com/akashi-audit/akashi/internal/verify"
)

// everything is all records of a folder, superseded ones when old.
func everything(t *testing.T, e *Engine, old bool) []record.Record {
	t.Helper()
	p, err := e.Search(t.Context(), query.Query{Classes: query.AllClasses(), Superseded: old, Limit: 1 << 20})
	if err != nil {
		t.Fatal(err)
	}
	return p.Records
}

// textIn lists the files below dir that hold a text, in UTF-8, as JSON writes it,
// or in UTF-16.
func textIn(t *testing.T, dir, text string) (l []string) {
	t.Helper()
	var wide []byte
	for _, u := range utf16.Encode([]rune(text)) {
		wide = binary.LittleEndian.AppendUint16(wide, u)
	}
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		b, err := os.ReadFile(path)
		for _, w := range [][]byte{[]byte(text), []byte(strings.ReplaceAll(text, `\`, `\\`)), wide} {
			if bytes.Contains(b, w) {
				l = append(l, path)
				break
			}
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// erasedNowhere checks that a folder gives nothing of what is erased: in no answer,
// in no export, and in no raw event of its archive.
func erasedNowhere(t *testing.T, at string, e *Engine, x erasure.Erasure) {
	t.Helper()
	hidden := erasure.NewSet([]erasure.Erasure{x})
	for _, old := range []bool{false, true} {
		q := query.Query{Classes: query.AllClasses(), Superseded: old, Limit: 1 << 20}
		fromArchive, err := e.SearchArchive(t.Context(), q)
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range slices.Concat(everything(t, e, old), fromArchive.Records) {
			if hidden.Hides(&r) {
				t.Fatalf("%s: %s is in an answer: %s", at, r.ID(), r.Path)
			}
		}
	}
	dest := filepath.Join(t.TempDir(), "export")
	if _, err := e.ExportArchive(t.Context(), dest, "", "", nil); err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(dest, 0o700); err != nil { // there may be nothing to export
		t.Fatal(err)
	}
	for _, f := range x.Files {
		if l := textIn(t, dest, f); len(l) > 0 {
			t.Errorf("%s: %q is in the export: %v", at, f, l)
		}
	}
	a, err := e.openArchive(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, server := range a.Servers() {
		l, err := a.Shown(t.Context(), server)
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range l {
			for ev, err := range s.Events {
				if err != nil {
					t.Fatal(err)
				}
				if _, always := hidden.Names(ev); always {
					t.Errorf("%s: event %d of %s names what is erased", at, ev.RecordID, server)
				}
			}
		}
	}
}

// comparable is what of a record must be the same when events were erased on which
// it rests in part.
func comparable(l []record.Record) []string {
	var out []string
	for i := range l {
		r := l[i]
		r.Received, r.RulesVersion = 0, 0
		out = append(out, string(r.AppendJSON(nil)))
	}
	slices.Sort(out)
	return out
}

func difference(a, b []string) (l []string) {
	for _, s := range a {
		if _, ok := slices.BinarySearch(b, s); !ok {
			l = append(l, s)
		}
	}
	return l
}

// At any moment, before or after a sealing, with or without further logs: what is
// erased is in no answer and no export, neither here nor in a folder that is made
// again from the archive alone; all else is the same.
func TestErasureTravels(t *testing.T) {
	rounds := inLong(2, 40)
	for seed := range uint64(rounds) {
		rng := rand.New(rand.NewPCG(seed, 77))
		files, names := cutFiles(rng, company(seed, 3))
		d := realOn(files, 1000)
		dir := filepath.Join(t.TempDir(), "d")
		e := openDemo(t, dir, d)
		seal := func() {
			if _, err := e.SealArchive(t.Context(), SealRequest{All: true, By: "t"}); err != nil {
				t.Fatal(err)
			}
		}
		slices.Reverse(names) // the domain controller, of which no record comes, last
		cut := 1 + rng.IntN(len(names))
		importNames(t, e, names[:cut]...)
		for ; len(everything(t, e, false)) < 100; cut++ {
			importNames(t, e, names[cut])
		}
		if rng.IntN(2) == 0 {
			seal()
		}
		x := pickErasure(rng, everything(t, e, false))
		before := everything(t, e, false)
		out, err := e.Erase(t.Context(), x)
		if err != nil {
			t.Fatal(err)
		}
		x.Time = e.st.Erasures()[0].Time
		hidden := erasure.NewSet([]erasure.Erasure{x})
		rest := slices.DeleteFunc(before, func(r record.Record) bool { return hidden.Hides(&r) })
		if d := difference(comparable(rest), comparable(everything(t, e, false))); len(d) > 0 {
			t.Fatalf("seed %d: the erasure took %d other records: %s", seed, len(d), d[0])
		}
		erasedNowhere(t, fmt.Sprintf("seed %d, erased", seed), e, x)
		if cut < len(names) {
			importNames(t, e, names[cut:]...)
		}
		seal()
		erasedNowhere(t, fmt.Sprintf("seed %d, sealed", seed), e, x)
		if len(out.Pending.Days)+len(out.Pending.Copies) > 0 {
			t.Errorf("seed %d: a folder can be written again, and waits for %+v", seed, out.Pending)
		}
		again := openDemo(t, filepath.Join(t.TempDir(), "d"), d)
		if _, err := again.RebuildFromArchive(t.Context(), filepath.Join(dir, archiveDir), nil); err != nil {
			t.Fatal(err)
		}
		if l := again.st.Erasures(); len(l) != 1 || !l[0].Equal(&x) {
			t.Fatalf("seed %d: the erasures of the new folder are %+v", seed, l)
		}
		erasedNowhere(t, fmt.Sprintf("seed %d, made again", seed), again, x)
		if _, err := again.SealArchive(t.Context(), SealRequest{All: true, By: "t"}); err != nil {
			t.Fatal(err)
		}
		erasedNowhere(t, fmt.Sprintf("seed %d, made again and sealed", seed), again, x)
		if _, err := e.Reconvert(t.Context(), ReconvertRequest{}, nil); err != nil {
			t.Fatal(err)
		}
		want, got := comparable(everything(t, e, false)), comparable(everything(t, again, false))
		if a, b := difference(want, got), difference(got, want); len(a)+len(b) > 0 {
			t.Errorf("seed %d (%+v): %d records of %d are other ones when made again, %d of %d:\n%s\n%s", seed, x, len(a), len(want), len(b), len(got), strings.Join(a[:min(3, len(a))], "\n"), strings.Join(b[:min(3, len(b))], "\n"))
		}
		t.Logf("seed %d: %+v: %d records, %d events erased, %d days written again, %d records", seed, x, out.Records, out.Events, len(out.Archived.Days), len(got))
		for _, e := range []*Engine{e, again} {
			if err := e.Close(); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// pickErasure is an erasure of something that is there.
func pickErasure(rng *rand.Rand, l []record.Record) store.Erasure {
	x := store.Erasure{Ground: "本人の請求", By: "監査"}
	for {
		r := l[rng.IntN(len(l))]
		if r.Object != record.ObjectFile || r.Path == "" || r.User == "" {
			continue
		}
		switch rng.IntN(4) {
		case 0, 1:
			x.Files = []string{r.Path}
		case 2:
			x.Folders = []string{r.Path[:max(strings.LastIndexByte(r.Path, '\\'), 0)]}
			if x.Folders[0] == "" {
				continue
			}
		case 3:
			x.Users = []string{r.User}
			x.From, x.To = r.Time-rng.Int64N(3600e9), r.Time+1+rng.Int64N(3600e9)
		}
		return x
	}
}

// A volume that is away keeps its copies of what is erased: they are listed, and go
// when it is back. Each volume alone says what is erased, and a folder that is made
// again from one does not bring it back.
func TestErasureOnAPool(t *testing.T) {
	files, names := cutFiles(rand.New(rand.NewPCG(3, 3)), company(3, 3))
	dir := filepath.Join(t.TempDir(), "d")
	e := openDemo(t, dir, realOn(files, 1000))
	importNames(t, e, names...)
	dirs := pooledFolder(t, e, "a", "b")
	p, err := e.Pool()
	if err != nil {
		t.Fatal(err)
	}
	three := 3
	if err := p.Set(t.Context(), pool.Change{Copies: &three}); err != nil {
		t.Fatal(err)
	}
	sealAll(t, e)
	if _, err := p.Heal(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	if err := p.Set(t.Context(), pool.Change{Copies: new(1)}); err != nil { // of erasures there is one on each volume all the same
		t.Fatal(err)
	}
	away := dirs["b"] + ".away"
	if err := os.Rename(dirs["b"], away); err != nil {
		t.Fatal(err)
	}
	x := pickErasure(rand.New(rand.NewPCG(1, 5)), everything(t, e, false))
	if len(x.Files) == 0 {
		t.Fatalf("choose another seed: %+v", x)
	}
	out, err := e.Erase(t.Context(), x)
	if err != nil {
		t.Fatal(err)
	}
	x.Time = e.st.Erasures()[0].Time
	erasedNowhere(t, "erased", e, x)
	if len(out.Pending.Copies) == 0 || slices.ContainsFunc(out.Pending.Copies, func(l pool.Left) bool { return l.Volume != "b" }) {
		t.Fatalf("copies on the volume that is away: %+v", out.Pending.Copies)
	}
	if err := os.Rename(away, dirs["b"]); err != nil {
		t.Fatal(err)
	}
	if _, err := p.CatchUp(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	now, err := e.Pending(t.Context())
	if err != nil || len(now.Copies)+len(now.Days) > 0 || len(now.Erasures) != 1 {
		t.Fatalf("after the volume came back: %+v, %v", now, err)
	}
	if err := e.Close(); err != nil {
		t.Fatal(err)
	}
	for name, v := range dirs {
		if l, err := filepath.Glob(filepath.Join(v, "_erasures", "*.erasure.*.json")); err != nil || len(l) != 1 {
			t.Errorf("volume %s has %d erasures, %v", name, len(l), err)
		}
		again := openDemo(t, filepath.Join(t.TempDir(), "d"), realOn(files, 1000))
		if _, err := again.RebuildFromArchive(t.Context(), v, nil); err != nil {
			t.Fatal(err)
		}
		erasedNowhere(t, "made again from "+name, again, x)
		if err := again.Close(); err != nil {
			t.Fatal(err)
		}
	}
	r, err := verify.Check(t.Context(), dir, verify.Options{})
	if err != nil || r.Damage() {
		t.Errorf("verify: %+v, %v", r, err)
	}
}

// Stopped at any call, an erasure of archived parts goes on the next time, and never
// shows what is erased.
func TestErasureStopped(t *testing.T) {
	files, names := cutFiles(rand.New(rand.NewPCG(3, 3)), company(3, 2))
	dir := filepath.Join(t.TempDir(), "d")
	e := openDemo(t, dir, realOn(files, 1000))
	importNames(t, e, names...)
	sealAll(t, e)
	x := pickErasure(rand.New(rand.NewPCG(1, 5)), everything(t, e, false))
	if err := e.Close(); err != nil {
		t.Fatal(err)
	}
	step := inLong(33, 1)
	stop := func(n int) stopped {
		return stopAt(t, dir, realOn(files, 1000), n, func(e *Engine) error {
			_, err := e.Erase(t.Context(), x)
			return err
		})
	}
	whole := stop(-1)
	if whole.err != nil {
		t.Fatal(whole.err)
	}
	rewritten := 0
	for n := whole.opening; n < whole.calls; n += step {
		s := stop(n)
		e := openDemo(t, s.dir, realOn(files, 1000))
		l := e.st.Erasures()
		if len(l) == 0 && s.err == nil {
			t.Fatalf("stopped at call %d: the erasure was acknowledged and is gone", n)
		}
		if len(l) == 1 {
			x.Time = l[0].Time
			name := fmt.Sprintf("stopped at call %d", n)
			erasedNowhere(t, name, e, x)
			sealAll(t, e)
			erasedNowhere(t, name+", and sealed", e, x)
			if p, err := e.Pending(t.Context()); err != nil || len(p.Days) > 0 {
				t.Fatalf("%s: %+v, %v", name, p, err)
			}
			if l := slices.DeleteFunc(textIn(t, filepath.Join(s.dir, archiveDir), x.Files[0]), func(f string) bool { return strings.Contains(f, "_erasures") }); len(l) > 0 {
				t.Fatalf("%s: the name is in %v", name, l)
			}
			rewritten++
		}
		if err := e.Close(); err != nil {
			t.Fatal(err)
		}
		if r, err := verify.Check(t.Context(), s.dir, verify.Options{}); err != nil || r.Damage() {
			t.Fatalf("stopped at call %d: %+v, %v", n, r.Findings, err)
		}
	}
	t.Logf("calls %d to %d, after %d of them the erasure held", whole.opening, whole.calls, rewritten)
	if rewritten == 0 {
		t.Error("no stop came after the order")
	}
}
