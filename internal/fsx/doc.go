// Package fsx does with files what durable code needs and os leaves out: atomic
// replacement, directory sync, an advisory lock, free space. For tests it has a
// file system whose n-th call fails (Fault) and one whose machine loses power
// (Crash).
//
// It is not a file system abstraction for everything: only what the store and
// the engine write durably goes through FS.
//
// Invariant: WriteFileAtomic leaves the old content or the new, never a part.
// Concurrency: functions are safe for concurrent use; a File belongs to one
// goroutine, but for ReadAt.
package fsx
