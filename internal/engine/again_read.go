package engine

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"

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
