package collect

import (
	"context"

	"github.com/akashi-audit/akashi/internal/event"
	"github.com/akashi-audit/akashi/internal/evtx"
)

// Stream is the events of one channel of one computer in one file.
type Stream struct {
	Computer, Channel   string
	Events              int64
	FirstID, LastID     uint64 // smallest and largest record id
	FirstTime, LastTime event.Filetime
	runs                runTracker
}

// File is one input file and what it holds.
type File struct {
	Path      string
	Name      string
	Size      int64
	Format    Format
	Err       error // why nothing, or not all, could be read
	Events    int64
	Simulated bool // it holds events made by simulate
	Damage    []evtx.Damage
	Streams   []Stream

	src source
}

// index reads a file once and notes its streams. look may be nil.
func (f *File) index(ctx context.Context, look func(*event.Event)) error {
	at := map[[2]string]int{}
	var last *Stream
	err := f.src.events(ctx, func(e *event.Event) error {
		f.Events++
		f.Simulated = f.Simulated || e.Simulated()
		s := last
		if s == nil || s.Channel != e.Channel || s.Computer != e.Computer {
			i, ok := at[[2]string{e.Computer, e.Channel}]
			if !ok {
				i = len(f.Streams)
				at[[2]string{e.Computer, e.Channel}] = i
				f.Streams = append(f.Streams, Stream{Computer: e.Computer, Channel: e.Channel, FirstID: e.RecordID, FirstTime: e.Time})
			}
			s = &f.Streams[i]
			last = s
		}
		s.note(e)
		if look != nil {
			look(e)
		}
		return nil
	})
	f.Damage = append([]evtx.Damage(nil), f.src.damage()...)
	return err
}

func (s *Stream) note(e *event.Event) {
	s.Events++
	s.FirstID, s.LastID = min(s.FirstID, e.RecordID), max(s.LastID, e.RecordID)
	s.FirstTime, s.LastTime = min(s.FirstTime, e.Time), max(s.LastTime, e.Time)
	s.runs.add(e.RecordID, e.Time)
}
