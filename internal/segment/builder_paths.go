package segment

import (
	"cmp"
	"slices"
	"strings"

	"github.com/akashi-audit/akashi/internal/paths"
)

// namedPath is a path within its folder.
type namedPath struct {
	key, key2 uint64 // paths.NameKeys of the name
	folder, n uint32
}

// namedPathSize is what a namedPath takes, in bytes.
const namedPathSize = 24

// addPath takes a new path and its number. Its folder and keys are noted while its text is at hand: when
// paths are sorted, most texts are not looked at.
func (b *Builder) addPath(s string, n uint32) {
	at := strings.LastIndexByte(s, '\\') + 1
	folder := b.folders.codeNear(s[:at], tail(s[:at]), same)
	key, key2 := paths.NameKeys(s[at:])
	b.names = append(b.names, namedPath{key, key2, folder, n})
	b.usual = append(b.usual, 0)
}

// sortPaths is keepUsed for paths: it sorts the folders first and then the names
// within each.
func (b *Builder) sortPaths(used []bool) (kept []string, codes, number []uint32) {
	all, folders := b.paths.All(), b.folders.all
	starts := make([]uint32, len(folders)+1)
	for i := range b.names {
		if used[i] {
			starts[b.names[i].folder+1]++
		}
	}
	for i := 1; i < len(starts); i++ {
		starts[i] += starts[i-1]
	}
	names, next := make([]namedPath, starts[len(folders)]), slices.Clone(starts)
	for i := range b.names {
		if x := &b.names[i]; used[i] {
			names[next[x.folder]] = *x
			next[x.folder]++
		}
	}
	order := make([]uint32, 0, len(folders))
	for i := range folders {
		if starts[i+1] > starts[i] {
			order = append(order, uint32(i))
		}
	}
	slices.SortFunc(order, func(a, b uint32) int { return paths.Compare(folders[a], folders[b]) })
	number = make([]uint32, len(all))
	kept, codes = make([]string, 0, len(names)), make([]uint32, 0, len(names))
	for i := 0; i < len(order); {
		f := order[i]
		l := names[starts[f]:starts[f+1]]
		j := i + 1
		for ; j < len(order) && strings.EqualFold(folders[f], folders[order[j]]); j++ { // one folder for NTFS
			g := order[j]
			l = append(l[:len(l):len(l)], names[starts[g]:starts[g+1]]...)
		}
		if j == i+1 { // one spelling: the names tell
			sortNames(l, all, len(folders[f]))
		} else {
			slices.SortFunc(l, func(a, b namedPath) int { return paths.Compare(all[a.n], all[b.n]) })
		}
		i = j
		for k := range l {
			number[l[k].n] = uint32(len(kept))
			kept = append(kept, all[l[k].n])
			codes = append(codes, l[k].n)
		}
	}
	return kept, codes, number
}

// sortNames sorts paths of one folder, of so many bytes.
func sortNames(l []namedPath, all []string, folder int) {
	slices.SortFunc(l, func(a, b namedPath) int {
		if a.key != b.key {
			return cmp.Compare(a.key, b.key)
		}
		if a.key2 != b.key2 {
			return cmp.Compare(a.key2, b.key2)
		}
		return paths.Compare(all[a.n][folder:], all[b.n][folder:])
	})
}

// Dictionary is the dictionary of the month that was written last, with the path
// "" whether a row has it or not.
func (b *Builder) Dictionary() *paths.Packed {
	if b.written == nil {
		return nil
	}
	return b.written.dict
}

// EachPath calls fn for every path and new path of the month that was written
// last, in the order of the dictionary, with the number that Add gave it and how
// many rows name it.
func (b *Builder) EachPath(fn func(path string, number uint32, n uint64)) {
	x := b.written
	if x == nil {
		return
	}
	for i, p := range x.sorted {
		if k := x.numbers[i]; x.counts[k] > 0 {
			fn(p, k, uint64(x.counts[k]))
		}
	}
}
