package pool

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/akashi-audit/akashi/internal/pace"
	"github.com/akashi-audit/akashi/internal/seal"
)

// Reader is an open object. ReadAt may be called from several goroutines.
type Reader interface {
	io.ReaderAt
	io.Closer
	Size() int64
}

// place is what a driver needs beside the stored name to find a copy again.
type place struct {
	Version string // of S3, "" elsewhere
	Until   int64  // Unix ns; until then the storage refuses to delete it
}

// found is a stored object that a listing told of.
type found struct {
	Name string // stored name
	Size int64
	Time int64 // Unix ns, when the storage says it was written
	place
}

// driver is one kind of storage. Names are stored names. Every method may be
// called at any time from several goroutines, and fails rather than waits for ever.
type driver interface {
	// Put makes the bytes durable under the name, having read them back. When they
	// lie there already it changes nothing. Wrong bytes under that name are put
	// aside first.
	Put(ctx context.Context, name string, r io.ReaderAt, size int64) (place, error)
	// Open opens a copy, or fails with fs.ErrNotExist.
	Open(ctx context.Context, name string, at place) (Reader, error)
	// List tells of every object, those that are encrypted too, in any order.
	List(ctx context.Context, fn func(found) error) error
	// Delete removes a copy; what is not there is no error. A *lockedError says
	// until when the storage refuses.
	Delete(ctx context.Context, name string, at place) error
	// Extend locks a copy until then at least (Unix ns) where the storage locks, and
	// tells where it is and until when it is locked.
	Extend(ctx context.Context, name string, at place, until int64) (place, error)
	// Aside puts a damaged copy where it can be looked at.
	Aside(ctx context.Context, name string, at place) error
	// Space tells the bytes that are free and all that there are; total 0 means
	// that the storage does not tell.
	Space(ctx context.Context) (free, total int64, err error)
	// Read and Write are for the small files of a volume itself.
	Read(ctx context.Context, name string) ([]byte, error)
	Write(ctx context.Context, name string, b []byte) error
	Remove(ctx context.Context, name string) error
	Close() error
}

// lockedError: the storage refuses to delete a copy.
type lockedError struct{ until int64 }

func (e *lockedError) Error() string {
	if e.until == 0 {
		return "the storage refuses to delete it"
	}
	return "the storage refuses to delete it until " + time.Unix(0, e.until).UTC().Format(time.RFC3339)
}

// damageError: a copy is not what its name says.
type damageError struct {
	name      string
	want, got seal.Hash
}

func (e *damageError) Error() string {
	return fmt.Sprintf("%s has other bytes than its name says (%x)", e.name, e.got[:8])
}

// errNoVolume: the storage answers, but it is not the volume that it should be.
var errNoVolume = errors.New("this storage is not the volume it was: is it mounted?")

// ErrFull: no volume has room.
var ErrFull = errors.New("no room")

// chunk is how much is moved between two looks at the context.
const chunk = 1 << 20

// hashReader hashes size bytes.
func hashReader(ctx context.Context, r io.ReaderAt, size int64, limit *pace.Rate) (h seal.Hash, err error) {
	sum := newSum()
	err = copyChunks(ctx, sum, r, size, limit)
	copy(h[:], sum.Sum(nil))
	return h, err
}

// copyChunks copies size bytes of r.
func copyChunks(ctx context.Context, w io.Writer, r io.ReaderAt, size int64, limit *pace.Rate) error {
	buf := make([]byte, min(chunk, max(size, 1)))
	for off := int64(0); off < size; {
		if err := ctx.Err(); err != nil {
			return err
		}
		b := buf[:min(int64(len(buf)), size-off)]
		if err := limit.Wait(ctx, len(b)); err != nil {
			return err
		}
		n, err := r.ReadAt(b, off)
		if n < len(b) {
			if err == nil || errors.Is(err, io.EOF) {
				err = io.ErrUnexpectedEOF
			}
			return err
		}
		if _, err := w.Write(b); err != nil {
			return err
		}
		off += int64(n)
	}
	return nil
}
