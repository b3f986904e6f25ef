// Package api answers programs: records, counts, paths and the state of the data
// folder as JSON under /api/v1, and records as a stream of JSON lines.
//
// It decides what a route needs and how an answer is written; what a visitor may
// see is decided by the Source, and who the visitor is before a request comes
// here. Its document is openapi.yaml, which is served too: a test holds routes and
// document to each other.
//
// Invariants: a route that is not in the table does not exist; an error is a
// problem (RFC 9457), in a stream its last line; a stream without a last line
// "end" is not whole.
//
// Concurrency: the handler is safe for concurrent use.
//
// Compatibility: within v1 fields and parameters are added, not changed.
package api
