// Package seal writes down what happens to stored data and who answers for it, so
// that nobody can change it later unseen: every entry is a leaf of a Merkle tree
// (RFC 6962), the head of the tree is signed (Ed25519, C2SP signed note) and, when
// an authority is named, time-stamped (RFC 3161).
//
// Entry and Recorder are what other packages know; Log is the log of a data
// folder; the free functions check hashes, checkpoints and stamps without a disk.
// A journal is the form of earlier versions, which Log takes over.
//
// It decides nothing about what must be written down, and looks at no other file
// of the data folder: that is package verify's.
//
// Invariants: a leaf is on disk when Record returns; leaves are never changed or
// removed; bytes that were never acknowledged are cut when the log is opened. A
// folder leaf is followed by a checkpoint of exactly that size. Without an anchor
// outside of the folder (a stamp, a checkpoint sent out) whoever has the private
// key can write the whole log anew.
//
// Concurrency: a Log is safe for concurrent use by one process, which holds the
// data folder's lock; the free functions are values only.
package seal
