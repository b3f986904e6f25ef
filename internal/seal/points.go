package seal

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/mod/sumdb/note"

	"github.com/akashi-audit/akashi/internal/fsx"
)

// maxPoints bounds the file of checkpoints, in bytes.
const maxPoints = 1 << 30

// SplitCheckpoints cuts the file of checkpoints: signed notes, each followed by
// an empty line. rest is what is not a whole note at its end.
func SplitCheckpoints(b []byte) (notes [][]byte, rest []byte) {
	for {
		i := bytes.Index(b, []byte("\n\n"))
		if i < 0 {
			return notes, b
		}
		j := bytes.Index(b[i+2:], []byte("\n\n"))
		if j < 0 {
			return notes, b
		}
		end := i + 2 + j + 1
		notes = append(notes, b[:end])
		b = b[end+1:]
	}
}

// loadPoints reads the checkpoints; an unfinished last one is cut.
func (l *Log) loadPoints() error {
	path := l.path(CheckpointsName)
	b, err := readFile(l.fs, path, maxPoints)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("read the checkpoints of the seal: %w", err)
	}
	notes, rest := SplitCheckpoints(b)
	for i, text := range notes {
		c, err := ParseCheckpoint(text)
		if err != nil {
			if i == len(notes)-1 {
				break
			}
			return &DamageError{Path: path, Offset: l.pointsN, Line: i + 1, Reason: err.Error()}
		}
		l.points = append(l.points, c)
		l.pointsN += int64(len(text)) + 1
	}
	if l.opt.ReadOnly {
		return nil
	}
	if l.pointsF, err = l.fs.OpenFile(path, os.O_RDWR, 0); err != nil {
		return fmt.Errorf("read the checkpoints of the seal: %w", err)
	}
	if len(rest) == 0 && l.pointsN == int64(len(b)) {
		return nil
	}
	if err := errors.Join(l.pointsF.Truncate(l.pointsN), l.pointsF.Sync()); err != nil {
		return fmt.Errorf("cut the unfinished checkpoint of the seal: %w", err)
	}
	return nil
}

// checkPoints compares the last checkpoint with the leaves and counts what is
// behind it.
func (l *Log) checkPoints() error {
	if len(l.points) == 0 {
		return nil
	}
	c := l.points[len(l.points)-1]
	if c.Size > l.tree.size {
		return &DamageError{Path: l.path(LeavesName), Offset: l.end, Line: int(l.tree.size) + 1,
			Reason: fmt.Sprintf("the checkpoint of %d leaves covers more than there are", c.Size)}
	}
	root, err := l.tree.root(c.Size)
	if err != nil {
		return err
	}
	if root != c.Root {
		return &DamageError{Path: l.path(LeavesName), Line: 1, Reason: fmt.Sprintf("the leaves are not those of the checkpoint of %d leaves", c.Size)}
	}
	l.calls = 0
	for i := c.Size; i < l.tree.size; i++ {
		line := make([]byte, l.lineEnd(i)-l.at[i])
		if _, err := l.f.ReadAt(line, l.at[i]); err != nil {
			return fmt.Errorf("read leaf %d: %w", i, err)
		}
		var s struct{ Leaf Entry }
		if err := json.Unmarshal(line, &s); err != nil {
			return fmt.Errorf("read leaf %d: %w", i, err)
		}
		if s.Leaf.Kind == KindStamp || s.Leaf.Kind == KindDelivery {
			l.calls++
		}
	}
	return nil
}

func (l *Log) lineEnd(i int64) int64 {
	if i+1 < l.tree.size {
		return l.at[i+1]
	}
	return l.end
}

// Checkpoints lists the checkpoints, oldest first.
func (l *Log) Checkpoints() []*Checkpoint {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clone(l.points)
}

// Keys lists the public keys, oldest first.
func (l *Log) Keys() []KeyChange {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clone(l.keys)
}

// Unsealed counts the leaves that no checkpoint covers, without those that say
// that one was stamped or sent.
func (l *Log) Unsealed() int64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.tree.size - l.sealedTo() - l.calls
}

func (l *Log) sealedTo() int64 {
	if len(l.points) == 0 {
		return 0
	}
	return l.points[len(l.points)-1].Size
}

