package trail

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/akashi-audit/akashi/internal/fsx"
	"github.com/akashi-audit/akashi/internal/manifest"
	"github.com/akashi-audit/akashi/internal/seal"
)

// When entries are sealed that are not urgent.
const (
	sealEntries = 64
	sealAfter   = 5 * time.Minute
)

// Sealer is the seal of the data folder.
type Sealer interface {
	Record(ctx context.Context, e seal.Entry) error
	Last(kind string) (leaf seal.Leaf, ok bool, err error)
}

// Options of Open.
type Options struct {
	FS   fsx.FS           // nil = the operating system's
	Now  func() time.Time // nil = time.Now
	Seal Sealer
	Log  *slog.Logger // nil = no log
}

// Log is the trail of a data folder, open for writing.
type Log struct {
	base string // the data folder
	opt  Options

	sealMu sync.Mutex // held while a leaf is made; taken before the others
	syncMu sync.Mutex // held while the file is synced; taken before mu
	synced position   // guarded by syncMu

	mu     sync.Mutex // guards the fields below
	f      fsx.File   // nil until the first entry
	name   fileName
	end    int64
	sealed position // up to here a leaf holds
	waits  int      // entries behind sealed
	failed error
	closed bool
	files  []fsx.File // of earlier months; a sync may still use them
	timer  *time.Timer
	merged map[Entry]*merge
}

// position is a place in the files, in their order.
type position struct {
	name fileName
	at   int64
}

func (p position) before(q position) bool {
	if p.name != q.name {
		return p.name.before(q.name)
	}
	return p.at < q.at
}

// Open opens the trail of a data folder. Files are made with the first entry. What
// an earlier process wrote and did not seal is sealed now.
func Open(ctx context.Context, dir string, opt Options) (*Log, error) {
	if opt.FS == nil {
		opt.FS = fsx.OS{}
	}
	if opt.Now == nil {
		opt.Now = time.Now
	}
	if opt.Log == nil {
		opt.Log = slog.New(slog.DiscardHandler)
	}
	l := &Log{base: dir, opt: opt, merged: map[Entry]*merge{}}
	leaf, ok, err := opt.Seal.Last(seal.KindTrail)
	if err != nil {
		return nil, err
	}
	if ok {
		var r manifest.TrailRange
		if err := json.Unmarshal([]byte(leaf.Entry.Subject), &r); err != nil {
			return nil, fmt.Errorf("last leaf of the trail: %w", err)
		}
		n, ok := parseName(r.File)
		if !ok {
			return nil, fmt.Errorf("last leaf of the trail: file %q", r.File)
		}
		l.sealed = position{n, r.To}
	}
	if err := l.recover(ctx); err != nil {
		return nil, errors.Join(err, l.closeFiles())
	}
	return l, nil
}

// recover opens the newest file, cuts what was never acknowledged, and seals what is
// not sealed.
func (l *Log) recover(ctx context.Context) error {
	names, err := listNames(l.opt.FS, l.base)
	if err != nil {
		return err
	}
	for i, n := range names {
		if n.before(l.sealed.name) {
			continue
		}
		if err := l.take(n, i == len(names)-1); err != nil {
			return err
		}
		if l.f == nil {
			continue
		}
		if err := l.sealRest(ctx); err != nil {
			return err
		}
	}
	// A sealed file that is gone or shorter stays as it is: the next entry begins a new one.
	if l.f == nil || l.name.before(l.sealed.name) {
		l.name = l.sealed.name
	}
	return nil
}

