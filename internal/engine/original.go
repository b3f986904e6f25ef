package engine

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/akashi-audit/akashi/internal/fsx"
	"github.com/akashi-audit/akashi/internal/store"
	"github.com/klauspost/compress/zstd"
)

// originalsDir holds kept input files, packed with zstd and named by the
// SHA-256 of their bytes.
const originalsDir = "originals"

// ctxReader ends reading when the context does.
type ctxReader struct {
	ctx context.Context
	r   io.Reader
}

func (c ctxReader) Read(b []byte) (int, error) {
	if err := c.ctx.Err(); err != nil {
		return 0, err
	}
	return c.r.Read(b)
}

// hash sets the SHA-256 of the file, and keeps a copy when asked.
func (e *Engine) hash(ctx context.Context, path string, im *store.Import, keep bool) (err error) {
	sum, err := hashFile(ctx, path)
	if err != nil {
		return fmt.Errorf("hash %s: %w", im.Name, err)
	}
	im.SHA256 = hex.EncodeToString(sum)
	if !keep {
		return nil
	}
	im.Original = originalsDir + "/" + im.SHA256 + ".zst"
	if err := e.keep(ctx, path, filepath.Join(e.dir, filepath.FromSlash(im.Original)), sum); err != nil {
		return fmt.Errorf("keep original of %s: %w", im.Name, err)
	}
	return nil
}

func hashFile(ctx context.Context, path string) (sum []byte, err error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	h := sha256.New()
	if _, err := io.Copy(h, ctxReader{ctx, f}); err != nil {
		return nil, err
	}
	return h.Sum(nil), nil
}

// keep writes the packed copy and reads it back: only a copy that gives exactly
// the bytes that were hashed stays.
func (e *Engine) keep(ctx context.Context, from, to string, sum []byte) error {
	if ok, err := unpacksTo(ctx, to, sum); ok && err == nil {
		return nil // kept before
	}
	if err := os.MkdirAll(filepath.Dir(to), 0o700); err != nil {
		return err
	}
	src, err := os.Open(from)
	if err != nil {
		return err
	}
	st, err := src.Stat()
	if err != nil {
		return errors.Join(err, src.Close())
	}
	const reserve = 64 << 20
	free, err := fsx.Free(e.dir)
	if err == nil && free < uint64(st.Size())+reserve {
		err = &store.SpaceError{Dir: e.dir, Free: free, Need: uint64(st.Size()) + reserve}
	}
	if err == nil {
		err = fsx.WriteAtomic(fsx.OS{}, to, 0o600, func(w io.Writer) error {
			z, err := zstd.NewWriter(w, zstd.WithEncoderConcurrency(1))
			if err != nil {
				return err
			}
			_, err = io.Copy(z, ctxReader{ctx, src})
			return errors.Join(err, z.Close())
		})
	}
	if err = errors.Join(err, src.Close()); err != nil {
		return err
	}
	ok, err := unpacksTo(ctx, to, sum)
	if err == nil && !ok {
		err = errors.New("the file changed while it was read")
	}
	if err != nil {
		return errors.Join(err, os.Remove(to))
	}
	return nil
}

func unpacksTo(ctx context.Context, path string, sum []byte) (ok bool, err error) {
	f, err := os.Open(path)
	if err != nil {
		return false, err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	z, err := zstd.NewReader(ctxReader{ctx, f}, zstd.WithDecoderConcurrency(1))
	if err != nil {
		return false, err
	}
	defer z.Close()
	h := sha256.New()
	if _, err := io.Copy(h, z); err != nil {
		return false, err
	}
	return bytes.Equal(h.Sum(nil), sum), nil
}
