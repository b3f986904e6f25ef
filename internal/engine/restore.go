package engine

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/akashi-audit/akashi/internal/archive"
	"github.com/akashi-audit/akashi/internal/fsx"
	"github.com/akashi-audit/akashi/internal/query"
	"github.com/akashi-audit/akashi/internal/restored"
	"github.com/akashi-audit/akashi/internal/seal"
	"github.com/akashi-audit/akashi/internal/store"
)

// ErrRestoring: somebody restores or releases days already.
var ErrRestoring = errors.New("archived days are being restored already")

const (
	// restoredFactor is how many times the sealed records of a day its segments take
	// at most, by measurement (docs/PERFORMANCE.md).
	restoredFactor = 2
	// restoreReserve is what stays free on the disk beside what is restored.
	restoreReserve = 256 << 20
)

// Period names archived days: those of some servers from one day to another.
type Period struct {
	Servers []string `json:"servers,omitempty"` // none = all
	From    string   `json:"from,omitempty"`    // 2026-11-22, included; "" = no bound
	To      string   `json:"to,omitempty"`      // included; "" = no bound
}

func (p *Period) has(server, day string) bool {
	return (len(p.Servers) == 0 || slices.Contains(p.Servers, server)) && (p.From == "" || day >= p.From) && (p.To == "" || day <= p.To)
}

// Check refuses a period that is none.
func (p *Period) Check() error {
	for _, d := range [...]string{p.From, p.To} {
		if _, err := time.Parse(time.DateOnly, d); d != "" && err != nil {
			return fmt.Errorf("%q is no day: write it as 2026-11-22", d)
		}
	}
	return nil
}

// RestoreProgress is a moment of Restore.
type RestoreProgress struct {
	Server, Day   string // that was done last, "" before the first
	Days, AllDays int
	Done, All     int64 // bytes of sealed records
}

// RestoreRequest says what to restore.
type RestoreRequest struct {
	Period
	By       string
	Progress func(RestoreProgress) // may be nil
}

// RestoreSummary is what Restore or Release did.
type RestoreSummary struct {
	Days    int   `json:"days"` // of servers
	Records int64 `json:"records"`
	Bytes   int64 `json:"bytes"`
	Current int   `json:"current"` // days that were restored already
	Held    int   `json:"held"`    // days that the store holds, so that there is nothing to restore
}

// restoreLeaf is the subject of a leaf of seal.KindRestore.
type restoreLeaf struct {
	Action string `json:"action"` // restore, release, erasure
	Period
	Days    int   `json:"days"`
	Records int64 `json:"records"`
	Bytes   int64 `json:"bytes"`
}

// sealRestore writes down what was restored, or is released.
func (e *Engine) sealRestore(ctx context.Context, action string, p Period, s *RestoreSummary, by string) error {
	b, err := json.Marshal(restoreLeaf{action, p, s.Days, s.Records, s.Bytes})
	if err != nil {
		return fmt.Errorf("encode leaf: %w", err)
	}
	x := seal.Entry{Kind: seal.KindRestore, Subject: string(b), By: by, Time: e.deps.now().UnixNano()}
	if err := e.seal.Record(ctx, x); err != nil {
		return fmt.Errorf("write down what is restored: %w", err)
	}
	return nil
}

// Restore makes archived days that the store does not hold any more answer as fast as
// those that it holds. What is restored already and current is left alone. The sealed
// parts, the list of deleted months and the ids stay as they are. Stopped anywhere, the
// days that are done stay.
func (e *Engine) Restore(ctx context.Context, q RestoreRequest) (*RestoreSummary, error) {
	return e.onRestored(ctx, &q.Period, func(a *archive.Archive, out *RestoreSummary) error {
		todo, all, err := e.toRestore(a, &q.Period, out)
		if err != nil || len(todo) == 0 {
			return err
		}
		if err := e.restoreRoom(all); err != nil {
			return err
		}
		sealed, err := e.sealedParts()
		if err != nil {
			return err
		}
		err = e.restoreDays(ctx, a, todo, all, q, sealed, out)
		if out.Days > 0 {
			err = errors.Join(err, e.sealRestore(context.WithoutCancel(ctx), "restore", q.Period, out, q.By), e.sealRestored(context.WithoutCancel(ctx)))
		}
		return err
	})
}

