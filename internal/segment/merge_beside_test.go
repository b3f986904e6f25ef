package segment

import (
	"bytes"
	"context"
	"errors"
	"io"
	"math/rand/v2"
	"slices"
	"testing"
)

// TestMergeBeside: days that are merged side by side give the bytes of those that are
// merged one after the other, whatever is left out; a merge that ends early leaves nobody
// at work, and tells why.
func TestMergeBeside(t *testing.T) {
	rows := testRecords(8, 4000, false)
	var in []*Segment
	for part := range slices.Chunk(rows, 900) {
		s, _ := buildSegment(t, part, false)
		in = append(in, s)
	}
	g := rand.New(rand.NewPCG(4, 4))
	for round := range 8 {
		v := View{}
		if round > 0 {
			v, _ = testView(g)
		}
		write := func(days int) ([]byte, *Meta, error) {
			var buf bytes.Buffer
			meta, err := Merge(t.Context(), &buf, in, v, Options{Zone: tokyo(), Days: days})
			return buf.Bytes(), meta, err
		}
		want, meta, err := write(0)
		if errors.Is(err, ErrNoRows) {
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		if round == 0 && len(meta.Days) < 5 {
			t.Fatalf("%d days: too few to be side by side", len(meta.Days))
		}
		for _, days := range []int{1, 2, 3, 40} {
			if got, _, err := write(days); err != nil || !bytes.Equal(got, want) {
				t.Fatalf("round %d, %d days at a time: %d bytes, want %d; %v", round, days, len(got), len(want), err)
			}
		}
	}
	full := errors.New("the disk is full")
	for n := range 30 {
		_, err := Merge(t.Context(), &fullDisk{left: n * 700, err: full}, in, View{}, Options{Zone: tokyo(), Days: 3})
		if !errors.Is(err, full) {
			t.Fatalf("a disk of %d bytes: %v", n*700, err)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := Merge(ctx, io.Discard, in, View{}, Options{Zone: tokyo(), Days: 3}); !errors.Is(err, context.Canceled) {
		t.Errorf("a merge that was ended: %v", err)
	}
}

// fullDisk takes some bytes.
type fullDisk struct {
	left int
	err  error
}

func (d *fullDisk) Write(b []byte) (int, error) {
	if d.left -= len(b); d.left < 0 {
		return 0, d.err
	}
	return len(b), nil
}
