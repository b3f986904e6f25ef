package server

import (
	"context"
	"errors"

	"github.com/akashi-audit/akashi/internal/account"
	"github.com/akashi-audit/akashi/internal/engine"
	"github.com/akashi-audit/akashi/internal/query"
)

// errNobody refuses to answer a request that comes from nobody.
var errNobody = errors.New("nobody has logged in")

// viewOf is what the visitor in ctx may see of the data folder. It is the one
// place where an account's restriction meets the data: every adapter that answers
// a page or the API asks the view that it gives, and nothing else. Work that goes
// on after its request keeps the view.
func viewOf(ctx context.Context, e *engine.Engine) (*engine.View, error) {
	who := account.From(ctx)
	if who == nil {
		return nil, errNobody
	}
	return e.Within(query.Extent{Servers: who.Scope.Servers, Folders: who.Scope.Folders}), nil
}

// exportSource is what the visitor in ctx may take out: like the pages, but with
// the numbers, which the export itself masks or, for a ground, leaves.
type exportSource struct {
	e    *engine.Engine
	gate *gate
}

// Search answers with what the visitor may see.
func (s exportSource) Search(ctx context.Context, q query.Query) (*query.Page, error) {
	v, err := viewOf(ctx, s.e)
	if err != nil {
		return nil, err
	}
	return searched(ctx, s.gate, func(ctx context.Context) (*query.Page, error) { return v.Plain().Search(ctx, q) })
}

// Facets counts.
func (s exportSource) Facets(ctx context.Context, q query.Query) (*query.Facets, error) {
	v, err := viewOf(ctx, s.e)
	if err != nil {
		return nil, err
	}
	return searched(ctx, s.gate, func(ctx context.Context) (*query.Facets, error) { return v.Plain().Facets(ctx, q) })
}
