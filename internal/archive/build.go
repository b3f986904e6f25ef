package archive

import (
	"bufio"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/akashi-audit/akashi/internal/event"
	"github.com/akashi-audit/akashi/internal/fsx"
	"github.com/akashi-audit/akashi/internal/manifest"
	"github.com/akashi-audit/akashi/internal/rawfile"
	"github.com/akashi-audit/akashi/internal/record"
	"github.com/akashi-audit/akashi/internal/seal"
)

// place is a row of the records of a part.
type place struct {
	Part int   `json:"part"`
	Row  int64 `json:"row"`
}

// void is a line of a voids object: a row of an earlier part that no longer holds.
type void struct {
	place
	ID string `json:"id"`
}

// builder makes one part.
type builder struct {
	a           *Archive
	m           *sealMeter // nil counts nothing
	server, day string
	parts       []part // before
	dir         string // and number of the part: begin of its objects' names
	out         manifest.Day
	made        []string
	files       []fsx.File
}

func (b *builder) build(ctx context.Context, src Source, from, to int64, whole bool) error {
	_, hidden, err := b.a.look(key{b.server, b.day})
	if err != nil {
		return err
	}
	have, err := b.a.held(ctx, b.parts, hidden)
	if err != nil {
		return err
	}
	fresh := b.sorter()
	var p printer
	var failed error
	err = src.SealRecords(ctx, b.server, from, to, func(r *record.Record) {
		b.m.record()
		if mark := p.of(r); failed == nil && !have.take(mark) {
			failed = fresh.add(r, mark)
		}
	})
	if err = errors.Join(err, failed); err != nil {
		return err
	}
	if err := b.records(ctx, fresh); err != nil {
		return err
	}
	if whole && have.left > 0 {
		if err := b.voids(ctx, have.rest()); err != nil {
			return err
		}
	}
	return b.events(ctx, src, from, to)
}

// sorter makes one for the records of the part.
func (b *builder) sorter() *sorter {
	return &sorter{limit: b.a.sortBytes, open: func() (fsx.File, error) { return b.openScratch("sort") }}
}

// put stores a made file, and gives it back open from where it was stored: that
// is what is compared with what was to be written.
func (b *builder) put(ctx context.Context, f scratch, kind, ext string, spans []manifest.Span) (Reader, error) {
	size, sum := f.size, f.sum
	if got, err := hashAll(f, 0, size); err != nil {
		return nil, err
	} else if got != sum { // Put leaves a name alone that is there: no wrong bytes under it
		return nil, fmt.Errorf("seal-%s.tmp came back with other bytes: the disk does not keep what it takes", kind)
	}
	o := manifest.Object{Name: fmt.Sprintf("%s.%s.%x.%s", b.dir, kind, sum[:], ext), Kind: kind, Size: size, SHA256: sum, Spans: spans}
	if err := b.a.objects.Put(ctx, o.Name, f, size); err != nil {
		return nil, err
	}
	r, err := b.a.objects.Open(ctx, o.Name)
	if err != nil {
		return nil, err
	}
	if r.Size() != size {
		return nil, errors.Join(fmt.Errorf("archive object %s has %d bytes, want %d: the storage does not keep what it takes", o.Name, r.Size(), size), r.Close())
	}
	again, err := hashAll(r, 0, size)
	if err == nil && again != sum {
		err = fmt.Errorf("archive object %s came back with other bytes: the storage does not keep what it takes", o.Name)
	}
	if err != nil {
		return nil, errors.Join(err, r.Close())
	}
	b.out.Objects = append(b.out.Objects, o)
	return r, nil
}

// records writes the new records, and compares what comes back with what was given
// to the sorter.
func (b *builder) records(ctx context.Context, fresh *sorter) (err error) {
	if fresh.count == 0 {
		return nil
	}
	var want, got rowSums
	b.m.step(SealWrites, fresh.count)
	f, err := b.scratch("records", func(w io.Writer) error {
		buf := bufio.NewWriterSize(w, 1<<20)
		err := writeRows(buf, groupRows, pageBytes, func(fn func(*record.Record) error) error {
			return fresh.each(ctx, func(r *record.Record, mark print) error {
				want.add(mark)
				b.m.record()
				return fn(r)
			})
		})
		want.end()
		return errors.Join(err, buf.Flush())
	})
	if err != nil {
		return err
	}
	spans, err := parquetSpans(f, f.size)
	if err != nil {
		return err
	}
	r, err := b.put(ctx, f, manifest.KindRecords, "parquet", spans)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, r.Close()) }()
	var p printer
	var t seal.Roots
	var line []byte
	b.m.step(SealCompares, fresh.count)
	err = Read(r, f.size, func(r *record.Record) error {
		b.m.record()
		got.add(p.of(r))
		line = r.AppendJSON(line[:0])
		t.Add(seal.LeafHash(line))
		return ctx.Err()
	})
	got.end()
	if err == nil && (got.n != want.n || want.n != fresh.count) {
		err = fmt.Errorf("%d rows came back of %d", got.n, fresh.count)
	}
	if first, last, ok := want.differ(&got); err == nil && !ok {
		err = fmt.Errorf("rows %d to %d came back as other records", first, last)
	}
	if err != nil {
		return fmt.Errorf("compare the sealed records: %w", err)
	}
	b.out.Records, b.out.RecordsRoot, b.out.First, b.out.Last = got.n, t.Root(), fresh.first, fresh.last
	return nil
}

