package engine

import (
	"context"
	"errors"
	"fmt"

	"github.com/akashi-audit/akashi/internal/archive"
	"github.com/akashi-audit/akashi/internal/pool"
	"github.com/akashi-audit/akashi/internal/verify"
)

// ServerDay names a calendar day of a server in the folder's zone.
type ServerDay struct {
	Server string
	Day    string // 2026-11-23
}

// SealedDay is what the archive has of a day that the store holds.
type SealedDay struct {
	Whole bool // all that the store holds is archived
	// Expired: retention deleted the day from the store. What came last before the
	// end of a month can outlive it there.
	Expired bool
}

// Sealed tells of every day that the store holds what the archive has of it.
func (e *Engine) Sealed(ctx context.Context) (map[ServerDay]SealedDay, error) {
	out := make(map[ServerDay]SealedDay)
	err := e.withArchive(ctx, func(a *archive.Archive) error {
		whole := e.archived(a)
		for server, days := range e.st.SealDays() {
			for _, d := range days {
				from, to := a.Bounds(d)
				out[ServerDay{server, archive.DayName(d)}] = SealedDay{whole(server, d), e.st.ExpiredIn(server, from, to)}
			}
		}
		return nil
	})
	return out, err
}

// Copies counts the good copies of objects of the archive by name. In a folder
// without a pool there is one of each.
func (e *Engine) Copies(ctx context.Context, names []string) (map[string]int, error) {
	have, err := pool.Configured(e.deps.fs, e.dir)
	if err != nil {
		return nil, err
	}
	if !have {
		out := make(map[string]int, len(names))
		for _, n := range names {
			out[n] = 1
		}
		return out, nil
	}
	p, err := e.Pool()
	if err != nil {
		return nil, err
	}
	return p.Good(ctx, names)
}

// verifyTries is how often Verify looks again: the store replaces files while it is
// in use, which looks like damage until the folder is listed anew. A file that never
// changes keeps its first hash, so damage stays damage.
const verifyTries = 3

// Verify checks the folder against its seal while it is in use.
func (e *Engine) Verify(ctx context.Context, progress func(done, all int64, file string)) (*verify.Report, error) {
	var r *verify.Report
	for try := range verifyTries {
		if try > 0 {
			if _, err := e.SealNow(ctx); err != nil {
				return nil, fmt.Errorf("verify: %w", err)
			}
		}
		var err error
		if r, err = verify.Folder(ctx, e.dir, verify.Options{Progress: progress, Workers: 1}); err != nil {
			return nil, errors.Join(ctx.Err(), err)
		}
		if !r.Damage() {
			break
		}
	}
	return r, nil
}
