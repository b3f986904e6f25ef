// Package ntfs tells which names a Windows volume holds for one: it compares them letter
// by letter, each in upper case by a table of the volume's own.
package ntfs

import (
	"unicode"
	"unicode/utf8"
)

// laterCase are the small letters whose capital is younger than the table of NTFS:
// Windows tells the two apart.
var laterCase = &unicode.RangeTable{R16: []unicode.Range16{
	{0x023f, 0x0240, 1}, {0x0252, 0x0252, 1}, {0x025c, 0x025c, 1}, {0x0261, 0x0261, 1}, {0x0265, 0x0266, 1}, {0x026a, 0x026c, 2},
	{0x0282, 0x0282, 1}, {0x0287, 0x0287, 1}, {0x029d, 0x029e, 1}, {0x03f3, 0x03f3, 1}, {0x0525, 0x052f, 1}, {0x10d0, 0x10ff, 1},
	{0x13f8, 0x13fd, 1}, {0x1c80, 0x1c8f, 1}, {0x1d8e, 0x1d8e, 1}, {0x2c5f, 0x2c5f, 1}, {0x2cec, 0x2cee, 1}, {0x2cf3, 0x2cf3, 1},
	{0x2d27, 0x2d27, 1}, {0x2d2d, 0x2d2d, 1}, {0xa661, 0xa661, 1}, {0xa699, 0xa69b, 1}, {0xa791, 0xa794, 1}, {0xa797, 0xa7a9, 1},
	{0xa7b5, 0xa7dd, 1}, {0xa7f6, 0xa7f6, 1}, {0xab53, 0xab53, 1}, {0xab70, 0xabbf, 1},
}}

// Upper is the capital for which NTFS holds a character ($UpCase, the upper case
// table of [MS-UCODEREF]): of the letters of two bytes of UTF-16, the one whose small
// letter it is again. What has no such capital, as the Kelvin sign, the long s, the
// final sigma and the dotless i, stands for itself.
func Upper(r rune) rune {
	if r < utf8.RuneSelf {
		if 'a' <= r && r <= 'z' {
			r -= 'a' - 'A'
		}
		return r
	}
	if Caseless(r) {
		return r
	}
	u := unicode.ToUpper(r)
	if u == r || u > 0xffff || unicode.ToLower(u) != r || unicode.Is(laterCase, r) {
		return r
	}
	return u
}

// Caseless reports the scripts of East Asia, which have no capitals: most names need no
// look into the tables. Other characters may have none either.
func Caseless(r rune) bool { return r >= 0x2e80 && r < 0xa640 || r >= 0xac00 && r < 0xd800 }
