package paths

import "sync/atomic"

// feedBatch is how many paths of a Feed go to the other goroutine at a time.
const feedBatch = 1024

// Feed hands paths, each with a value, to another goroutine in their order: one reads
// and compares the paths of a union while another writes them. It belongs to one
// goroutine, which must call Close.
type Feed[V any] struct {
	open   *fed[V]
	full   chan *fed[V]
	free   chan *fed[V]
	ended  chan struct{} // closed by the other goroutine
	failed atomic.Bool
	err    error // of the other goroutine, to be read when it has ended
}

// fed is some paths that follow each other.
type fed[V any] struct {
	text   []byte
	ends   []int // of each path in text
	values []V
}

// NewFeed begins to call use for what Add is called with. After its first error use is
// not called again.
func NewFeed[V any](use func(path string, v V) error) *Feed[V] {
	const batches = 3 // one is filled, one waits, one is used
	f := &Feed[V]{open: &fed[V]{}, full: make(chan *fed[V], batches), free: make(chan *fed[V], batches), ended: make(chan struct{})}
	for range batches - 1 {
		f.free <- &fed[V]{}
	}
	go func() {
		defer close(f.ended)
		for b := range f.full {
			if f.err == nil {
				if f.err = b.each(use); f.err != nil {
					f.failed.Store(true)
				}
			}
			b.text, b.ends, b.values = b.text[:0], b.ends[:0], b.values[:0]
			f.free <- b
		}
	}()
	return f
}

// each calls use for each path; the texts of all are one piece of memory.
func (b *fed[V]) each(use func(path string, v V) error) error {
	all, at := string(b.text), 0
	for i, end := range b.ends {
		if err := use(all[at:end], b.values[i]); err != nil {
			return err
		}
		at = end
	}
	return nil
}

// Add hands on a path, of which it takes a copy. It returns false when nothing more is
// used because of an error, which Close tells.
func (f *Feed[V]) Add(path []byte, v V) bool {
	b := f.open
	b.text = append(b.text, path...)
	b.ends, b.values = append(b.ends, len(b.text)), append(b.values, v)
	if len(b.ends) == feedBatch {
		f.full <- b
		f.open = <-f.free
	}
	return !f.failed.Load()
}

// Close waits until all paths were used, and returns the error of use. It may be called
// again.
func (f *Feed[V]) Close() error {
	if f.open != nil {
		f.full <- f.open
		close(f.full)
		f.open = nil
	}
	<-f.ended
	return f.err
}
