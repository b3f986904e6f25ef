package archive

import (
	"context"

	"github.com/akashi-audit/akashi/internal/manifest"
	"github.com/akashi-audit/akashi/internal/record"
)

// Lines reads the records of the parts of a server's day that count and that want takes:
// fn is called with the JSON line of each, without its end, in the order of the file,
// whether it is void or not; done when a part is at its end, with the error that ended it.
// An error of fn or done ends all. line is fn's until it returns.
func (a *Archive) Lines(ctx context.Context, server, day string, want func(d *manifest.Day) bool, fn func(line []byte) error, done func(d *manifest.Day, err error) error) error {
	a.using.RLock()
	defer a.using.RUnlock()
	parts, _, err := a.look(key{server, day})
	if err != nil {
		return err
	}
	var line []byte
	for i := range parts {
		d := &parts[i].Day
		if !want(d) {
			continue
		}
		err := a.readRecords(ctx, d, func(_ int64, r *record.Record) error {
			line = r.AppendJSON(line[:0])
			return fn(line)
		})
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err := done(d, err); err != nil {
			return err
		}
	}
	return nil
}
