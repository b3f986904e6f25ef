package archive

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/akashi-audit/akashi/internal/erasure"
	"github.com/akashi-audit/akashi/internal/manifest"
	"github.com/akashi-audit/akashi/internal/seal"
	"github.com/akashi-audit/akashi/internal/segment"
)

// Erasures travel with the archive: each is an object of its own, and so are the
// record ids of events that were erased, so that whoever reads the archive alone
// hides the same and takes no erased event for a lost one. Orders of terms for classes
// of records travel like erasures, under a kind of their own: they hide records, and the
// parts stay as they are.

// ErrErasures: an object that says what is erased cannot be read, so nothing is
// answered from the archive.
var ErrErasures = errors.New("what is erased in the archive cannot be read, so nothing of it is shown")

// tombs is what is erased.
type tombs struct {
	orders   []tomb
	removals []tomb
	// deletions are orders of retention; doomed are the manifests that they name.
	deletions []tomb
	doomed    map[string]bool
	given     []erasure.Erasure       // by Honour
	set       *erasure.Set            // of orders and given
	sets      map[string]*erasure.Set // what of set concerns a server
	bad       error                   // why an order cannot be read

	viewsOf *erasure.Set            // what views were made of
	views   map[string]segment.View // by server: the same for segments
}

// tomb is an object of the folder of erasures.
type tomb struct {
	name string
	hash seal.Hash
	time int64
	by   string
	erasure.Erasure
	removed map[string][]Gone // by server
	parts   []DoomedPart      // of an order of retention
}

// ordered is the stored form of an erasure.
type ordered struct {
	Format int `json:"format"`
	erasure.Erasure
}

// removal is the stored form of which events were erased.
type removal struct {
	Format  int             `json:"format"`
	Time    int64           `json:"time"` // Unix ns
	Servers []removedServer `json:"servers"`
}

type removedServer struct {
	Server string `json:"server"`
	Gone   []Gone `json:"gone"`
}

// Gone is a block of raw events of which some or all were erased.
type Gone struct {
	Channel    string      `json:"channel"`
	Generation uint32      `json:"generation"`
	First      int64       `json:"first"` // time of its first event, Unix ns
	Last       int64       `json:"last"`  // of its last event
	Min        int64       `json:"min"`   // bounds of its times
	Max        int64       `json:"max"`
	Runs       [][2]uint64 `json:"runs"`              // record ids that it had, both ends included
	Removed    [][2]uint64 `json:"removed,omitempty"` // those that were erased, when not all were
}

// ids are the record ids that were erased.
func (g *Gone) ids() runs {
	if g.Removed != nil {
		return g.Removed
	}
	return g.Runs
}

// erasureName is the name of an object that says what is erased.
func erasureName(kind string, time int64, h seal.Hash) string {
	return fmt.Sprintf("%s/%019d.%s.%x.json", manifest.ErasuresDir, time, kind, h[:])
}

// refreshErasures reads the erasures that are new. The caller holds mu.
func (a *Archive) refreshErasures(ctx context.Context, names []string) error {
	a.tombs.bad = nil
	for _, name := range names {
		kind := ""
		for _, k := range [...]string{manifest.KindErasure, manifest.KindRemoved, manifest.KindDeletion, manifest.KindClass} {
			if strings.HasPrefix(name, manifest.ErasuresDir+"/") && strings.Contains(name, "."+k+".") {
				kind = k
			}
		}
		if kind == "" || a.known[name] {
			continue
		}
		t, err := a.loadTomb(ctx, name, kind)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err != nil {
			a.unread[name] = err
			if kind == manifest.KindErasure || kind == manifest.KindClass {
				a.tombs.bad = errors.Join(ErrErasures, err)
			}
			continue
		}
		a.insertTomb(t, kind)
	}
	return nil
}

func (a *Archive) insertTomb(t tomb, kind string) {
	a.known[t.name] = true
	l := &a.tombs.orders
	switch kind {
	case manifest.KindRemoved:
		l = &a.tombs.removals
	case manifest.KindDeletion:
		l = &a.tombs.deletions
	}
	*l = append(*l, t)
	slices.SortFunc(*l, func(x, y tomb) int { return cmp.Or(cmp.Compare(x.time, y.time), strings.Compare(x.name, y.name)) })
	a.tombs.set = nil
	a.doom(t.parts)
}

