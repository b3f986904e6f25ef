package query

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Rights go by what Windows holds for one name, and by nothing wider: a search may
// find K beside the Kelvin sign, but who may see the folder k may not see the folder
// whose name is that sign. Everything that asks whether a path lies within an Extent
// asks Lies.

// laterCase are the small letters whose capital is younger than the table of NTFS:
// Windows tells the two apart.
var laterCase = &unicode.RangeTable{R16: []unicode.Range16{
	{0x023f, 0x0240, 1}, {0x0252, 0x0252, 1}, {0x025c, 0x025c, 1}, {0x0261, 0x0261, 1}, {0x0265, 0x0266, 1}, {0x026a, 0x026c, 2},
	{0x0282, 0x0282, 1}, {0x0287, 0x0287, 1}, {0x029d, 0x029e, 1}, {0x03f3, 0x03f3, 1}, {0x0525, 0x052f, 1}, {0x10d0, 0x10ff, 1},
	{0x13f8, 0x13fd, 1}, {0x1c80, 0x1c8f, 1}, {0x1d8e, 0x1d8e, 1}, {0x2c5f, 0x2c5f, 1}, {0x2cec, 0x2cee, 1}, {0x2cf3, 0x2cf3, 1},
	{0x2d27, 0x2d27, 1}, {0x2d2d, 0x2d2d, 1}, {0xa661, 0xa661, 1}, {0xa699, 0xa69b, 1}, {0xa791, 0xa794, 1}, {0xa797, 0xa7a9, 1},
	{0xa7b5, 0xa7dd, 1}, {0xa7f6, 0xa7f6, 1}, {0xab53, 0xab53, 1}, {0xab70, 0xabbf, 1},
}}

// upcase is the capital for which NTFS holds a character ($UpCase, the upper case
// table of [MS-UCODEREF]): of the letters of two bytes of UTF-16, the one whose small
// letter it is again. What has no such capital, as the Kelvin sign, the long s, the
// final sigma and the dotless i, stands for itself.
func upcase(r rune) rune {
	if r < utf8.RuneSelf {
		if 'a' <= r && r <= 'z' {
			r -= 'a' - 'A'
		}
		return r
	}
	if settledRune(r) {
		return r
	}
	u := unicode.ToUpper(r)
	if u == r || u > 0xffff || unicode.ToLower(u) != r || unicode.Is(laterCase, r) {
		return r
	}
	return u
}

// cutSame is strings.CutPrefix by what NTFS holds for the same.
func cutSame(s, prefix string) (rest string, ok bool) {
	return cutBy(s, prefix, func(a, b rune) bool { return upcase(a) == upcase(b) })
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
			if upcase(f) != upcase(r) && !slices.Contains(l, f) {
				l = append(l, f)
			}
		}
	}
	return l
}
