// Package verify checks offline, and without the program that made them, a data
// folder, an archive volume or an evidence bundle against the seal, and names what
// differs: the file, the server and period it is of, the leaf, the checkpoint, the
// stamp.
//
// It reads no record of the store and repairs nothing. It never writes.
//
// Invariants: what it does not understand does not count as checked; bytes from
// disk neither panic nor make it allocate without bound; it tells damage from what
// came after the last checkpoint and from settings that a person edited.
//
// Concurrency: the functions are safe for concurrent use; each hashes files on all
// processors.
package verify
