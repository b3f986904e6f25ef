package engine

import (
	"context"

	"github.com/akashi-audit/akashi/internal/state"
)

// State is the small mutable data of the folder. It is opened when it is first
// asked for, in a folder that is open for writing, and closed with the Engine.
func (e *Engine) State(ctx context.Context) (*state.DB, error) {
	if e.opt.ReadOnly {
		return nil, ErrReadOnly
	}
	e.stateMu.Lock()
	defer e.stateMu.Unlock()
	if e.db == nil {
		db, err := state.Open(ctx, e.dir)
		if err != nil {
			return nil, err
		}
		e.db = db
	}
	return e.db, nil
}

func (e *Engine) closeState() error {
	e.stateMu.Lock()
	defer e.stateMu.Unlock()
	if e.db == nil {
		return nil
	}
	db := e.db
	e.db = nil
	return db.Close()
}
