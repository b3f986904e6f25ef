package verify

import (
	"context"
	"crypto/sha256"
	"fmt"
	"hash"
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
	// again is what a renewal says of just these bytes; nil = nothing.
	again *seal.Again
}

type badFile struct {
	file   manifest.File
	detail string
}

// hashAll hashes files side by side, the largest first, and returns those that
// differ. A file that cannot be read differs. Those that a renewal tells of are hashed
// under its algorithm in the same reading, and without SHA-256 when that is distrusted.
func hashAll(ctx context.Context, dir string, jobs []job, g *again, opt Options, r *Report) ([]badFile, error) {
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
				detail := compareFile(ctx, dir, &j, g, &opt, buf)
				n := done.Add(j.size)
				mu.Lock()
				if detail != "" {
					bad = append(bad, badFile{j.file, detail})
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

// compareFile hashes a file and says how it differs, "" = it does not.
func compareFile(ctx context.Context, dir string, j *job, g *again, opt *Options, buf []byte) string {
	f, err := os.Open(filepath.Join(dir, filepath.FromSlash(j.file.Name)))
	if err != nil {
		return err.Error()
	}
	defer f.Close()
	return compareRange(ctx, f, 0, j.size, j.file.SHA256, j.again, g, opt, buf)
}

// compareRange hashes a range of a file and says how it differs, "" = it does not.
func compareRange(ctx context.Context, f io.ReaderAt, at, size int64, want seal.Hash, line *seal.Again, g *again, opt *Options, buf []byte) string {
	var sums []hash.Hash
	old := !opt.onlySHA256() || line == nil
	if old {
		sums = append(sums, sha256.New())
	}
	if line != nil {
		sums = append(sums, g.a.New())
	}
	if err := hashRange(ctx, f, at, size, buf, sums...); err != nil {
		return err.Error()
	}
	if old {
		h := seal.Hash(sums[0].Sum(nil))
		if opt.collide != nil {
			h = opt.collide(h)
		}
		if h != want {
			return "SHA-256 " + shortHash(h) + ", " + shortHash(want) + " was sealed"
		}
	}
	if line != nil {
		if d := seal.Digest(sums[len(sums)-1].Sum(nil)); !d.Equal(line.New) {
			return fmt.Sprintf("%s %x…, %x… was sealed", g.a, []byte(d[:6]), []byte(line.New[:min(6, len(line.New))]))
		}
	}
	return ""
}

// hashRange hashes size bytes of a file from at on.
func hashRange(ctx context.Context, f io.ReaderAt, at, size int64, buf []byte, sums ...hash.Hash) error {
	r := io.NewSectionReader(f, at, size)
	for left := size; left > 0; {
		if err := ctx.Err(); err != nil {
			return err
		}
		n, err := io.ReadFull(r, buf[:min(left, int64(len(buf)))])
		for _, s := range sums {
			s.Write(buf[:n])
		}
		if err != nil {
			return err
		}
		left -= int64(n)
	}
	return nil
}
