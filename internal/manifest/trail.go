package manifest

// TrailDir is the folder of the trail: who did what in akashi.
const TrailDir = "trail"

// TrailRange is the subject of a leaf of seal.KindTrail: a range of bytes of a file of
// the trail, whose SHA-256 is the leaf's Hash. The ranges of a file follow each other
// from its beginning without a gap.
type TrailRange struct {
	File    string `json:"file"` // relative to the data folder: trail/2026-11.jsonl
	From    int64  `json:"from"`
	To      int64  `json:"to"` // the byte behind the last
	Entries int    `json:"entries"`
}
