package verify

import (
	"context"
	"crypto/sha256"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/akashi-audit/akashi/internal/manifest"
	"github.com/akashi-audit/akashi/internal/seal"
)

func hashOf(b []byte) seal.Hash { return sha256.Sum256(b) }

// job is a file to hash: its first size bytes.
type job struct {
	file manifest.File
	size int64
}

type badFile struct {
	file   manifest.File
	detail string
}

// hashAll hashes files side by side, the largest first, and returns those that
// differ. A file that cannot be read differs.
func hashAll(ctx context.Context, dir string, jobs []job, opt Options, r *Report) ([]badFile, error) {
	slices.SortStableFunc(jobs, func(a, b job) int { return int(min(max(b.size-a.size, -1), 1)) })
	var all int64
	for _, j := range jobs {
		all += j.size
	}
	var mu sync.Mutex
	var bad []badFile
	var next, done atomic.Int64
	var wg sync.WaitGroup
	for range opt.workers() {
		wg.Go(func() {
			buf := make([]byte, 1<<20)
			for ctx.Err() == nil {
				i := next.Add(1) - 1
				if i >= int64(len(jobs)) {
					return
				}
				j := jobs[i]
				h, err := hashFile(ctx, filepath.Join(dir, filepath.FromSlash(j.file.Name)), j.size, buf)
				n := done.Add(j.size)
				mu.Lock()
				if err != nil {
					bad = append(bad, badFile{j.file, err.Error()})
				} else if h != j.file.SHA256 {
					bad = append(bad, badFile{j.file, "SHA-256 " + shortHash(h) + ", " + shortHash(j.file.SHA256) + " was sealed"})
				}
				if opt.Progress != nil {
					opt.Progress(n, all, j.file.Name)
				}
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	r.Files += len(jobs)
	r.Bytes += all
	slices.SortFunc(bad, func(a, b badFile) int { return strings.Compare(a.file.Name, b.file.Name) })
	return bad, nil
}

// hashFile hashes the first size bytes of a file.
func hashFile(ctx context.Context, path string, size int64, buf []byte) (h seal.Hash, err error) {
	f, err := os.Open(path)
	if err != nil {
		return h, err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	return hashRange(ctx, f, 0, size, buf)
}

// hashRange hashes size bytes of a file from at on.
func hashRange(ctx context.Context, f io.ReaderAt, at, size int64, buf []byte) (h seal.Hash, err error) {
	sum := sha256.New()
	r := io.NewSectionReader(f, at, size)
	for left := size; left > 0; {
		if err := ctx.Err(); err != nil {
			return h, err
		}
		n, err := io.ReadFull(r, buf[:min(left, int64(len(buf)))])
		sum.Write(buf[:n])
		if err != nil {
			return h, err
		}
		left -= int64(n)
	}
	return seal.Hash(sum.Sum(nil)), nil
}
