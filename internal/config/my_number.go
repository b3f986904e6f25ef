package config

import (
	"fmt"
	"strings"
	"unicode"
)

// MyNumber says where specific personal information (特定個人情報) lies: the folders
// that the guideline of the PPC wants looked after first.
type MyNumber struct {
	// Folders are local paths (D:\共有\人事, /srv/hr), UNC paths (\\FS01\人事), or the
	// name of a folder, which counts wherever it is.
	Folders []string `toml:"folders" json:"folders,omitempty"`
}

// The bounds of Folders: entries, and bytes of one.
const (
	maxMyNumber     = 50 // a search takes no more folders at once
	maxMyNumberPath = 4096
)

func (m *MyNumber) validate() []Problem {
	var l []Problem
	if len(m.Folders) > maxMyNumber {
		l = append(l, Problem{Key: "my_number.folders", Reason: fmt.Sprintf("%d entries, want at most %d", len(m.Folders), maxMyNumber)})
	}
	for i, f := range m.Folders {
		if !folderEntry(f) {
			l = append(l, Problem{Key: fmt.Sprintf("my_number.folders[%d]", i), Reason: fmt.Sprintf("%q: want a path such as D:\\HR or \\\\FS01\\HR, or the name of a folder", f)})
		}
	}
	return l
}

// folderEntry reports whether an entry names folders, and not everything.
func folderEntry(f string) bool {
	if len(f) > maxMyNumberPath || strings.TrimSpace(f) != f || strings.ContainsFunc(f, unicode.IsControl) || strings.ContainsAny(f, `*?"<>|`) {
		return false
	}
	p := strings.ReplaceAll(f, "/", `\`)
	for part := range strings.SplitSeq(strings.Trim(p, `\`), `\`) {
		if part == "" || part == "." || part == ".." {
			return false
		}
	}
	switch {
	case !strings.Contains(p, `\`):
		return !strings.Contains(p, ":")
	case strings.HasPrefix(p, `\\`): // \\server\share at least
		return strings.Contains(p[2:], `\`)
	case strings.HasPrefix(p, `\`):
		return true
	}
	return len(p) > 3 && p[1] == ':' && p[2] == '\\'
}
