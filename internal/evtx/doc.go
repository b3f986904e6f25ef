// Package evtx reads and writes Windows event logs (EVTX).
//
// The reader decodes BinXML without building XML: a template is compiled once
// into field slots and every record is then an array of typed values. The
// writer makes valid logs for simulation, tests and evidence. The package knows
// the file format only: no rule, no server, no merging of files.
//
// Invariants of the reader: it never aborts a file because of its content,
// never loops, never allocates by a number taken from the file without a bound,
// and reports each loss (Damage). Memory is constant whatever the file size.
// Strings come back exactly (WTF-8).
//
// Concurrency: a Reader or Writer serves one goroutine at a time; Reader starts
// its own workers and waits for them before Events returns.
package evtx
