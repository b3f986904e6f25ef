package mask

import "strings"

// own reports whether the whole of s is a name that akashi itself gives to a file of its
// seal: a time stamp, a list of files, an object of the log (docs/FORMAT.md, The seal).
// Its twelve digits count leaves or lines and are no person's number. A path of a user
// begins with a drive, a backslash or a slash, so it is none of these; a name within a
// longer text is masked, to be on the safe side.
func own(s string) bool {
	s = strings.TrimPrefix(strings.TrimPrefix(s, "archive/"), "seal/")
	dir, base, ok := strings.Cut(s, "/")
	if !ok {
		return false
	}
	switch dir {
	case "stamps":
		return counted(base, ".tsr", ".tsq", ".chain.pem")
	case "folder":
		return counted(base, ".json")
	case "again":
		return counted(afterAlgorithm(base), ".tsr", ".tsq", ".chain.pem")
	case "_log":
		base, hashed := unhashed(base)
		for _, kind := range []string{"checkpoint.", "head.", "stamp."} {
			base = strings.TrimPrefix(afterAlgorithm(strings.TrimPrefix(base, "again.")), kind)
		}
		return hashed && counted(base, "", ".log", ".list")
	}
	return false
}

// afterAlgorithm is a name without the algorithm that it begins with.
func afterAlgorithm(s string) string {
	return strings.TrimPrefix(strings.TrimPrefix(s, "sha384."), "sha512.")
}

// unhashed is the name of an object without its hash and end.
func unhashed(s string) (string, bool) {
	stem, _, ok := cutLast(s)
	stem, hash, ok2 := cutLast(stem)
	if !ok || !ok2 || len(hash) != 64 || strings.Trim(hash, "0123456789abcdef") != "" {
		return s, false
	}
	return stem, true
}

func cutLast(s string) (before, after string, ok bool) {
	i := strings.LastIndexByte(s, '.')
	if i < 0 {
		return s, "", false
	}
	return s[:i], s[i+1:], true
}

// counted reports whether s is twelve digits, or two times twelve with a hyphen between,
// and one of the ends.
func counted(s string, ends ...string) bool {
	n := 0
	for n < len(s) && s[n] >= '0' && s[n] <= '9' {
		n++
	}
	if n != digits {
		return false
	}
	rest := s[n:]
	if len(rest) > digits && rest[0] == '-' && strings.Trim(rest[1:1+digits], "0123456789") == "" {
		rest = rest[1+digits:]
	}
	for _, e := range ends {
		if rest == e {
			return true
		}
	}
	return false
}
