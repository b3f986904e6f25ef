package manifest

import (
	"strconv"
	"strings"

	"github.com/akashi-audit/akashi/internal/seal"
)

// AgainProofs prove parts of the archive by the list of a renewal (seal.Again), whose
// lines were hashed and stamped while SHA-256 still held.
type AgainProofs struct {
	Hash  seal.Algorithm `json:"hash"`
	Heads []AgainHead    `json:"heads"` // by lines
	Parts []AgainPart    `json:"parts"`
}

// AgainHead is a signed head of the renewal and its time stamp.
type AgainHead struct {
	Head   string `json:"head"`             // the whole signed note, what is stamped
	Member string `json:"member,omitempty"` // of the answer
	// Renews proves the line of that answer in the list of the last head: its stamp
	// renews this one (RFC 4998, section 5.2).
	Renews *AgainLine `json:"renews,omitempty"`
}

// AgainLine is the proof that Text, the canonical JSON of a seal.Again, is number Line of
// the list of a head.
type AgainLine struct {
	Line int64         `json:"line"` // from 0
	Text string        `json:"text"`
	Path []seal.Digest `json:"path"`
}

// AgainPart proves a part of Proofs.Parts: Day is the line of its manifest, Rows that of
// its records; Rest are the other subtrees of these, see seal.Algorithm.PrunedDigest.
type AgainPart struct {
	Part int           `json:"part"` // from 0
	Head int           `json:"head"` // from 0
	Day  AgainLine     `json:"day"`
	Rows AgainLine     `json:"rows"`
	Rest []seal.Digest `json:"rest"`
}

// AgainLeafProof proves a leaf of the log in the tree of a head.
type AgainLeafProof struct {
	Head  string        `json:"head"`
	Path  []seal.Digest `json:"path"`
	Stamp []byte        `json:"stamp,omitempty"` // the answer to Head, base64
}

// BundleSubject is the subject of a leaf of kind evidence.
type BundleSubject struct {
	Case    string `json:"case"`
	Query   string `json:"query"`
	Records int64  `json:"records"`
	Masked  int64  `json:"masked"`
	// New is the digest of manifest.json under Hash, when the seal is hashed anew.
	Hash seal.Algorithm `json:"hash,omitempty"`
	New  seal.Digest    `json:"new,omitempty"`
}

// AgainObject begins the names of the objects of a renewal under a hash algorithm: lines
// of its list (FROM-TO.list), heads (head.LEAVES-LINES) and stamps (stamp.LEAVES-LINES).
func AgainObject(algorithm string) string { return LogDir + "/again." + algorithm + "." }

// AgainRange is which lines of the list an object holds, by its name, the last one not
// included; ok is false for another name.
func AgainRange(algorithm, name string) (from, to int64, ok bool) {
	rest, found := strings.CutPrefix(name, AgainObject(algorithm))
	span, _, _ := strings.Cut(rest, ".")
	a, b, both := strings.Cut(span, "-")
	if !found || !both || !strings.HasSuffix(name, ".jsonl") {
		return 0, 0, false
	}
	from, err := strconv.ParseInt(a, 10, 64)
	to, err2 := strconv.ParseInt(b, 10, 64)
	return from, to + 1, err == nil && err2 == nil && from <= to
}

// AgainPair reads the numbers of leaves and lines of an object of that kind (head or stamp).
func AgainPair(algorithm, kind, name string) (leaves, lines int64, ok bool) {
	rest, found := strings.CutPrefix(name, AgainObject(algorithm)+kind+".")
	span, _, _ := strings.Cut(rest, ".")
	a, b, both := strings.Cut(span, "-")
	leaves, err := strconv.ParseInt(a, 10, 64)
	lines, err2 := strconv.ParseInt(b, 10, 64)
	return leaves, lines, found && both && err == nil && err2 == nil
}
