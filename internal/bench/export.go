package bench

import (
	"context"
	"errors"
)

func (r *runner) export(ctx context.Context) error {
	return errors.Join(ctx.Err(), errors.New("export: not yet"))
}
