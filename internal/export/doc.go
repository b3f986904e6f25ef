// Package export writes found records as files for other programs: CSV for
// spreadsheets (UTF-8 and Shift_JIS), XLSX, Parquet with the archive's columns,
// and JSON Lines.
//
// It does not search, decide who may export, nor seal that something left: the
// caller does.
//
// Invariants: what Guard did, Unguard takes back exactly; no character is lost
// without being counted; memory is bounded whatever the number of records (XLSX
// and Parquet go through temporary files and row groups).
//
// Concurrency: a Writer is for one goroutine.
package export
