package web

import (
	"context"

	"github.com/akashi-audit/akashi/internal/query"
)

// Paths answers from the catalogue of paths. Like Source, it knows what the
// visitor in ctx may see and answers with nothing else.
type Paths interface {
	// Complete finds paths that hold what was typed, folders and files, the most
	// used first.
	Complete(ctx context.Context, typed string, limit int) ([]PathHit, error)
	// Follow is the life of a file: its names on the server, oldest first. at
	// (Unix ns) says which life when the name was used twice; 0 = the last.
	Follow(ctx context.Context, server, path string, at int64) ([]query.Life, error)
}

// PathHit is one path of the catalogue.
type PathHit struct {
	Server string
	Path   string // server-local
	UNC    string // the same below its share, "" when none is known
	Folder bool
	N      uint64 // records, 0 = not counted
	People int    // who touched it, 0 = not counted
	Last   int64  // Unix ns, 0 = unknown
}
