package seal

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
)

// Under SHA-256 the trees of Algorithm are those of the log.
func TestTreesAgree(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for n := range 40 {
		var plain []Hash
		var by [2][]Digest
		algs := [2]Algorithm{SHA256, SHA512}
		for i := range n {
			data := fmt.Appendf(nil, "leaf %d", i)
			plain = append(plain, LeafHash(data))
			for k, a := range algs {
				by[k] = append(by[k], a.Leaf(data))
			}
		}
		if root := Root(plain); !bytes.Equal(root[:], SHA256.Root(by[0])) {
			t.Fatalf("%d leaves: another root", n)
		}
		for k, a := range algs {
			root := a.Root(by[k])
			all := NewProver(a, by[k])
			for m := 1; m <= n; m++ {
				i := int64(rng.IntN(m))
				if err := a.CheckPath(all.Prove(i, int64(m)), int64(m), a.Root(by[k][:m]), i, by[k][i]); err != nil {
					t.Fatal(err)
				}
			}
			for i := range n {
				path := a.Prove(by[k], i)
				if err := a.CheckPath(path, int64(n), root, int64(i), by[k][i]); err != nil {
					t.Fatal(err)
				}
				if a.CheckPath(path, int64(n), root, int64(i), a.Leaf([]byte("x"))) == nil {
					t.Fatalf("another leaf at %d of %d is taken", i, n)
				}
				if n > 1 && a.CheckPath(path, int64(n), root, int64((i+1)%n), by[k][i]) == nil {
					t.Fatalf("leaf %d of %d is taken at another place", i, n)
				}
			}
			var keep []int
			var at []int64
			var kept []Digest
			for i := range n {
				if rng.IntN(3) == 0 {
					keep, at, kept = append(keep, i), append(at, int64(i)), append(kept, by[k][i])
				}
			}
			if n == 0 {
				continue
			}
			rest := a.PruneDigests(by[k], keep)
			if got, err := a.PrunedDigest(int64(n), at, kept, rest); err != nil || !got.Equal(root) {
				t.Fatalf("%d leaves, %v: %v", n, keep, err)
			}
			if len(kept) > 0 {
				kept[0] = a.Leaf([]byte("x"))
				if got, err := a.PrunedDigest(int64(n), at, kept, rest); err == nil && got.Equal(root) {
					t.Fatalf("%d leaves: another leaf gives the same root", n)
				}
			}
		}
	}
}

func FuzzAgain(f *testing.F) {
	x := &Again{Kind: AgainFile, Name: "seal/key\xff<", Size: 3, Old: Sum(nil), New: SHA512.Sum(nil)}
	data, err := EncodeAgain(x)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(bytes.TrimSuffix(AppendAgainLine(nil, data, SHA512.Leaf(data)), []byte("\n")))
	f.Add([]byte("akashi/x\nagain sha512\nleaves 1 AA==\nlist 2 AA==\ntime 3\n\n— akashi/x AAAAAAAA\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		if data, h, err := ParseAgainLine(SHA512, b); err == nil {
			if got := AppendAgainLine(nil, data, h); !bytes.Equal(got, append(slices.Clone(b), '\n')) {
				t.Errorf("%q became %q", b, got)
			}
			if x, err := ParseAgain(data); err == nil {
				if again, err := EncodeAgain(x); err != nil || !bytes.Equal(again, data) {
					t.Errorf("%q became %q, %v", data, again, err)
				}
			}
		}
		if h, err := ParseHead(b); err == nil && !bytes.Equal(h.Text, b) {
			t.Errorf("%q became %q", b, h.Text)
		}
	})
}
