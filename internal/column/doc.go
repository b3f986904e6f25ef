// Package column holds the forms in which blocks of records and events write
// their columns: numbers in byte planes and texts in a table.
//
// It knows neither records nor events, does not compress and opens no file; the
// forms are made so that a general compressor behind them has little to do. It
// imports the standard library only.
//
// Invariants: what was appended is read back exactly; a Reader takes any bytes,
// its first error sticks, and it takes memory for what the bytes can hold only.
//
// Concurrency: every value belongs to one goroutine.
package column
