// Package record holds the access record: one thing a person did, derived from
// one or more raw events, in the vocabulary of docs/ARCHITECTURE.md.
//
// It knows how a record is written (JSON Lines, CSV, binary) but not how it is
// derived, stored or shown. It imports the standard library only.
//
// Invariants: an ID is written from the source coordinates and never stored by
// itself; the numbers of Op, Result, Object, Class and Confidence are stored
// and never change.
package record
