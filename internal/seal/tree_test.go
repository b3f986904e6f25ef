package seal_test

import (
	"encoding/binary"
	"encoding/hex"
	"math/rand/v2"
	"testing"

	"github.com/akashi-audit/akashi/internal/seal"
)

func leafHashes(n int) []seal.Hash {
	l := make([]seal.Hash, n)
	for i := range l {
		l[i] = seal.LeafHash(binary.BigEndian.AppendUint64(nil, uint64(i)))
	}
	return l
}

// The values are those of the tests of RFC 6962 implementations (CT reference
// log): leaves "", 00, 10, 2021, 3031, 40414243, 5051525354555657, 606162…6f.
func TestRootIsThatOfRFC6962(t *testing.T) {
	var l []seal.Hash
	want := []string{
		"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
		"6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
		"fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
		"aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
		"d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
		"4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
		"76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
		"ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
		"5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
	}
	for i, data := range []string{"", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f", ""} {
		root := seal.Root(l)
		if got := hex.EncodeToString(root[:]); got != want[i] {
			t.Errorf("%d leaves: root %s, want %s", i, got, want[i])
		}
		b, err := hex.DecodeString(data)
		if err != nil {
			t.Fatal(err)
		}
		l = append(l, seal.LeafHash(b))
	}
}

func TestPrunedTreeHasTheSameRoot(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for n := range 70 {
		l := leafHashes(n)
		for range 20 {
			var keep []int
			var keep64 []int64
			var kept []seal.Hash
			for i := range n {
				if r.IntN(4) == 0 {
					keep, keep64, kept = append(keep, i), append(keep64, int64(i)), append(kept, l[i])
				}
			}
			rest := seal.Prune(l, keep)
			got, err := seal.PrunedRoot(int64(n), keep64, kept, rest)
			if err != nil || got != seal.Root(l) {
				t.Fatalf("%d leaves, kept %v: %v, another root: %v", n, keep, err, got != seal.Root(l))
			}
			if len(rest) > 0 {
				if got, err := seal.PrunedRoot(int64(n), keep64, kept, rest[1:]); err == nil && got == seal.Root(l) {
					t.Fatalf("%d leaves, kept %v: a subtree less gives the same root", n, keep)
				}
			}
			if len(kept) > 0 {
				kept[r.IntN(len(kept))][3] ^= 1
				if got, err := seal.PrunedRoot(int64(n), keep64, kept, rest); err != nil || got == seal.Root(l) {
					t.Fatalf("%d leaves, kept %v: another leaf gives the same root, or %v", n, keep, err)
				}
			}
		}
	}
}

func TestHostilePrunedTrees(t *testing.T) {
	h := leafHashes(3)
	for _, c := range []struct {
		n          int64
		keep       []int64
		kept, rest []seal.Hash
	}{
		{-1, nil, nil, nil}, {0, nil, nil, h}, {0, []int64{0}, h[:1], nil}, {1 << 62, []int64{5}, h[:1], h},
		{5, []int64{2, 2}, h[:2], h}, {5, []int64{3, 1}, h[:2], h}, {5, []int64{5}, h[:1], h}, {5, []int64{1}, h, h}, {3, nil, nil, nil}, {3, nil, nil, h},
	} {
		if _, err := seal.PrunedRoot(c.n, c.keep, c.kept, c.rest); err == nil {
			t.Errorf("tree of %d leaves, places %v: no error", c.n, c.keep)
		}
	}
}
