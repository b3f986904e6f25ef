package evtx

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"math"

	"github.com/akashi-audit/akashi/internal/event"
)

// WriterOptions tune a Writer; the zero value is right for a new log.
type WriterOptions struct {
	// FirstHeaderID is the id in the header of the first record; 0 takes that
	// event's own EventRecordID. 1 numbers the headers as an export does.
	FirstHeaderID uint64
	// MaxSize bounds the file, in bytes; Write returns ErrFull for an event
	// that would make it larger. 0 is the bound of the format, 65535 chunks
	// (4 GiB). A file always may hold one chunk.
	MaxSize int64
}

// A Writer writes a log of version 3.1.
//
// Record headers are numbered without a hole, as the format demands: the first
// has the RecordID of the first event (or WriterOptions.FirstHeaderID), each
// further one its predecessor's plus 1. As long as the events' own ids follow
// each other both are equal, as in a log that Windows keeps; behind a gap they
// differ, as in a filtered export. System/EventRecordID always is the event's.
//
// Until Close the file header carries the dirty flag. Memory is bounded: one
// chunk, one record, and at most maxOutTemplates templates.
type Writer struct {
	w   io.WriteSeeker
	opt WriterOptions
	err error // sticky: the output failed, or the writer is closed

	chunk  []byte // the chunk that is being filled
	pos    int    // end of its records
	last   int    // offset of its last record, 0 when it is empty
	first  uint64 // header id of its first record
	start  uint64 // header id of the first record of the file
	next   uint64 // header id of the next record, 0 before the first
	chunks int    // chunks that were written

	rec     []byte   // the record that is being made; it will stand at pos
	gen     uint64   // number of the chunk, from 1; see outName.gen
	defined []outDef // by the record that is being made

	nameHead     [chStringCount]uint32
	templateHead [chTmplCount]uint32

	cache outCache
	memo  [outCount]packed
}

// ErrFull is returned by Write when the file cannot take more chunks: because
// of WriterOptions.MaxSize, or because their count is a 16-bit number.
var ErrFull = errors.New("the log is full")

// maxChunks is the number of chunks that the file may hold.
func (o WriterOptions) maxChunks() int {
	if o.MaxSize <= 0 {
		return math.MaxUint16
	}
	return int(min(max((o.MaxSize-fileHeaderSize)/chunkSize, 1), math.MaxUint16))
}

// NewWriter starts a log at the current position of w, which must be the start
// of an empty file.
func NewWriter(w io.WriteSeeker, opt WriterOptions) (*Writer, error) {
	lw := &Writer{w: w, opt: opt, chunk: make([]byte, chunkSize), rec: make([]byte, 0, chunkSize)}
	lw.cache.reset()
	lw.startChunk()
	if _, err := w.Write(lw.fileHeader(fileDirty)); err != nil {
		return nil, fmt.Errorf("write file header: %w", err)
	}
	return lw, nil
}

// Size is the size of the file if it were closed now, in bytes.
func (w *Writer) Size() int64 {
	n := w.chunks
	if w.last != 0 || n == 0 {
		n++
	}
	return fileHeaderSize + int64(n)*chunkSize
}

// Write adds an event. An event that cannot be written (too large for a chunk,
// a value that does not have the form of its kind) is an error that names it;
// the writer stays usable. An error of the output stays.
func (w *Writer) Write(e *event.Event) error {
	if w.err != nil {
		return w.err
	}
	if err := w.write(e); err != nil {
		if w.err != nil {
			return w.err
		}
		return fmt.Errorf("write event %d of %s, record %d: %w", e.ID, e.Provider, e.RecordID, err)
	}
	return nil
}

func (w *Writer) write(e *event.Event) error {
	if w.chunks >= w.opt.maxChunks() {
		return ErrFull
	}
	id := w.next
	if id == 0 {
		id = w.firstID(e)
		w.start = id
	}
	for {
		err := w.makeRecord(e, id)
		if err == nil && len(w.rec) > chunkSize-chunkHeaderSize {
			err = errTooLarge
		}
		if err != nil {
			w.forget()
			return err
		}
		if len(w.rec) <= chunkSize-w.pos {
			break
		}
		w.forget()
		if w.last == 0 {
			return errTooLarge
		}
		if err := w.flushChunk(); err != nil {
			return err
		}
		if w.chunks >= w.opt.maxChunks() {
			return ErrFull
		}
	}
	copy(w.chunk[w.pos:], w.rec)
	if len(w.defined) > 0 {
		w.storeHeads()
	}
	if w.last == 0 {
		w.first = id
	}
	w.last = w.pos
	w.pos += len(w.rec)
	w.next = id + 1
	return nil
}

func (w *Writer) firstID(e *event.Event) uint64 {
	switch {
	case w.opt.FirstHeaderID != 0:
		return w.opt.FirstHeaderID
	case e.RecordID == 0 || e.RecordID > math.MaxInt64:
		return 1
	}
	return e.RecordID
}