// onRestored changes what is restored of a period, one at a time. The servers of p
// become their names in the archive.
func (e *Engine) onRestored(ctx context.Context, p *Period, change func(*archive.Archive, *RestoreSummary) error) (*RestoreSummary, error) {
	if e.opt.ReadOnly {
		return nil, ErrReadOnly
	}
	if err := p.Check(); err != nil {
		return nil, err
	}
	if !e.restoring.TryLock() {
		return nil, ErrRestoring
	}
	defer e.restoring.Unlock()
	var err error
	if p.Servers, err = e.archiveServers(ctx, p.Servers); err != nil {
		return nil, err
	}
	out := &RestoreSummary{}
	err = e.withArchive(ctx, func(a *archive.Archive) error { return change(a, out) })
	return out, err
}

// toRestore lists the days of a period that are to be restored, and the bytes of their
// sealed records.
func (e *Engine) toRestore(a *archive.Archive, p *Period, out *RestoreSummary) (todo []archive.Stored, all int64, err error) {
	if _, why := a.Unread(); why != nil {
		return nil, 0, fmt.Errorf("the archive cannot be read whole: %w", why)
	}
	current := make(map[restored.Key]bool)
	for _, x := range a.Restored() {
		d := e.shelf.Find(x.Key(), x.Parts) // one that cannot be opened is made again
		current[x.Key()] = !x.Stale && d != nil
		d.Release()
	}
	lost := e.lost(a, query.Query{})
	for _, d := range a.Stored() {
		switch {
		case !p.has(d.Server, d.Day):
		case !lost(d.Server, d.Day):
			out.Held++
		case current[restored.Key{Server: d.Server, Day: d.Day}]:
			out.Current++
		default:
			todo, all = append(todo, d), all+d.Bytes
		}
	}
	return todo, all, nil
}

// restoreRoom refuses to begin when the disk does not take what is to be restored.
func (e *Engine) restoreRoom(bytes int64) error {
	fs := e.deps.fs
	if fs == nil {
		fs = fsx.OS{}
	}
	free, err := fs.Free(e.dir)
	if err != nil {
		return fmt.Errorf("free space of the data folder: %w", err)
	}
	if need := uint64(bytes)*restoredFactor + restoreReserve; free < need {
		return &store.SpaceError{Dir: e.dir, Free: free, Need: need}
	}
	return nil
}

func (e *Engine) restoreDays(ctx context.Context, a *archive.Archive, todo []archive.Stored, all int64, q RestoreRequest, sealed func(seal.Hash) bool, out *RestoreSummary) error {
	at := RestoreProgress{AllDays: len(todo), All: all}
	tell := func() {
		if q.Progress != nil {
			q.Progress(at)
		}
	}
	tell()
	for _, d := range todo {
		if err := e.restoreRoom(d.Bytes); err != nil {
			return err
		}
		s, err := a.Restore(ctx, d.Server, d.Day, archive.RestoreOptions{By: q.By, At: e.deps.now().UnixNano(), Sealed: sealed})
		if s != nil {
			out.Days++
			out.Records += s.Records + s.Superseded
			out.Bytes += s.Bytes()
		}
		if err != nil {
			return fmt.Errorf("restore an archived day: %w", err)
		}
		at.Server, at.Day = d.Server, d.Day
		at.Days++
		at.Done += d.Bytes
		tell()
	}
	return nil
}

// sealedParts knows the parts of the archive that have a leaf in the log.
func (e *Engine) sealedParts() (func(seal.Hash) bool, error) {
	known := make(map[seal.Hash]bool)
	for leaf, err := range e.seal.Entries(0, e.seal.Size()) {
		if err != nil {
			return nil, fmt.Errorf("read the log of the seal: %w", err)
		}
		if leaf.Entry.Kind == seal.KindArchivePart {
			known[leaf.Entry.Hash] = true
		}
	}
	return func(h seal.Hash) bool { return known[h] }, nil
}

// sealRestored seals the folder with its new files. When an import runs, it does so at
// its end.
func (e *Engine) sealRestored(ctx context.Context) error {
	if !e.importing.TryLock() {
		return nil
	}
	defer e.importing.Unlock()
	return e.sealFolder(ctx)
}

