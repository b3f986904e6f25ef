package store

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/akashi-audit/akashi/internal/event"
	"github.com/akashi-audit/akashi/internal/rawfile"
)

// packEvents is the most events of one packed block.
const packEvents = 16 << 10

// packRef is an open file of packed raw events.
type packRef struct {
	num  uint32
	size int64
	file io.Closer
	pack *rawfile.File
}

func (s *Store) openPack(num uint32) (*packRef, error) {
	name := fileName(rawDir, num)
	f, err := s.fs.OpenFile(filepath.Join(s.dir, filepath.FromSlash(name)), os.O_RDONLY, 0)
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", name, err)
	}
	size, err := sizeOf(f)
	if err == nil {
		var p *rawfile.File
		if p, err = rawfile.Open(f, size, s.unpacker); err == nil {
			return &packRef{num, size, f, p}, nil
		}
	}
	return nil, errors.Join(fmt.Errorf("open %s: %w", name, err), f.Close())
}

// blocks are the blocks of a pack as the index has them.
func (p *packRef) blocks(fn func(server string, b *rawBlock)) {
	for i, m := range p.pack.Blocks() {
		b := &rawBlock{channel: m.Channel, first: m.First, last: m.Last, min: m.Min, max: m.Max, pack: p, at: i}
		b.n = m.Events
		for _, r := range m.Runs {
			b.runs = append(b.runs, run{r.Lo, r.Hi})
		}
		fn(m.Server, b)
	}
}

// packer joins the blocks of one channel's life into packed ones.
type packer struct {
	f       *flush
	w       *rawfile.Writer
	server  string
	channel string
	open    []*event.Event
	max     event.Filetime // of open
}

// packEvents writes the raw events of the log into one pack.
func (f *flush) packEvents(ctx context.Context) error {
	fresh := 0
	for _, sv := range f.servers {
		for _, l := range sv.raw {
			for _, b := range l {
				if b.inLog() {
					fresh++
				}
			}
		}
	}
	if fresh == 0 {
		return nil
	}
	num := f.s.newNumber()
	_, err := f.s.writeFile(rawDir, num, func(w io.Writer) error {
		rw, err := rawfile.NewWriter(w, f.s.packer)
		if err != nil {
			return err
		}
		for _, name := range f.names {
			for _, li := range f.servers[name].allLives() {
				p := &packer{f: f, w: rw, server: name, channel: li.channel}
				if err := p.life(ctx, li); err != nil {
					return err
				}
			}
		}
		_, err = rw.Close()
		return err
	})
	if err != nil {
		return err
	}
	f.dirs[rawDir] = true
	p, err := f.s.openPack(num)
	if err != nil {
		return err
	}
	f.packs = append(f.packs, p)
	p.blocks(func(server string, b *rawBlock) {
		if f.packed[server] == nil {
			f.packed[server] = make(map[string][]*rawBlock)
		}
		f.packed[server][b.channel] = append(f.packed[server][b.channel], b)
	})
	return nil
}

// life packs what the log holds of a life, by record id. Blocks are joined when
// the next one follows without a pause, so that the lives of the channel come
// out the same from the packed blocks.
func (p *packer) life(ctx context.Context, li *life) error {
	for _, b := range li.blocks {
		if !b.inLog() {
			continue
		}
		l, err := p.f.s.events(ctx, b)
		if isLost(err) {
			continue // noted; the log file is kept aside
		}
		if err != nil {
			return err
		}
		if n := len(p.open); n > 0 {
			last := p.open[n-1]
			if n+len(l) > packEvents || l[0].RecordID <= last.RecordID || l[0].Time > last.Time+pause || b.min+clockSlack < p.max {
				if err := p.flush(); err != nil {
					return err
				}
			}
		}
		p.open, p.max = append(p.open, l...), max(p.max, b.max)
	}
	return p.flush()
}

func (p *packer) flush() error {
	if len(p.open) == 0 {
		return nil
	}
	l := p.open
	p.open, p.max = nil, 0
	if _, err := p.w.Add(p.server, p.channel, l); err != nil {
		return fmt.Errorf("pack events of %s: %w", p.server, err)
	}
	return nil
}
