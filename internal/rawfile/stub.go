// Package rawfile stub.
package rawfile

import (
	"encoding/gob"
	"io"

	"github.com/akashi-audit/akashi/internal/event"
)

type Run struct{ Lo, Hi uint64 }
type Block struct {
	Server, Channel       string
	Events                int
	First, Last, Min, Max event.Filetime
	Runs                  []Run
	Offset                int64
	Size                  uint32
	Data                  [][]byte
}
type Writer struct {
	w io.Writer
	l []Block
}

func NewWriter(w io.Writer) (*Writer, error) { return &Writer{w: w}, nil }
func (w *Writer) Add(server, channel string, l []*event.Event) error {
	b := Block{Server: server, Channel: channel, Events: len(l), First: l[0].Time, Last: l[len(l)-1].Time, Min: l[0].Time, Max: l[0].Time}
	for _, e := range l {
		b.Min, b.Max = min(b.Min, e.Time), max(b.Max, e.Time)
		if n := len(b.Runs); n > 0 && b.Runs[n-1].Hi+1 == e.RecordID {
			b.Runs[n-1].Hi++
		} else {
			b.Runs = append(b.Runs, Run{e.RecordID, e.RecordID})
		}
	}
	for len(l) > 0 {
		n := min(len(l), 4096)
		b.Data = append(b.Data, event.AppendBlock(nil, l[:n]))
		l = l[n:]
	}
	w.l = append(w.l, b)
	return nil
}
func (w *Writer) Close() error { return gob.NewEncoder(w.w).Encode(w.l) }

type File struct{ l []Block }

func Open(r io.ReaderAt, size int64) (*File, error) {
	f := &File{}
	return f, gob.NewDecoder(io.NewSectionReader(r, 0, size)).Decode(&f.l)
}
func (f *File) Blocks() []Block { return f.l }
func (f *File) Read(i int) ([]*event.Event, error) {
	var out []*event.Event
	for _, d := range f.l[i].Data {
		l, err := event.DecodeBlock(d)
		if err != nil {
			return nil, err
		}
		out = append(out, l...)
	}
	return out, nil
}
func (f *File) ReadIDs(i int, ids []uint64) ([]*event.Event, error) { return f.Read(i) }
