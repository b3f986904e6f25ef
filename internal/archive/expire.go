package archive

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"strings"

	"github.com/akashi-audit/akashi/internal/manifest"
	"github.com/akashi-audit/akashi/internal/seal"
)

// Retention deletes whole days. The order is an object of its own on every volume, so
// that parts that come back with a volume, or that their storage does not let go, stay
// deleted; the record ids of their events are kept, so that these are no loss.

// DoomedPart is a part that an order of retention deletes.
type DoomedPart struct {
	Server  string    `json:"server"`
	Day     string    `json:"day"`
	Part    int       `json:"part"`
	Object  string    `json:"object"` // its manifest
	SHA256  seal.Hash `json:"sha256"` // of its manifest
	Objects []string  `json:"objects"`
}

// deletion is the stored form of an order.
type deletion struct {
	Format int          `json:"format"`
	Time   int64        `json:"time"` // Unix ns
	By     string       `json:"by"`
	Ground string       `json:"ground"`
	Parts  []DoomedPart `json:"parts"`
}

// DueDay is a day of a server that is past its term, and what forbids to delete it.
type DueDay struct {
	Server  string   `json:"server"`
	Day     string   `json:"day"`
	Parts   int      `json:"parts"`
	Records int64    `json:"records"`
	Events  int64    `json:"events"`
	Objects int      `json:"objects"`
	Bytes   int64    `json:"bytes"`            // of objects, each once
	Stored  bool     `json:"stored,omitempty"` // the store holds something of it still
	Held    []string `json:"held,omitempty"`   // cases that keep something of it
	Until   int64    `json:"until,omitempty"`  // Unix ns; its storage does not let it go before
	Unsure  string   `json:"unsure,omitempty"` // a copy is missing or a hash is not right
}

// Free reports whether nothing forbids to delete the day.
func (d *DueDay) Free() bool { return !d.Stored && len(d.Held) == 0 && d.Until == 0 && d.Unsure == "" }

// doom notes parts that are deleted. The caller holds mu.
func (a *Archive) doom(l []DoomedPart) {
	if len(l) > 0 && a.tombs.doomed == nil {
		a.tombs.doomed = make(map[string]bool)
	}
	for i := range l {
		a.tombs.doomed[l[i].Object] = true
		a.count(key{l[i].Server, l[i].Day})
	}
}

// Due lists the days of which past says that they are past their term, by server and
// day.
func (a *Archive) Due(past func(server, day string) bool) []DueDay {
	a.mu.Lock()
	defer a.mu.Unlock()
	out := []DueDay{}
	for k, parts := range a.days {
		if !past(k.server, k.day) {
			continue
		}
		d := DueDay{Server: k.server, Day: k.day, Parts: len(parts)}
		for _, p := range parts {
			d.Records, d.Events = d.Records+p.Records-p.Voids, d.Events+p.Events
			for _, o := range p.Objects {
				d.Objects, d.Bytes = d.Objects+1, d.Bytes+o.Size
			}
		}
		out = append(out, d)
	}
	slices.SortFunc(out, func(x, y DueDay) int {
		return cmp.Or(strings.Compare(x.Server, y.Server), strings.Compare(x.Day, y.Day))
	})
	return out
}

// ObjectsOf lists all objects of a day, those of replaced parts and the manifests too,
// by name.
func (a *Archive) ObjectsOf(server, day string) []string {
	a.mu.Lock()
	defer a.mu.Unlock()
	all := make(map[string]bool)
	for _, p := range a.all[key{server, day}] {
		all[p.name] = true
		for _, o := range p.Objects {
			all[o.Name] = true
		}
	}
	return slices.Sorted(maps.Keys(all))
}

// Deleted lists the parts that retention deleted, in the order of the orders.
func (a *Archive) Deleted() (l []DoomedPart) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for i := range a.tombs.deletions {
		l = append(l, a.tombs.deletions[i].parts...)
	}
	return l
}

