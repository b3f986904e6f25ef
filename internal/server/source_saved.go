package server

import (
	"context"
	"errors"
	"strings"
	"sync"

	"github.com/akashi-audit/akashi/internal/account"
	"github.com/akashi-audit/akashi/internal/engine"
	"github.com/akashi-audit/akashi/internal/saved"
	"github.com/akashi-audit/akashi/internal/seal"
	"github.com/akashi-audit/akashi/internal/web"
)

// savedSearches keeps the searches of people in the state of the folder.
type savedSearches struct {
	e    *engine.Engine
	open *savedStore
}

// savedStore is opened once: what the seal says of the searches is compared with what is
// there.
type savedStore struct {
	mu sync.Mutex
	st *saved.Store
}

func newSaved(e *engine.Engine) savedSearches { return savedSearches{e, &savedStore{}} }

var _ web.Saved = savedSearches{}

func (s savedSearches) store(ctx context.Context) (*saved.Store, error) {
	s.open.mu.Lock()
	defer s.open.mu.Unlock()
	if s.open.st != nil {
		return s.open.st, nil
	}
	db, err := s.e.State(ctx)
	if err != nil {
		return nil, err
	}
	rows, err := s.e.SealedRows(seal.KindSaved)
	if err != nil {
		return nil, err
	}
	st := saved.New(db, rows)
	if err := st.Settle(ctx); err != nil {
		return nil, err
	}
	s.open.st = st
	return st, nil
}

func (s savedSearches) List(ctx context.Context, owner string) ([]web.SavedSearch, error) {
	st, err := s.store(ctx)
	if err != nil {
		return nil, err
	}
	l, err := st.List(ctx, owner)
	out := make([]web.SavedSearch, 0, len(l))
	who := account.From(ctx)
	restricted := who == nil || !who.Scope.All()
	for _, x := range l {
		if restricted && !strings.EqualFold(x.Owner, owner) {
			continue // what others search for can name what this visitor may not see
		}
		out = append(out, web.SavedSearch(x))
	}
	return out, err
}

func (s savedSearches) Add(ctx context.Context, x web.SavedSearch) error {
	st, err := s.store(ctx)
	if err == nil {
		err = st.Add(ctx, saved.Search(x))
	}
	if errors.Is(err, saved.ErrName) || errors.Is(err, saved.ErrURL) || errors.Is(err, saved.ErrFull) {
		return errors.Join(web.ErrSaved, err)
	}
	return err
}

func (s savedSearches) Share(ctx context.Context, id int64, owner string, shared bool) error {
	st, err := s.store(ctx)
	if err == nil {
		err = st.Share(ctx, id, owner, shared)
	}
	return notYours(err)
}

func (s savedSearches) Remove(ctx context.Context, id int64, owner string) error {
	st, err := s.store(ctx)
	if err == nil {
		err = st.Remove(ctx, id, owner)
	}
	return notYours(err)
}

func notYours(err error) error {
	if errors.Is(err, saved.ErrNotFound) {
		return errors.Join(web.ErrNotYours, err)
	}
	return err
}
