// Package seal writes down what people decide about stored data: confirmations,
// deletions, erasures, repairs. Entry and Recorder are what other packages know;
// Journal is the plain implementation that a data folder has by default.
//
// It proves nothing to a stranger: who can write the folder can write the whole
// journal anew. It decides nothing about what must be written down.
//
// Invariant: an entry is on disk when Record returns, each with the hash of the
// one before; an unfinished last line is cut when the journal is opened.
//
// Concurrency: a Journal is safe for concurrent use by one process.
package seal
