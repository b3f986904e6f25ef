package engine

import (
	"context"
	"errors"
	"iter"

	"github.com/akashi-audit/akashi/internal/hold"
	"github.com/akashi-audit/akashi/internal/query"
	"github.com/akashi-audit/akashi/internal/record"
	"github.com/akashi-audit/akashi/internal/seal"
	"github.com/akashi-audit/akashi/internal/store"
)

// openHolds reads the legal holds from a log.
func (e *Engine) openHolds(l *seal.Log) (*hold.Register, error) {
	zone, err := e.cfg.Location()
	if err != nil {
		return nil, err
	}
	opt := hold.Options{FS: e.deps.fs, Zone: zone}
	if !e.opt.ReadOnly {
		opt.Recorder = l
	}
	var entries iter.Seq2[seal.Leaf, error] = func(func(seal.Leaf, error) bool) {}
	_, any, err := l.Last(seal.KindHold)
	if err != nil {
		return nil, err
	}
	if any { // else the log need not be read
		entries = l.Entries(0, l.Size())
	}
	return hold.Open(e.dir, entries, opt)
}

// register is the holds of now. A reader reads them anew.
func (e *Engine) register() (r *hold.Register, err error) {
	if !e.opt.ReadOnly {
		return e.holds, nil
	}
	l, err := seal.OpenLog(e.deps.fs, e.dir, seal.LogOptions{ReadOnly: true, Now: e.deps.now})
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, l.Close()) }()
	return e.openHolds(l)
}

// Holds lists the legal holds, oldest first, released ones too. The error is
// hold.ErrDamaged, beside what the seal says.
func (e *Engine) Holds() ([]hold.Hold, error) {
	r, err := e.register()
	if err != nil {
		return nil, err
	}
	return r.Holds()
}

// AddHold puts a legal hold in force. Time is set here.
func (e *Engine) AddHold(ctx context.Context, h hold.Hold) error {
	h.Time = e.deps.now().UnixNano()
	return e.changeHolds(ctx, func() error { return e.holds.Add(ctx, h) })
}

// ReleaseHold ends the holds of a case. Time is set here.
func (e *Engine) ReleaseHold(ctx context.Context, x hold.Release) error {
	x.Time = e.deps.now().UnixNano()
	return e.changeHolds(ctx, func() error { return e.holds.Release(ctx, x) })
}

// RebuildHolds writes the register again from the seal.
func (e *Engine) RebuildHolds(ctx context.Context, by string) error {
	return e.changeHolds(ctx, func() error { return e.holds.Rebuild(ctx, by, e.deps.now().UnixNano()) })
}

// changeHolds changes the holds while nothing is deleted.
func (e *Engine) changeHolds(ctx context.Context, change func() error) error {
	if e.opt.ReadOnly {
		return ErrReadOnly
	}
	e.importing.Lock()
	defer e.importing.Unlock()
	if err := change(); err != nil {
		return err
	}
	return e.sealFolder(ctx)
}

// errUnsure is the error of a search for what is held in a damaged store.
var errUnsure = errors.New("the store is damaged, so what a legal hold keeps cannot be found: run store check and store repair first")

// finder is a search as hold.Finder.
type finder func(ctx context.Context, q query.Query) (*query.Page, error)

func (f finder) Search(ctx context.Context, q query.Query) (*query.Page, error) { return f(ctx, q) }

// stored searches the store alone: what retention deletes.
func (e *Engine) stored(ctx context.Context, q query.Query) (*query.Page, error) {
	p, err := e.st.Search(ctx, q)
	if err == nil && len(e.st.Damage()) > 0 {
		err = errUnsure
	}
	return p, err
}

// everywhere searches the store, and the archive where the store holds no more.
func (e *Engine) everywhere(ctx context.Context, q query.Query) (*query.Page, error) {
	p, err := e.Search(ctx, q)
	if err == nil && len(e.st.Damage()) > 0 {
		err = errUnsure
	}
	return p, err
}

// removed searches what terms of classes took out of the store and the archive has.
func (e *Engine) removed(ctx context.Context, q query.Query) (*query.Page, error) {
	q.Removed = true
	return e.everywhere(ctx, q)
}

// held asks the holds about a time of a server.
func (e *Engine) held(ctx context.Context, server string, from, to int64) ([]string, error) {
	r, err := e.register()
	if err != nil {
		return nil, err
	}
	cases, err := r.Holding(ctx, hold.Area{Server: server, From: from, To: to}, finder(e.stored))
	if err != nil {
		return nil, err
	}
	return e.alsoMarked(ctx, cases, server, from, to, finder(e.stored))
}

// mayErase refuses an erasure of what a hold keeps.
func (e *Engine) mayErase(ctx context.Context, x store.Erasure) error {
	r, err := e.register()
	if err != nil {
		return err
	}
	q := query.Query{Servers: x.Servers, Users: x.Users, Files: x.Files, Folders: x.Folders, From: x.From, To: x.To, Classes: record.Classes()}
	cases, err := r.Conflicts(ctx, q, finder(e.everywhere))
	if err == nil && len(cases) == 0 { // the archive has records that terms took out of the store
		cases, err = r.Conflicts(ctx, q, finder(e.removed))
	}
	if err != nil {
		return err
	}
	if len(cases) > 0 {
		return &hold.HeldError{Cases: cases}
	}
	return nil
}
