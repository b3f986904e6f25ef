package web

import (
	"context"
	"errors"
	"time"

	"github.com/akashi-audit/akashi/internal/care"
)

// ErrNotYours is what Saved returns for a search that is not there or belongs to
// another person, ErrSaved for a name or an address that cannot be kept.
var (
	ErrNotYours = care.ErrNotFound
	ErrSaved    = errors.New("a search that cannot be kept")
)

// Saved keeps searches for people. Owners are log-in names; the owner "" may
// change those of all.
type Saved interface {
	List(ctx context.Context, owner string) ([]SavedSearch, error)
	Add(ctx context.Context, x SavedSearch) error
	Share(ctx context.Context, id int64, owner string, shared bool) error
	Remove(ctx context.Context, id int64, owner string) error
}

// SavedSearch is one search that somebody keeps.
type SavedSearch struct {
	ID     int64
	Owner  string
	Name   string
	URL    string // path and query of a search page
	Shared bool
	Made   time.Time
}
