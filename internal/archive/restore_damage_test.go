package archive

import (
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/akashi-audit/akashi/internal/fsx"
)

// A restored file that is damaged anywhere gives no other answer: the day is read in
// the archive, or the damaged place was not needed.
func TestRestoredDamage(t *testing.T) {
	rng := rand.New(rand.NewPCG(9, 9))
	s, fs := oddStore(rng, 100), newDisk(t)
	a, _ := openShelved(t, fs, &log{})
	if _, err := a.Seal(t.Context(), s, SealOptions{Now: now, By: "t"}); err != nil {
		t.Fatal(err)
	}
	restoreSome(t, rng, a, 1)
	files := slices.DeleteFunc(filesOf(t, fs, "/d/restored"), func(f string) bool { return strings.HasSuffix(f, "cleared.json") })
	for n := range 25 {
		disk := fs.Fork()
		name := files[rng.IntN(len(files))]
		flip(t, disk, name, rng)
		b, shelf := openShelved(t, disk, &log{})
		answers(t, fmt.Sprintf("flip %d of %s", n, name), 2, rng, b, s, nil)
		if strings.HasSuffix(name, ".seg") {
			if l, err := shelf.Check(t.Context(), nil); err != nil || len(l) == 0 {
				t.Errorf("flip %d of %s: nothing is found: %v", n, name, err)
			}
		}
	}
}

func flip(t *testing.T, fs fsx.FS, name string, rng *rand.Rand) {
	t.Helper()
	f, err := fs.OpenFile(name, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	st, err := f.Stat()
	if err != nil {
		t.Fatal(err)
	}
	off := rng.Int64N(st.Size())
	b := make([]byte, 1)
	if _, err := f.ReadAt(b, off); err != nil && !errors.Is(err, io.EOF) {
		t.Fatal(err)
	}
	b[0] ^= 1 << rng.IntN(8)
	if _, err := f.WriteAt(b, off); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(f.Sync(), f.Close()); err != nil {
		t.Fatal(err)
	}
}

// A part whose bytes are not those that were sealed gives no index.
func TestRestoreRefusesOtherBytes(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 5))
	s, base := oddStore(rng, 80), newDisk(t)
	a, _ := openShelved(t, base, &log{})
	if _, err := a.Seal(t.Context(), s, SealOptions{Now: now, By: "t"}); err != nil {
		t.Fatal(err)
	}
	for n := range 8 {
		disk := base.Fork()
		var objects []string
		for _, f := range filesOf(t, disk, "/d/archive") {
			if strings.Contains(f, ".records.") {
				objects = append(objects, f)
			}
		}
		flip(t, disk, objects[n%len(objects)], rng)
		b, shelf := openShelved(t, disk, &log{})
		failed := 0
		for _, d := range b.Stored() {
			if _, err := b.Restore(t.Context(), d.Server, d.Day, RestoreOptions{}); err != nil {
				failed++
			}
		}
		if failed != 1 || len(shelf.List()) != len(b.Stored())-1 {
			t.Errorf("flip %d: %d days refused, %d restored of %d", n, failed, len(shelf.List()), len(b.Stored()))
		}
	}
}
