// Package restored keeps an index of archived days: the records of the parts of a
// server's day in segments (package segment), so that questions over days that the
// store deleted are answered as fast as before. It is made of the archive and can be
// made of it again: whoever removes a set loses time and nothing else.
//
// It is not the archive, which decides what a day holds and what counts, and not the
// store: nothing of it is a raw event, in the list of deleted months, or in a
// snapshot. docs/FORMAT.md specifies its files.
//
// Invariants: a set counts from the moment on in which its own file is in place, which
// is written last; it answers for exactly those parts that it names. A segment that is
// damaged says so and answers for nothing.
//
// A Shelf is safe for concurrent use by one writing process and any number of reading
// ones; a Maker belongs to one goroutine.
package restored
