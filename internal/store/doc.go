// Package store keeps raw events, access records and converter checkpoints in
// one append-only log, and answers searches over the records.
//
// It knows no collector, no converter and no page: what a checkpoint means and
// in which order events are converted is the engine's business.
//
// Invariants: a Commit is one frame of one file, so its parts stand or fall
// together; it is on disk when Append returns; bytes that were acknowledged are
// never changed or cut. Damaged bytes are quarantined where they are and named
// by a *DamageError; the rest keeps serving.
//
// Concurrency: one process writes (exclusive lock), any number read beside it.
// Every method of Store is safe for concurrent use; a reader sees whole commits.
package store
