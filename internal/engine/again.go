package engine

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/akashi-audit/akashi/internal/manifest"
	"github.com/akashi-audit/akashi/internal/pace"
	"github.com/akashi-audit/akashi/internal/seal"
)

// RenewRequest asks for everything that is sealed to be hashed anew under another
// algorithm (RFC 4998, section 5.3).
type RenewRequest struct {
	Algorithm seal.Algorithm
	By        string
	Rate      int64 // bytes a second that are read, 0 = as fast as it goes
	// Begin only writes down that it is to be done: a running server does it then.
	Begin    bool
	Progress func(RenewProgress)
}

// RenewProgress is how far the pass is.
type RenewProgress struct {
	Done, All int   // things: files, objects, parts
	Bytes     int64 // that were read
	Name      string
}

// RenewResult is what a pass did.
type RenewResult struct {
	Algorithm seal.Algorithm `json:"hash"`
	Begun     bool           `json:"begun,omitempty"` // nothing was hashed yet
	Lines     int64          `json:"lines"`           // of the list
	Bytes     int64          `json:"bytes"`           // that this pass read
	Broken    []BrokenThing  `json:"broken"`          // everything that is not carried over
	Leaves    int64          `json:"leaves"`          // that the signed head covers
	StampTime int64          `json:"stamp_time,omitempty"`
	Authority string         `json:"authority,omitempty"`
	// StampBy is the algorithm that the authority's own signature rests on.
	StampBy seal.Algorithm `json:"stamp_by,omitempty"`
}

// BrokenThing is not what its SHA-256 says, or cannot be read.
type BrokenThing struct {
	Name string `json:"name"`
	Why  string `json:"why"`
}

// again is the renewal of the folder. Its list is used by one goroutine at a time.
type again struct {
	*seal.AgainLog
	force bool // its pass is done: what is sealed is hashed under it, too
}

// againLeaves are the leaves of renewals, oldest first.
func againLeaves(l *seal.Log) (out []seal.AgainLeaf, err error) {
	for leaf, err := range l.Of(seal.KindAgain) {
		if err != nil {
			return nil, err
		}
		x, err := seal.ParseAgainLeaf(leaf.Entry.Subject)
		if err != nil {
			return nil, err
		}
		out = append(out, x)
	}
	return out, nil
}

// againTime is when the last pass of a renewal was done, Unix ns; 0 = none was.
func againTime(l *seal.Log) (at int64, err error) {
	for leaf, err := range l.Of(seal.KindAgain) {
		if err != nil {
			return 0, err
		}
		if x, err := seal.ParseAgainLeaf(leaf.Entry.Subject); err == nil && x.Act == seal.AgainDone {
			at = leaf.Entry.Time
		}
	}
	return at, nil
}

// openAgain opens the renewal under an algorithm once. The caller holds againMu.
func (e *Engine) openAgain(a seal.Algorithm, force bool) error {
	if e.anew != nil && e.anew.Algorithm() == a {
		e.anew.force = e.anew.force || force
		return nil
	}
	g, err := e.seal.OpenAgain(a)
	if err != nil {
		return err
	}
	err = e.closeAgain()
	e.anew = &again{g, force}
	return err
}

func (e *Engine) closeAgain() (err error) {
	if e.anew != nil {
		err = e.anew.Close()
		e.anew = nil
	}
	return err
}

// Renew hashes everything that is sealed anew, each thing beside its SHA-256 in one
// reading, and gets a stamp of the new tree and of all old evidence. It may be stopped
// at any time and goes on where it was; imports and searches go on beside it, but for the
// last part. Called again when it is done, it takes up what was broken.
func (e *Engine) Renew(ctx context.Context, q RenewRequest) (*RenewResult, error) {
	if e.opt.ReadOnly {
		return nil, ErrReadOnly
	}
	e.renewing.Lock()
	defer e.renewing.Unlock()
	l, err := againLeaves(e.seal)
	if err != nil {
		return nil, err
	}
	force, begun := seal.AgainOf(l)
	if force.Hash != q.Algorithm && begun.Hash != q.Algorithm {
		if err := e.noteAgain(ctx, q.By, seal.AgainLeaf{Act: seal.AgainBegin, Hash: q.Algorithm, Rate: q.Rate}); err != nil {
			return nil, err
		}
	}
	if q.Begin {
		return &RenewResult{Algorithm: q.Algorithm, Begun: true, Broken: []BrokenThing{}}, nil
	}
	p := &againPass{e: e, limit: pace.NewRate(q.Rate), progress: q.Progress, retry: true, broken: []BrokenThing{}}
	if p.progress == nil {
		p.progress = func(RenewProgress) {}
	}
	e.againMu.Lock()
	err = e.openAgain(q.Algorithm, force.Hash == q.Algorithm)
	p.g = e.anew
	e.againMu.Unlock()
	if err != nil {
		return nil, err
	}
	if err := p.fixed(ctx); err != nil { // the long part; imports go on
		return nil, errors.Join(err, p.keep())
	}
	e.importing.Lock()
	defer e.importing.Unlock()
	if force.Hash != q.Algorithm {
		x := seal.AgainLeaf{Act: seal.AgainDone, Hash: q.Algorithm, Lines: p.g.Lines(), Broken: p.g.Broken()}
		if err := e.noteAgain(ctx, q.By, x); err != nil {
			return nil, err
		}
		e.againMu.Lock()
		p.g.force = true
		e.againMu.Unlock()
	}
	e.pass = p // its numbers are those of this pass
	err = e.sealFolder(ctx)
	e.pass = nil
	if err == nil {
		err = e.publishAll(ctx)
	}
	if err != nil {
		return nil, err
	}
	return e.renewed(p)
}

