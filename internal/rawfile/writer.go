package rawfile

import (
	"errors"
	"fmt"
	"io"

	"github.com/akashi-audit/akashi/internal/event"
)

// Writer writes a file. The first error of the io.Writer sticks.
type Writer struct {
	w      io.Writer
	packer *Packer
	at     int64
	blocks []*Block
	b      []byte
	err    error
}

// NewWriter begins a file. The packer may make other files before and after,
// but not meanwhile.
func NewWriter(w io.Writer, p *Packer) (*Writer, error) {
	f := &Writer{w: w, packer: p}
	f.write([]byte(fileMagic))
	return f, f.err
}

func (f *Writer) write(b []byte) {
	if f.err != nil {
		return
	}
	n, err := f.w.Write(b)
	if f.at += int64(n); err != nil {
		f.err = fmt.Errorf("write raw events: %w", err)
	}
}

// Add writes one block of 1 to MaxEvents events of a channel, in the order of
// their record ids. They are not kept.
func (f *Writer) Add(server, channel string, events []*event.Event) (*Block, error) {
	if f.err != nil {
		return nil, f.err
	}
	bl, err := describe(server, channel, events)
	if err != nil {
		return nil, err
	}
	if f.b, err = f.packer.Append(f.b[:0], events); err != nil {
		return nil, err
	}
	if len(f.b) > maxBody {
		return nil, fmt.Errorf("add events of channel %s: block of %d bytes", channel, len(f.b))
	}
	bl.Offset, bl.body, bl.crc = f.at, uint32(len(f.b)), checksum(f.b)
	f.write(bl.head())
	f.write(bl.meta)
	f.write(f.b)
	if f.err != nil {
		return nil, f.err
	}
	bl.Size = f.at - bl.Offset
	f.blocks = append(f.blocks, bl)
	return bl, nil
}

// Close writes the directory. It does not close the io.Writer and returns the
// size of the whole file.
func (f *Writer) Close() (size int64, err error) {
	if f.err != nil {
		return f.at, f.err
	}
	dir := appendDirectory(nil, f.blocks)
	if len(dir) > maxBody {
		f.err = fmt.Errorf("write raw events: directory of %d bytes", len(dir))
		return f.at, f.err
	}
	off := f.at
	f.write(appendTrailer(dir, off, dir))
	size, err = f.at, f.err
	if f.err == nil {
		f.err = errors.New("write raw events: the file is closed")
	}
	return size, err
}
