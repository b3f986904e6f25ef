package engine

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/akashi-audit/akashi/internal/archive"
	"github.com/akashi-audit/akashi/internal/fsx"
	"github.com/akashi-audit/akashi/internal/hold"
	"github.com/akashi-audit/akashi/internal/pool"
	"github.com/akashi-audit/akashi/internal/seal"
	"github.com/akashi-audit/akashi/internal/store"
)

// DueFile is a kept input file that is past its term, and what forbids to delete it.
type DueFile struct {
	File   string   `json:"file"` // originals/….zst
	Name   string   `json:"name"` // as it was imported
	Bytes  int64    `json:"bytes"`
	Time   int64    `json:"time"` // Unix ns, of its last import
	Held   []string `json:"held,omitempty"`
	Unsure string   `json:"unsure,omitempty"` // its bytes are not what was imported
}

// Free reports whether nothing forbids to delete the file.
func (d *DueFile) Free() bool { return len(d.Held) == 0 && d.Unsure == "" }

// KeptDue is what the terms of the archive and of kept files would delete.
type KeptDue struct {
	Days  []archive.DueDay `json:"days"`
	Files []DueFile        `json:"files"`
}

// KeptExpiry is what ExpireKept did.
type KeptExpiry struct {
	Deleted KeptDue `json:"deleted"`
	Kept    KeptDue `json:"kept"`    // past the term, but something forbids it
	Objects int     `json:"objects"` // that were removed from the archive
}

func noDue() KeptDue { return KeptDue{Days: []archive.DueDay{}, Files: []DueFile{}} }

// KeptDue tells what the confirmed terms of the archive and of kept files (or, where
// there are none, the proposed ones) would delete now, and what forbids it. It reads
// no object: whether hashes are right is found out when it is deleted.
func (e *Engine) KeptDue(ctx context.Context) (*KeptDue, error) {
	sch := e.st.Retention()
	next := sch.AsProposed()
	for _, c := range [...]string{store.KeepArchive, store.KeepOriginals} {
		if sch.Has(c) {
			next.Kept = slices.DeleteFunc(slices.Clone(next.Kept), func(t store.Term) bool { return t.Class == c })
			for _, t := range sch.Kept {
				if t.Class == c {
					next.Kept = append(next.Kept, t)
				}
			}
		}
	}
	return e.keptDue(ctx, &next, false)
}

func (e *Engine) keptDue(ctx context.Context, sch *store.Schedule, read bool) (*KeptDue, error) {
	out := noDue()
	if len(sch.Kept) == 0 {
		return &out, nil
	}
	zone, err := e.cfg.Location()
	if err != nil {
		return nil, err
	}
	now := e.deps.now()
	past := func(t *store.Term, at time.Time) bool {
		end, ok := keptUntil(t, at)
		return ok && !now.Before(end)
	}
	if sch.Has(store.KeepArchive) {
		err = e.withArchive(ctx, func(a *archive.Archive) error {
			out.Days = a.Due(func(server, day string) bool {
				at, err := time.ParseInLocation(time.DateOnly, day, zone)
				return err == nil && past(sch.Of(store.KeepArchive, server), at)
			})
			return e.forbid(ctx, a, out.Days, read)
		})
		if err != nil {
			return nil, err
		}
	}
	if !sch.Has(store.KeepOriginals) {
		return &out, nil
	}
	term := sch.Of(store.KeepOriginals, "")
	out.Files, err = e.dueFiles(ctx, func(t int64) bool { return past(term, time.Unix(0, t).In(zone)) }, read)
	return &out, err
}