// publishAll puts the log and the renewal into an archive that has something.
func (e *Engine) publishAll(ctx context.Context) error {
	l, err := e.ArchiveDays(ctx)
	if err != nil || len(l) == 0 {
		return err
	}
	return e.publishLog(ctx)
}

// renewed tells what a pass came to.
func (e *Engine) renewed(p *againPass) (*RenewResult, error) {
	e.againMu.Lock()
	defer e.againMu.Unlock()
	r := &RenewResult{Algorithm: p.g.Algorithm(), Lines: p.g.Lines(), Bytes: p.bytes, Broken: p.broken}
	heads := p.g.Heads()
	if len(heads) == 0 { // the reason is in the program's log
		return nil, seal.ErrNoKey
	}
	last := heads[len(heads)-1]
	r.Leaves = last.Leaves
	stamps, err := p.g.Stamps()
	if err != nil {
		return nil, err
	}
	if n := len(stamps); n > 0 && stamps[n-1].Head == last {
		s := stamps[n-1].Stamp
		r.StampTime, r.Authority, r.StampBy = s.Time.UnixNano(), s.Authority, s.Signed
	}
	return r, nil
}

func (e *Engine) noteAgain(ctx context.Context, by string, x seal.AgainLeaf) error {
	b, err := json.Marshal(x)
	if err != nil {
		return fmt.Errorf("encode leaf: %w", err)
	}
	return e.seal.Record(ctx, seal.Entry{Kind: seal.KindAgain, Subject: string(b), By: by, Time: e.deps.now().UnixNano()})
}

// followAgain hashes what came since under the algorithm that is in force, and signs the
// head. files are those of the list that was just sealed. The caller holds importing.
func (e *Engine) followAgain(ctx context.Context, files []manifest.File) error {
	e.againMu.Lock()
	err := e.forceAgain()
	g := e.anew
	e.againMu.Unlock()
	if err != nil || g == nil || !g.force {
		return err
	}
	p := e.pass
	if p == nil {
		p = &againPass{e: e, g: g, progress: func(RenewProgress) {}}
	}
	if err := p.follow(ctx, files); err != nil {
		return fmt.Errorf("hash anew under %s: %w", g.Algorithm(), err)
	}
	e.againMu.Lock()
	defer e.againMu.Unlock()
	if _, err := g.Sign(ctx); err != nil && !errors.Is(err, seal.ErrNoKey) {
		return err
	}
	return nil
}

// againCovers tells whether the last head covers the last checkpoint, or none is wanted.
func (e *Engine) againCovers() bool {
	e.againMu.Lock()
	defer e.againMu.Unlock()
	if e.pass != nil || e.forceAgain() != nil {
		return false
	}
	if e.anew == nil || !e.anew.force {
		return true
	}
	heads, points := e.anew.Heads(), e.seal.Checkpoints()
	return len(heads) > 0 && len(points) > 0 && heads[len(heads)-1].Leaves >= points[len(points)-1].Size
}

// ends tells whether the folder is being closed.
func (e *Engine) ends() bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.ending
}

// forceAgain opens the renewal that is in force, if there is one.
func (e *Engine) forceAgain() error {
	if e.anew != nil {
		return nil
	}
	l, err := againLeaves(e.seal)
	if err != nil || len(l) == 0 {
		return err
	}
	if force, _ := seal.AgainOf(l); force.Hash != "" {
		return e.openAgain(force.Hash, true)
	}
	return nil
}

// stampAgain gets the time stamp of the last head when it has none.
func (e *Engine) stampAgain(ctx context.Context, a *seal.Authority) (*seal.Stamp, error) {
	e.againMu.Lock()
	defer e.againMu.Unlock()
	if e.anew == nil || !e.anew.force || !e.anew.NeedsStamp() {
		return nil, nil
	}
	s, err := e.anew.Stamp(ctx, a)
	if err == nil && s.Signed == seal.SHA256 {
		e.log.WarnContext(ctx, "the authority's own signature rests on SHA-256", slog.String("authority", s.Authority))
	}
	return s, err
}

func (e *Engine) needsAgainStamp() bool {
	e.againMu.Lock()
	defer e.againMu.Unlock()
	if e.forceAgain() != nil { // told where it is followed
		return false
	}
	return e.anew != nil && e.anew.force && e.anew.NeedsStamp()
}

// againEvery is how often a running server looks whether a renewal has begun.
const againEvery = time.Minute

// CareAgain goes on with a renewal that has begun, until ctx ends.
func (e *Engine) CareAgain(ctx context.Context) {
	tick := time.NewTicker(againEvery)
	defer tick.Stop()
	for {
		if err := e.goOnAgain(ctx); err != nil && ctx.Err() == nil {
			e.log.ErrorContext(ctx, "hash everything anew", slog.String("error", err.Error()))
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

func (e *Engine) goOnAgain(ctx context.Context) error {
	l, err := againLeaves(e.seal)
	if err != nil {
		return err
	}
	_, begun := seal.AgainOf(l)
	if begun.Hash == "" || !e.renewing.TryLock() { // somebody does it now
		return nil
	}
	e.renewing.Unlock()
	e.log.InfoContext(ctx, "everything sealed is hashed anew", slog.String("hash", string(begun.Hash)))
	r, err := e.Renew(ctx, RenewRequest{Algorithm: begun.Hash, By: "akashi", Rate: begun.Rate})
	if err != nil {
		return err
	}
	for _, b := range r.Broken {
		e.log.ErrorContext(ctx, "not carried over: it is not what its SHA-256 says", slog.String("name", b.Name), slog.String("reason", b.Why))
	}
	e.log.InfoContext(ctx, "everything sealed is hashed anew: done", slog.Int64("lines", r.Lines), slog.Int("broken", len(r.Broken)))
	return nil
}
