package engine

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/akashi-audit/akashi/internal/archive"
	"github.com/akashi-audit/akashi/internal/config"
	"github.com/akashi-audit/akashi/internal/hold"
	"github.com/akashi-audit/akashi/internal/manifest"
	"github.com/akashi-audit/akashi/internal/pool"
	"github.com/akashi-audit/akashi/internal/seal"
	"github.com/akashi-audit/akashi/internal/state"
	"github.com/akashi-audit/akashi/internal/store"
)

// Affected tells what an erasure would hide, by server and month.
func (e *Engine) Affected(ctx context.Context, x store.Erasure) ([]store.Affected, error) {
	return e.st.Affected(ctx, x)
}

// Stats tells what the store holds, by server and week.
func (e *Engine) Stats(ctx context.Context) (*store.Stats, error) {
	s, err := e.st.Stats(ctx)
	if err != nil {
		return nil, err
	}
	return s, e.withArchive(ctx, func(a *archive.Archive) error {
		for _, x := range a.Restored() {
			s.Restored += x.Bytes()
		}
		return nil
	})
}

// RebuildPaths makes the path catalogue again from the segments.
func (e *Engine) RebuildPaths(ctx context.Context, by string) error {
	if e.opt.ReadOnly {
		return ErrReadOnly
	}
	e.importing.Lock()
	defer e.importing.Unlock()
	x := seal.Entry{Kind: seal.KindRebuild, Subject: "path catalogue", By: by, Time: e.deps.now().UnixNano()}
	if err := e.seal.Record(ctx, x); err != nil {
		return err
	}
	return e.st.RebuildPaths(ctx)
}

// Retention is the schedule, and what the confirmed terms (or, when there are
// none, the proposed ones) would delete now. Each month names the cases that keep
// it.
func (e *Engine) Retention(ctx context.Context) (store.Schedule, []store.Due, error) {
	now := e.st.Retention()
	sch := now
	if !sch.InForce() {
		sch = now.AsProposed()
	}
	if !sch.InForce() {
		return now, nil, nil
	}
	var due []store.Due
	err := e.withArchive(ctx, func(a *archive.Archive) error {
		due = e.st.Due(sch, e.deps.now().UnixNano(), e.archived(a))
		return e.st.MarkHeld(ctx, due, e.held)
	})
	return now, due, err
}

// ProposeRetention puts a term forward. Time is set here.
func (e *Engine) ProposeRetention(ctx context.Context, t store.Term) error {
	t.Time = e.deps.now().UnixNano()
	return e.st.ProposeRetention(ctx, t)
}

// ConfirmRetention puts the proposed term in force. Where it is longer than the one
// before, what lies on volumes with Object Lock is locked for longer too; a bucket that
// does not answer is no reason not to confirm: the pool goes on with it.
func (e *Engine) ConfirmRetention(ctx context.Context, by, ground string) error {
	if err := e.followTerms(ctx); err != nil { // of an earlier confirmation that was stopped
		return fmt.Errorf("write down which locks follow the terms in force: %w", err)
	}
	if err := e.st.ConfirmRetention(ctx, by, ground, e.deps.now().UnixNano()); err != nil {
		return err
	}
	if err := e.followTerms(ctx); err != nil {
		e.log.WarnContext(ctx, "locks of archived objects are not longer yet", slog.String("error", err.Error()))
	}
	return nil
}

// Expired is what Expire did.
type Expired struct {
	*store.Expiry
	Classes ClassExpiry `json:"classes"`
}

