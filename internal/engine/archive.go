package engine

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"

	"github.com/akashi-audit/akashi/internal/archive"
	"github.com/akashi-audit/akashi/internal/event"
	"github.com/akashi-audit/akashi/internal/manifest"
	"github.com/akashi-audit/akashi/internal/query"
	"github.com/akashi-audit/akashi/internal/record"
	"github.com/akashi-audit/akashi/internal/restored"
	"github.com/akashi-audit/akashi/internal/store"
)

// archiveDir is the folder of the archive in a data folder.
const archiveDir = "archive"

// openArchive opens the archive of the folder once. A writer without a pool makes
// every part itself; others look for new ones.
func (e *Engine) openArchive(ctx context.Context) (*archive.Archive, error) {
	e.archiveMu.Lock()
	defer e.archiveMu.Unlock()
	defer func() {
		if e.arch != nil {
			e.arch.Honour(e.st.Erasures())
		}
	}()
	if e.arch != nil && !e.opt.ReadOnly && !e.pooled() {
		return e.arch, nil
	}
	if e.arch == nil {
		zone, err := e.cfg.Location()
		if err != nil {
			return nil, fmt.Errorf("zone of the data folder: %w", err)
		}
		if e.shelf == nil {
			if e.shelf, err = restored.Open(e.dir, restored.Options{FS: e.deps.fs, Zone: zone, ReadOnly: e.opt.ReadOnly}); err != nil {
				return nil, err
			}
		}
		opt := archive.Options{FS: e.deps.fs, Zone: zone, Dir: e.dir, Restored: e.shelf}
		if e.seal != nil {
			opt.Recorder = e.seal
		}
		a, err := archive.Open(e.objects(), opt)
		if err != nil {
			return nil, err
		}
		if err := a.Refresh(ctx); err != nil {
			a.Close()
			return nil, err
		}
		e.arch = a
		a.Honour(e.st.Erasures())
		if err := e.purge(ctx, a, "akashi"); err != nil { // an erasure may have been stopped before; no answer gives what it hides
			e.log.ErrorContext(ctx, "restored days keep what is erased", slog.String("error", err.Error()))
		}
		return a, nil
	}
	return e.arch, errors.Join(e.arch.Refresh(ctx), e.shelf.Refresh())
}

// withArchive does one piece of work with the archive.
func (e *Engine) withArchive(ctx context.Context, fn func(*archive.Archive) error) error {
	a, err := e.openArchive(ctx)
	if err != nil {
		return err
	}
	return fn(a)
}

// SealRequest says what to seal.
type SealRequest struct {
	All      bool         // days that are not over too
	By       string       // who answers for it
	Only     archive.Only // nil = every day of every server
	Progress func(server, day string, sealed *manifest.Day)
	// Step is told how far it is, within a day too; nil = nobody.
	Step func(archive.SealProgress)
}

// SealArchive seals the closed days, or all. It returns the parts that were made.
func (e *Engine) SealArchive(ctx context.Context, q SealRequest) ([]manifest.Day, error) {
	if e.opt.ReadOnly {
		return nil, ErrReadOnly
	}
	e.importing.Lock()
	defer e.importing.Unlock()
	made, err := e.sealArchive(ctx, q)
	if err != nil || len(made) == 0 {
		return made, err
	}
	if err := e.sealFolder(ctx); err != nil {
		return made, err
	}
	return made, e.publishLog(ctx)
}

// sealArchive seals. The caller holds importing. What erasures hide leaves the
// files first, so that it is not archived, and the archived parts after.
func (e *Engine) sealArchive(ctx context.Context, q SealRequest) (made []manifest.Day, err error) {
	err = e.withArchive(ctx, func(a *archive.Archive) error {
		if err := e.adoptErasures(ctx, a); err != nil {
			return err
		}
		if err := e.purge(ctx, a, q.By); err != nil {
			return err
		}
		if !e.st.Compacted() {
			if _, err := e.st.Compact(ctx, q.By, e.deps.now().UnixNano()); err != nil {
				return err
			}
		}
		if _, err := e.st.DropTaken(ctx); err != nil { // of what came since, or was stopped
			return err
		}
		if err := e.st.Flush(ctx); err != nil { // else the next flush would look like a change
			return err
		}
		opt := archive.SealOptions{Now: e.deps.now(), All: q.All, Only: q.Only, By: q.By, Rules: e.deps.rules, Progress: q.Progress, Step: q.Step}
		if err := a.Bury(ctx, e.st.Erasures(), opt); err != nil {
			return err
		}
		if made, err = e.sealDays(ctx, a, opt); err != nil {
			return err
		}
		_, err := e.eraseArchived(ctx, a, opt)
		return err
	})
	return made, err
}

