package bench

import (
	"fmt"
	"hash/maphash"
	"math/bits"
	"strings"

	"github.com/akashi-audit/akashi/internal/record"
)

// pathSlots is how many paths are remembered with what was found about them.
const pathSlots = 1 << 17

// pathRules are all conditions on paths of the answers, one bit each. They belong
// to one goroutine.
type pathRules struct {
	seed    maphash.Seed
	n       int
	bitOf   map[string]int // of kind and value
	words   words
	files   []pathRule
	folders []pathRule
	seen    []pathSeen // by the lowest bits of the sum
	name    []byte     // caseless, of the running path
	below   []byte     // the same of the path below the share, in search form
}

type pathRule struct {
	value string // caseless
	bit   int
}

// pathSeen is what holds for a path, known by a sum of 64 bits: that two of a
// billion paths meet in one is less likely than one in a hundred thousand, and would
// show as an answer that differs, not as one that is equal.
type pathSeen struct{ sum, found uint64 }

func newPathRules() *pathRules {
	return &pathRules{seed: maphash.MakeSeed(), bitOf: make(map[string]int), seen: make([]pathSeen, pathSlots)}
}

// Kinds of conditions on paths.
const (
	ruleWord   = "word "
	ruleFile   = "file "
	ruleFolder = "folder "
)

// rule gives the bit of a condition; 0 for the empty value.
func (p *pathRules) rule(kind, value string) (mask uint64, err error) {
	if value == "" {
		return 0, nil
	}
	bit, ok := p.bitOf[kind+value]
	if ok {
		return 1 << bit, nil
	}
	if kind != ruleWord && strings.HasPrefix(value, `\\`) || p.n == 64 {
		return 0, fmt.Errorf("check: %q cannot be checked: %d conditions on paths, of local paths alone", value, p.n)
	}
	bit = p.n
	p.n++
	p.bitOf[kind+value] = bit
	switch kind {
	case ruleWord:
		p.words.add(value, bit)
	case ruleFile:
		p.files = append(p.files, pathRule{caseless(value), bit})
	default:
		p.folders = append(p.folders, pathRule{caseless(strings.TrimRight(value, `\`)), bit})
	}
	return 1 << bit, nil
}

// sum knows a path.
func (p *pathRules) sum(path string) uint64 { return maphash.String(p.seed, path) }

// hold is the conditions that the record's path, its path below the share or its
// new path meets; sum is that of the path.
func (p *pathRules) hold(r *record.Record, sum uint64) uint64 {
	found := p.find(r.Path, r.Share, r.ShareRoot, sum)
	if r.NewPath != "" {
		found |= p.find(r.NewPath, "", 0, p.sum(r.NewPath))
	}
	return found
}

func (p *pathRules) find(path, share string, root uint32, sum uint64) uint64 {
	if share != "" {
		sum ^= bits.RotateLeft64(p.sum(share)+uint64(root), 32)
	}
	s := &p.seen[sum%pathSlots]
	if s.sum == sum {
		return s.found
	}
	var plain bool
	if p.name, plain = plainForm(p.name[:0], path); plain {
		s.found = p.words.in(p.name)
	} else {
		s.found = p.words.in([]byte(searchForm(path)))
		p.name = append(p.name[:0], caseless(path)...)
	}
	if share != "" && root > 0 && int(root) <= len(path) {
		if p.below, plain = plainForm(p.below[:0], share); plain {
			p.below, plain = plainForm(p.below, path[root:])
		}
		if !plain {
			p.below = append(p.below[:0], searchForm(share+path[root:])...)
		}
		s.found |= p.words.in(p.below)
	}
	for i := range p.files {
		if f := &p.files[i]; string(p.name) == f.value {
			s.found |= 1 << f.bit
		}
	}
	for i := range p.folders {
		f := &p.folders[i]
		if n := len(f.value); len(p.name) >= n && string(p.name[:n]) == f.value && (len(p.name) == n || p.name[n] == '\\') {
			s.found |= 1 << f.bit
		}
	}
	s.sum = sum
	return s.found
}
