// Package report sets a document of plain values as HTML and as PDF (A4).
//
// It knows no records and no proofs: whoever fills a Document does. It counts the
// characters that its font (VL Gothic) lacks and puts 〓 in their place.
//
// Invariants: texts are hostile: HTML escapes them, and callers pass names through
// record.Visible, so that no order of writing is turned around. HTML loads nothing
// and runs nothing. Memory is bounded by the document.
//
// Concurrency: functions and values only.
package report