// ArchiveDays lists the parts of the archive, by day, server and part.
func (e *Engine) ArchiveDays(ctx context.Context) (l []manifest.Day, err error) {
	err = e.withArchive(ctx, func(a *archive.Archive) error {
		l, err = a.Days(ctx)
		return err
	})
	return l, err
}

// SearchArchive searches the archive alone, without the store.
func (e *Engine) SearchArchive(ctx context.Context, q query.Query) (p *query.Page, err error) {
	err = e.withArchive(ctx, func(a *archive.Archive) error {
		p, err = a.Search(ctx, q, nil)
		return err
	})
	return p, err
}

// lost finds the archived days that the store does not hold, or not wholly any
// more: what came last before the end of a month can outlive it in the store.
// What the store holds is asked with the first day that a search wants: most
// searches want none of the archive. nil = all days.
func (e *Engine) lost(a *archive.Archive, q query.Query) archive.Only {
	if q.Removed { // they are in the archive, whatever the store has of the day
		return nil
	}
	have := sync.OnceValue(e.heldDays)
	return func(server, day string) bool {
		d, held := have()[[2]string{server, day}]
		if !held {
			return true
		}
		from, to := a.Bounds(d)
		return e.st.ExpiredIn(server, from, to)
	}
}

// heldDays are the days of which the store holds something, by server and name.
func (e *Engine) heldDays() map[[2]string]int {
	m := make(map[[2]string]int)
	for server, days := range e.st.SealDays() {
		for _, d := range days {
			m[[2]string{server, archive.DayName(d)}] = d
		}
	}
	return m
}

// reach adds to a page of the store what the archive has of days that the store
// no longer holds.
func (e *Engine) reach(ctx context.Context, q query.Query, p *query.Page) error {
	return e.withArchive(ctx, func(a *archive.Archive) error {
		more, err := a.Search(ctx, q, e.lost(a, q))
		if err != nil {
			return fmt.Errorf("search the archive: %w", err)
		}
		if p.Reached = more.Reached; len(more.Records) == 0 {
			return nil
		}
		limit := q.Limit
		if limit <= 0 {
			limit = store.DefaultLimit
		}
		rest := p.Next != "" || more.Next != ""
		p.Records = append(p.Records, more.Records...)
		slices.SortFunc(p.Records, func(x, y record.Record) int {
			a, b := query.PositionOf(&x), query.PositionOf(&y)
			if q.Oldest {
				return b.Compare(&a)
			}
			return a.Compare(&b)
		})
		p.Records = slices.CompactFunc(p.Records, func(x, y record.Record) bool {
			a, b := query.PositionOf(&x), query.PositionOf(&y)
			return a == b
		})
		if len(p.Records) > limit {
			p.Records, rest = p.Records[:limit], true
		}
		p.Next = ""
		if rest {
			at := query.PositionOf(&p.Records[len(p.Records)-1])
			p.Next = at.Cursor()
		}
		return nil
	})
}

// archivedRecord looks for a record that the store does not hold.
func (e *Engine) archivedRecord(ctx context.Context, id record.ID) (r *record.Record, l []*event.Event, err error) {
	err = e.withArchive(ctx, func(a *archive.Archive) error {
		if r, err = a.Record(ctx, id); err != nil {
			return err
		}
		l, err = a.Raw(ctx, r)
		return err
	})
	if errors.Is(err, archive.ErrNotFound) {
		err = store.ErrNotFound
	}
	return r, l, err
}

// archived tells whether all that the store holds of a server's day is sealed. A
// day of which it holds nothing has nothing to lose. What is asked of the store is
// asked here, because the store holds its locks when it calls the function.
func (e *Engine) archived(a *archive.Archive) store.Archived {
	type day struct {
		server string
		day    int
	}
	sealed := make(map[day]bool)
	for server, days := range e.st.SealDays() {
		for _, d := range days {
			from, to := a.Bounds(d)
			mark, _ := e.st.SealMark(server, from, to)
			sealed[day{server, d}] = a.Archived(server, d, mark)
		}
	}
	return func(server string, d int) bool {
		ok, held := sealed[day{server, d}]
		return ok || !held
	}
}
