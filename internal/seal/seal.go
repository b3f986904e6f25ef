package seal

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
)

// Hash is a SHA-256. As text it is 64 hexadecimal digits.
type Hash [sha256.Size]byte

// MarshalText is the text form.
func (h Hash) MarshalText() ([]byte, error) { return []byte(hex.EncodeToString(h[:])), nil }

// UnmarshalText reads the text form.
func (h *Hash) UnmarshalText(b []byte) error {
	if len(b) == 2*len(h) { // Decode panics when there is more
		if _, err := hex.Decode(h[:], b); err == nil {
			return nil
		}
	}
	return fmt.Errorf("hash %.80q: want 64 hexadecimal digits", b)
}

// The kinds of entries that the data folder itself makes.
const (
	KindErasure           = "erasure"            // a tombstone was ordered; the subject is its JSON
	KindRemoval           = "removal"            // erased records and events left the files
	KindRetentionProposed = "retention_proposed" // a schedule waits for confirmation
	KindRetention         = "retention"          // a schedule was confirmed
	KindDeletion          = "deletion"           // a month of a server was deleted by the schedule
	KindClassRemoval      = "class_removal"      // records of a class of a server were taken out by a term; the subject is the order's JSON
	KindRepair            = "repair"             // damaged files were put aside, records made again
	KindRebuild           = "rebuild"            // derived files were made again
)

// The kinds of entries that the seal and the archive make. What each subject
// says stands in docs/FORMAT.md.
const (
	KindKey             = "key"              // a KeyChange
	KindFolder          = "folder"           // Hash is that of a manifest.Folder
	KindStamp           = "stamp"            // a time stamp of a checkpoint; Hash is that of the answer
	KindDelivery        = "delivery"         // a checkpoint was sent out
	KindImport          = "import"           // name, size and SHA-256 of an imported file
	KindRawBatch        = "raw_batch"        // events that were received
	KindGapReport       = "gap_report"       // what a server's logs lack
	KindSettings        = "settings"         // akashi.toml changed
	KindRules           = "rules"            // another version of the rules is in use
	KindOutside         = "outside"          // files that changed since the last sealing, found at opening
	KindArchivePart     = "archive_part"     // {"server","day","part","object"}; Hash is that of the manifest.Day
	KindArchiveDeletion = "archive_deletion" // archived objects were deleted
	KindArchiveErasure  = "archive_erasure"  // an erasure was put into the archive; Hash is that of the object
	KindVolume          = "volume"           // a volume joined or left the pool
	KindHold            = "hold"
	KindRelease         = "release"
	KindExport          = "export"
	KindEvidence        = "evidence"
	KindRows            = "rows" // the rows of an archived part, for a bundle without its manifest; Hash is that of a manifest.Rows
	KindUnmask          = "unmask"
	KindRestore         = "restore"
	KindPerson          = "person"   // a person was made or changed; Hash is that of the row's meaning
	KindToken           = "token"    // an API token was made or ended; Hash as above
	KindProposal        = "proposal" // something was proposed or decided on; Hash as above
	KindSaved           = "saved"    // a saved search was made, changed or removed; Hash is that of the row's meaning
	KindJob             = "job"      // a job was taken, or its results were kept; Hash as above
	KindTrail           = "trail"    // a range of a file of the trail; Hash is that of its bytes
	KindAgain           = "again"    // everything is hashed anew under another algorithm; an AgainLeaf
)

// Entry is one thing that was done and who answers for it.
type Entry struct {
	Kind    string `json:"kind"`
	Subject string `json:"subject"` // what it was done to
	By      string `json:"by"`      // who answers for it
	Ground  string `json:"ground,omitempty"`
	Time    int64  `json:"time"` // Unix ns
	// Hash is that of the thing the entry is about; zero when it has none.
	Hash Hash `json:"hash,omitzero"`
}

// Recorder writes entries down. Record returns when the entry is durable; on an
// error what it tells of must not be done.
type Recorder interface {
	Record(ctx context.Context, e Entry) error
}
