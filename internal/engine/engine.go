package engine

import (
	"context"
	"errors"

	"github.com/akashi-audit/akashi/internal/event"
	"github.com/akashi-audit/akashi/internal/query"
	"github.com/akashi-audit/akashi/internal/record"
)

// Engine is one open data folder.
type Engine struct{ dir string }

var errNotYet = errors.New("not yet")

// Open opens the data folder at dir.
func Open(ctx context.Context, dir string, opt Options) (*Engine, error) { return nil, errNotYet }

// Dir is the data folder.
func (e *Engine) Dir() string { return e.dir }

// Import reads the paths as one set into the folder.
func (e *Engine) Import(ctx context.Context, req ImportRequest, progress func(Progress)) (*Summary, error) {
	return nil, errNotYet
}

// Search returns one page of records, newest first.
func (e *Engine) Search(ctx context.Context, q query.Query) (*query.Page, error) { return nil, errNotYet }

// Facets counts everything that q finds.
func (e *Engine) Facets(ctx context.Context, q query.Query) (*query.Facets, error) {
	return nil, errNotYet
}

// Record returns the record with this id, or store.ErrNotFound.
func (e *Engine) Record(ctx context.Context, id record.ID) (*record.Record, error) {
	return nil, errNotYet
}

// Raw returns the events behind a record, by record id.
func (e *Engine) Raw(ctx context.Context, id record.ID) ([]*event.Event, error) { return nil, errNotYet }

// Status tells what the folder holds.
func (e *Engine) Status(ctx context.Context) (*Status, error) { return nil, errNotYet }

// Close ends the use of the folder.
func (e *Engine) Close() error { return nil }
