// Package facets adds up the counts over everything that a query finds
// (query.Facets). Records go in one by one, or, from a segment, as sums that its
// columns and roll-ups gave.
//
// It does not match: whoever calls it says what a query finds. The result does
// not depend on the order in which things were added.
//
// A Counter belongs to one goroutine; Merge joins what several counted.
package facets
