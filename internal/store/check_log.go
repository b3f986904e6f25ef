package store

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"os"
)

// log reads every frame of the log, and follows the chain of its commits.
func (c *checker) log(ctx context.Context, files []*logFile) error {
	c.s.mu.RLock()
	m := c.s.manifest
	c.s.mu.RUnlock()
	var chain [sha256.Size]byte
	copy(chain[:], m.Chain)
	seq, sure := m.Absorbed, m.Generation > 0
	for _, l := range files {
		for off := int64(len(fileMagic)); off < l.end; {
			if err := ctx.Err(); err != nil {
				return err
			}
			n, f, err := c.s.readFrame(l, off, l.end)
			if err != nil {
				c.add(Finding{File: l.name, Offset: off, Size: n, Reason: err.Error(), In: InLog, Remedy: RemedyImport})
				sure = false
				off += n
				continue
			}
			c.out.Commits++
			c.frame(l, off, n, f)
			if f.version >= 3 && sure && (f.seq != seq+1 || f.prev != chain) {
				c.add(Finding{File: l.name, Offset: off, Size: n, In: InChain, Server: f.server, Remedy: RemedyNone,
					Reason: fmt.Sprintf("commit %d does not follow on commit %d", f.seq, seq)})
			}
			seq, chain, sure = f.seq, f.hash, true
			off += n
		}
		c.did(l.name, l.end)
	}
	if len(files) > 0 {
		return c.rest(files[len(files)-1])
	}
	return nil
}

// rest looks at what lies behind the last good frame: less than a frame was
// never acknowledged, but a whole one that does not read back is damage.
func (c *checker) rest(l *logFile) error {
	if err := c.s.Refresh(); err != nil { // a writer may have ended it
		return err
	}
	size, err := l.size()
	if err != nil {
		return err
	}
	c.s.mu.RLock()
	end := l.end
	c.s.mu.RUnlock()
	b := make([]byte, headerSize)
	if size-end < headerSize {
		return nil
	}
	if _, err := l.f.ReadAt(b, end); err != nil {
		return fmt.Errorf("read the end of %s: %w", l.name, err)
	}
	if h, ok := parseHeader(b); ok && end+h.size() <= size {
		c.add(Finding{File: l.name, Offset: end, Size: size - end, Reason: "the last frame does not read back", In: InLog, Remedy: RemedyImport})
	}
	return nil
}

// frame reads the blocks of a frame.
func (c *checker) frame(l *logFile, off, size int64, f *frame) {
	found := false
	one := func(r *blockRef, x Finding) {
		b := make([]byte, r.size)
		if _, err := l.f.ReadAt(b, r.off); err != nil || checksum(b) != r.crc {
			found = true
			x.File, x.Offset, x.Size, x.Reason, x.In, x.Server = l.name, r.off, int64(r.size), "checksum of a block", InLog, f.server
			if x.Remedy == "" {
				x.Remedy = RemedyRepair
			}
			c.add(x)
		}
	}
	for _, b := range f.raw {
		one(&b.blockRef, Finding{First: b.min.UnixNano(), Last: b.max.UnixNano(), Events: int64(b.n), Remedy: RemedyImport})
		c.out.Events += int64(b.n)
	}
	for _, part := range [...][]*recBlock{f.records, f.tail, f.superseded} {
		for _, b := range part {
			one(&b.blockRef, Finding{First: b.min, Last: b.max, Records: int64(b.n)})
			c.out.Records += int64(b.n)
		}
	}
	for _, b := range f.facts {
		one(&b.blockRef, Finding{First: b.min * 60e9, Last: b.max * 60e9})
	}
	if f.checkpoint != nil {
		one(f.checkpoint, Finding{})
	}
	if f.trace != nil {
		one(f.trace, Finding{})
	}
	if f.version < 3 || found {
		return
	}
	start := off + size - f.bodySize(off+size)
	b := make([]byte, off+size-start)
	if _, err := l.f.ReadAt(b, start); err != nil && !errors.Is(err, os.ErrClosed) || sha256.Sum256(b) != f.digest {
		c.add(Finding{File: l.name, Offset: start, Size: int64(len(b)), Reason: "digest of a commit", In: InChain, Server: f.server, Remedy: RemedyNone})
	}
}

// bodySize is the size of the body of a frame that ends at end.
func (f *frame) bodySize(end int64) int64 {
	first := end
	see := func(r *blockRef) { first = min(first, r.off) }
	for _, b := range f.raw {
		see(&b.blockRef)
	}
	for _, part := range [...][]*recBlock{f.records, f.tail, f.superseded} {
		for _, b := range part {
			see(&b.blockRef)
		}
	}
	for _, b := range f.facts {
		see(&b.blockRef)
	}
	if f.checkpoint != nil {
		see(f.checkpoint)
	}
	if f.trace != nil {
		see(f.trace)
	}
	return end - first
}
