package archive

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/akashi-audit/akashi/internal/erasure"
	"github.com/akashi-audit/akashi/internal/manifest"
	"github.com/akashi-audit/akashi/internal/record"
	"github.com/akashi-audit/akashi/internal/restored"
	"github.com/akashi-audit/akashi/internal/seal"
	"github.com/akashi-audit/akashi/internal/segment"
)

// ErrUnsealed: the log of the seal does not know a part, so nothing is made of it.
var ErrUnsealed = errors.New("the log of the seal does not know this part")

// restoreTries is how often a day is read again that changed while it was read.
const restoreTries = 3

// RestoreOptions of Restore.
type RestoreOptions struct {
	By string // who answers for it
	At int64  // Unix ns
	// Sealed reports whether a leaf of the log names a part by the hash of its
	// manifest; nil = nobody is asked.
	Sealed func(seal.Hash) bool
}

// Restore makes the index of a server's day from its parts, which are compared with
// their hashes, the root of their records and the log: what differs is an error and
// leaves no index. It changes nothing of the archive. A day without records has none.
func (a *Archive) Restore(ctx context.Context, server, day string, opt RestoreOptions) (s *restored.Set, err error) {
	if a.opt.Restored == nil {
		return nil, errors.New("restore: the data folder is open for reading only")
	}
	for range restoreTries {
		if s, err = a.restore(ctx, key{server, day}, opt); !errors.Is(err, restored.ErrChanged) {
			break
		}
	}
	return s, err
}

func (a *Archive) restore(ctx context.Context, k key, opt RestoreOptions) (*restored.Set, error) {
	a.using.RLock()
	defer a.using.RUnlock()
	parts, hidden, err := a.look(k)
	if err != nil {
		return nil, err
	}
	if len(parts) == 0 {
		return nil, fmt.Errorf("%s of %s: %w", k.day, record.Visible(k.server), ErrNotFound)
	}
	_, erasures, err := a.hidingNow()
	if err != nil {
		return nil, err
	}
	gone, err := a.voided(ctx, parts)
	if err != nil {
		return nil, err
	}
	m, err := a.opt.Restored.Begin(restored.Key{Server: k.server, Day: k.day}, hashes(parts), erasures, opt.By, opt.At)
	if err != nil {
		return nil, err
	}
	defer m.Abort()
	for i := range parts {
		if err := a.checkPart(ctx, &parts[i], opt); err != nil {
			return nil, err
		}
		if err := a.restorePart(ctx, &parts[i], hidden, gone, m); err != nil {
			return nil, err
		}
	}
	return m.Finish(func() bool {
		now, _, err := a.look(k)
		if err != nil {
			return false
		}
		_, e, err := a.hidingNow()
		return err == nil && e == erasures && slices.Equal(hashes(now), hashes(parts))
	})
}

// checkPart compares the objects of a part that are read with what is sealed of them.
func (a *Archive) checkPart(ctx context.Context, p *part, opt RestoreOptions) error {
	if opt.Sealed != nil && !opt.Sealed(p.hash) {
		return fmt.Errorf("archive object %s: %w", p.name, ErrUnsealed)
	}
	stored, err := manifest.Encode(&p.Day)
	if err != nil {
		return err
	}
	if seal.Sum(stored) != p.hash {
		return fmt.Errorf("archive object %s: written again it is another one", p.name)
	}
	for i := range p.Objects {
		if o := &p.Objects[i]; o.Kind == manifest.KindRecords || o.Kind == manifest.KindVoids {
			if err := a.checkObject(ctx, o); err != nil {
				return err
			}
		}
	}
	return nil
}

func (a *Archive) checkObject(ctx context.Context, o *manifest.Object) (err error) {
	r, err := a.open(ctx, o)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, r.Close()) }()
	sum, err := hashAll(r, 0, r.Size())
	if err == nil && (r.Size() != o.Size || sum != o.SHA256) {
		err = fmt.Errorf("archive object %s: its bytes are not those that were sealed", o.Name)
	}
	return err
}

// restorePart adds the records of a part that hold.
func (a *Archive) restorePart(ctx context.Context, p *part, hidden *erasure.Set, gone rowSet, m *restored.Maker) error {
	var t seal.Roots
	var line []byte
	n := int64(0)
	err := a.readRecords(ctx, &p.Day, func(row int64, r *record.Record) error {
		line = r.AppendJSON(line[:0])
		t.Add(seal.LeafHash(line))
		n++
		if gone.has(place{p.Part, row}) || hidden.Hides(r) {
			return nil
		}
		return m.Add(r)
	})
	if err != nil {
		return err
	}
	if n != p.Records || n > 0 && t.Root() != p.RecordsRoot {
		return fmt.Errorf("archive object %s: its records are not those that were sealed", p.name)
	}
	return nil
}

