package engine

import (
	"context"
	"slices"

	"github.com/akashi-audit/akashi/internal/archive"
	"github.com/akashi-audit/akashi/internal/erasure"
	"github.com/akashi-audit/akashi/internal/pool"
	"github.com/akashi-audit/akashi/internal/store"
)

// Erased is what an erasure took out of the files, and of the archive.
type Erased struct {
	*store.Removal
	Archived *archive.Rewritten `json:"archived"`
	Pending  *Pending           `json:"pending"`
}

// Erase orders an erasure and takes what it hides out of the files and the
// archive. Time is set here. The tombstone holds when only a later step fails; the
// next sealing goes on with it.
func (e *Engine) Erase(ctx context.Context, x store.Erasure) (*Erased, error) {
	if e.opt.ReadOnly {
		return nil, ErrReadOnly
	}
	e.importing.Lock()
	defer e.importing.Unlock()
	now := e.deps.now()
	x.Time = now.UnixNano()
	if err := e.mayErase(ctx, x); err != nil {
		return nil, err
	}
	if err := e.st.Erase(ctx, x); err != nil {
		return nil, err
	}
	out := &Erased{Archived: &archive.Rewritten{Days: []archive.Rewrite{}}}
	err := e.withArchive(ctx, func(a *archive.Archive) (err error) {
		opt := archive.SealOptions{Now: now, By: x.By, Rules: e.deps.rules}
		if err := e.purge(ctx, a, x.By); err != nil {
			return err
		}
		if len(a.Servers()) > 0 { // first: whoever has the archive alone must know it
			if err := a.Bury(ctx, e.st.Erasures(), opt); err != nil {
				return err
			}
		}
		if out.Removal, err = e.st.Compact(ctx, x.By, opt.Now.UnixNano()); err != nil {
			return err
		}
		if len(a.Servers()) > 0 {
			out.Archived, err = e.eraseArchived(ctx, a, opt)
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	if out.Pending, err = e.pending(ctx); err != nil {
		return nil, err
	}
	if err := e.sealFolder(ctx); err != nil {
		return nil, err
	}
	if len(out.Archived.Days) == 0 {
		return out, nil
	}
	return out, e.publishLog(ctx)
}

// eraseArchived takes what erasures hide out of the archive. The caller holds
// importing.
func (e *Engine) eraseArchived(ctx context.Context, a *archive.Archive, opt archive.SealOptions) (*archive.Rewritten, error) {
	if len(erasure.LawfulOf(a.Erasures())) == 0 {
		return &archive.Rewritten{Days: []archive.Rewrite{}}, nil
	}
	opt.Progress = nil
	out, err := a.Rewrite(ctx, opt)
	if err != nil {
		return nil, err
	}
	gone := make(map[string][]archive.Gone)
	for _, server := range e.st.ServerNames() {
		for _, g := range e.st.AllGone(server) {
			gone[server] = append(gone[server], archive.Gone(g))
		}
	}
	return out, a.NoteRemoved(ctx, gone, opt)
}

// adoptErasures takes over what an archive says is erased and the store does not
// know: the erasures, the orders of terms, and which events are no loss.
func (e *Engine) adoptErasures(ctx context.Context, a *archive.Archive) error {
	have := e.st.Erasures()
	var fresh, orders []store.Erasure
	for _, x := range a.Erasures() {
		switch {
		case slices.ContainsFunc(have, func(o store.Erasure) bool { return o.Equal(&x) }):
		case x.Order != nil:
			orders = append(orders, x)
		default:
			fresh = append(fresh, x)
		}
	}
	if err := e.st.TakeOut(ctx, orders); err != nil {
		return err
	}
	if len(fresh) == 0 {
		return nil
	}
	if err := e.rememberRemoved(ctx, a); err != nil {
		return err
	}
	for _, x := range fresh {
		if err := e.st.Erase(ctx, x); err != nil {
			return err
		}
	}
	return nil
}

// rememberRemoved takes over which events an archive knows to be erased or deleted.
func (e *Engine) rememberRemoved(ctx context.Context, a *archive.Archive) error {
	for server, l := range a.Removed() {
		var gone []store.Gone
		for _, g := range l {
			gone = append(gone, store.Gone(g))
		}
		if err := e.st.Remember(ctx, server, gone); err != nil {
			return err
		}
	}
	return nil
}

// Pending is what of erasures is not done yet, or cannot be.
type Pending struct {
	Erasures []store.Erasure   `json:"erasures"`
	Copies   []pool.Left       `json:"copies"` // archived objects that their storage does not let go
	Days     []archive.Rewrite `json:"days"`   // archived days that wait to be written again
	Files    []store.Left      `json:"files"`  // of the data folder
}

// Pending tells what of erasures is not done yet.
func (e *Engine) Pending(ctx context.Context) (*Pending, error) { return e.pending(ctx) }

func (e *Engine) pending(ctx context.Context) (*Pending, error) {
	out := &Pending{Erasures: append([]store.Erasure{}, erasure.LawfulOf(e.st.Erasures())...), Copies: []pool.Left{}, Days: []archive.Rewrite{}}
	if len(out.Erasures) == 0 {
		out.Files = []store.Left{}
		return out, nil
	}
	var err error
	if out.Files, err = e.st.Leftovers(); err != nil {
		return nil, err
	}
	err = e.withArchive(ctx, func(a *archive.Archive) error {
		l, err := a.Unclean()
		out.Days = append(out.Days, l...)
		return err
	})
	if err != nil {
		return nil, err
	}
	p, err := e.objects().pool()
	if err != nil || p == nil {
		return out, err
	}
	out.Copies, err = p.Left()
	return out, err
}