// makeRecord makes the record of e in w.rec.
func (w *Writer) makeRecord(e *event.Event, id uint64) error {
	if len(e.Channel)+len(e.Provider)+len(e.UserID)+len(e.ActivityID)+len(e.RelatedID) > maxValueBytes {
		return errTooLarge
	}
	sys, payload, err := w.cache.templates(e)
	if err != nil {
		return err
	}
	le := binary.LittleEndian
	b := le.AppendUint32(w.rec[:0], recordMagic)
	b = le.AppendUint32(b, 0)
	b = le.AppendUint64(b, id)
	b = le.AppendUint64(b, uint64(e.Time))
	b = w.appendInstance(b, sys)
	count := outCount
	if payload == nil {
		count = outPayload
	}
	b, at := appendDescriptors(b, count)
	b = w.appendSystem(b, e, at)
	if payload != nil {
		start := len(b)
		if b, err = w.appendPayload(b, e, payload); err != nil {
			w.rec = b
			return err
		}
		if len(b)-start > math.MaxUint16 {
			w.rec = b
			return errTooLarge
		}
		setValue(b, at, outPayload, len(b)-start, event.KindXML)
	}
	b = append(b, tokEOF)
	for len(b)%8 != 4 {
		b = append(b, 0)
	}
	size := uint32(len(b) + 4)
	b = le.AppendUint32(b, size)
	le.PutUint32(b[recSize:], size)
	w.rec = b
	return nil
}

// appendPayload appends the fragment of the payload template.
func (w *Writer) appendPayload(b []byte, e *event.Event, t *outTemplate) ([]byte, error) {
	b = w.appendInstance(b, t)
	b, at := appendDescriptors(b, len(e.Values))
	for i := range e.Values {
		start := len(b)
		var k event.Kind
		var err error
		if b, k, err = w.appendValue(b, e.Values[i]); err != nil {
			return b, fmt.Errorf("value %d (%s): %w", i, e.Schema.Names[i], err)
		}
		if len(b) > 2*chunkSize || len(b)-start > math.MaxUint16 {
			return b, errTooLarge
		}
		setValue(b, at, i, len(b)-start, k)
	}
	return append(b, tokEOF), nil
}

// startChunk makes the chunk empty.
func (w *Writer) startChunk() {
	w.gen++
	clear(w.chunk)
	clear(w.nameHead[:])
	clear(w.templateHead[:])
	w.pos, w.last = chunkHeaderSize, 0
}

// flushChunk completes the chunk, writes it and starts the next.
func (w *Writer) flushChunk() error {
	le := binary.LittleEndian
	c := w.chunk
	copy(c, chunkMagic)
	first, last := w.first, w.next-1
	if w.last == 0 { // an empty log
		w.start, first, last = 1, 1, math.MaxUint64
	}
	number := first - w.start + 1 // counts from 1 in each file
	le.PutUint64(c[chFirstNumber:], number)
	le.PutUint64(c[chLastNumber:], number+(last-first))
	le.PutUint64(c[chFirstID:], first)
	le.PutUint64(c[chLastID:], last)
	le.PutUint32(c[chHeaderSize:], 128)
	le.PutUint32(c[chLastRecord:], uint32(w.last))
	le.PutUint32(c[chFree:], uint32(w.pos))
	le.PutUint32(c[chDataCRC:], crc32.ChecksumIEEE(c[chunkHeaderSize:w.pos]))
	le.PutUint32(c[chHeaderCRC:], chunkHeaderCRC(c))
	if _, err := w.w.Write(c); err != nil {
		w.err = fmt.Errorf("write chunk %d: %w", w.chunks, err)
		return w.err
	}
	w.chunks++
	w.startChunk()
	return nil
}

func (w *Writer) fileHeader(flags uint32) []byte {
	le := binary.LittleEndian
	h := make([]byte, fileHeaderSize)
	copy(h, fileMagic)
	le.PutUint64(h[fhLastChunk:], uint64(max(w.chunks-1, 0)))
	le.PutUint64(h[fhNextRecord:], max(w.next, 1))
	le.PutUint32(h[fhHeaderSize:], fileHeaderUsed)
	le.PutUint16(h[fhMinorVersion:], 1)
	le.PutUint16(h[fhMajorVersion:], 3)
	le.PutUint16(h[fhBlockSize:], fileHeaderSize)
	le.PutUint16(h[fhChunkCount:], uint16(w.chunks))
	le.PutUint32(h[fhFlags:], flags)
	le.PutUint32(h[fhCRC:], crc32.ChecksumIEEE(h[:fileHeaderSum]))
	return h
}

// Close writes the last chunk and the final file header. It does not close the
// file. A second Close does nothing.
func (w *Writer) Close() error {
	if errors.Is(w.err, errClosed) {
		return nil
	}
	if w.err != nil {
		return w.err
	}
	if w.last != 0 || w.chunks == 0 {
		if err := w.flushChunk(); err != nil {
			return err
		}
	}
	w.err = errClosed
	if _, err := w.w.Seek(0, io.SeekStart); err != nil {
		return fmt.Errorf("rewrite file header: %w", err)
	}
	if _, err := w.w.Write(w.fileHeader(0)); err != nil {
		return fmt.Errorf("rewrite file header: %w", err)
	}
	return nil
}

var errClosed = errors.New("the log writer is closed")
