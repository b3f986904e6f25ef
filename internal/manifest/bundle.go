package manifest

import "github.com/akashi-audit/akashi/internal/seal"

// BundleFormat is the version of the evidence bundles that this program writes, and
// AgainFormat that of a folder whose seal is hashed anew under another algorithm. It
// checks these and every older one.
const (
	BundleFormat = 4
	AgainFormat  = 5
)

// The names of the fixed members of an evidence bundle.
const (
	BundleName    = "manifest.json"
	SelectionName = "selection.json"
	ProofsName    = "proofs.json"
	RecordsName   = "records.jsonl"
	PointName     = "checkpoint.txt"
	TableName     = "records.csv"
	// SealName is the last member since format 2: it seals manifest.json, and with
	// it every other member.
	SealName = "seal.json"
)

// Bundle lists the other members of an evidence bundle (manifest.json, its last but
// one member; in format 1 its last), in the order of the ZIP.
type Bundle struct {
	Format   int    `json:"format"`
	Software string `json:"software"`
	Case     string `json:"case"`
	Query    string `json:"query"`
	By       string `json:"by"`
	Made     int64  `json:"made"` // Unix ns
	Records  int64  `json:"records"`
	Events   int64  `json:"events"`
	Masked   int64  `json:"masked"` // values that are shown as stars
	// Narrow: of what somebody may see who sees some folders only. Since format 4.
	Narrow bool `json:"narrow,omitempty"`
	// Again is the algorithm of the digests New of the members, since format 5.
	Again   seal.Algorithm `json:"again,omitempty"`
	Members []Member       `json:"members"`
}

// Member is a file of the ZIP.
type Member struct {
	Name   string      `json:"name"`
	Size   int64       `json:"size"` // bytes, not compressed
	SHA256 seal.Hash   `json:"sha256"`
	New    seal.Digest `json:"new,omitempty"`
}

// Selection fixes what a query gave at the moment of asking (selection.json). The
// SHA-256 of its bytes is the Hash of a leaf of kind export, which the
// checkpoint covers.
type Selection struct {
	Format  int   `json:"format"`
	Made    int64 `json:"made"` // Unix ns
	Records int64 `json:"records"`
	// RecordsRoot is the root of the Merkle tree (RFC 6962) over the lines of
	// records.jsonl, without their ends, as they were before masking.
	RecordsRoot seal.Hash `json:"records_root"`
	Raw         []RawRoot `json:"raw"` // by name of the member
}

// RawRoot fixes the raw events of one member raw/*.jsonl in the same way. It
// says what the data folder held when the bundle was made, not that the lines
// are the bytes that were received.
type RawRoot struct {
	Member string    `json:"member"`
	Events int64     `json:"events"`
	Root   seal.Hash `json:"root"`
}

// Proofs are what ties the members to the checkpoint (proofs.json).
type Proofs struct {
	Format int `json:"format"`
	// Selection proves the leaf that names selection.json.
	Selection LeafProof `json:"selection"`
	// Masked are the lines that are shown in part, by member and line: their
	// leaves stand in for them when a root is computed.
	Masked []MaskedLine `json:"masked,omitempty"`
	// Parts prove that records stood in the sealed archive: none when their day
	// was not archived.
	Parts []PartProof `json:"parts,omitempty"`
	// Rows are in place of Parts in a bundle for somebody who may see some folders
	// only, since format 4.
	Rows []RowsProof `json:"rows,omitempty"`
	// Gaps prove the last gap reports of the servers and days of the records; see
	// GapReport.
	Gaps []LeafProof `json:"gap_reports,omitempty"`
	// Stamps are time stamps of this and of earlier checkpoints, oldest first: the first
	// one after each part was sealed, and those that renew it.
	Stamps []StampProof `json:"stamps,omitempty"`
	// Again proves the parts without SHA-256, since format 5.
	Again *AgainProofs `json:"again,omitempty"`
	// Keys are the public keys of the log (note verifier keys), oldest first, as
	// in keys/*.pub.
	Keys []string `json:"keys"`
}

// LeafProof is the proof that Leaf, the canonical JSON of an entry, is number
// Index of the tree whose head checkpoint.txt signs.
type LeafProof struct {
	Index int64       `json:"index"` // from 0
	Leaf  string      `json:"leaf"`
	Path  []seal.Hash `json:"path"`
}

// StampProof is a time stamp (RFC 3161) of a checkpoint, and the proof that the tree
// of checkpoint.txt begins with that checkpoint's.
type StampProof struct {
	Member      string      `json:"member"`     // of the answer, stamps/N.tsr
	Checkpoint  string      `json:"checkpoint"` // the whole signed note, what is stamped
	Authority   string      `json:"authority"`  // as the certificate says; for reading only
	Time        int64       `json:"time"`       // Unix ns, as the answer says; for reading only
	Consistency []seal.Hash `json:"consistency"`
	// Leaf proves the leaf of kind stamp that the log has of this answer, since format
	// 4: a later stamp whose checkpoint covers that leaf says that this one was there,
	// which renews it (RFC 4998, section 5.2). nil when checkpoint.txt does not cover it.
	Leaf *LeafProof `json:"leaf,omitempty"`
}

// BundleSeal seals manifest.json (seal.json, the last member). Its checkpoint is of
// a later moment than checkpoint.txt, because reports show that one.
type BundleSeal struct {
	Format      int         `json:"format"`
	Manifest    LeafProof   `json:"manifest"`   // the leaf of kind evidence whose Hash is that of manifest.json
	Checkpoint  string      `json:"checkpoint"` // the whole signed note
	Consistency []seal.Hash `json:"consistency"`
	// Again proves the leaf without SHA-256, since format 5: its subject has the digest
	// of manifest.json.
	Again *AgainLeafProof `json:"again,omitempty"`
	Stamp []byte          `json:"stamp,omitempty"` // the answer of a time-stamp authority to Checkpoint, base64
}

// MaskedLine is a line that does not show all of its content.
type MaskedLine struct {
	Member string    `json:"member"`
	Line   int64     `json:"line"` // from 0
	Leaf   seal.Hash `json:"leaf"` // seal.LeafHash of the whole line
	// Commits are the commitments to the masked values in the order of the
	// fields, SHA-256(salt ‖ twelve ASCII digits).
	Commits []seal.Hash `json:"commits"`
	New     seal.Digest `json:"new,omitempty"` // as Leaf, under the algorithm of Bundle.Again
}

// PartProof proves that lines of records.jsonl stood in a part of the archive.
type PartProof struct {
	// Day is the stored form of the manifest.Day; its SHA-256 is the Hash of
	// the leaf.
	Day   string    `json:"day"`
	Proof LeafProof `json:"proof"`
	Lines []int64   `json:"lines"` // of records.jsonl, from 0, in the order of Keep
	Keep  []int64   `json:"keep"`  // their places in the part, ascending
	// Rest are the other subtrees, see seal.PrunedRoot.
	Rest []seal.Hash `json:"rest"`
}
