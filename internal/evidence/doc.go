// Package evidence makes evidence bundles: a ZIP of what a query found, the raw
// events behind it, the proofs that tie both to a signed checkpoint, and reports
// that a lawyer can read. docs/FORMAT.md describes every member.
//
// It finds no records and keeps no log: Source and Log do. It checks no bundle:
// that is package verify's.
//
// What a bundle proves begins when the records were sealed. Nothing in it proves
// that a server reported truly, or anything before receipt.
//
// Invariants: numbers that may be My Numbers leave this package only when Options
// say so; the ZIP's members and their order are a function of the answer; on an
// error no file is left under the wanted name. Memory does not grow with the text
// of the records: 32 bytes for each record and each event, and up to partRecords
// records while Parquet is written.
//
// Concurrency: Make may run more than once at a time on different files.
package evidence
