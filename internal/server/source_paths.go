package server

import (
	"context"

	"github.com/akashi-audit/akashi/internal/engine"
	"github.com/akashi-audit/akashi/internal/query"
	"github.com/akashi-audit/akashi/internal/store"
	"github.com/akashi-audit/akashi/internal/web"
)

// paths shows the catalogue of paths to the pages.
type paths struct {
	e    *engine.Engine
	gate *gate
}

var _ web.Paths = paths{}

// Complete finds paths for what is typed.
func (p paths) Complete(ctx context.Context, typed string, limit int) ([]web.PathHit, error) {
	v, err := viewOf(ctx, p.e)
	if err != nil {
		return nil, err
	}
	var l []store.PathHit
	err = p.gate.short(func() error {
		l, err = v.Complete(ctx, typed, limit)
		return err
	})
	if err != nil {
		return nil, err
	}
	out := make([]web.PathHit, len(l))
	for i, h := range l {
		out[i] = web.PathHit{Server: h.Server, Path: h.Path, UNC: h.UNC, Folder: h.Folder, N: h.N, Last: h.Last}
	}
	return out, nil
}

// Follow is the life of a file.
func (p paths) Follow(ctx context.Context, server, path string, at int64) ([]query.Life, error) {
	v, err := viewOf(ctx, p.e)
	if err != nil {
		return nil, err
	}
	return v.Follow(ctx, server, path, at)
}