// Expire seals the closed days, and then deletes what is past the confirmed terms of
// the store and takes out what is past those of classes of records, archived and kept
// by no legal hold.
func (e *Engine) Expire(ctx context.Context, withoutArchive bool) (*Expired, error) {
	if e.opt.ReadOnly {
		return nil, ErrReadOnly
	}
	e.importing.Lock()
	defer e.importing.Unlock()
	sch := e.st.Retention()
	if !sch.InForce() && !sch.HasClass() {
		return nil, store.ErrUnconfirmed
	}
	if _, err := e.holds.Holds(); err != nil { // before anything is sealed
		return nil, err
	}
	opt := store.ExpireOptions{Now: e.deps.now().UnixNano(), WithoutArchive: withoutArchive, Held: e.held}
	if !withoutArchive {
		if _, err := e.sealArchive(ctx, SealRequest{By: sch.Terms()[0].By}); err != nil {
			return nil, err
		}
	}
	out := &Expired{Expiry: &store.Expiry{Deleted: []store.Due{}, Kept: []store.Due{}, Removed: &store.Removal{Left: []store.Left{}}}, Classes: noClasses()}
	err := e.withArchive(ctx, func(a *archive.Archive) (err error) {
		if !withoutArchive {
			opt.Archived = e.archived(a)
		}
		if sch.InForce() {
			x, err := e.st.Expire(ctx, opt)
			if x != nil {
				out.Expiry = x
			}
			if err != nil {
				return err
			}
		}
		return e.expireClasses(ctx, a, &sch, opt, &out.Classes)
	})
	if err != nil {
		return out, err
	}
	if err := e.sealFolder(ctx); err != nil || len(out.Classes.Orders) == 0 {
		return out, err
	}
	return out, e.publishLog(ctx)
}

// Snapshot copies the folder while it is used, and reads the whole copy.
func (e *Engine) Snapshot(ctx context.Context, dest string, progress func(done, all int64, file string)) (*store.Snapshot, error) {
	in, err := e.st.Info()
	if err != nil {
		return nil, err
	}
	extra, err := e.snapshotFiles()
	if err != nil {
		return nil, fmt.Errorf("list what to copy: %w", err)
	}
	for _, im := range in.Imports {
		if im.Original != "" && !slices.Contains(extra, im.Original) && e.hasOriginal(im.Original) {
			extra = append(extra, im.Original)
		}
	}
	out, err := e.st.Snapshot(ctx, dest, extra, progress)
	if err != nil {
		return nil, err
	}
	// Last, so that the leaves of its rows are in the copy.
	took, err := state.CopyOf(ctx, e.dir, dest)
	if took {
		out.Files++
	}
	return out, err
}

// snapshotFiles lists what a snapshot copies beside the store's own files: the
// settings, the archive, what the seal proves with, but no private key, and the trail.
// The leaves come before what they are about, which only grows.
func (e *Engine) snapshotFiles() ([]string, error) {
	l := []string{config.FileName, maskKeyFile, seal.FileName, archive.IndexName, pool.DirName + "/" + pool.ConfigName, pool.DirName + "/" + pool.CopiesName, hold.FileName}
	for _, dir := range []string{archiveDir, seal.DirName, manifest.TrailDir} {
		err := filepath.WalkDir(filepath.Join(e.dir, dir), func(path string, d fs.DirEntry, err error) error {
			if errors.Is(err, fs.ErrNotExist) { // none yet, or replaced meanwhile
				return nil
			}
			if err != nil || d.IsDir() || strings.HasSuffix(path, ".tmp") {
				return err
			}
			rel, err := filepath.Rel(e.dir, path)
			if name := filepath.ToSlash(rel); err == nil && name != seal.DirName+"/"+seal.KeyName && name != seal.DirName+"/"+seal.OldKeyName {
				l = append(l, name)
			}
			return err
		})
		if err != nil {
			return nil, err
		}
	}
	return l, nil
}

// folder is what is known of a data folder before it is opened.
func folder(dir string) (abs string, zone *time.Location, err error) {
	if abs, err = filepath.Abs(dir); err != nil {
		return "", nil, fmt.Errorf("data folder: %w", err)
	}
	cfg, err := config.Load(abs)
	if err != nil {
		return "", nil, err
	}
	zone, err = cfg.Location()
	if err != nil {
		return "", nil, fmt.Errorf("zone of the data folder: %w", err)
	}
	return abs, zone, nil
}

