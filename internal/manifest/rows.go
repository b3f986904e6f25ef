package manifest

import (
	"encoding/json"

	"github.com/akashi-audit/akashi/internal/seal"
)

// Rows says what the rows of a part of the archive are, without the rest of its Day. The
// SHA-256 of its stored form is the Hash of a leaf of kind rows, which is made with a
// bundle for somebody who may see some folders only: it proves the rows from then on.
// That Root is the RecordsRoot of the Day whose leaf is number Leaf is what the log's
// keeper says; whoever has the Day can check it.
type Rows struct {
	Format  int       `json:"format"` // of bundles
	Server  string    `json:"server"`
	Day     string    `json:"day"`
	Part    int       `json:"part"`
	Leaf    int64     `json:"leaf"`    // of the part, of kind archive_part
	Records int64     `json:"records"` // of the part
	Root    seal.Hash `json:"root"`    // Day.RecordsRoot
}

// RowsSubject is the subject of the leaf.
func RowsSubject(r *Rows) string {
	b, err := json.Marshal(struct {
		Server string `json:"server"`
		Day    string `json:"day"`
		Part   int    `json:"part"`
		Leaf   int64  `json:"leaf"`
	}{r.Server, r.Day, r.Part, r.Leaf})
	if err != nil {
		return "" // texts and numbers are always JSON
	}
	return string(b)
}

// RowsProof proves that lines of records.jsonl stood in a part of the archive, without
// the manifest of its day.
type RowsProof struct {
	Rows  string    `json:"rows"`  // the stored form of Rows
	Proof LeafProof `json:"proof"` // of the leaf of kind rows
	Part  LeafProof `json:"part"`  // of the leaf of the part
	// Lines, Keep and Rest are as in PartProof.
	Lines []int64     `json:"lines"`
	Keep  []int64     `json:"keep"`
	Rest  []seal.Hash `json:"rest"`
}
