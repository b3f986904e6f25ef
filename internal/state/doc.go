// Package state is the small mutable data of a data folder: people, sessions,
// saved searches, jobs, settings. It is one SQLite file, state.sqlite.
//
// It opens the file, keeps its tables up to date and copies it while it is in
// use. What the tables mean belongs to the packages that ask them; each has its
// migrations here, in a file named after it. Records and evidence are never kept
// here: the content of state.sqlite can be changed by whoever owns the disk, so every
// change that matters is sealed as well by the package that makes it.
//
// Invariant: a migration that was once released is never changed.
//
// Concurrency: a DB is safe for concurrent use; writes are one at a time.
package state