// Checkpoint signs the head when it moved, and returns the last checkpoint. The
// first call makes the key. ErrNoKey says that the private key is not there.
func (l *Log) Checkpoint(ctx context.Context) (*Checkpoint, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.checkpoint(ctx, nil)
}

// SealFolder keeps the stored form of a manifest.Folder, records its leaf and
// signs the head.
func (l *Log) SealFolder(ctx context.Context, folder []byte) (*Checkpoint, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.checkpoint(ctx, folder)
}

func (l *Log) checkpoint(ctx context.Context, folder []byte) (*Checkpoint, error) {
	if l.closed || l.opt.ReadOnly {
		return nil, errors.New("the log of the seal is not open for writing")
	}
	pairs, err := l.signers(ctx)
	if err != nil {
		return nil, err
	}
	if l.folder >= l.sealedTo() { // an interruption came between the two
		if err := l.signHead(l.folder+1, pairs); err != nil {
			return nil, err
		}
	}
	if folder != nil {
		if err := l.putFolder(ctx, folder); err != nil {
			return nil, err
		}
	}
	if l.tree.size == l.sealedTo() {
		return l.points[len(l.points)-1], nil
	}
	if err := l.signHead(l.tree.size, pairs); err != nil {
		return nil, err
	}
	l.calls = 0
	if folder != nil {
		l.dropFolders()
	}
	return l.points[len(l.points)-1], nil
}

// signHead signs the tree of the first size leaves.
func (l *Log) signHead(size int64, pairs []pair) error {
	root, err := l.tree.root(size)
	if err != nil {
		return err
	}
	v, err := note.NewVerifier(pairs[0].public)
	if err != nil {
		return fmt.Errorf("public key: %w", err)
	}
	c := &Checkpoint{Origin: v.Name(), Size: size, Root: root, Time: l.opt.Now().UnixNano()}
	text, err := sign(c.body(), v, pairs...)
	if err != nil {
		return err
	}
	if c, err = ParseCheckpoint(text); err != nil {
		return err
	}
	if err := l.make(&l.pointsF, CheckpointsName); err != nil {
		return fmt.Errorf("make the checkpoints of the seal: %w", err)
	}
	if err := l.append(l.pointsF, append(bytes.Clone(text), '\n'), l.pointsN); err != nil {
		return fmt.Errorf("write checkpoint: %w", err)
	}
	l.points, l.pointsN = append(l.points, c), l.pointsN+int64(len(text))+1
	return nil
}

// FolderFile is the name in DirName of the folder manifest whose leaf is number i.
func FolderFile(i int64) string { return fmt.Sprintf("%s/%012d.json", FolderName, i) }

func (l *Log) putFolder(ctx context.Context, b []byte) error {
	if err := fsx.MakeDir(l.fs, l.path(FolderName), 0o700); err != nil {
		return fmt.Errorf("make the folder of manifests: %w", err)
	}
	if err := write(l.fs, l.path(filepath.FromSlash(FolderFile(l.tree.size))), b); err != nil {
		return err
	}
	_, err := l.record(ctx, []Entry{{Kind: KindFolder, Subject: FolderFile(l.tree.size), By: "akashi", Time: l.opt.Now().UnixNano(), Hash: sum(b)}})
	return err
}

// dropFolders removes the manifests that the last one follows. What stays is
// removed the next time.
func (l *Log) dropFolders() {
	entries, err := l.fs.ReadDir(l.path(FolderName))
	if err != nil {
		return
	}
	for _, e := range entries {
		if name := e.Name(); name != filepath.Base(FolderFile(l.folder)) && strings.HasSuffix(name, ".json") {
			if l.fs.Remove(filepath.Join(l.path(FolderName), name)) != nil {
				return
			}
		}
	}
}

// LastFolder reads the stored form of the last sealed folder manifest; nil when
// there is none.
func (l *Log) LastFolder() ([]byte, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.folder < 0 {
		return nil, nil
	}
	b, err := readFile(l.fs, l.path(filepath.FromSlash(FolderFile(l.folder))), maxJournal)
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read the last folder manifest: %w", err)
	}
	return b, nil
}
