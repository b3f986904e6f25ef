package engine

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"time"

	"github.com/klauspost/compress/zstd"

	"github.com/akashi-audit/akashi/internal/fsx"
)

// opener opens a range of a file of the folder.
func (p *againPass) opener(name string, from, size int64) func(context.Context) (io.ReadCloser, error) {
	return func(context.Context) (io.ReadCloser, error) {
		f, err := p.e.disk().OpenFile(filepath.Join(p.e.dir, filepath.FromSlash(name)), os.O_RDONLY, 0)
		if err != nil {
			return nil, err
		}
		return readCloser{io.NewSectionReader(f, from, size), f}, nil
	}
}

// unpacked opens what a kept input file holds.
func (p *againPass) unpacked(name string) func(context.Context) (io.ReadCloser, error) {
	return func(context.Context) (io.ReadCloser, error) {
		f, err := p.e.disk().OpenFile(filepath.Join(p.e.dir, filepath.FromSlash(name)), os.O_RDONLY, 0)
		if err != nil {
			return nil, err
		}
		z, err := zstd.NewReader(f, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxMemory(1<<28))
		if err != nil {
			return nil, errors.Join(err, f.Close())
		}
		return readCloser{z, closers{z.IOReadCloser(), f}}, nil
	}
}

func (e *Engine) disk() fsx.FS {
	if e.deps.fs != nil {
		return e.deps.fs
	}
	return fsx.OS{}
}

type readCloser struct {
	io.Reader
	io.Closer
}

type closers []io.Closer

func (l closers) Close() error {
	var errs []error
	for _, c := range l {
		errs = append(errs, c.Close())
	}
	return errors.Join(errs...)
}

// pacer holds a reader to a number of bytes a second; nil does not.
type pacer struct {
	rate int64
	free time.Time // when the next byte may go
}

func newPacer(rate int64) *pacer {
	if rate <= 0 {
		return nil
	}
	return &pacer{rate: rate}
}

func (p *pacer) wait(ctx context.Context, n int) error {
	if p == nil {
		return nil
	}
	now := time.Now()
	if p.free.Before(now) {
		p.free = now
	}
	d := p.free.Sub(now)
	p.free = p.free.Add(time.Duration(float64(n) / float64(p.rate) * float64(time.Second)))
	if d <= 0 {
		return nil
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
