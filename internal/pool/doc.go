// Package pool keeps immutable objects on several volumes, folders and S3 buckets,
// as one space: it places them, keeps copies, finds and mends damage, moves what is
// old, and goes on while volumes come and go.
//
// It is not for what objects mean (package archive), who may delete them, or what
// the log says of it (package engine).
//
// Invariants: the name of an object carries the SHA-256 of its bytes, so a volume
// can be checked and read with nothing but itself; Put returns when at least one
// copy was made durable and read back; a copy is taken away only when the wanted
// number of others was read back before, or by Delete; a damaged copy is put aside,
// never deleted, and the last copy is left where it is. What the pool remembers
// (pool.json, copies.jsonl) can be made again from the volumes, but for which
// objects were deleted.
//
// Concurrency: a Pool is safe for concurrent use, and several processes may have
// the same data folder's pool open: what changes is changed under pool.lock, and
// each process reads what the others wrote.
package pool
