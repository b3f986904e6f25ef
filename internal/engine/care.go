package engine

import (
	"context"
	"errors"

	"github.com/akashi-audit/akashi/internal/store"
)

// Affected tells what an erasure would hide, by server and month.
func (e *Engine) Affected(ctx context.Context, x store.Erasure) ([]store.Affected, error) {
	return e.st.Affected(ctx, x)
}

// Erase orders an erasure and takes what it hides out of the files. Time is set
// here. The tombstone holds when only the second part fails.
func (e *Engine) Erase(ctx context.Context, x store.Erasure) (*store.Removal, error) {
	if e.opt.ReadOnly {
		return nil, ErrReadOnly
	}
	e.importing.Lock()
	defer e.importing.Unlock()
	now := e.deps.now().UnixNano()
	x.Time = now
	if err := e.st.Erase(ctx, x); err != nil {
		return nil, err
	}
	return e.st.Compact(ctx, x.By, now)
}

// closeAll ends the use of the store and the journal.
func (e *Engine) closeAll() error {
	var errs []error
	if e.st != nil {
		errs = append(errs, e.st.Close())
	}
	if e.journal != nil {
		errs = append(errs, e.journal.Close())
	}
	return errors.Join(errs...)
}
