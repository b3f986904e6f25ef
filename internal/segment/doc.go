// Package segment is the file format of finished records: one immutable file
// holds the records of one server and one calendar month, either those that
// hold or superseded ones. It writes segments from rows (Builder), joins them
// (Merge) and answers questions from them (Segment).
//
// A segment has one partition per calendar day, whose rows are sorted by person
// and time, in blocks of columns over dictionaries that the whole file shares.
// docs/FORMAT.md specifies every byte.
//
// It is not the store: it opens no file by name, knows no manifest and decides
// nothing about what holds; the caller says so by a View.
//
// Invariant: a record comes back exact in every field. Bytes that do not follow
// the format give an error that names the place, never a panic, and memory is
// bounded by a small multiple of the file's dictionaries.
//
// A Segment, a Filter and a Cache are safe for concurrent use; a Builder belongs
// to one goroutine.
package segment