// take makes n the current file, if it can be gone on with.
func (l *Log) take(n fileName, newest bool) error {
	f, err := l.opt.FS.OpenFile(l.path(n), os.O_RDWR, 0)
	if err != nil {
		return fmt.Errorf("open the trail: %w", err)
	}
	st, err := f.Stat()
	if err != nil {
		return errors.Join(fmt.Errorf("open the trail: %w", err), f.Close())
	}
	from := int64(0)
	if n == l.sealed.name {
		from = l.sealed.at
	}
	if st.Size() < from {
		l.opt.Log.Error("the trail is shorter than its seal", slog.String("file", n.String()))
		l.f = nil
		return f.Close()
	}
	end, waits, err := tail(f, from, st.Size())
	if err == nil && newest && end < st.Size() {
		err = errors.Join(f.Truncate(end), f.Sync())
	}
	if err != nil {
		return errors.Join(fmt.Errorf("read the end of the trail: %w", err), f.Close())
	}
	if l.f != nil {
		l.files = append(l.files, l.f)
	}
	l.f, l.name, l.end, l.waits = f, n, end, waits
	if n != l.sealed.name {
		l.sealed = position{n, 0}
	}
	l.synced = position{n, end}
	return nil
}

// tail finds where the whole entries end, and how many follow from.
func tail(f io.ReaderAt, from, size int64) (end int64, n int, err error) {
	b := make([]byte, size-from)
	if _, err := f.ReadAt(b, from); err != nil && !errors.Is(err, io.EOF) {
		return 0, 0, err
	}
	end, at := from, from
	lines := 0
	for len(b) > 0 {
		line, rest, whole := bytes.Cut(b, []byte("\n"))
		if !whole {
			break
		}
		lines++
		at += int64(len(line)) + 1
		if _, err := decode(line); err == nil {
			end, n = at, lines
		}
		b = rest
	}
	return end, n, nil
}

func (l *Log) path(n fileName) string {
	return filepath.Join(l.base, filepath.FromSlash(n.String()))
}

// Note writes an entry; it is durable when Note returns, and sealed when its action
// is urgent. Time is set here when it is zero.
func (l *Log) Note(ctx context.Context, e Entry) error {
	if e.Time.IsZero() {
		e.Time = l.opt.Now()
	}
	urgent := e.urgent()
	ctx = context.WithoutCancel(ctx) // what was begun is written whole
	f, pos, waits, err := l.write(ctx, e)
	if err != nil {
		return fmt.Errorf("note in the trail: %w", err)
	}
	if err := l.sync(f, pos); err != nil {
		return fmt.Errorf("note in the trail: %w", err)
	}
	if urgent || waits >= sealEntries {
		if err := l.Seal(ctx); err != nil {
			return fmt.Errorf("seal the trail: %w", err)
		}
	}
	return nil
}

func (l *Log) write(ctx context.Context, e Entry) (fsx.File, position, int, error) {
	b, err := e.encode()
	if err != nil {
		return nil, position{}, 0, err
	}
	if n := monthOf(e.Time); l.needsRoll(n) {
		if err := l.roll(ctx, n); err != nil {
			return nil, position{}, 0, err
		}
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	switch {
	case l.closed:
		return nil, position{}, 0, errors.New("it is closed")
	case l.failed != nil:
		return nil, position{}, 0, l.failed
	}
	if _, err := l.f.WriteAt(b, l.end); err != nil {
		if cut := l.f.Truncate(l.end); cut != nil {
			l.failed = errors.Join(err, cut)
		}
		return nil, position{}, 0, err
	}
	l.end += int64(len(b))
	l.waits++
	if l.timer == nil {
		l.timer = time.AfterFunc(sealAfter, l.sealLater)
	}
	return l.f, position{l.name, l.end}, l.waits, nil
}

// needsRoll: a clock that goes back does not bring an old month back.
func (l *Log) needsRoll(n fileName) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return !l.closed && (l.f == nil || l.name.month < n.month)
}

