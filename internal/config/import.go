package config

import (
	"fmt"
	"path/filepath"
)

// Import says what pages may import.
type Import struct {
	// Folders of this machine whose logs may be imported from a page; none = only
	// files that are uploaded.
	Folders []string `toml:"folders" json:"folders,omitempty"`
	// UploadGB bounds the files of one upload, together, in GB (2^30 bytes).
	UploadGB int `toml:"upload_gb" json:"upload_gb"`
}

// maxUploadGB bounds UploadGB.
const maxUploadGB = 10_240

func (i *Import) validate() []Problem {
	var l []Problem
	if len(i.Folders) > 100 {
		l = append(l, Problem{Key: "import.folders", Reason: fmt.Sprintf("%d entries, want at most 100", len(i.Folders))})
	}
	for n, f := range i.Folders {
		if !filepath.IsAbs(f) {
			l = append(l, Problem{Key: fmt.Sprintf("import.folders[%d]", n), Reason: fmt.Sprintf("%q: want a whole path", f)})
		}
	}
	if i.UploadGB < 1 || i.UploadGB > maxUploadGB {
		l = append(l, Problem{Key: "import.upload_gb", Reason: fmt.Sprintf("%d: want 1 to %d", i.UploadGB, maxUploadGB)})
	}
	return l
}
