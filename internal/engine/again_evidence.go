package engine

import (
	"context"

	"github.com/akashi-audit/akashi/internal/archive"
	"github.com/akashi-audit/akashi/internal/evidence"
	"github.com/akashi-audit/akashi/internal/manifest"
	"github.com/akashi-audit/akashi/internal/seal"
)

// Renewal is the renewal that is in force, for a bundle.
func (l folderLog) Renewal() evidence.Renewal {
	l.e.againMu.Lock()
	defer l.e.againMu.Unlock()
	if l.e.forceAgain() != nil || l.e.anew == nil || !l.e.anew.force {
		return nil
	}
	return lockedAgain{l.e}
}

// lockedAgain is the renewal beside a pass that goes on.
type lockedAgain struct{ e *Engine }

func (l lockedAgain) with(fn func(g *again) error) error {
	l.e.againMu.Lock()
	defer l.e.againMu.Unlock()
	return fn(l.e.anew)
}

// Algorithm is that of the renewal.
func (l lockedAgain) Algorithm() (a seal.Algorithm) {
	_ = l.with(func(g *again) error { a = g.Algorithm(); return nil }) // fn has no error
	return a
}

// Heads are the signed heads.
func (l lockedAgain) Heads() (h []*seal.Head) {
	_ = l.with(func(g *again) error { h = g.Heads(); return nil }) // fn has no error
	return h
}

// Stamps are those of the heads.
func (l lockedAgain) Stamps() (s []seal.StampedHead, err error) {
	err = l.with(func(g *again) error { s, err = g.Stamps(); return err })
	return s, err
}

// Walk gives the lines of the list.
func (l lockedAgain) Walk(fn func(data []byte, x *seal.Again, h seal.Digest) error) error {
	return l.with(func(g *again) error { return g.Walk(fn) })
}

// LeafDigests are those of the first n leaves.
func (l lockedAgain) LeafDigests(n int64) (d []seal.Digest, err error) {
	err = l.with(func(g *again) error { d, err = g.LeafDigests(n); return err })
	return d, err
}

// newLeaves are the digests of the records of a day's parts under the algorithm that is in
// force, by part; nil when none is.
func (e *Engine) newLeaves(ctx context.Context, d evidence.Day) (map[int][]seal.Digest, error) {
	r := folderLog{e.seal, e}.Renewal()
	if r == nil {
		return nil, nil
	}
	out := make(map[int][]seal.Digest)
	a := r.Algorithm()
	var l []seal.Digest
	err := e.withArchive(ctx, func(x *archive.Archive) error {
		return x.Lines(ctx, d.Server, d.Day, func(*manifest.Day) bool { l = nil; return true }, func(line []byte) error {
			l = append(l, a.Leaf(line))
			return nil
		}, func(m *manifest.Day, err error) error {
			out[m.Part] = l
			return err
		})
	})
	return out, err
}
