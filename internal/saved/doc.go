// Package saved keeps the searches that people want to find again: a name, the
// address of the search, and whether others see it too.
//
// It does not know what a search means: who keeps one gives an address that the
// pages have checked. What a shared search shows to another person is decided
// when that person opens it, by what that person may see.
//
// Invariant: a search is changed and deleted by its owner only, or by who may
// look after the searches of others.
//
// Concurrency: a Store is safe for concurrent use.
package saved
