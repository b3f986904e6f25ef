// Package event holds the raw event: one event as its source wrote it.
//
// It is the vocabulary between the decoders (evtx, collect) and their readers
// (convert, store). It knows no file format, no rule and no clock, and imports
// the standard library only.
//
// Invariants: Schema values are immutable and shared; len(Event.Values) equals
// len(Event.Schema.Names). Strings are WTF-8 (UTF-8 in which a lone UTF-16
// surrogate is kept as its three-byte form), so that every Windows string comes
// back exactly.
//
// Concurrency: an Event belongs to one goroutine; a Schema may be shared.
package event
