package engine

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"

	"github.com/akashi-audit/akashi/internal/account"
	"github.com/akashi-audit/akashi/internal/seal"
	"github.com/akashi-audit/akashi/internal/state"
	"github.com/akashi-audit/akashi/internal/trail"
)

// State is the small mutable data of the folder. It is opened when it is first
// asked for, in a folder that is open for writing, and closed with the Engine.
func (e *Engine) State(ctx context.Context) (*state.DB, error) {
	if e.opt.ReadOnly {
		return nil, ErrReadOnly
	}
	e.stateMu.Lock()
	defer e.stateMu.Unlock()
	return e.openState(ctx)
}

func (e *Engine) openState(ctx context.Context) (*state.DB, error) {
	if e.db == nil {
		db, err := state.Open(ctx, e.dir)
		if err != nil {
			return nil, err
		}
		e.db = db
	}
	return e.db, nil
}

// People are who may use the folder, opened like State.
func (e *Engine) People(ctx context.Context) (*account.Book, error) {
	if e.opt.ReadOnly {
		return nil, ErrReadOnly
	}
	e.stateMu.Lock()
	defer e.stateMu.Unlock()
	if e.people == nil {
		db, err := e.openState(ctx)
		if err != nil {
			return nil, err
		}
		var second []account.Role
		for _, r := range e.cfg.Serve.Second {
			second = append(second, account.Role(r))
		}
		b, err := account.Open(db, account.Options{Seal: e.seal, Entries: e.seal.Of(seal.KindPerson, seal.KindToken, seal.KindProposal), Now: e.deps.now, Second: second})
		if err != nil {
			return nil, err
		}
		if err := b.Settle(ctx); err != nil { // a person whose row it is cannot log in; everybody else can
			e.log.ErrorContext(ctx, "people are not all as the seal says", slog.Any("error", err))
		}
		e.people = b
	}
	return e.people, nil
}

// SealedRows is where changes of rows of a kind are sealed, in a folder that is open for
// writing.
func (e *Engine) SealedRows(kind string) (*state.Rows, error) {
	if e.opt.ReadOnly || e.seal == nil {
		return nil, ErrReadOnly
	}
	return state.OpenRows(kind, e.seal, e.seal.Of(kind), e.deps.now)
}

// Trail is the folder's record of what people do in akashi, opened like State.
func (e *Engine) Trail(ctx context.Context) (*trail.Log, error) {
	if e.opt.ReadOnly {
		return nil, ErrReadOnly
	}
	e.stateMu.Lock()
	defer e.stateMu.Unlock()
	if e.trail == nil {
		l, err := trail.Open(ctx, e.dir, trail.Options{FS: e.deps.fs, Now: e.deps.now, Seal: e.seal, Log: e.log})
		if err != nil {
			return nil, err
		}
		e.trail = l
	}
	return e.trail, nil
}

// NoteConsole takes what somebody does at the command line into the trail: he is the
// person of the operating system's account, as nobody logs in there.
func (e *Engine) NoteConsole(ctx context.Context, who, action, object string) error {
	l, err := e.Trail(ctx)
	if err != nil {
		return err
	}
	return l.Note(ctx, trail.Entry{Who: who, From: "console", Action: action, Object: e.Mask(object), Result: trail.OK})
}

// maxNoted is how many paths of an import its entry in the trail names.
const maxNoted = 20

// ImportConsole is Import for the command line: it stands in the trail before it begins,
// as one that a page starts does.
func (e *Engine) ImportConsole(ctx context.Context, req ImportRequest, progress func(Progress)) (*Summary, error) {
	object := strings.Join(req.Paths[:min(len(req.Paths), maxNoted)], "; ")
	if n := len(req.Paths) - maxNoted; n > 0 {
		object += fmt.Sprintf("; … (+%d)", n)
	}
	if err := e.NoteConsole(ctx, req.Importer, "import", object); err != nil {
		return nil, err
	}
	return e.Import(ctx, req, progress)
}

func (e *Engine) closeState() error {
	e.stateMu.Lock()
	defer e.stateMu.Unlock()
	var errs []error
	if e.trail != nil {
		errs = append(errs, e.trail.Close(e.closing))
		e.trail = nil
	}
	e.people = nil
	if e.db != nil {
		errs = append(errs, e.db.Close())
		e.db = nil
	}
	return errors.Join(errs...)
}
