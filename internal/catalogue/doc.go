// Package catalogue keeps, for one server, every path that its records ever
// named, with the months in which it occurs, and what happened to names:
// renames, moves, deletions. It answers which months can hold a match of a
// query, completes what is being typed, and follows a file or folder across its
// names.
//
// It is not for records: it is derived from them and can be made again from
// them at any time. It knows no store, opens no file, and is not asked whether a
// record holds.
//
// A part is immutable: one is made of each flush (Builder), several become a
// bigger one (Merge). What parts together say does not depend on how records
// were spread over them, but for the order of acts at the same instant.
//
// Parts are safe for concurrent use, a Builder is not.
package catalogue
