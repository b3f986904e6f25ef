package segment

import (
	"bytes"
	"context"
	"sync"
)

// maxBeside is how many rows a day of a merge may have at most for days to be merged side
// by side: what is written of a day is in memory until the days before it are in the file,
// some 20 bytes for each row.
const maxBeside = 4 << 20

// dayWriter writes one day of a merge into memory.
type dayWriter struct {
	f    *fileWriter
	buf  bytes.Buffer
	part *partWriter // nil when no row was left
	err  error
}

func newDayWriter(f *fileWriter, level int) (*dayWriter, error) {
	pk, err := newPacker(level)
	if err != nil {
		return nil, err
	}
	w := &dayWriter{}
	w.f = &fileWriter{w: &w.buf, pk: pk, tables: f.tables, usual: f.usual, acts: f.acts, zone: f.zone, extra: make(map[string]int64),
		stamps: make([]uint64, len(f.stamps)), odd: make([]bool, len(f.odd)), ids: make([]idRange, len(f.ids))}
	return w, nil
}

// close ends the writer; no day is in the making.
func (w *dayWriter) close() { w.f.pk.close() }

// merge makes a day.
func (w *dayWriter) merge(ctx context.Context, m *merge, day int) {
	defer w.f.wait()
	w.part, w.err = m.day(ctx, w.f, day)
}

// moveTo puts the day behind what a file has, with its sums, and forgets it.
func (w *dayWriter) moveTo(f *fileWriter) {
	if w.part == nil {
		return
	}
	base := f.off
	f.write(w.buf.Bytes())
	for i, n := range w.f.stamps {
		f.stamps[i] += n
	}
	for i, odd := range w.f.odd {
		f.odd[i] = f.odd[i] || odd
	}
	for i, r := range w.f.ids {
		if r.any {
			f.ids[i].add(r.lo)
			f.ids[i].add(r.hi)
		}
	}
	for c, n := range w.f.cols {
		f.cols[c] += n
	}
	for name, n := range w.f.extra {
		f.extra[name] += n
	}
	f.addPart(w.part, base)
	clear(w.f.stamps)
	clear(w.f.odd)
	clear(w.f.ids)
	clear(w.f.extra)
	w.f.cols, w.f.off = [numCols]int64{}, 0
	w.buf.Reset()
	w.part = nil
}

// daysBeside merges up to n days at a time; the file is that of days.
func (m *merge) daysBeside(ctx context.Context, f *fileWriter, days []int, n, level int) error {
	free := make(chan *dayWriter, n)
	for range n {
		w, err := newDayWriter(f, level)
		if err != nil {
			return err
		}
		defer w.close()
		free <- w
	}
	made := make([]chan *dayWriter, len(days))
	for i := range made {
		made[i] = make(chan *dayWriter, 1)
	}
	var work sync.WaitGroup
	defer work.Wait()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	work.Go(func() {
		for i, day := range days {
			select {
			case w := <-free:
				work.Go(func() {
					w.merge(ctx, m, day)
					made[i] <- w
				})
			case <-ctx.Done():
				return
			}
		}
	})
	for i := range days {
		select {
		case w := <-made[i]:
			if w.err != nil {
				return w.err
			}
			w.moveTo(f)
			free <- w
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return f.err
}
