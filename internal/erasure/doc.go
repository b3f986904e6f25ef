// Package erasure is what a lawful erasure says: which records and which raw
// events it hides. The store and the archive honour the same Erasure by the same
// rules.
//
// It hides and deletes nothing itself, and keeps nothing.
//
// Invariants: it is pure; what a Set hides once it always hides, whatever
// erasures are added. An Erasure holds for ever.
//
// Concurrency: a Set is safe for concurrent use.
package erasure
