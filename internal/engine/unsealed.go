package engine

import (
	"context"

	"github.com/akashi-audit/akashi/internal/archive"
	"github.com/akashi-audit/akashi/internal/record"
)

// UnsealedDays counts the days of servers that are over and of which the archive
// does not have all that the store holds.
func (e *Engine) UnsealedDays(ctx context.Context) (n int, err error) {
	err = e.withArchive(ctx, func(a *archive.Archive) error {
		sealed := e.archived(a)
		now := e.deps.now().UnixNano()
		for server, days := range e.st.SealDays() {
			if server == record.OwnServer {
				continue
			}
			for _, d := range days {
				if _, to := a.Bounds(d); to <= now && !sealed(server, d) {
					n++
				}
			}
		}
		return ctx.Err()
	})
	return n, err
}
