package query

import (
	"slices"
	"strings"
	"unicode"

	"github.com/akashi-audit/akashi/internal/ntfs"
)

// Rights go by what Windows holds for one name, and by nothing wider: a search may
// find K beside the Kelvin sign, but who may see the folder k may not see the folder
// whose name is that sign. Everything that asks whether a path lies within an Extent
// asks Lies.

// cutSame is strings.CutPrefix by what NTFS holds for the same.
func cutSame(s, prefix string) (rest string, ok bool) {
	return cutBy(s, prefix, func(a, b rune) bool { return ntfs.Upper(a) == ntfs.Upper(b) })
}

// SameName reports whether NTFS holds two names, or paths, for the same.
func SameName(a, b string) bool {
	rest, ok := cutSame(a, b)
	return ok && rest == ""
}

// Lies reports whether a local path is a folder or lies below it, by what NTFS holds
// for the same, and gives what stands behind the folder: "" or a text that begins with
// a backslash. A folder that ends with a backslash stands for what begins with it, and
// then rest is what follows. It is what rights go by.
func Lies(path, folder string) (rest string, ok bool) {
	rest, ok = cutSame(path, folder)
	return rest, ok && (rest == "" || rest[0] == '\\' || strings.HasSuffix(folder, `\`))
}

// Twins are the characters that differ in case only from one of a text's, as Unicode
// folds it, while NTFS tells them apart: of a k, the Kelvin sign. A path that holds none
// of them lies within a folder for Below just if it does so for Lies.
func Twins(text string) (l []rune) {
	for _, r := range text {
		if settledRune(r) {
			continue
		}
		for f := unicode.SimpleFold(r); f != r; f = unicode.SimpleFold(f) {
			if ntfs.Upper(f) != ntfs.Upper(r) && !slices.Contains(l, f) {
				l = append(l, f)
			}
		}
	}
	return l
}