// forbid says of each day what forbids to delete it: the store has something of it, a
// legal hold, a storage that does not let it go, a missing copy, a hash.
func (e *Engine) forbid(ctx context.Context, a *archive.Archive, l []archive.DueDay, read bool) error {
	stored := make(map[[2]string]bool)
	for server, days := range e.st.SealDays() {
		for _, d := range days {
			stored[[2]string{server, archive.DayName(d)}] = true
		}
	}
	r, err := e.register()
	if err != nil {
		return err
	}
	for i := range l {
		d := &l[i]
		if err := ctx.Err(); err != nil {
			return err
		}
		d.Stored = stored[[2]string{d.Server, d.Day}]
		at, err := time.Parse(time.DateOnly, d.Day)
		if err != nil {
			return err
		}
		from, to := a.Bounds(int(at.Unix() / 86400))
		if d.Held, err = r.Holding(ctx, hold.Area{Server: d.Server, From: from, To: to}, finder(e.archivedOnly)); err != nil {
			return err
		}
		if d.Held, err = e.alsoMarked(ctx, d.Held, d.Server, from, to, finder(e.archivedOnly)); err != nil {
			return err
		}
		if d.Stored || len(d.Held) > 0 {
			continue
		}
		for _, name := range a.ObjectsOf(d.Server, d.Day) {
			until, err := e.objectReady(ctx, name, read)
			if ctx.Err() != nil {
				return ctx.Err()
			}
			if d.Until = max(d.Until, until); err != nil && d.Unsure == "" {
				d.Unsure = err.Error()
			}
		}
	}
	return nil
}

// dueFiles are the kept input files of which past says so, by their import's time. No
// one knows of which time and servers a file is without reading it, so any hold in
// force keeps all of them.
func (e *Engine) dueFiles(ctx context.Context, past func(t int64) bool, read bool) ([]DueFile, error) {
	in, err := e.st.Info()
	if err != nil {
		return nil, err
	}
	last := make(map[string]DueFile)
	for i := range in.Imports {
		x := &in.Imports[i]
		if x.Original == "" {
			continue
		}
		if d, ok := last[x.Original]; !ok || x.Time > d.Time {
			last[x.Original] = DueFile{File: x.Original, Name: x.Name, Time: x.Time}
		}
	}
	r, err := e.register()
	if err != nil {
		return nil, err
	}
	holds, err := r.Holds()
	if err != nil {
		return nil, err
	}
	var cases []string
	for i := range holds {
		if h := &holds[i]; h.Released == nil && !slices.Contains(cases, h.Case) {
			cases = append(cases, h.Case)
		}
	}
	out := []DueFile{}
	for _, d := range last {
		st, err := os.Stat(e.originalPath(d.File))
		if errors.Is(err, fs.ErrNotExist) || !past(d.Time) {
			continue
		}
		if err != nil {
			return nil, err
		}
		d.Bytes, d.Held = st.Size(), cases
		if read && len(cases) == 0 {
			if d.Unsure, err = e.originalUnsure(ctx, d.File); err != nil {
				return nil, err
			}
		}
		out = append(out, d)
	}
	slices.SortFunc(out, func(a, b DueFile) int { return strings.Compare(a.File, b.File) })
	return out, nil
}

func (e *Engine) originalPath(name string) string {
	return filepath.Join(e.dir, originalsDir, path.Base(name))
}

// hasOriginal reports whether a kept file is there: retention may have deleted it.
func (e *Engine) hasOriginal(name string) bool {
	_, err := os.Stat(e.originalPath(name))
	return !errors.Is(err, fs.ErrNotExist)
}

// originalUnsure says why a kept file is not what was imported; "" when it is.
func (e *Engine) originalUnsure(ctx context.Context, name string) (string, error) {
	sum, err := hex.DecodeString(strings.TrimSuffix(path.Base(name), ".zst"))
	if err != nil {
		return "its name has no hash", nil //nolint:nilerr // it is what is told
	}
	ok, err := unpacksTo(ctx, e.originalPath(name), sum)
	switch {
	case ctx.Err() != nil:
		return "", ctx.Err()
	case err != nil:
		return err.Error(), nil
	case !ok:
		return "its bytes are not what was imported", nil
	}
	return "", nil
}

// ErrNoKeptTerm: no term of the archive or of kept files is confirmed.
var ErrNoKeptTerm = errors.New("no term of the archive or of kept files is confirmed: nothing is deleted")

