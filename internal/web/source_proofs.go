package web

import (
	"context"

	"github.com/akashi-audit/akashi/internal/record"
)

// Proofs tells what seals a record. Proof MUST return an error that is
// ErrNotFound for an unknown record.
type Proofs interface {
	Proof(ctx context.Context, id record.ID) (*ProofState, error)
}

// ProofState is what ties a record to the signed log.
type ProofState struct {
	State  string // SealFilled (checked just now), SealOpen, SealBroken
	Reason string // why it is broken, in the words of the check
	// Leaf is the number of the leaf of the received events, counted from 0; -1
	// when the record was made by a later conversion, which has none.
	Leaf       int64
	LeafTime   int64 // Unix ns
	Commit     uint64
	Checkpoint int64 // size of the checkpoint that covers it; 0 = none does
	SignedAt   int64 // Unix ns, by the signer's clock
	Key        string
	// Stamp is the time stamp of that checkpoint or of a later one.
	Stamp      int64 // Unix ns; 0 = there is none
	Authority  string
	Trusted    bool // the stamp's authority is known here
	Objects    []ProofObject
	ArchiveDay string // "" = not archived
}

// ProofObject is one part of the archive that holds the record's day.
type ProofObject struct {
	Name   string
	SHA256 string
	Part   int
	Sealed int64 // Unix ns
}
