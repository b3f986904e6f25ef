package engine

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/akashi-audit/akashi/internal/archive"
	"github.com/akashi-audit/akashi/internal/manifest"
	"github.com/akashi-audit/akashi/internal/query"
	"github.com/akashi-audit/akashi/internal/seal"
)

// archivedOnly searches the archive alone, for what terms took out of the store too, and
// fails where a day cannot be read: what cannot be decided is held.
func (e *Engine) archivedOnly(ctx context.Context, q query.Query) (*query.Page, error) {
	p, err := e.SearchArchive(ctx, q)
	if err == nil && len(p.Records)+len(p.Unread) == 0 && q.Cursor == "" {
		q.Removed = true
		p, err = e.SearchArchive(ctx, q)
	}
	if err == nil && len(p.Unread) > 0 {
		err = fmt.Errorf("archived days cannot be read, so what a legal hold keeps cannot be found: %s", strings.Join(p.Unread, ", "))
	}
	return p, err
}

// objectReady tells whether an object of the archive may be deleted for good, as
// pool.Ready does.
func (e *Engine) objectReady(ctx context.Context, name string, read bool) (until int64, err error) {
	o := e.objects()
	p, err := o.pool()
	if err != nil {
		return 0, err
	}
	if p != nil {
		return p.Ready(ctx, name, read)
	}
	r, err := o.folder.Open(ctx, name)
	if err != nil {
		return 0, err
	}
	if read {
		var got seal.Hash
		if got, err = hashOfReader(ctx, r); err == nil {
			if want, ok := manifest.NameHash(name); !ok || got != want {
				err = fmt.Errorf("object %s: its bytes are not those of its name", name)
			}
		}
	}
	return 0, errors.Join(err, r.Close())
}

func hashOfReader(ctx context.Context, r archive.Reader) (h seal.Hash, err error) {
	sum := sha256.New()
	if _, err := io.Copy(sum, ctxReader{ctx, io.NewSectionReader(r, 0, r.Size())}); err != nil {
		return h, err
	}
	return seal.Hash(sum.Sum(nil)), nil
}
