package cli

import (
	"context"
	"errors"

	"github.com/akashi-audit/akashi/internal/pool"
)

// runPoolEncrypt writes what lies on volumes again as the settings of encryption say.
func (a *app) runPoolEncrypt(ctx context.Context, o *poolOptions, _ []string) error {
	if !o.Existing {
		return usage(errors.New(a.p.T("cli.pool.encrypt.what")))
	}
	return a.poolWork(ctx, o, func(p *pool.Pool, f pool.Progress) (*pool.Work, error) { return p.EncryptExisting(ctx, f) },
		func(*pool.Pool) error { return errors.New(a.p.T("cli.pool.encrypt.serving")) })
}
