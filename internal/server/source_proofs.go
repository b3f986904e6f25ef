package server

import (
	"context"
	"encoding/hex"

	"github.com/akashi-audit/akashi/internal/engine"
	"github.com/akashi-audit/akashi/internal/record"
	"github.com/akashi-audit/akashi/internal/web"
)

// proofs tells the pages what seals a record.
type proofs struct{ e *engine.Engine }

var _ web.Proofs = proofs{}

func (s proofs) Proof(ctx context.Context, id record.ID) (*web.ProofState, error) {
	p, err := s.e.Proof(ctx, id)
	if err != nil {
		return nil, notFound(err)
	}
	w := &web.ProofState{State: web.SealOpen, Reason: p.Broken, Leaf: p.Leaf, LeafTime: p.LeafTime, Commit: p.Commit, ArchiveDay: p.Day}
	if c := p.Checkpoint; c != nil {
		w.State, w.Checkpoint, w.SignedAt = web.SealFilled, c.Size, c.Time
		if len(c.Keys) > 0 {
			w.Key = c.Keys[len(c.Keys)-1]
		}
	}
	if p.Broken != "" {
		w.State = web.SealBroken
	}
	if t := p.Stamp; t != nil {
		w.Stamp, w.Authority, w.Trusted = t.Time.UnixNano(), t.Authority, t.Trusted
	}
	for _, d := range p.Parts {
		for _, o := range d.Objects {
			if o.Kind == "records" {
				w.Objects = append(w.Objects, web.ProofObject{Name: o.Name, SHA256: hex.EncodeToString(o.SHA256[:]), Part: d.Part, Sealed: d.Sealed})
			}
		}
	}
	return w, nil
}
