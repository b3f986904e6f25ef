package engine

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"

	"github.com/akashi-audit/akashi/internal/config"
	"github.com/akashi-audit/akashi/internal/seal"
)

// ErrBusy refuses what must wait for an import or a conversion to end.
var ErrBusy = errors.New("an import or a conversion is running: try again when it has ended")

// Configure changes akashi.toml for by. The change is sealed with that name; what
// counts as background holds for conversions from then on. A change that is not
// right gives a *config.Error, and nothing is written.
func (e *Engine) Configure(ctx context.Context, by string, change func(*config.Config)) error {
	if e.opt.ReadOnly {
		return ErrReadOnly
	}
	if !e.importing.TryLock() {
		return ErrBusy
	}
	defer e.importing.Unlock()
	cfg, err := config.Update(e.dir, change)
	if err != nil {
		return err
	}
	e.follow(cfg)
	if err := e.noteSettings(ctx); err != nil {
		return err
	}
	if err := e.sealSettings(ctx, cfg, by); err != nil {
		return fmt.Errorf("seal the settings: %w", err)
	}
	return e.sealFolder(ctx)
}

// SettingsChange is a sealed change of akashi.toml.
type SettingsChange struct {
	By     string
	Time   int64 // Unix ns
	Leaf   int64
	Sealed bool // below a signed checkpoint
	Now    Settings
}

// Settings is what a sealed entry says that held from then on.
type Settings = settingsLeaf

// SettingsHistory lists the changes of akashi.toml that the seal knows, newest
// first, at most the newest 200.
func (e *Engine) SettingsHistory(ctx context.Context) ([]SettingsChange, error) {
	if e.seal == nil {
		return nil, ErrReadOnly
	}
	const most = 200
	sealed := int64(0)
	if p := e.seal.Checkpoints(); len(p) > 0 {
		sealed = p[len(p)-1].Size
	}
	at := e.seal.Places(seal.KindSettings)
	var l []SettingsChange
	for i := len(at) - 1; i >= 0 && len(l) < most; i-- {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		leaf, err := e.seal.Entry(at[i])
		if err != nil {
			return nil, err
		}
		c := SettingsChange{By: leaf.Entry.By, Time: leaf.Entry.Time, Leaf: at[i], Sealed: at[i] < sealed}
		if err := json.Unmarshal([]byte(leaf.Entry.Subject), &c.Now); err != nil {
			return nil, fmt.Errorf("sealed settings: %w", err)
		}
		l = append(l, c)
	}
	return l, nil
}

// SealStatus is the state of the seal of the open folder; it reads next to nothing.
type SealStatus struct {
	SealState
	KeyFile  string // where the private key lies
	KeyThere bool
	Data     bool // everything that was received is below a signed checkpoint
}

// SealStatus tells the state of the seal.
func (e *Engine) SealStatus() (*SealStatus, error) {
	l := e.seal
	if l == nil {
		s, err := Seal(e.dir)
		if err != nil {
			return nil, err
		}
		return &SealStatus{SealState: *s, Data: s.Unsealed == 0 && len(s.Checkpoints) > 0}, nil
	}
	cfg := e.Config()
	state, err := sealState(l, e.dir, &cfg)
	if err != nil {
		return nil, err
	}
	s := &SealStatus{SealState: *state, KeyFile: l.KeyFile()}
	_, err = os.Stat(s.KeyFile)
	s.KeyThere = err == nil
	if n := len(s.Checkpoints); n > 0 {
		s.Data = true
		for _, kind := range []string{seal.KindRawBatch, seal.KindImport, seal.KindArchivePart} {
			if at, ok := l.LastPlace(kind); ok && at >= s.Checkpoints[n-1].Size {
				s.Data = false
			}
		}
		e.mu.Lock()
		s.Data = s.Data && len(e.batches) == 0
		e.mu.Unlock()
	}
	return s, nil
}
