package engine

import (
	"context"
	"errors"

	"github.com/akashi-audit/akashi/internal/seal"
)

// SealState is what the seal of a folder holds.
type SealState struct {
	Leaves      int64              `json:"leaves"`
	Unsealed    int64              `json:"unsealed"`
	Checkpoints []*seal.Checkpoint `json:"-"`
	Keys        []seal.KeyChange   `json:"keys"`
	NeedsStamp  bool               `json:"needs_stamp"`
}

// Seal reads the state of the seal of a data folder, beside a running writer too.
func Seal(dir string) (*SealState, error) {
	l, err := seal.OpenLog(nil, dir, seal.LogOptions{ReadOnly: true})
	if err != nil {
		return nil, err
	}
	return &SealState{l.Size(), l.Unsealed(), l.Checkpoints(), l.Keys(), l.NeedsStamp()}, l.Close()
}

// SealNow lists the folder, signs the head and returns the checkpoint.
func (e *Engine) SealNow(ctx context.Context) (*seal.Checkpoint, error) {
	if e.opt.ReadOnly {
		return nil, ErrReadOnly
	}
	e.importing.Lock()
	defer e.importing.Unlock()
	if err := e.sealFolder(ctx); err != nil {
		return nil, err
	}
	l := e.seal.Checkpoints()
	if len(l) == 0 {
		return nil, seal.ErrNoKey
	}
	return l[len(l)-1], nil
}

// RotateKey begins a new key of the seal, see seal.Log.Rotate.
func (e *Engine) RotateKey(ctx context.Context, by string, lost bool) (seal.KeyChange, error) {
	if e.opt.ReadOnly {
		return seal.KeyChange{}, ErrReadOnly
	}
	return e.seal.Rotate(ctx, by, lost)
}

// ErrStamped: the last checkpoint has its time stamp.
var ErrStamped = errors.New("the last checkpoint has its time stamp already")

// Stamp seals the folder and gets a time stamp of the checkpoint.
func (e *Engine) Stamp(ctx context.Context, a *seal.Authority) (*seal.Stamp, error) {
	if _, err := e.SealNow(ctx); err != nil {
		return nil, err
	}
	if !e.seal.NeedsStamp() {
		return nil, ErrStamped
	}
	return e.seal.Stamp(ctx, a)
}
