// Package score compares records with the truth of a simulation.
//
// Each act of a user and each record answer each other at most once, nearest in
// time first: same server, person, object, operation and outcome, within three
// seconds. It serves tests and measurements and is no part of the product's
// own conclusions.
//
// Invariants: the result depends on the two lists only, not on their order
// where times differ. Concurrency: Run keeps no state; it sorts a copy.
package score
