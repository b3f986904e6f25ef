package engine

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"sync"

	"github.com/akashi-audit/akashi/internal/account"
	"github.com/akashi-audit/akashi/internal/archive"
	"github.com/akashi-audit/akashi/internal/config"
	"github.com/akashi-audit/akashi/internal/convert"
	"github.com/akashi-audit/akashi/internal/coverage"
	"github.com/akashi-audit/akashi/internal/event"
	"github.com/akashi-audit/akashi/internal/hold"
	"github.com/akashi-audit/akashi/internal/mask"
	"github.com/akashi-audit/akashi/internal/pool"
	"github.com/akashi-audit/akashi/internal/query"
	"github.com/akashi-audit/akashi/internal/record"
	"github.com/akashi-audit/akashi/internal/restored"
	"github.com/akashi-audit/akashi/internal/seal"
	"github.com/akashi-audit/akashi/internal/state"
	"github.com/akashi-audit/akashi/internal/store"
	"github.com/akashi-audit/akashi/internal/trail"
)

// ErrReadOnly is the error of a change in a folder that was opened for reading.
var ErrReadOnly = errors.New("the data folder is open for reading only")

// Engine is one open data folder.
type Engine struct {
	dir     string
	opt     Options
	cfg     config.Config
	st      *store.Store
	seal    *seal.Log       // nil when the folder is open for reading only
	holds   *hold.Register  // nil when the folder is open for reading only
	closing context.Context // of the last checkpoint; it outlives the call that opened
	log     *slog.Logger
	deps    deps

	importing  sync.Mutex                   // held by the import that runs; guards the two below
	covers     map[string]*coverage.Tracker // by server: the events of the import that runs
	gapsSealed map[gapKey]sealedGap         // of the last gap report in the seal; nil until it is asked for

	sending sync.Mutex // held while checkpoints are sent out; taken after importing

	archiveMu sync.Mutex       // guards the two below; taken after importing
	arch      *archive.Archive // nil until it is asked for
	shelf     *restored.Shelf  // what is restored of it; opened with it

	restoring sync.Mutex // held by what restores or releases days; taken before importing

	poolMu sync.Mutex // guards pool
	pool   *pool.Pool // nil until it is asked for

	scopes scopeCounts  // what lies within restrictions
	tags   *mask.Tagger // of masked numbers; nil in a folder open for reading only that has no key

	renewing sync.Mutex // held by the pass of a renewal; taken before importing
	againMu  sync.Mutex // guards anew and what it holds
	anew     *again     // the renewal under another hash algorithm; nil until it is needed
	pass     *againPass // of a call of Renew; guarded by importing

	stateMu sync.Mutex // guards the three below; each is nil until it is asked for
	db      *state.DB
	people  *account.Book
	trail   *trail.Log

	mu         sync.Mutex // guards the fields below
	running    *Progress
	background convert.Background // in force
	now        config.Config      // akashi.toml as it was last seen; cfg is as it was at opening
	closed     bool
	ending     bool         // Close has begun
	batches    []seal.Entry // commits of events that are not in the seal yet
}

// Open opens the data folder at dir, and makes it when opt.Create is set and it
// is missing. For writing it takes the folder's lock (store.ErrLocked when
// another process has it) and finishes a conversion that was interrupted.
func Open(ctx context.Context, dir string, opt Options) (*Engine, error) {
	return open(ctx, dir, opt, realDeps())
}

func open(ctx context.Context, dir string, opt Options, d deps) (*Engine, error) {
	abs, err := filepath.Abs(dir)
	if err != nil {
		return nil, fmt.Errorf("data folder: %w", err)
	}
	e := &Engine{dir: abs, opt: opt, log: opt.Log, deps: d, closing: context.WithoutCancel(ctx)}
	if e.log == nil {
		e.log = slog.New(slog.DiscardHandler)
	}
	if err := e.prepare(); err != nil {
		return nil, err
	}
	if e.cfg, err = config.Load(abs); err != nil {
		return nil, err
	}
	e.follow(e.cfg)
	zone, err := e.cfg.Location()
	if err != nil {
		return nil, fmt.Errorf("zone of the data folder: %w", err)
	}
	recorder := &lateRecorder{}
	e.st, err = store.Open(abs, store.Options{ReadOnly: opt.ReadOnly, Create: opt.Create, Zone: zone, FS: d.fs, FlushRows: d.flushRows, Seal: recorder, Closing: e.sealAtRest})
	if err != nil {
		return nil, err
	}
	if e.tags, err = openMask(abs, opt.ReadOnly); err != nil { // under the folder's lock
		return nil, errors.Join(err, e.st.Close())
	}
	if !opt.ReadOnly {
		if e.seal, err = seal.OpenLog(d.fs, abs, seal.LogOptions{Now: d.now, KeyFile: e.cfg.Seal.KeyFile, Passphrase: passphrase(os.Getenv(PassphraseVar), e.cfg.Seal.PassphraseFile)}); err != nil {
			return nil, errors.Join(err, e.closeAll())
		}
		recorder.Recorder = e.seal
		if e.holds, err = e.openHolds(e.seal); err != nil {
			return nil, errors.Join(err, e.closeAll())
		}
		if err := e.noteOutside(ctx); err != nil {
			return nil, errors.Join(err, e.Close())
		}
		if err := e.ready(ctx, &tracker{}); err != nil {
			return nil, errors.Join(err, e.Close())
		}
	}
	return e, nil
}