// Check reads every block of a data folder. It works beside a running writer.
func Check(ctx context.Context, dir string, progress func(done, all int64, file string)) (*store.CheckReport, error) {
	abs, zone, err := folder(dir)
	if err != nil {
		return nil, err
	}
	r, err := store.Check(ctx, abs, store.CheckOptions{Zone: zone, Progress: progress})
	if err != nil {
		return nil, err
	}
	if err := checkRestored(ctx, abs, zone, r, progress); err != nil {
		return nil, err
	}
	var d *seal.DamageError
	if _, err := seal.Read(abs); errors.As(err, &d) {
		r.Findings = append(r.Findings, store.Finding{File: seal.FileName, Offset: d.Offset, Reason: d.Reason, In: store.InOther, Remedy: store.RemedyNone})
	} else if err != nil {
		return nil, err
	}
	return r, nil
}

// journalOf records in the seal of a folder that somebody else has locked.
type journalOf string

func (dir journalOf) Record(ctx context.Context, x seal.Entry) error {
	j, err := seal.OpenLog(nil, string(dir), seal.LogOptions{})
	if err != nil {
		return err
	}
	return errors.Join(j.Record(ctx, x), j.Close())
}

// Repair puts damaged files aside, and converts the servers that lost records
// again from their raw events.
func Repair(ctx context.Context, dir, by string, progress func(Progress)) (*store.RepairReport, *ReconvertSummary, error) {
	abs, zone, err := folder(dir)
	if err != nil {
		return nil, nil, err
	}
	r, err := store.Repair(ctx, abs, store.Options{Zone: zone, Seal: journalOf(abs)}, by, time.Now().UnixNano())
	if err != nil {
		return nil, nil, err
	}
	if len(r.Servers) == 0 {
		return r, &ReconvertSummary{Servers: []Reconverted{}}, nil
	}
	e, err := Open(ctx, dir, Options{})
	if err != nil {
		return r, nil, err
	}
	sum, err := e.again(ctx, r, progress)
	return r, sum, errors.Join(err, e.Close())
}

// again brings back the erasures that a lost manifest had, and converts servers
// again.
func (e *Engine) again(ctx context.Context, r *store.RepairReport, progress func(Progress)) (*ReconvertSummary, error) {
	if r.Manifest {
		l, err := seal.Read(e.dir)
		if err != nil {
			return nil, err
		}
		for _, x := range l {
			var tomb store.Erasure
			if x.Kind != seal.KindErasure && x.Kind != seal.KindClassRemoval || json.Unmarshal([]byte(x.Subject), &tomb) != nil {
				continue
			}
			if have := e.st.Erasures(); slices.ContainsFunc(have, func(o store.Erasure) bool { return o.Equal(&tomb) }) {
				continue
			}
			give := e.st.Erase
			if tomb.Order != nil {
				give = func(ctx context.Context, x store.Erasure) error { return e.st.TakeOut(ctx, []store.Erasure{x}) }
			}
			if err := give(ctx, tomb); err != nil {
				return nil, err
			}
		}
	}
	all := &ReconvertSummary{Rules: e.deps.rules, Servers: []Reconverted{}}
	for _, name := range r.Servers {
		sum, err := e.Reconvert(ctx, ReconvertRequest{Server: name}, progress)
		if err != nil {
			return all, err
		}
		all.Servers = append(all.Servers, sum.Servers...)
	}
	return all, nil
}

// closeAll ends the use of the store and the seal, which is signed when
// something changed.
func (e *Engine) closeAll() error {
	var errs []error
	e.mu.Lock()
	e.ending = true
	e.mu.Unlock()
	e.archiveMu.Lock()
	if e.arch != nil {
		e.arch.Close()
	}
	if e.shelf != nil {
		e.shelf.Close()
	}
	e.archiveMu.Unlock()
	errs = append(errs, e.closePool(), e.closeState())
	if e.st != nil {
		errs = append(errs, e.st.Close())
	}
	e.mu.Lock()
	first := !e.closed
	e.closed = true
	e.mu.Unlock()
	if e.seal != nil && first {
		e.againMu.Lock()
		errs = append(errs, e.closeAgain(), e.seal.Close())
		e.againMu.Unlock()
	}
	return errors.Join(errs...)
}
