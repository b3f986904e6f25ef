// Package engine is the composition that the command line, the server and the
// tests share: one open data folder with its configuration, its store, and the
// way of events through collect and convert into it.
//
// It draws no page and parses no flag.
//
// Invariant: the records of a folder are a function of the set of raw events
// stored in it, whatever the order, the split or the interruptions of the
// imports (docs/ARCHITECTURE.md).
//
// Concurrency: every method of Engine is safe for concurrent use; imports run
// one after the other.
package engine