// ExpireKept deletes archived days and kept files that are past their confirmed terms,
// on every volume, when nothing forbids it: every copy is read before. Each is sealed
// before it goes.
func (e *Engine) ExpireKept(ctx context.Context) (*KeptExpiry, error) {
	if e.opt.ReadOnly {
		return nil, ErrReadOnly
	}
	e.importing.Lock()
	defer e.importing.Unlock()
	sch := e.st.Retention()
	if !sch.Has(store.KeepArchive) && !sch.Has(store.KeepOriginals) {
		return nil, ErrNoKeptTerm
	}
	if _, err := e.holds.Holds(); err != nil { // before anything is read
		return nil, err
	}
	if err := e.followTerms(ctx); err != nil { // locks that a longer term asks for
		return nil, err
	}
	due, err := e.keptDue(ctx, &sch, true)
	if err != nil {
		return nil, err
	}
	out := &KeptExpiry{Deleted: noDue(), Kept: noDue()}
	if err := e.deleteDays(ctx, &sch, due.Days, out); err != nil {
		return out, err
	}
	if err := e.deleteFiles(ctx, sch.Of(store.KeepOriginals, ""), due.Files, out); err != nil {
		return out, err
	}
	if err := e.sealFolder(ctx); err != nil {
		return out, err
	}
	if len(out.Deleted.Days) == 0 && out.Objects == 0 {
		return out, nil
	}
	return out, e.publishLog(ctx)
}

func (e *Engine) deleteDays(ctx context.Context, sch *store.Schedule, l []archive.DueDay, out *KeptExpiry) error {
	by := make(map[string][]string)
	var servers []string
	for i := range l {
		d := &l[i]
		if !d.Free() {
			out.Kept.Days = append(out.Kept.Days, *d)
			continue
		}
		if by[d.Server] == nil {
			servers = append(servers, d.Server)
		}
		by[d.Server] = append(by[d.Server], d.Day)
		out.Deleted.Days = append(out.Deleted.Days, *d)
	}
	return e.withArchive(ctx, func(a *archive.Archive) error {
		n, err := e.finishDeletions(ctx, a) // what an earlier call left
		if out.Objects += n; err != nil {
			return err
		}
		for _, server := range servers {
			t := sch.Of(store.KeepArchive, server)
			n, err := a.Expire(ctx, server, by[server], t.Ground, archive.SealOptions{Now: e.deps.now(), By: t.By})
			if out.Objects += n; err != nil {
				return fmt.Errorf("delete archived days of %s: %w", server, err)
			}
		}
		return nil
	})
}

// finishDeletions takes away what is left of archived days that are deleted.
func (e *Engine) finishDeletions(ctx context.Context, a *archive.Archive) (int, error) {
	return a.FinishDeletions(ctx, archive.SealOptions{Now: e.deps.now()})
}

func (e *Engine) deleteFiles(ctx context.Context, t *store.Term, l []DueFile, out *KeptExpiry) error {
	var disk fsx.FS = fsx.OS{}
	if e.deps.fs != nil {
		disk = e.deps.fs
	}
	for i := range l {
		d := &l[i]
		if !d.Free() {
			out.Kept.Files = append(out.Kept.Files, *d)
			continue
		}
		subject, err := json.Marshal(struct {
			Name    string   `json:"name"`
			Objects []string `json:"objects"`
		}{strings.ToValidUTF8(d.Name, "\ufffd"), []string{d.File}})
		if err != nil {
			return err
		}
		x := seal.Entry{Kind: seal.KindArchiveDeletion, Subject: string(subject), By: t.By, Ground: t.Ground, Time: e.deps.now().UnixNano()}
		if b, err := hex.DecodeString(strings.TrimSuffix(path.Base(d.File), ".zst")); err == nil {
			copy(x.Hash[:], b)
		}
		if err := e.seal.Record(ctx, x); err != nil {
			return fmt.Errorf("write down what is removed: %w", err)
		}
		if err := disk.Remove(e.originalPath(d.File)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("remove kept file: %w", err)
		}
		out.Deleted.Files = append(out.Deleted.Files, *d)
	}
	return nil
}

// DeletedCopies are copies of archived objects that are deleted and still there,
// because their volume is away or does not let them go.
func (e *Engine) DeletedCopies() ([]pool.Left, error) {
	p, err := e.objects().pool()
	if err != nil || p == nil {
		return []pool.Left{}, err
	}
	return p.Left()
}