// Expire deletes days of one server: which record ids they held is written down, then
// the order, and then the objects go. opt.By answers for it. Stopped behind the order,
// the days are deleted, and FinishDeletions takes away what is left.
func (a *Archive) Expire(ctx context.Context, server string, days []string, ground string, opt SealOptions) (removed int, err error) {
	if err := a.Refresh(ctx); err != nil {
		return 0, err
	}
	if _, why := a.Unread(); why != nil {
		return 0, why
	}
	o := deletion{Format: manifest.Format, Time: opt.Now.UnixNano(), By: opt.By, Ground: ground}
	var gone []Gone
	a.mu.Lock()
	for _, day := range days {
		k := key{server, day}
		gone = append(gone, traces(a.days[k])...)
		for _, p := range a.all[k] {
			if a.tombs.doomed[p.name] {
				continue
			}
			x := DoomedPart{Server: server, Day: day, Part: p.Part, Object: p.name, SHA256: p.hash, Objects: []string{}}
			for _, ob := range p.Objects {
				x.Objects = append(x.Objects, ob.Name)
			}
			o.Parts = append(o.Parts, x)
		}
	}
	a.mu.Unlock()
	if len(o.Parts) == 0 {
		return 0, nil
	}
	if err := a.putRemoved(ctx, map[string][]Gone{server: gone}, opt); err != nil {
		return 0, err
	}
	if err := a.putTomb(ctx, manifest.KindDeletion, o.Time, o, opt); err != nil {
		return 0, fmt.Errorf("put an order of retention into the archive: %w", err)
	}
	return a.FinishDeletions(ctx, opt)
}

// traces are the record ids of parts.
func traces(l []part) (out []Gone) {
	for _, p := range l {
		for _, c := range p.Channels {
			out = append(out, Gone{Channel: c.Name, Generation: c.Generation, First: c.First, Last: c.Last, Min: min(c.First, c.Last), Max: max(c.First, c.Last), Runs: c.Runs})
		}
	}
	return out
}

// FinishDeletions removes the objects of deleted parts that are there still. Which go
// is written down for each part first; its manifest goes last, because by it the next
// call knows what else is to go.
func (a *Archive) FinishDeletions(ctx context.Context, opt SealOptions) (removed int, err error) {
	rm, ok := a.objects.(Remover)
	a.mu.Lock()
	var l []deletion
	kept := make(map[string]bool)
	there := make(map[string]bool)
	for k, all := range a.all {
		for _, p := range a.days[k] {
			for _, o := range p.Objects {
				kept[o.Name] = true
			}
		}
		for _, p := range all {
			there[p.name] = true
		}
	}
	for i := range a.tombs.deletions {
		t := &a.tombs.deletions[i]
		l = append(l, deletion{By: t.by, Ground: t.Ground, Time: t.time, Parts: t.parts})
	}
	a.mu.Unlock()
	for _, o := range l {
		for i := range o.Parts {
			p := &o.Parts[i]
			if !there[p.Object] {
				continue
			}
			if !ok {
				return removed, errors.New("remove archived objects: this storage cannot")
			}
			n, err := a.finish(ctx, rm, p, &o, kept, opt)
			if removed += n; err != nil {
				return removed, fmt.Errorf("delete %s of %s: %w", p.Day, p.Server, err)
			}
		}
	}
	return removed, nil
}

func (a *Archive) finish(ctx context.Context, rm Remover, p *DoomedPart, o *deletion, kept map[string]bool, opt SealOptions) (n int, err error) {
	var names []string
	for _, name := range p.Objects {
		if !kept[name] {
			names = append(names, name)
		}
	}
	names = append(names, p.Object)
	subject, err := json.Marshal(struct {
		Server  string   `json:"server"`
		Day     string   `json:"day"`
		Part    int      `json:"part"`
		Objects []string `json:"objects"`
	}{p.Server, p.Day, p.Part, names})
	if err != nil {
		return 0, err
	}
	if a.opt.Recorder == nil {
		return 0, errors.New("remove archived objects: the data folder is open for reading only")
	}
	e := seal.Entry{Kind: seal.KindArchiveDeletion, Subject: string(subject), By: o.By, Ground: o.Ground, Time: opt.Now.UnixNano(), Hash: p.SHA256}
	if err := a.opt.Recorder.Record(ctx, e); err != nil {
		return 0, fmt.Errorf("write down what is removed: %w", err)
	}
	a.using.Lock()
	defer a.using.Unlock()
	for _, name := range names {
		if err := rm.Remove(ctx, name); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return n, err
		}
		n++
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	k := key{p.Server, p.Day}
	a.all[k] = slices.DeleteFunc(slices.Clone(a.all[k]), func(x part) bool { return x.name == p.Object })
	delete(a.known, p.Object)
	a.count(k)
	return n, nil
}
