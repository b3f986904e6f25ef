// Package bench measures the record store: it loads simulated records through
// the real write path and asks the questions of a bake-off, cold and warm.
//
// It serves `akashi bench store` and the comparison with DuckDB, and no user's
// data: it refuses folders that it did not make. It knows the store only by
// the calls that the engine makes too.
//
// With Options.Check every answer is counted once more from the generator's records,
// by conditions written for that alone (check*.go): of the store, its segments and
// package query's matching it uses nothing, in bounded memory.
//
// Invariants: the same options give the same records and the same questions;
// no timed question is asked twice with the same values, so that no cache of
// results can help; a figure that is not known on a system is 0.
//
// Concurrency: Run is for one goroutine; two at once in one process would
// measure each other.
package bench
