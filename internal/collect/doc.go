// Package collect turns files and folders of logs into one ordered stream of
// raw events per server, free of duplicates.
//
// It reads EVTX, Windows event XML and JSON Lines of events, plain or gzip,
// told apart by content. It knows no rule and stores nothing.
//
// Order: events of one channel by (generation, record id), whatever file they
// stand in; channels of one server are merged by their running time (the
// highest time seen so far in that channel). See docs/ARCHITECTURE.md.
//
// Invariant: a bad file never stops the others; what could not be read is told
// in File.Err and File.Damage. Memory is bounded by the number of files and
// channels, not by their size, as long as a file is in order of record ids.
//
// Concurrency: a Set serves one Events call at a time.
package collect
