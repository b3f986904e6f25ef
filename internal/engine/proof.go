package engine

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/akashi-audit/akashi/internal/archive"
	"github.com/akashi-audit/akashi/internal/manifest"
	"github.com/akashi-audit/akashi/internal/record"
	"github.com/akashi-audit/akashi/internal/seal"
	"github.com/akashi-audit/akashi/internal/store"
)

// Proof is what ties one record to the signed log of the folder.
type Proof struct {
	// Commit made the record; 0 when the store does not hold it any more.
	Commit uint64
	// Leaf is the number of the leaf of the events that came with that commit,
	// counted from 0; -1 when a later conversion made the record, or the leaf is
	// not written yet.
	Leaf     int64
	LeafTime int64 // Unix ns
	// Checkpoint is the first one that covers the leaf or, without a leaf, the
	// one whose list of files holds the commit; nil = none does.
	Checkpoint *seal.Checkpoint
	Stamp      *seal.Stamp // of that checkpoint or of the first later one with a stamp; nil = none
	Broken     string      // why the log does not hold what it should, "" = it does
	Day        string      // archived day, "" = not archived
	Parts      []manifest.Day
}

// How far from where its time belongs the leaf of a commit is looked for: leaves
// of one import are written together at its end.
const (
	leavesBefore = 2_000
	leavesAfter  = 20_000
)

// Proof finds the leaf of a record's events, proves that it is in the first
// checkpoint behind it, and tells what stamps and archives that. It reads the log
// anew; store.ErrNotFound means that there is no such record.
func (e *Engine) Proof(ctx context.Context, id record.ID) (*Proof, error) {
	if e.seal == nil {
		return nil, ErrReadOnly
	}
	r, err := e.Record(ctx, id)
	if err != nil {
		return nil, err
	}
	p := &Proof{Leaf: -1}
	err = e.st.Scan(ctx, r.Server, r.Time, r.Time+1, func(x *record.Record, commit uint64) {
		if x.ID() == id {
			p.Commit = commit
		}
	})
	if err != nil {
		return nil, fmt.Errorf("commit of record %s: %w", id, err)
	}
	if err := e.proveLeaf(p, r); err != nil {
		return nil, err
	}
	if p.Checkpoint != nil {
		if p.Stamp, err = e.stampFrom(p.Checkpoint.Size); err != nil {
			p.Broken = err.Error()
		}
	}
	return p, e.archivedParts(ctx, p, r)
}

// proveLeaf finds leaf and checkpoint and checks that they belong together.
func (e *Engine) proveLeaf(p *Proof, r *record.Record) error {
	leaf, err := e.batchLeaf(r, p.Commit)
	var damage *seal.DamageError
	if errors.As(err, &damage) {
		p.Broken = err.Error()
		return nil
	}
	if err != nil {
		return err
	}
	if leaf == nil {
		return e.coveredByFolder(p)
	}
	p.Leaf, p.LeafTime = leaf.Index, leaf.Entry.Time
	for _, c := range e.seal.Checkpoints() {
		if c.Size <= leaf.Index {
			continue
		}
		p.Checkpoint = c
		path, err := e.seal.Prove(leaf.Index, c.Size)
		if err == nil {
			err = seal.CheckInclusion(path, c.Size, c.Root, leaf.Index, seal.LeafHash(leaf.Data))
		}
		if err != nil {
			p.Broken = err.Error()
		}
		return nil
	}
	return nil
}

// batchLeaf is the leaf of the events of a commit; nil when there is none. Leaves
// come nearly in the order of their times.
func (e *Engine) batchLeaf(r *record.Record, commit uint64) (*seal.Leaf, error) {
	if commit == 0 {
		return nil, nil
	}
	size := e.seal.Size()
	lo, hi := int64(0), size
	for lo < hi {
		mid := lo + (hi-lo)/2
		x, err := e.seal.Entry(mid)
		if err != nil {
			return nil, err
		}
		if x.Entry.Time < r.Received {
			lo = mid + 1
		} else {
			hi = mid
		}
	}
	for x, err := range e.seal.Entries(lo-leavesBefore, min(lo+leavesAfter, size)) {
		if err != nil {
			return nil, err
		}
		if x.Entry.Kind != seal.KindRawBatch {
			continue
		}
		var b batchLeaf
		if json.Unmarshal([]byte(x.Entry.Subject), &b) == nil && b.Server == r.Server && b.Commit == commit {
			return &x, nil
		}
	}
	return nil, nil
}

// coveredByFolder takes the last checkpoint when its list of files was made after
// the commit.
func (e *Engine) coveredByFolder(p *Proof) error {
	points := e.seal.Checkpoints()
	b, err := e.seal.LastFolder()
	if err != nil || b == nil || len(points) == 0 {
		return err
	}
	var f manifest.Folder
	if err := manifest.Decode(b, &f); err != nil {
		p.Broken = err.Error()
		return nil
	}
	if p.Commit != 0 && f.Commit >= p.Commit {
		p.Checkpoint = points[len(points)-1]
	}
	return nil
}

// stampFrom is the first time stamp of a checkpoint of at least that size; nil
// when there is none.
func (e *Engine) stampFrom(size int64) (*seal.Stamp, error) {
	cfg := e.Config()
	a, err := Authority(cfg.Seal.Authority, cfg.Seal.Roots)
	if err != nil {
		a = &seal.Authority{} // the stamp is checked by the system's certificates
	}
	for _, c := range e.seal.Checkpoints() {
		if c.Size < size {
			continue
		}
		name := seal.StampFile(c.Size)
		token, err := os.ReadFile(filepath.Join(e.dir, seal.DirName, filepath.FromSlash(name)))
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("read %s: %w", name, err)
		}
		s, err := seal.VerifyStamp(token, sha256.Sum256(c.Text), a.Roots)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		return s, nil
	}
	return nil, nil
}

// archivedParts names the parts of the archive of the record's day.
func (e *Engine) archivedParts(ctx context.Context, p *Proof, r *record.Record) error {
	zone, err := e.cfg.Location()
	if err != nil {
		return err
	}
	day := time.Unix(0, r.Time).In(zone).Format("2006-01-02")
	l, err := e.ArchiveDays(ctx)
	if errors.Is(err, archive.ErrNotFound) || errors.Is(err, store.ErrNotFound) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("archive of %s: %w", day, err)
	}
	for _, d := range l {
		if d.Server == r.Server && d.Day == day {
			p.Day, p.Parts = day, append(p.Parts, d)
		}
	}
	return nil
}
