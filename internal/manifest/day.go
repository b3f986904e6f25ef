package manifest

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"github.com/akashi-audit/akashi/internal/seal"
)

// Format is the version of the manifests that this program writes. It reads this
// one and every older one.
const Format = 1

// DayFormat is that of a Day that replaces others; one that does not has Format 1.
const DayFormat = 2

// The kinds of objects.
const (
	KindRecords  = "records"  // access records, Parquet
	KindVoids    = "voids"    // ids of records of earlier parts that no longer hold, JSON Lines
	KindRaw      = "raw"      // raw events, raw file of docs/FORMAT.md
	KindOriginal = "original" // an imported file, byte for byte
	KindDay      = "day"      // a Day
	KindLog      = "log"      // leaves of the Merkle log
	KindErasure  = "erasure"  // an order to erase
	KindRemoved  = "removed"  // record ids of events that were erased
	KindDeletion = "deletion" // an order of retention to delete parts
	KindClass    = "class"    // an order of a term for a class of records
)

// Object is an immutable sequence of bytes in the pool. Its name ends in its own
// hash and its kind of file: "FS01/2026-11-23/0001.records.<64 hex digits>.parquet".
type Object struct {
	Name   string    `json:"name"`
	Kind   string    `json:"kind"`
	Size   int64     `json:"size"` // bytes
	SHA256 seal.Hash `json:"sha256"`
	Spans  []Span    `json:"spans,omitempty"` // in order, without holes; none = one unnamed span
}

// Span is a part of an object that is checked by itself, so that damage can be
// named more closely than by its object.
type Span struct {
	Offset int64     `json:"offset"`
	Size   int64     `json:"size"`
	SHA256 seal.Hash `json:"sha256"`
	What   string    `json:"what"` // "rows 0-8191", "Security, ids 1000-18000"
}

// Channel is what a part holds of one life of one channel.
type Channel struct {
	Name       string      `json:"name"`
	Generation uint32      `json:"generation"`
	Events     int64       `json:"events"`
	First      int64       `json:"first"` // Unix ns
	Last       int64       `json:"last"`
	Runs       [][2]uint64 `json:"runs"` // of record ids, both ends included, ascending
}

// Day is one part of the archive of a server's calendar day. The first part holds
// what was known when the day was closed; each supplement holds the records and
// events that came since, and says which records of the parts before no longer
// hold.
type Day struct {
	Format int       `json:"format"`
	Server string    `json:"server"`
	Day    string    `json:"day"`           // 2026-11-23, in Zone
	Zone   string    `json:"zone"`          // IANA name
	Part   int       `json:"part"`          // from 1
	Prev   seal.Hash `json:"prev,omitzero"` // of the manifest of the part before
	// Replaces are the hashes of manifests of parts that do not count any more: this
	// part holds all that holds of them. It is there after an erasure.
	Replaces []seal.Hash `json:"replaces,omitempty"`
	Sealed   int64       `json:"sealed"`         // Unix ns
	Open     bool        `json:"open,omitempty"` // sealed before the day was over
	Commit   uint64      `json:"commit"`         // last commit of the store that it knows
	Rules    uint32      `json:"rules"`          // version of the rules at that time
	Records  int64       `json:"records"`
	Voids    int64       `json:"voids,omitempty"`
	First    int64       `json:"first,omitempty"` // Unix ns, of the records
	Last     int64       `json:"last,omitempty"`
	// RecordsRoot is the root of the Merkle tree (RFC 6962) over the records in
	// the order of the records object; a leaf is the record's JSON line without
	// its end.
	RecordsRoot seal.Hash `json:"records_root,omitzero"`
	Events      int64     `json:"events"`
	Channels    []Channel `json:"channels,omitempty"`
	Objects     []Object  `json:"objects"`
}

// Encode is the stored form of a manifest: JSON of one line and its end.
func Encode(v any) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return nil, fmt.Errorf("encode manifest: %w", err)
	}
	return b.Bytes(), nil
}

// Decode reads the stored form strictly into v.
func Decode(b []byte, v any) error {
	d := json.NewDecoder(bytes.NewReader(b))
	d.DisallowUnknownFields()
	if err := d.Decode(v); err != nil {
		return fmt.Errorf("decode manifest: %w", err)
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return errors.New("decode manifest: bytes behind its end")
	}
	return nil
}