func hashes(parts []part) []seal.Hash {
	l := make([]seal.Hash, len(parts))
	for i := range parts {
		l[i] = parts[i].hash
	}
	return l
}

// hidingNow is all that is erased, and a hash of it.
func (a *Archive) hidingNow() (*erasure.Set, seal.Hash, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	all, err := a.hiding()
	if err != nil {
		return nil, seal.Hash{}, err
	}
	var lines []string
	for _, x := range all.List() {
		b, err := json.Marshal(&x)
		if err != nil {
			return nil, seal.Hash{}, fmt.Errorf("encode erasure: %w", err)
		}
		lines = append(lines, string(b))
	}
	slices.Sort(lines)
	return all, sha256.Sum256([]byte(strings.Join(lines, "\n"))), nil
}

// view is what of the segments of a server erasures hide, and the hash of all of them.
// The same view is given again and again: segments remember what it means for them.
func (a *Archive) view(server string) (segment.View, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	all, err := a.hiding()
	if err != nil {
		return segment.View{}, err
	}
	if a.tombs.viewsOf != all {
		a.tombs.viewsOf, a.tombs.views = all, make(map[string]segment.View)
	}
	v, ok := a.tombs.views[server]
	if !ok {
		for _, x := range erasure.Effective(all.Of(server).List()) {
			q := x.Query()
			q.Servers = nil // it concerns the server
			v.Hide = append(v.Hide, segment.NewFilter(q))
		}
		a.tombs.views[server] = v
	}
	return v, nil
}

// Purge removes the restored days that hold what erasures hide, and those that cannot
// be looked through, and lists them. It does nothing when nothing was erased since the
// last time.
func (a *Archive) Purge(ctx context.Context) ([]restored.Set, error) {
	shelf := a.opt.Restored
	if shelf == nil {
		return nil, nil
	}
	_, erasures, err := a.hidingNow()
	if err != nil || shelf.Cleared(erasures) {
		return nil, err
	}
	var out []restored.Set
	for _, x := range shelf.List() {
		if x.Erasures == erasures {
			continue
		}
		v, err := a.view(x.Server)
		if err != nil {
			return out, err
		}
		keep, err := clearOf(ctx, shelf, &x, v)
		if err != nil {
			return out, err
		}
		if keep {
			continue
		}
		if _, err := shelf.Remove(x.Key()); err != nil {
			return out, err
		}
		out = append(out, x)
	}
	return out, shelf.SetCleared(erasures)
}

// clearOf reports whether a set is known to hold nothing that is hidden.
func clearOf(ctx context.Context, shelf *restored.Shelf, x *restored.Set, v segment.View) (bool, error) {
	d := shelf.Find(x.Key(), x.Parts)
	if d == nil {
		return false, nil
	}
	defer d.Release()
	for _, f := range v.Hide {
		for _, seg := range slices.Concat(d.Segments(false), d.Segments(true)) {
			err := seg.Each(ctx, f, segment.View{}, func(*record.Record, uint64) error { return errEnough })
			if errors.Is(err, errEnough) {
				return false, nil
			}
			if err != nil {
				return false, err
			}
		}
	}
	return !d.Damaged(), nil
}

// Restored is what is restored of a server's day.
type Restored struct {
	restored.Set
	// Stale: the parts of the day are other ones now, so that the archive is read.
	Stale bool `json:"stale"`
}

// Restored lists what is restored, by day and server.
func (a *Archive) Restored() []Restored {
	out := []Restored{}
	if a.opt.Restored == nil {
		return out
	}
	for _, x := range a.opt.Restored.List() {
		a.mu.Lock()
		parts := hashes(a.days[key{x.Server, x.Day}])
		a.mu.Unlock()
		out = append(out, Restored{x, !x.Current(parts)})
	}
	return out
}

// Stored is a server's day of the archive.
type Stored struct {
	Server, Day string
	Records     int64 // of all parts, void ones included
	Bytes       int64 // of the objects with records
}

// Stored lists the days with records, by day and server.
func (a *Archive) Stored() []Stored {
	a.mu.Lock()
	defer a.mu.Unlock()
	out := []Stored{}
	for k, parts := range a.days {
		x := Stored{Server: k.server, Day: k.day}
		for i := range parts {
			x.Records += parts[i].Records
			if o := object(&parts[i].Day, manifest.KindRecords); o != nil {
				x.Bytes += o.Size
			}
		}
		if x.Records > 0 {
			out = append(out, x)
		}
	}
	slices.SortFunc(out, func(x, y Stored) int {
		return cmp.Or(strings.Compare(x.Day, y.Day), strings.Compare(x.Server, y.Server))
	})
	return out
}