// Release removes what is restored of a period. The archive answers for it again.
func (e *Engine) Release(ctx context.Context, p Period, by string) (*RestoreSummary, error) {
	return e.onRestored(ctx, &p, func(a *archive.Archive, out *RestoreSummary) error {
		var gone []archive.Restored
		for _, x := range a.Restored() {
			if p.has(x.Server, x.Day) {
				gone = append(gone, x)
				out.Days++
				out.Records += x.Records + x.Superseded
				out.Bytes += x.Bytes()
			}
		}
		if len(gone) == 0 {
			return nil
		}
		if err := e.sealRestore(ctx, "release", p, out, by); err != nil {
			return err
		}
		for i := range gone {
			if _, err := e.shelf.Remove(gone[i].Key()); err != nil {
				return err
			}
		}
		return e.sealRestored(ctx)
	})
}

// purge removes restored days that hold what erasures hide, which is sealed. It does
// nothing when nothing was erased since the last time.
func (e *Engine) purge(ctx context.Context, a *archive.Archive, by string) error {
	if e.opt.ReadOnly {
		return nil
	}
	gone, err := a.Purge(ctx)
	if len(gone) > 0 {
		s := &RestoreSummary{Days: len(gone)}
		p := Period{From: gone[0].Day, To: gone[len(gone)-1].Day}
		for i := range gone {
			s.Records += gone[i].Records + gone[i].Superseded
			s.Bytes += gone[i].Bytes()
			if !slices.Contains(p.Servers, gone[i].Server) {
				p.Servers = append(p.Servers, gone[i].Server)
			}
		}
		err = errors.Join(err, e.sealRestore(ctx, "erasure", p, s, by))
	}
	if err != nil {
		return fmt.Errorf("take what is erased out of restored days: %w", err)
	}
	return nil
}

// ArchivedDay is a server's day of the archive that has records.
type ArchivedDay struct {
	Server   string `json:"server"`
	Day      string `json:"day"`
	Records  int64  `json:"records"`
	Bytes    int64  `json:"bytes"`    // of the sealed records
	Held     bool   `json:"held"`     // the store has it: nothing to restore
	Restored bool   `json:"restored"` // and current
	Stale    bool   `json:"stale"`    // something is restored, and the archive is another one now
	Size     int64  `json:"size"`     // bytes of what is restored, current or not
	Made     int64  `json:"made"`     // when it was restored, Unix ns; 0 = never
	By       string `json:"by"`
}

// Archived lists the days of the archive that have records, by day and server.
func (e *Engine) Archived(ctx context.Context) ([]ArchivedDay, error) {
	out := []ArchivedDay{}
	err := e.withArchive(ctx, func(a *archive.Archive) error {
		have := make(map[restored.Key]archive.Restored)
		for _, x := range a.Restored() {
			have[x.Key()] = x
		}
		lost := e.lost(a, query.Query{})
		for _, d := range a.Stored() {
			x := ArchivedDay{Server: d.Server, Day: d.Day, Records: d.Records, Bytes: d.Bytes, Held: !lost(d.Server, d.Day)}
			if r, ok := have[restored.Key{Server: d.Server, Day: d.Day}]; ok {
				x.Restored, x.Stale, x.Size, x.Made, x.By = !r.Stale, r.Stale, r.Bytes(), r.Made, r.By
			}
			out = append(out, x)
		}
		return nil
	})
	return out, err
}

// archiveServers gives the archive's names of servers that people write in any case.
func (e *Engine) archiveServers(ctx context.Context, l []string) (out []string, err error) {
	err = e.withArchive(ctx, func(a *archive.Archive) error {
		all := a.Servers()
		for _, s := range l {
			i := slices.IndexFunc(all, func(n string) bool { return strings.EqualFold(n, s) })
			if i < 0 {
				return fmt.Errorf("%w: server %s", store.ErrNotFound, s)
			}
			out = append(out, all[i])
		}
		return nil
	})
	return out, err
}

// checkRestored reads what is restored in a data folder.
func checkRestored(ctx context.Context, dir string, zone *time.Location, r *store.CheckReport, progress func(done, all int64, file string)) error {
	shelf, err := restored.Open(dir, restored.Options{Zone: zone, ReadOnly: true})
	if err != nil {
		return err
	}
	defer shelf.Close()
	l, err := shelf.Check(ctx, progress)
	for _, f := range l {
		r.Findings = append(r.Findings, store.Finding{File: f.File, Offset: f.Offset, Size: f.Size, Reason: f.Reason, In: store.InRestored, Server: f.Server, Remedy: store.RemedyRestore})
	}
	for _, x := range shelf.List() {
		r.Files += len(x.Files)
		r.Bytes += x.Bytes()
	}
	return err
}
