// Package query holds the conditions of a search and the shape of its answers.
// It is pure: it reads no clock, no disk and no network, and imports record
// only (and golang.org/x/text for folding).
//
// Folding (NFKC, case, width) is for search; joining and exact look-up use NTFS
// equality, which ignores case only: 資料１.xlsx and 資料1.xlsx are two files.
package query
