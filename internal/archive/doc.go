// Package archive keeps closed days for many years: access records as Parquet
// files, raw events as packed files (package rawfile), and a manifest for each
// part that says what it consists of (package manifest), all as immutable objects.
// Seal makes them from a record store, Search and the rest read them where they
// lie, without a store.
//
// It is not for volumes and copies, which are the pool's, nor for the log of what
// was sealed (package seal): it asks for both by interfaces. It deletes nothing.
//
// Invariants: reading back gives records and events exactly, whatever bytes their
// texts hold; a part counts when its manifest is stored, and that is written after
// everything it names was read back and compared; what was sealed never changes,
// later knowledge is a further part. What a store lost or retention deleted is
// never declared void. Damaged files give errors, never a panic.
//
// Concurrency: an Archive is safe for concurrent use, with one Seal at a time;
// functions share no state. Sealing a day needs memory for its new records and one
// block of raw events; Read needs that of a few pages.
package archive
