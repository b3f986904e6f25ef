// Package rawfile keeps raw events for many years: it packs a few ten thousand
// events of one channel into a block, by column, each column by what it follows
// (the kind of the event, its session, its handle), and puts many blocks into
// one immutable file with a directory at its end.
//
// It knows no store and opens no file: it writes to an io.Writer and reads from
// an io.ReaderAt. It does not decide which events make a block.
//
// Invariants: every field of an event comes back exactly, in the order in which
// the events came. A block is read alone; an error of damaged bytes names the
// block and its offset, and the other blocks stay readable. Reading takes any
// bytes and bounds its memory.
//
// Concurrency: a Writer and a Packer belong to one goroutine; a File and an
// Unpacker are safe for concurrent use.
package rawfile
