// Package manifest says what a sealed thing consists of: the parts of an archived
// day, the files of a data folder, the members of an evidence bundle. A manifest is
// JSON that a stranger can read; its hash is a leaf of the Merkle log (package
// seal), so everything it names is fixed with it.
//
// It reads no disk and checks no bytes: that is package verify's. It knows neither
// Parquet nor the store, so the small checking program can link it.
//
// Invariants: every byte of an object stands in exactly one span; a manifest read
// back and written again is the same bytes; unknown fields are an error, because
// what is not understood must not count as checked.
//
// Concurrency: values only.
package manifest
