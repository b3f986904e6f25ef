package archive

import (
	"bufio"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/akashi-audit/akashi/internal/erasure"
	"github.com/akashi-audit/akashi/internal/event"
	"github.com/akashi-audit/akashi/internal/manifest"
	"github.com/akashi-audit/akashi/internal/pace"
	"github.com/akashi-audit/akashi/internal/query"
	"github.com/akashi-audit/akashi/internal/rawfile"
	"github.com/akashi-audit/akashi/internal/record"
	"github.com/akashi-audit/akashi/internal/seal"
)

// store puts the raw file. Each block was read back and compared with its events when it
// was packed; put compares the bytes of the object with those of the blocks.
func (x *rawBuilder) store(ctx context.Context, f scratch) (err error) {
	spans, err := rawSpans(f, f.size, x.blocks)
	if err != nil {
		return err
	}
	r, err := x.b.put(ctx, f, manifest.KindRaw, "akr", spans)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, r.Close()) }()
	file, err := rawfile.Open(r, f.size, x.b.a.raw)
	if err != nil {
		return err
	}
	if d := file.Damaged(); len(d) > 0 || !file.Lists(x.blocks) {
		return fmt.Errorf("compare the sealed events: %d blocks came back of %d, or others", len(file.Blocks()), len(x.blocks))
	}
	x.b.out.Channels = slices.DeleteFunc(x.b.out.Channels, func(c manifest.Channel) bool { return c.Events == 0 })
	return nil
}

func object(d *manifest.Day, kind string) *manifest.Object {
	for i := range d.Objects {
		if d.Objects[i].Kind == kind {
			return &d.Objects[i]
		}
	}
	return nil
}

// readRecords calls fn for the rows of a part, those too that are void.
func (a *Archive) readRecords(ctx context.Context, d *manifest.Day, fn func(row int64, r *record.Record) error) (err error) {
	o := object(d, manifest.KindRecords)
	if o == nil {
		return nil
	}
	r, err := a.open(ctx, o)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, r.Close()) }()
	row := int64(0)
	err = Read(r, r.Size(), func(rec *record.Record) error {
		if row%1024 == 0 {
			if err := pace.Yield(ctx); err != nil {
				return err
			}
		}
		row++
		return fn(row-1, rec)
	})
	if err != nil {
		return fmt.Errorf("archive object %s: %w", o.Name, err)
	}
	return nil
}

// voided are the rows of parts that later ones say no longer hold.
func (a *Archive) voided(ctx context.Context, parts []part) (rowSet, error) {
	rows := make(map[int]int64, len(parts))
	for i := range parts {
		rows[parts[i].Part] = parts[i].Records
	}
	out := make(rowSet)
	for i := range parts {
		o := object(&parts[i].Day, manifest.KindVoids)
		if o == nil {
			continue
		}
		if err := a.readVoids(ctx, o, rows, out); err != nil {
			return nil, fmt.Errorf("archive object %s: %w", o.Name, err)
		}
	}
	return out, nil
}

// readVoids adds the rows of parts, which have so many, that an object names.
func (a *Archive) readVoids(ctx context.Context, o *manifest.Object, rows map[int]int64, out rowSet) (err error) {
	r, err := a.open(ctx, o)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, r.Close()) }()
	d := json.NewDecoder(bufio.NewReader(io.NewSectionReader(r, 0, r.Size())))
	for {
		var v void
		err := d.Decode(&v)
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if v.Row >= 0 && v.Row < rows[v.Part] { // else of a part that is replaced
			out.add(v.place)
		}
	}
}

// Records calls fn for every record of a server's day that holds and that is not
// erased, and the superseded ones. The record belongs to fn, which must not use
// the archive.
func (a *Archive) Records(ctx context.Context, server, day string, fn func(r *record.Record) error) error {
	return a.records(ctx, key{server, day}, shown, fn)
}

// which says which records of a day are wanted.
type which int

const (
	shown which = 1 // what answers give
	taken which = 2 // what terms of classes took out of the store
	all   which = 3 // all that is not erased
)

func (w which) has(hidden *erasure.Set, r *record.Record) bool {
	return w&shown != 0 && !hidden.Hides(r) || w&taken != 0 && hidden.Takes(r)
}

// wanted is what of the records of a day a query finds.
func wanted(q *query.Query) which {
	if q.Removed {
		return taken
	}
	return shown
}