func (a *Archive) loadTomb(ctx context.Context, name, kind string) (t tomb, err error) {
	b, err := a.bytes(ctx, name)
	if err != nil {
		return t, err
	}
	t.name = name
	if t.hash, err = hashAll(bytes.NewReader(b), 0, int64(len(b))); err != nil {
		return t, err
	}
	if !strings.Contains(name, fmt.Sprintf(".%x.", t.hash[:])) {
		return t, fmt.Errorf("archive object %s: its bytes are not those of its name", name)
	}
	format := 0
	switch kind {
	case manifest.KindErasure, manifest.KindClass:
		var o ordered
		err = manifest.Decode(b, &o)
		format, t.Erasure, t.time, t.by = o.Format, o.Erasure, o.Time, o.By
		if err == nil {
			err = t.Check()
		}
		if err == nil && (t.Order != nil) != (kind == manifest.KindClass) {
			err = erasure.ErrOrder
		}
	case manifest.KindDeletion:
		var o deletion
		err = manifest.Decode(b, &o)
		format, t.time, t.by, t.Ground, t.parts = o.Format, o.Time, o.By, o.Ground, o.Parts
	default:
		var r removal
		err = manifest.Decode(b, &r)
		format, t.time, t.removed = r.Format, r.Time, make(map[string][]Gone)
		for _, s := range r.Servers {
			t.removed[s.Server] = s.Gone
		}
	}
	if err != nil {
		return t, fmt.Errorf("archive object %s: %w", name, err)
	}
	if format > manifest.Format {
		return t, fmt.Errorf("archive object %s has format %d, this akashi reads up to %d: use the newer akashi that wrote it", name, format, manifest.Format)
	}
	return t, nil
}

// putTomb stores what is erased, reads it back and writes its leaf.
func (a *Archive) putTomb(ctx context.Context, kind string, at int64, v any, opt SealOptions) error {
	b, err := manifest.Encode(v)
	if err != nil {
		return err
	}
	h, err := hashAll(bytes.NewReader(b), 0, int64(len(b)))
	if err != nil {
		return err
	}
	name := erasureName(kind, at, h)
	if err := a.objects.Put(ctx, name, bytes.NewReader(b), int64(len(b))); err != nil {
		return err
	}
	t, err := a.loadTomb(ctx, name, kind)
	if err != nil {
		return err
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.insertTomb(t, kind)
	return a.recordErasure(ctx, t, opt)
}

// recordErasure writes the leaf of an object that says what is erased. The caller
// holds mu.
func (a *Archive) recordErasure(ctx context.Context, t tomb, opt SealOptions) error {
	if a.opt.Recorder == nil {
		return errors.New("seal: the data folder is open for reading only")
	}
	subject, err := json.Marshal(struct {
		Object string `json:"object"`
	}{t.name})
	if err != nil {
		return err
	}
	kind := seal.KindArchiveErasure
	if len(t.parts) > 0 {
		kind = seal.KindArchiveDeletion
	}
	e := seal.Entry{Kind: kind, Subject: string(subject), By: cmp.Or(t.by, opt.By), Ground: t.Ground, Time: t.time, Hash: t.hash}
	if err := a.opt.Recorder.Record(ctx, e); err != nil {
		return fmt.Errorf("write down what is erased: %w", err)
	}
	return a.remember(index{Recorded: []string{t.name}})
}

// Honour hides what these erasures say, beside those that the archive has.
func (a *Archive) Honour(l []erasure.Erasure) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if len(l) != len(a.tombs.given) { // erasures are only added
		a.tombs.given, a.tombs.set = slices.Clone(l), nil
	}
}

// hiding is all that is erased. The caller holds mu.
func (a *Archive) hiding() (*erasure.Set, error) {
	if a.tombs.bad != nil {
		return nil, a.tombs.bad
	}
	if a.tombs.set == nil {
		l := a.orders()
		for i := range a.tombs.given {
			if !slices.ContainsFunc(l, func(o erasure.Erasure) bool { return o.Equal(&a.tombs.given[i]) }) {
				l = append(l, a.tombs.given[i])
			}
		}
		a.tombs.set, a.tombs.sets = erasure.NewSet(l), make(map[string]*erasure.Set)
	}
	return a.tombs.set, nil
}

func (a *Archive) orders() []erasure.Erasure {
	var l []erasure.Erasure
	for i := range a.tombs.orders {
		l = append(l, a.tombs.orders[i].Erasure)
	}
	return l
}

// look is the parts of a day that count, and what is hidden of its server.
func (a *Archive) look(k key) ([]part, *erasure.Set, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	all, err := a.hiding()
	if err != nil {
		return nil, nil, err
	}
	of := a.tombs.sets[k.server]
	if of == nil {
		of = all.Of(k.server)
		a.tombs.sets[k.server] = of
	}
	return slices.Clone(a.days[k]), of, nil
}

// Erasures lists the erasures and the orders of terms that lie in the archive, oldest
// first.
func (a *Archive) Erasures() []erasure.Erasure {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.orders()
}

// Bury puts erasures into the archive that it does not have.
func (a *Archive) Bury(ctx context.Context, l []erasure.Erasure, opt SealOptions) error {
	have := a.Erasures()
	for i := range l {
		if slices.ContainsFunc(have, func(o erasure.Erasure) bool { return o.Equal(&l[i]) }) {
			continue
		}
		kind := manifest.KindErasure
		if l[i].Order != nil {
			kind = manifest.KindClass
		}
		if err := a.putTomb(ctx, kind, l[i].Time, ordered{manifest.Format, l[i]}, opt); err != nil {
			return fmt.Errorf("put an erasure into the archive: %w", err)
		}
	}
	return nil
}
