package store

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"

	"github.com/akashi-audit/akashi/internal/event"
	"github.com/akashi-audit/akashi/internal/record"
)

// events returns the events of a raw block, in record order.
func (s *Store) events(ctx context.Context, b *rawBlock) ([]*event.Event, error) {
	if b.gone {
		return nil, nil
	}
	if b.pack != nil {
		l, err := b.pack.pack.Read(b.at)
		if err != nil {
			return nil, s.notePack(b, err)
		}
		return l, nil
	}
	raw, err := s.read(ctx, &b.blockRef)
	if err != nil {
		return nil, err
	}
	l, err := event.DecodeBlock(raw)
	if err != nil || len(l) != b.n {
		return nil, s.noteBlock(s.nameOf(b.file), &b.blockRef, "block of events does not follow its format")
	}
	return l, nil
}

// chosen returns the events of a block that have one of the ids, and maybe
// others.
func (s *Store) chosen(ctx context.Context, b *rawBlock, ids []uint64) ([]*event.Event, error) {
	if b.pack == nil {
		return s.events(ctx, b)
	}
	l, err := b.pack.pack.ReadIDs(b.at, ids)
	if err != nil {
		return nil, s.notePack(b, err)
	}
	return l, nil
}

// notePack notes damage in a file of packed events.
func (s *Store) notePack(b *rawBlock, err error) error {
	if errors.Is(err, os.ErrClosed) {
		return err
	}
	m := b.pack.pack.Blocks()[b.at]
	d := &DamageError{File: fileName(rawDir, b.pack.num), Offset: m.Offset, Size: int64(m.Size), Reason: err.Error()}
	s.damaged(d)
	return d
}

// Raw returns the events behind a record, by record id. Events whose block is
// damaged are left out, with the *DamageError beside the others; a record
// without stored events gives none.
func (s *Store) Raw(ctx context.Context, id record.ID) ([]*event.Event, error) {
	r, err := s.Record(ctx, id)
	if err != nil {
		return nil, err
	}
	ids := r.RawIDs
	if len(ids) == 0 {
		ids = []uint64{r.FirstID}
	}
	return s.eventsByID(ctx, id.Server, id.Channel, id.Generation, ids)
}

// Events returns the events of one life of a channel that have one of the ids and are
// stored, by record id.
func (s *Store) Events(ctx context.Context, server, channel string, gen uint32, ids []uint64) ([]*event.Event, error) {
	return s.eventsByID(ctx, server, channel, gen, ids)
}

func (s *Store) eventsByID(ctx context.Context, server, channel string, gen uint32, ids []uint64) ([]*event.Event, error) {
	ids = slices.Clone(ids)
	slices.Sort(ids)
	release := s.pins.hold()
	defer release()
	s.mu.RLock()
	var refs []*rawBlock
	if sv := s.index.servers[server]; sv != nil {
		if lives := sv.lives(channel); int(gen) < len(lives) {
			for _, b := range lives[gen].blocks {
				if i, _ := slices.BinarySearch(ids, b.lo()); i < len(ids) && ids[i] <= b.hi() {
					refs = append(refs, b)
				}
			}
		}
	}
	s.mu.RUnlock()
	var out []*event.Event
	var damage error
	for _, b := range refs {
		l, err := s.chosen(ctx, b, ids)
		if err != nil {
			var d *DamageError
			if !errors.As(err, &d) {
				return nil, err
			}
			damage = err
			continue
		}
		for _, e := range l {
			if _, ok := slices.BinarySearch(ids, e.RecordID); ok {
				e.Generation = gen
				out = append(out, e)
			}
		}
	}
	slices.SortFunc(out, func(a, b *event.Event) int {
		if a.RecordID < b.RecordID {
			return -1
		}
		return 1
	})
	if damage != nil {
		return out, fmt.Errorf("events behind a record: %w", damage)
	}
	return out, nil
}