func (a *Archive) records(ctx context.Context, k key, w which, fn func(r *record.Record) error) error {
	a.using.RLock()
	defer a.using.RUnlock()
	parts, hidden, err := a.look(k)
	if err != nil {
		return err
	}
	gone, err := a.voided(ctx, parts)
	if err != nil {
		return err
	}
	for i := range parts {
		err := a.readRecords(ctx, &parts[i].Day, func(row int64, r *record.Record) error {
			if gone.has(place{parts[i].Part, row}) || !w.has(hidden, r) {
				return nil
			}
			return fn(r)
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// Events calls fn for the raw events of a server's day, a block at a time, without
// those that name an erased file. When ids are given, which are ascending, only
// blocks of that channel and generation are read, and only those events come. fn
// must not use the archive.
func (a *Archive) Events(ctx context.Context, server, day string, of *record.ID, ids []uint64, fn func(l []*event.Event) error) error {
	a.using.RLock()
	defer a.using.RUnlock()
	parts, hidden, err := a.look(key{server, day})
	if err != nil {
		return err
	}
	if !hidden.Empty() {
		all := fn
		fn = func(l []*event.Event) error {
			return all(slices.DeleteFunc(l, func(e *event.Event) bool { _, always := hidden.Names(e); return always }))
		}
	}
	for i := range parts {
		if o := object(&parts[i].Day, manifest.KindRaw); o != nil && (of == nil || holdsAny(&parts[i].Day, of, ids)) {
			if err := a.readEvents(ctx, o, of, ids, fn); err != nil {
				return fmt.Errorf("archive object %s: %w", o.Name, err)
			}
		}
	}
	return nil
}

func holdsAny(d *manifest.Day, of *record.ID, ids []uint64) bool {
	return slices.ContainsFunc(d.Channels, func(c manifest.Channel) bool {
		return c.Name == of.Channel && c.Generation == of.Generation && slices.ContainsFunc(c.Runs, func(r [2]uint64) bool { return anyIn(ids, r[0], r[1]) })
	})
}

// anyIn reports whether one of ids, which are ascending, lies in a range.
func anyIn(ids []uint64, lo, hi uint64) bool {
	i, _ := slices.BinarySearch(ids, lo)
	return i < len(ids) && ids[i] <= hi
}

func (a *Archive) readEvents(ctx context.Context, o *manifest.Object, of *record.ID, ids []uint64, fn func(l []*event.Event) error) (err error) {
	r, err := a.open(ctx, o)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, r.Close()) }()
	f, err := rawfile.Open(r, r.Size(), a.raw)
	if err != nil {
		return err
	}
	for i, b := range f.Blocks() {
		if err := ctx.Err(); err != nil {
			return err
		}
		var l []*event.Event
		switch {
		case of == nil:
			l, err = f.Read(i)
		case b.Channel == of.Channel && slices.ContainsFunc(b.Runs, func(r rawfile.Run) bool { return anyIn(ids, r.Lo, r.Hi) }):
			l, err = f.ReadIDs(i, ids)
			l = slices.DeleteFunc(l, func(e *event.Event) bool {
				_, ok := slices.BinarySearch(ids, e.RecordID)
				return !ok || e.Generation != of.Generation
			})
		default:
			continue
		}
		if err != nil {
			return err
		}
		if err := fn(l); err != nil {
			return err
		}
	}
	return nil
}

// Leaves calls fn for the parts of a server's day that count: the manifest, its stored
// form, and the leaf of each of its records in the order of its file, whether it is
// void or not (manifest.Day.RecordsRoot).
func (a *Archive) Leaves(ctx context.Context, server, day string, fn func(d *manifest.Day, stored []byte, leaves []seal.Hash) error) error {
	a.using.RLock()
	defer a.using.RUnlock()
	parts, _, err := a.look(key{server, day})
	if err != nil {
		return err
	}
	for i := range parts {
		d := &parts[i].Day
		stored, err := manifest.Encode(d)
		if err != nil {
			return err
		}
		if sum := seal.Hash(sha256.Sum256(stored)); sum != parts[i].hash {
			return fmt.Errorf("archive object %s: written again it is another one", parts[i].name)
		}
		var leaves []seal.Hash
		var line []byte
		err = a.readRecords(ctx, d, func(_ int64, r *record.Record) error {
			line = r.AppendJSON(line[:0])
			leaves = append(leaves, seal.LeafHash(line))
			return nil
		})
		if err != nil {
			return err
		}
		if seal.Root(leaves) != d.RecordsRoot && len(leaves) > 0 {
			return fmt.Errorf("archive object %s: its records are not those that were sealed", parts[i].name)
		}
		if err := fn(d, stored, leaves); err != nil {
			return err
		}
	}
	return nil
}
