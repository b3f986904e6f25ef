package collect

import (
	"bufio"
	"cmp"
	"container/heap"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"

	"github.com/akashi-audit/akashi/internal/event"
)

const (
	sortEvents = 32 << 10 // events sorted in memory at once
	sortBlock  = 256      // events of one block of a spilled run
)

// eventFunc calls fn for each event of a source.
type eventFunc func(ctx context.Context, fn func(*event.Event) error) error

// sorted calls fn for the events of read by ascending record id, the first of
// equal ones first. More than sortEvents go through a temporary file in dir.
func sorted(read eventFunc, dir string) eventFunc {
	return func(ctx context.Context, fn func(*event.Event) error) error {
		s := &sorter{dir: dir}
		defer s.close()
		err := read(ctx, func(e *event.Event) error {
			s.events = append(s.events, e.Clone())
			if len(s.events) == sortEvents {
				return s.spill()
			}
			return nil
		})
		if err != nil {
			return err
		}
		return s.merge(ctx, fn)
	}
}

type sorter struct {
	dir    string
	events []*event.Event
	file   *os.File
	size   int64
	runs   []*spilled
}

func (s *sorter) sort() {
	slices.SortStableFunc(s.events, func(a, b *event.Event) int { return cmp.Compare(a.RecordID, b.RecordID) })
}

// spill writes the events in memory as one sorted run of length-prefixed blocks.
func (s *sorter) spill() error {
	s.sort()
	if s.file == nil {
		f, err := os.CreateTemp(s.dir, "akashi-sort-*")
		if err != nil {
			return err
		}
		s.file = f
	}
	w := bufio.NewWriterSize(s.file, 1<<18)
	start := s.size
	var b []byte
	for part := range slices.Chunk(s.events, sortBlock) {
		b = event.AppendBlock(b[:0], part)
		var size [4]byte
		binary.LittleEndian.PutUint32(size[:], uint32(len(b)))
		w.Write(size[:])
		w.Write(b)
		s.size += int64(4 + len(b))
	}
	if err := w.Flush(); err != nil {
		return fmt.Errorf("sort events: %w", err)
	}
	s.runs = append(s.runs, &spilled{
		rank: len(s.runs),
		r:    bufio.NewReaderSize(io.NewSectionReader(s.file, start, s.size-start), 32<<10),
	})
	s.events = s.events[:0]
	return nil
}

func (s *sorter) close() {
	if s.file != nil {
		s.file.Close()
		_ = os.Remove(s.file.Name()) // a temporary file: the system removes what stays
	}
}

func (s *sorter) merge(ctx context.Context, fn func(*event.Event) error) error {
	if len(s.runs) == 0 {
		s.sort()
		for _, e := range s.events {
			if err := fn(e); err != nil {
				return err
			}
		}
		return ctx.Err()
	}
	if err := s.spill(); err != nil {
		return err
	}
	var h spilledHeap
	for _, r := range s.runs {
		if err := r.next(); err == nil {
			h = append(h, r)
		} else if !errors.Is(err, io.EOF) {
			return err
		}
	}
	heap.Init(&h)
	for len(h) > 0 {
		if err := fn(h[0].block[0]); err != nil {
			return err
		}
		switch err := h[0].next(); {
		case err == nil:
			heap.Fix(&h, 0)
		case errors.Is(err, io.EOF):
			heap.Pop(&h)
		default:
			return err
		}
	}
	return ctx.Err()
}

// spilled is one sorted run in the temporary file; block[0] is its next event.
type spilled struct {
	rank  int
	r     io.Reader
	block []*event.Event
}

func (s *spilled) next() error {
	if len(s.block) > 1 {
		s.block = s.block[1:]
		return nil
	}
	var size [4]byte
	if _, err := io.ReadFull(s.r, size[:]); err != nil {
		return err
	}
	b := make([]byte, binary.LittleEndian.Uint32(size[:])) // written by this process
	if _, err := io.ReadFull(s.r, b); err != nil {
		return fmt.Errorf("read sorted events: %w", err)
	}
	block, err := event.DecodeBlock(b)
	if err != nil {
		return fmt.Errorf("read sorted events: %w", err)
	}
	s.block = block
	return nil
}

type spilledHeap []*spilled

func (h spilledHeap) Len() int { return len(h) }
func (h spilledHeap) Less(i, j int) bool {
	return cmp.Or(cmp.Compare(h[i].block[0].RecordID, h[j].block[0].RecordID), cmp.Compare(h[i].rank, h[j].rank)) < 0
}
func (h spilledHeap) Swap(i, j int) { h[i], h[j] = h[j], h[i] }
func (h *spilledHeap) Push(x any)   { *h = append(*h, x.(*spilled)) }
func (h *spilledHeap) Pop() any {
	old := *h
	x := old[len(old)-1]
	*h = old[:len(old)-1]
	return x
}