// prepare makes the folder (0700) and its configuration when they are missing.
// A folder that holds something else is left alone.
func (e *Engine) prepare() error {
	if !e.opt.Create || e.opt.ReadOnly {
		return nil
	}
	entries, err := os.ReadDir(e.dir)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("data folder: %w", err)
	}
	known := func(name string) bool {
		return slices.ContainsFunc(entries, func(d os.DirEntry) bool { return d.Name() == name })
	}
	if known("format") || known(config.FileName) {
		return nil
	}
	if len(entries) > 0 {
		// An interrupted first start leaves only names of our own.
		for _, d := range entries {
			if !slices.Contains([]string{"log", "lock", "format.tmp", seal.LockName, config.FileName + ".tmp"}, d.Name()) {
				return fmt.Errorf("folder %s is not empty and not a data folder: name an empty or a new one", e.dir)
			}
		}
	}
	if err := os.MkdirAll(e.dir, 0o700); err != nil {
		return fmt.Errorf("make data folder: %w", err)
	}
	if err := os.Chmod(e.dir, 0o700); err != nil {
		return fmt.Errorf("close data folder to others: %w", err)
	}
	cfg := config.Default()
	cfg.Demo = e.opt.Demo
	if e.opt.Zone != "" {
		cfg.Zone = e.opt.Zone
	}
	if p := cfg.Validate(); len(p) > 0 {
		return fmt.Errorf("new data folder: %s", p[0])
	}
	return config.Write(e.dir, cfg)
}

// Dir is the data folder, absolute.
func (e *Engine) Dir() string { return e.dir }

// Config is the folder's configuration, as it was last seen.
func (e *Engine) Config() config.Config {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.now
}

// Search returns one page of records, newest first. Days that the store does not
// hold any more come from the archive, and the page names them.
func (e *Engine) Search(ctx context.Context, q query.Query) (*query.Page, error) {
	p, err := e.st.Search(ctx, q)
	if err != nil {
		return nil, err
	}
	if err := e.reach(ctx, q, p); err != nil {
		return nil, err
	}
	p.Taken = e.taken(&q)
	return p, nil
}

// Versions lists earlier records with this id, which a later conversion
// replaced, newest first.
func (e *Engine) Versions(ctx context.Context, id record.ID) ([]record.Record, error) {
	return e.st.Versions(ctx, id)
}

// Record returns the record with this id, the newest superseded one when none
// holds, or store.ErrNotFound.
func (e *Engine) Record(ctx context.Context, id record.ID) (*record.Record, error) {
	r, err := e.st.Record(ctx, id)
	if errors.Is(err, store.ErrNotFound) {
		r, _, err = e.archivedRecord(ctx, id)
	}
	return r, err
}

// Raw returns the events behind a record, by record id.
func (e *Engine) Raw(ctx context.Context, id record.ID) ([]*event.Event, error) {
	l, err := e.st.Raw(ctx, id)
	if errors.Is(err, store.ErrNotFound) || err == nil && len(l) == 0 {
		var missing error
		if _, l, missing = e.archivedRecord(ctx, id); err != nil || !errors.Is(missing, store.ErrNotFound) {
			err = missing
		}
	}
	return l, err
}

// Status tells what the folder holds. It reads no record.
func (e *Engine) Status(ctx context.Context) (*Status, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	in, err := e.st.Info()
	if err != nil {
		return nil, err
	}
	slices.Reverse(in.Imports)
	s := &Status{
		Dir: e.dir, Zone: e.cfg.Zone, Language: e.Config().Language, Listen: e.cfg.Listen, Demo: e.cfg.Demo,
		Superseded: in.Superseded, Outdated: e.outdated(in.Servers),
		Records: in.Records, RawEvents: in.Events, Bytes: in.Bytes, Servers: in.Servers, Imports: in.Imports, Damage: e.st.Damage(),
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.running != nil {
		p := *e.running
		s.Running = &p
	}
	return s, nil
}

// Close ends the use of the folder. It waits for a running import, which its
// own context ends.
func (e *Engine) Close() error {
	e.importing.Lock()
	defer e.importing.Unlock()
	return e.closeAll()
}

// lateRecorder is a recorder that is there once the folder is locked.
type lateRecorder struct{ seal.Recorder }
