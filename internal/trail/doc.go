// Package trail is akashi's record of itself: who logged in, searched, opened, took
// out and changed what, from where, and with what result. It is append-only JSON
// Lines, a file per month (UTC), and sealed: leaves of the seal commit to ranges of
// the files.
//
// It decides nothing about what is noted; pages, API and command line do.
//
// Invariants: an entry is on disk when Note returns. Nothing that was sealed is ever
// written again: a file that is shorter than its leaves say is left as it is, and the
// trail goes on in a new one.
//
// Concurrency: a Log is safe for concurrent use by the process that holds the folder.
package trail