// roll seals the rest of the current file and begins the next.
func (l *Log) roll(ctx context.Context, n fileName) error {
	l.sealMu.Lock()
	defer l.sealMu.Unlock()
	if !l.needsRoll(n) {
		return nil // another one was faster
	}
	for { // entries that were on their way when the month ended may still come in
		if err := l.sealRest(ctx); err != nil {
			return err
		}
		l.syncMu.Lock()
		l.mu.Lock()
		if l.f == nil || l.end == l.sealed.at {
			break
		}
		l.mu.Unlock()
		l.syncMu.Unlock()
	}
	defer l.syncMu.Unlock()
	defer l.mu.Unlock()
	if n.month <= l.name.month { // the file of this month cannot be gone on with
		n = fileName{l.name.month, l.name.number + 1}
	}
	if err := fsx.MakeDir(l.opt.FS, filepath.Join(l.base, manifest.TrailDir), 0o700); err != nil {
		return err
	}
	f, err := l.opt.FS.OpenFile(l.path(n), os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	if err := l.opt.FS.SyncDir(filepath.Join(l.base, manifest.TrailDir)); err != nil {
		return errors.Join(err, f.Close())
	}
	if l.f != nil {
		l.files = append(l.files, l.f)
	}
	l.f, l.name, l.end, l.waits = f, n, 0, 0
	l.sealed, l.synced = position{n, 0}, position{n, 0}
	return nil
}

// sync makes everything up to pos durable. Entries that come at the same time share
// one sync.
func (l *Log) sync(f fsx.File, pos position) error {
	l.syncMu.Lock()
	defer l.syncMu.Unlock()
	if !l.synced.before(pos) {
		return nil
	}
	l.mu.Lock()
	to := pos
	if l.name == pos.name {
		to.at = l.end
	}
	l.mu.Unlock()
	if err := f.Sync(); err != nil {
		l.mu.Lock()
		l.failed = err // what is on disk is not known any more
		l.mu.Unlock()
		return err
	}
	l.synced = to
	return nil
}

// Seal makes a leaf of what is not sealed yet.
func (l *Log) Seal(ctx context.Context) error {
	l.sealMu.Lock()
	defer l.sealMu.Unlock()
	return l.sealRest(ctx)
}

func (l *Log) sealRest(ctx context.Context) error {
	l.mu.Lock()
	f, from, to, n := l.f, l.sealed, position{l.name, l.end}, l.waits
	l.mu.Unlock()
	if f == nil || from.name != to.name || from.at >= to.at {
		return nil
	}
	if err := l.sync(f, to); err != nil {
		return err
	}
	h := sha256.New()
	if _, err := io.Copy(h, io.NewSectionReader(f, from.at, to.at-from.at)); err != nil {
		return err
	}
	text, err := json.Marshal(manifest.TrailRange{File: to.name.String(), From: from.at, To: to.at, Entries: n})
	if err != nil {
		return err
	}
	err = l.opt.Seal.Record(ctx, seal.Entry{Kind: seal.KindTrail, Subject: string(text), By: "akashi", Time: l.opt.Now().UnixNano(), Hash: seal.Hash(h.Sum(nil))})
	if err != nil {
		return err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.sealed = to
	l.waits -= n
	if l.timer != nil && l.waits == 0 {
		l.timer.Stop()
		l.timer = nil
	}
	return nil
}

// sealLater runs sealAfter after the first entry that waits.
func (l *Log) sealLater() {
	l.mu.Lock()
	l.timer = nil
	closed := l.closed
	l.mu.Unlock()
	if closed {
		return
	}
	if err := l.Seal(context.Background()); err != nil {
		l.opt.Log.Error("seal the trail", slog.Any("error", err))
		l.mu.Lock()
		if l.timer == nil && !l.closed {
			l.timer = time.AfterFunc(sealAfter, l.sealLater)
		}
		l.mu.Unlock()
	}
}

// Close writes what was merged, seals the rest and ends the use of the trail.
func (l *Log) Close(ctx context.Context) error {
	err := l.flush(ctx)
	err = errors.Join(err, l.Seal(ctx))
	l.sealMu.Lock()
	defer l.sealMu.Unlock()
	l.mu.Lock()
	l.closed = true
	if l.timer != nil {
		l.timer.Stop()
		l.timer = nil
	}
	l.mu.Unlock()
	return errors.Join(err, l.closeFiles())
}

func (l *Log) closeFiles() error {
	l.syncMu.Lock()
	defer l.syncMu.Unlock()
	l.mu.Lock()
	defer l.mu.Unlock()
	var errs []error
	for _, f := range append(l.files, l.f) {
		if f != nil {
			errs = append(errs, f.Close())
		}
	}
	l.files, l.f = nil, nil
	return errors.Join(errs...)
}
