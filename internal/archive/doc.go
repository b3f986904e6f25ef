// Package archive writes access records as Parquet files and reads them back.
//
// A file holds what any tool can open without akashi, in the schema of
// docs/FORMAT.md: zstd, rows by user and time, one file per server and day by
// custom. It is not for volumes, manifests, sealing, raw events or retention
// yet: that work builds on it; and it is not for searching, which is the
// store's.
//
// Invariants: reading back gives the records exactly, in the file's order,
// whatever bytes their texts hold; the same records give the same columns
// whatever order they come in; damaged files give errors, never a panic.
//
// Concurrency: functions share no state. Write does not change its records,
// and needs memory for one row group and an index of all of them.
package archive
