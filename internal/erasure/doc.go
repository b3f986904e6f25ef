// Package erasure is what a lawful erasure says: which records and which raw
// events it hides. The store and the archive honour the same Erasure by the same
// rules. The order of a term for a class of records is an Erasure too (Order): it
// hides records, in the store and in the archive, but leaves raw events and the sealed
// parts of the archive as they are.
//
// It hides and deletes nothing itself, and keeps nothing.
//
// Invariants: it is pure; what a Set hides once it always hides, whatever
// erasures are added. An Erasure holds for ever.
//
// Concurrency: a Set is safe for concurrent use.
package erasure
