package engine

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/akashi-audit/akashi/internal/seal"
)

// Export is a file of records that leaves the folder: the subject of a leaf of
// seal.KindExport.
type Export struct {
	Query   string `json:"query"` // in the search language
	Format  string `json:"format"`
	File    string `json:"file"`
	Size    int64  `json:"size"` // bytes
	Records int64  `json:"records"`
	Masked  int64  `json:"masked"` // numbers that have stars in their place
}

// SealExport writes down that a file with this hash was made, and for whom. With
// unmask set, numbers are shown in it, and a ground is needed.
func (e *Engine) SealExport(ctx context.Context, x Export, sum seal.Hash, by, ground string, unmask bool) error {
	if e.seal == nil {
		return ErrReadOnly
	}
	b, err := json.Marshal(x)
	if err != nil {
		return fmt.Errorf("encode leaf: %w", err)
	}
	now := e.deps.now().UnixNano()
	l := []seal.Entry{{Kind: seal.KindExport, Subject: string(b), By: by, Ground: ground, Time: now, Hash: sum}}
	if unmask {
		l = append(l, seal.Entry{Kind: seal.KindUnmask, Subject: string(b), By: by, Ground: ground, Time: now, Hash: sum})
	}
	if _, err := e.seal.RecordAll(ctx, l); err != nil {
		return fmt.Errorf("seal export: %w", err)
	}
	return nil
}
