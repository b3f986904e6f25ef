// Package query holds the conditions of a search and the shape of its answers.
// It is pure: it reads no clock, no disk and no network, and imports record
// only (and golang.org/x/text for folding). It decides which records match
// (Matcher), not how they are found.
//
// A query can be written as text (Parse, Text): what Text prints, Parse reads
// back as the same query. The caller gives the clock and the zone.
//
// Folding (NFKC, case, width) is for search; joining and exact look-up use NTFS
// equality, which ignores case only: 資料１.xlsx and 資料1.xlsx are two files.
//
// Concurrency: a Query is a value; a Matcher may be shared.
package query
