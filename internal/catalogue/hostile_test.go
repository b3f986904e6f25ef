package catalogue

import (
	"bytes"
	"context"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/akashi-audit/akashi/internal/query"
	"github.com/google/go-cmp/cmp"
)

func TestTouchesSurvivePacking(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 1))
	for range 300 {
		l := make([]touch, 1+rng.IntN(50))
		for i := range l {
			l[i] = touch{path: rng.Uint32N(20), other: rng.Uint32N(20), time: int64(rng.Uint64() >> rng.IntN(63)), seq: rng.Uint32N(3), kind: uint8(1 + rng.IntN(touchLastKind))}
			if rng.IntN(2) == 0 {
				l[i].time = -l[i].time / grain * grain
			}
			if l[i].kind == touchDeleted {
				l[i].other = noPath
			}
		}
		slices.SortFunc(l, compareTouch)
		l = slices.Compact(l)
		b := encodeTouches(l)
		got, ok := decodeTouches(b, 20)
		if diff := cmp.Diff(l, got, cmp.AllowUnexported(touch{})); !ok || diff != "" {
			t.Fatalf("%v %s", ok, diff)
		}
		for n := range b {
			if _, ok := decodeTouches(b[:n], 20); ok {
				t.Fatalf("cut to %d of %d bytes they are read", n, len(b))
			}
		}
	}
}

// TestHostileFooters changes bytes of footers whose checksum is right.
func TestHostileFooters(t *testing.T) {
	b := NewBuilder("FS", time.UTC)
	for _, r := range made(rand.New(rand.NewPCG(1, 1)), 100) {
		b.Add(&r)
	}
	good := packed(t, b.Write)
	footer, at, err := readFooter(bytes.NewReader(good), int64(len(good)))
	if err != nil {
		t.Fatal(err)
	}
	rng := rand.New(rand.NewPCG(1, 6))
	refused := 0
	for range 20000 {
		bad := bytes.Clone(footer)
		for range 1 + rng.IntN(3) {
			bad[rng.IntN(len(bad))] = byte(rng.IntN(256))
		}
		p := &Part{}
		if _, ok := p.parseFooter(bad[:len(bad)-rng.IntN(2)], at); !ok {
			refused++
		}
	}
	if refused < 10000 {
		t.Errorf("%d of 20000 are refused", refused)
	}
}

func TestManyReaders(t *testing.T) {
	rng := rand.New(rand.NewPCG(6, 6))
	l := made(rng, 300)
	b := NewBuilder("FS", time.UTC)
	for i := range l {
		b.Add(&l[i])
	}
	data := packed(t, b.Write)
	p, err := Open(bytes.NewReader(data), int64(len(data)), NewCache(20_000))
	if err != nil {
		t.Fatal(err)
	}
	parts := Parts{p}
	var wg sync.WaitGroup
	for i := range 4 {
		wg.Go(func() {
			for k := range 30 {
				r := &l[(i*71+k)%len(l)]
				if _, err := parts.Follow(context.Background(), r.Path, r.Time, query.Extent{}); err != nil {
					t.Error(err)
				}
				if _, _, err := parts.Months(context.Background(), &query.Query{Words: []string{"資料1"}}); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
}
