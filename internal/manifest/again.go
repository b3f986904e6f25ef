package manifest

import (
	"strconv"
	"strings"
)

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
