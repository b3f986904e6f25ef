package pool

import (
	"context"
	"fmt"
	"io"
	"slices"
	"sync"

	"github.com/minio/minio-go/v7"
)

const (
	s3Block  = 1 << 20 // what is fetched at least
	s3Blocks = 16      // how many of them an open object keeps
	s3Ahead  = 8       // how many are fetched at once when reading goes on and on
)

// s3Reader reads a version by ranges. What was read is kept for a while, because
// those who read Parquet ask for many small pieces.
type s3Reader struct {
	s       *s3
	ctx     context.Context // of whoever opened it
	name    string
	version string
	size    int64
	until   int64

	mu     sync.Mutex // guards the fields below
	blocks []s3Piece  // last used at the end
	next   int64      // the block that follows what was fetched last
	ahead  int64      // how many blocks are fetched at once
}

type s3Piece struct {
	at int64 // number of the block
	b  []byte
}

func (r *s3Reader) Size() int64  { return r.size }
func (r *s3Reader) Close() error { return nil }

func (r *s3Reader) ReadAt(b []byte, off int64) (int, error) {
	n, end := clip(b, off, r.size)
	r.mu.Lock()
	defer r.mu.Unlock()
	for done := 0; done < n; {
		at := off + int64(done)
		block, err := r.block(at / s3Block)
		if err != nil {
			return done, err
		}
		done += copy(b[done:n], block[at%s3Block:])
	}
	return n, end
}

// block is a block of the object. The caller holds mu.
func (r *s3Reader) block(n int64) ([]byte, error) {
	if i := slices.IndexFunc(r.blocks, func(p s3Piece) bool { return p.at == n }); i >= 0 {
		p := r.blocks[i]
		r.blocks = append(slices.Delete(r.blocks, i, i+1), p)
		return p.b, nil
	}
	if n == r.next {
		r.ahead = min(max(2*r.ahead, 1), s3Ahead)
	} else {
		r.ahead = 1
	}
	from, to := n*s3Block, min((n+r.ahead)*s3Block, r.size)
	var all []byte
	err := r.s.try(r.ctx, func() (err error) {
		all, err = r.s.fetch(r.ctx, r.name, r.version, from, to)
		return err
	})
	if err != nil {
		return nil, err
	}
	r.next = n + r.ahead
	var first []byte
	for i := int64(0); len(all) > 0; i++ {
		b := all[:min(len(all), s3Block)]
		all = all[len(b):]
		if i == 0 {
			first = b
		}
		r.blocks = append(slices.DeleteFunc(r.blocks, func(p s3Piece) bool { return p.at == n+i }), s3Piece{n + i, b})
	}
	if drop := len(r.blocks) - s3Blocks; drop > 0 {
		r.blocks = slices.Delete(r.blocks, 0, drop)
	}
	return first, nil
}

// fetch gets the bytes from … to-1 of a version.
func (s *s3) fetch(ctx context.Context, name, version string, from, to int64) ([]byte, error) {
	opt := minio.GetObjectOptions{VersionID: version}
	if err := opt.SetRange(from, to-1); err != nil {
		return nil, err
	}
	body, _, _, err := s.core.GetObject(ctx, s.cfg.Bucket, s.key(name), opt)
	if err != nil {
		return nil, err
	}
	b := make([]byte, to-from)
	n, err := io.ReadFull(body, b)
	_ = body.Close() // everything is there, or an error tells
	if err != nil {
		return nil, fmt.Errorf("%w after %d of %d bytes: %s", errLine, n, len(b), err.Error())
	}
	return b, nil
}
