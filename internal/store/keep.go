package store

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
)

// keepMagic begins a file of kept blocks: packed blocks one after the other,
// which the manifest finds.
const keepMagic = "akashi keep 1\n\x00\x00"

// keeper copies blocks that outlive the log as they are. Blocks in older files
// of kept blocks stay there while at least half of the file is in use.
type keeper struct {
	f       *flush
	body    []byte
	num     uint32
	worn    map[uint32]bool // files whose blocks are copied again
	records map[*recBlock]*recBlock
	facts   map[*factBlock]*factBlock
	file    *logFile // what was written; nil when nothing was
}

func newKeeper(f *flush) *keeper {
	k := &keeper{f: f, worn: make(map[uint32]bool), records: make(map[*recBlock]*recBlock), facts: make(map[*factBlock]*factBlock)}
	used := make(map[uint32]int64)
	f.refs(func(r *blockRef) { used[r.file] += int64(r.size) })
	for _, l := range f.s.kept {
		k.worn[l.num] = used[l.num] < l.end/2
	}
	return k
}

// refs calls fn for every block that is kept as it is.
func (f *flush) refs(fn func(*blockRef)) {
	for _, sv := range f.servers {
		for _, l := range [...][]*recBlock{sv.tail, sv.old, sv.drafts} {
			for _, b := range l {
				fn(&b.blockRef)
			}
		}
		for i := range sv.checkpoints {
			fn(&sv.checkpoints[i].ref)
			for j := range sv.checkpoints[i].traces {
				fn(&sv.checkpoints[i].traces[j])
			}
		}
	}
	for _, b := range f.facts {
		fn(&b.blockRef)
	}
}

// move copies a block and changes its place. A damaged block is copied as it
// is: it stays damaged.
func (k *keeper) move(ctx context.Context, r *blockRef) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	l := k.f.s.fileOf(r.file)
	if l == nil || l.kept && !k.worn[r.file] {
		return nil
	}
	b := make([]byte, r.size)
	if _, err := l.f.ReadAt(b, r.off); err != nil && !errors.Is(err, io.EOF) {
		return fmt.Errorf("keep a block of %s: %w", l.name, err)
	}
	if len(k.body) == 0 {
		k.num, k.body = k.f.s.newNumber(), append(k.body, keepMagic...)
	}
	r.file, r.off = k.num, int64(len(k.body))
	k.body = append(k.body, b...)
	return nil
}

// write makes the file of the copied blocks.
func (k *keeper) write() error {
	if len(k.body) == 0 {
		return nil
	}
	s := k.f.s
	size, err := s.writeFile(keepDir, k.num, func(w io.Writer) error {
		_, err := w.Write(k.body)
		return err
	})
	if err != nil {
		return err
	}
	k.f.dirs[keepDir] = true
	k.body = nil
	k.file, err = s.openKept(k.num)
	if err == nil && k.file.end != size {
		err = fmt.Errorf("%s has %d bytes, want %d", k.file.name, k.file.end, size)
	}
	return err
}

func (s *Store) openKept(num uint32) (*logFile, error) {
	name := fileName(keepDir, num)
	f, err := s.fs.OpenFile(filepath.Join(s.dir, filepath.FromSlash(name)), os.O_RDONLY, 0)
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", name, err)
	}
	size, err := sizeOf(f)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("open %s: %w", name, err), f.Close())
	}
	head := make([]byte, len(keepMagic))
	if _, err := f.ReadAt(head, 0); err != nil || string(head) != keepMagic { // its blocks have their own checksums
		s.damaged(&DamageError{File: name, Size: int64(len(head)), Reason: "head of the file"})
	}
	return &logFile{num: num, name: name, f: f, end: size, kept: true}, nil
}

// moved are the blocks at their new places; others stay as they are.
func (k *keeper) moved(l []*recBlock) []*recBlock {
	out := slices.Clone(l)
	for i, b := range out {
		if c := k.records[b]; c != nil {
			out[i] = c
		}
	}
	return out
}

// movedCheckpoints are the checkpoints of now: of those up to cut only the kept
// ones, at their new places.
func (k *keeper) movedCheckpoints(now []checkpoint, cut uint64, kept []checkpoint) []checkpoint {
	var out []checkpoint
	for _, c := range now {
		if c.seq <= cut {
			at := slices.IndexFunc(kept, func(o checkpoint) bool { return o.seq == c.seq })
			if at < 0 {
				continue
			}
			c = kept[at]
		}
		out = append(out, c)
	}
	return out
}

// fileOf finds an open file of blocks.
func (s *Store) fileOf(num uint32) *logFile {
	s.mu.RLock()
	defer s.mu.RUnlock()
	s.leavingMu.Lock()
	defer s.leavingMu.Unlock()
	for _, l := range [...][]*logFile{s.files, s.kept, s.leaving} {
		for _, f := range slices.Backward(l) { // of several openings the last one stays open longest
			if f.num == num {
				return f
			}
		}
	}
	return nil
}
