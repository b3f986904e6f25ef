package engine

import (
	"context"

	"github.com/akashi-audit/akashi/internal/query"
	"github.com/akashi-audit/akashi/internal/store"
)

// Follow is the life of the file or folder of a server that had the local path
// at a moment (Unix ns; 0 = the last one that is known): its names, one after
// the other, oldest first.
func (e *Engine) Follow(ctx context.Context, server, path string, at int64) ([]query.Life, error) {
	story, err := e.st.Follow(ctx, server, path, at, query.Extent{})
	if err != nil {
		return nil, err
	}
	return story.Lives, nil
}

// Complete is the paths and folders that what is typed can become, at most limit;
// see store.Store.Complete.
func (e *Engine) Complete(ctx context.Context, typed string, limit int, within query.Extent) ([]store.PathHit, error) {
	return e.st.Complete(ctx, typed, limit, within)
}

// WarmPaths reads what the first completions of paths would wait for; see
// store.Store.WarmPaths.
func (e *Engine) WarmPaths(ctx context.Context) { e.st.WarmPaths(ctx) }
