// Package paths is a sorted dictionary of paths: split in folders and names,
// front-coded, in pages of some 48 KiB that its container packs, sums and
// caches. It finds a path, a folder with all below it (NTFS equality), and the
// paths whose folded form (query.Fold) holds a word or meets a pattern, without
// decoding more pages than it must.
//
// It is not for records, times or months: segments and the catalogue give the
// ids their meaning. It opens no file and knows no store.
//
// Invariant: an id is the place of its path in the order of Compare, so paths
// that NTFS holds for the same are neighbours and what lies below a folder is a
// range. Bytes of pages are never trusted: damage is an error, not a panic.
//
// A Dict is safe for concurrent use when its read function is. An Encoder, a
// Cursor and a Set that is changed belong to one goroutine.
package paths
