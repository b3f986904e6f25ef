// Package convert turns the raw events of one server, in merge order, into
// access records: it joins handles, share accesses and sessions, recognises
// renames, copies, saves by temporary file and browsing, and says of every
// record by which rule and with which certainty it was made.
//
// It is not for reading files, for several servers at once, for storing or for
// filtering by time: those are evtx, collect and store. It reads no disk, no
// network and no clock; its only notion of time is that of the events.
//
// Invariants: the output is a function of the sequence of events only, whatever
// the split into batches and with or without a checkpoint between them. State
// is bounded by Options; what is evicted is finished first, never dropped. A
// record says certain only when the log itself says so.
//
// Concurrency: a Converter belongs to one goroutine.
package convert
