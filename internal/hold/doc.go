// Package hold keeps legal holds: what a case forbids to delete. A hold names
// servers, a period and a search; it begins and ends with an entry of the seal,
// and these entries are what counts. The file holds.json says the same for a
// reader, and that nobody changed it is a condition of every deletion.
//
// It deletes nothing and finds nothing by itself: whoever deletes asks it first,
// and gives it the search.
//
// Invariants: an entry is durable before the register says what it tells of; a
// register that is not as its entries say forbids every deletion (ErrDamaged); what
// cannot be decided is held.
//
// Concurrency: a Register is safe for concurrent use.
package hold