// voids writes which rows of earlier parts no longer hold.
func (b *builder) voids(ctx context.Context, rows rowSet) error {
	f, err := b.scratch("voids", func(w io.Writer) error {
		buf := bufio.NewWriterSize(w, 1<<16)
		e := json.NewEncoder(buf)
		for i := range b.parts { // by part and row
			err := b.a.readRecords(ctx, &b.parts[i].Day, func(row int64, r *record.Record) error {
				at := place{b.parts[i].Part, row}
				if !rows.has(at) {
					return nil
				}
				b.out.Voids++
				return e.Encode(void{at, r.ID().String()})
			})
			if err != nil {
				return err
			}
		}
		return buf.Flush()
	})
	if err != nil {
		return fmt.Errorf("write voids: %w", err)
	}
	r, err := b.put(ctx, f, manifest.KindVoids, "jsonl", nil)
	if err != nil {
		return err
	}
	return r.Close()
}

// blockText is how many bytes of text end a block of raw events.
const blockText = 24 << 20

// events writes the raw events that no part has.
func (b *builder) events(ctx context.Context, src Source, from, to int64) error {
	if b.m != nil {
		b.m.step(SealPacks, b.m.events)
	}
	return b.rawFile(ctx, func(add func(string, uint32, []*event.Event) error) error {
		return src.SealEvents(ctx, b.server, from, to, func(channel string, gen uint32, l []*event.Event) error {
			n := len(l)
			err := add(channel, gen, l)
			b.m.pack(n)
			return err
		})
	})
}

// rawFile writes the raw events that each gives, of one life of one channel at a
// time.
func (b *builder) rawFile(ctx context.Context, each func(add func(string, uint32, []*event.Event) error) error) error {
	p, err := b.a.packer()
	if err != nil {
		return err
	}
	defer b.a.packers.Put(p)
	x := &rawBuilder{b: b}
	f, err := b.scratch("raw", func(w io.Writer) error {
		buf := bufio.NewWriterSize(w, 1<<20)
		if x.w, err = rawfile.NewWriter(buf, p); err != nil {
			return err
		}
		if err := each(x.add); err != nil {
			return err
		}
		if err := x.flush(); err != nil {
			return err
		}
		_, err := x.w.Close()
		return errors.Join(err, buf.Flush())
	})
	if err != nil || b.out.Events == 0 {
		return err
	}
	return x.store(ctx, f)
}

// packer is one for raw files, which goes back into packers.
func (a *Archive) packer() (*rawfile.Packer, error) {
	if p, ok := a.packers.Get().(*rawfile.Packer); ok {
		return p, nil
	}
	p, err := rawfile.NewPacker()
	if err == nil {
		p.ReadBack(a.raw)
	}
	return p, err
}

// rawBuilder makes the raw file of a part.
type rawBuilder struct {
	b      *builder
	w      *rawfile.Writer
	blocks []*rawfile.Block
	ch     *manifest.Channel
	held   runs // of earlier parts, of ch
	batch  []*event.Event
	text   int
}

func (x *rawBuilder) add(channel string, gen uint32, l []*event.Event) error {
	if x.ch == nil || x.ch.Name != channel || x.ch.Generation != gen {
		if err := x.flush(); err != nil {
			return err
		}
		x.b.out.Channels = append(x.b.out.Channels, manifest.Channel{Name: channel, Generation: gen})
		x.ch = &x.b.out.Channels[len(x.b.out.Channels)-1]
		x.held = nil
		for _, p := range x.b.parts {
			for _, c := range p.Channels {
				if c.Name == channel && c.Generation == gen {
					x.held = mergeRuns(x.held, c.Runs)
				}
			}
		}
	}
	for _, e := range l {
		if x.held.has(e.RecordID) || runs(x.ch.Runs).has(e.RecordID) {
			continue
		}
		x.ch.Runs = runs(x.ch.Runs).add(e.RecordID)
		x.batch = append(x.batch, e)
		for i := range e.Values {
			x.text += len(e.Values[i].Str)
		}
		if len(x.batch) == x.b.a.blockEvents || x.text > blockText {
			if err := x.flush(); err != nil {
				return err
			}
		}
	}
	return nil
}

// mergeRuns is the union of two lists.
func mergeRuns(a, b runs) runs {
	l := slices.Concat(a, b)
	slices.SortFunc(l, func(x, y [2]uint64) int { return cmp.Compare(x[0], y[0]) })
	var out runs
	for _, r := range l {
		if n := len(out); n > 0 && (r[0] <= out[n-1][1] || r[0] == out[n-1][1]+1) {
			out[n-1][1] = max(out[n-1][1], r[1])
		} else {
			out = append(out, r)
		}
	}
	return out
}

func (x *rawBuilder) flush() error {
	if len(x.batch) == 0 {
		return nil
	}
	slices.SortFunc(x.batch, func(a, b *event.Event) int { return cmp.Compare(a.RecordID, b.RecordID) })
	bl, err := x.w.Add(x.b.server, x.ch.Name, x.batch)
	if err != nil {
		return err
	}
	x.blocks = append(x.blocks, bl)
	for _, e := range x.batch {
		t := e.Time.UnixNano()
		if x.ch.Events == 0 {
			x.ch.First, x.ch.Last = t, t
		}
		x.ch.First, x.ch.Last = min(x.ch.First, t), max(x.ch.Last, t)
		x.ch.Events++
	}
	x.b.out.Events += int64(len(x.batch))
	clear(x.batch)
	x.batch, x.text = x.batch[:0], 0
	return nil
}
