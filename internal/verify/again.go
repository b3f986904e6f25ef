package verify

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/akashi-audit/akashi/internal/manifest"
	"github.com/akashi-audit/akashi/internal/seal"
)

// againLine is a line of a list with its place.
type againLine struct {
	seal.Again
	at int64
}

// again is a renewal of the log under another hash algorithm, as far as a signed head
// covers it. nil = there is none.
type again struct {
	a      seal.Algorithm
	lines  map[string]*againLine // the last of each key
	first  map[string]int64      // where the key of a stamp stands first
	heads  []*seal.Head          // whose roots and signatures hold
	leaves int64                 // that the last of them covers
	stamps []againStamp          // of heads, that hold and are trusted
}

type againStamp struct {
	file string
	head *seal.Head
	*seal.Stamp
}

// distrusted reports whether an algorithm proves nothing any more.
func (o *Options) distrusted(a seal.Algorithm) bool { return a != "" && o.Distrust == a }

// onlySHA256 reports whether the log's own hashes prove nothing any more.
func (o *Options) onlySHA256() bool { return o.Distrust == seal.SHA256 }

// line is what the list says of a thing of some size and SHA-256; nil when it says nothing.
func (g *again) line(kind, name string, size int64, old seal.Hash) *seal.Again {
	if g == nil {
		return nil
	}
	x := g.lines[kind+" "+name]
	if x == nil || x.Kind == seal.AgainBroken || x.Old != old || size >= 0 && x.Size != size {
		return nil
	}
	return &x.Again
}

// ofFile is the line of a file of a list of the folder.
func (g *again) ofFile(x *manifest.File) *seal.Again {
	if rest, ok := strings.CutPrefix(x.Name, "archive/"); ok {
		if l := g.line(seal.AgainObject, rest, x.Size, x.SHA256); l != nil {
			return l
		}
	}
	return g.line(seal.AgainFile, x.Name, x.Size, x.SHA256)
}

// againNames are the algorithms of the renewals that lie in a folder, the last one that
// is done and not distrusted first.
func againNames(dir string, s *logState, opt *Options) (out []seal.Algorithm) {
	var leaves []seal.AgainLeaf
	for _, e := range s.entries {
		if x, err := seal.ParseAgainLeaf(e.Subject); e.Kind == seal.KindAgain && err == nil {
			leaves = append(leaves, x)
		}
	}
	add := func(a seal.Algorithm) {
		if a != "" && !slices.Contains(out, a) {
			out = append(out, a)
		}
	}
	for _, x := range slices.Backward(leaves) {
		if x.Act == seal.AgainDone && !opt.distrusted(x.Hash) {
			add(x.Hash)
		}
	}
	for _, a := range seal.Algorithms() { // one under way, or that the leaves do not tell of
		_, _, heads := seal.AgainFiles(a)
		if _, err := os.Stat(filepath.Join(dir, seal.DirName, filepath.FromSlash(heads))); err == nil {
			add(a)
		}
	}
	return out
}

// readAgain checks the renewals of a folder. s.again is the one that counts.
func readAgain(r *Report, dir string, s *logState, opt *Options) error {
	s.signed = r.Sealed
	for i, a := range againNames(dir, s, opt) {
		g, err := againOf(r, dir, a, s)
		if err != nil {
			return err
		}
		if i == 0 && !opt.distrusted(a) {
			s.again = g
		}
	}
	if !opt.onlySHA256() {
		return nil
	}
	covered := int64(0)
	if s.again != nil {
		covered = min(s.again.leaves, r.Sealed)
	}
	if covered == 0 {
		r.add(Finding{State: Unsealed, What: "again_nothing", File: seal.DirName})
	} else if covered < r.Sealed {
		r.add(Finding{State: Unsealed, What: "again_leaves", File: seal.DirName + "/" + seal.LeavesName, Part: fmt.Sprintf("leaves %d-%d", covered, r.Sealed-1)})
	}
	r.Sealed = covered
	return nil
}

// againOf reads and checks one renewal of a folder.
func againOf(r *Report, dir string, a seal.Algorithm, s *logState) (*again, error) {
	list, digests, heads := seal.AgainFiles(a)
	read := func(name string) ([]byte, error) {
		b, err := readSmall(dir, seal.DirName+"/"+name)
		if errors.Is(err, os.ErrNotExist) {
			r.add(Finding{State: Missing, What: "again_missing", File: seal.DirName + "/" + name})
			return nil, nil
		}
		return b, err
	}
	var text [3][]byte
	for i, name := range []string{list, digests, heads} {
		var err error
		if text[i], err = read(name); err != nil {
			return nil, err
		}
		r.Bytes += int64(len(text[i]))
	}
	g := newAgain(a)
	roots := g.readList(r, seal.DirName+"/"+list, text[0], 0)
	var points []*seal.Head
	notes, rest := seal.SplitCheckpoints(text[2])
	if len(rest) > 0 {
		r.add(Finding{State: Damaged, What: "again_head", File: seal.DirName + "/" + heads, Part: fmt.Sprintf("bytes %d-%d", len(text[2])-len(rest), len(text[2])-1)})
	}
	for i, n := range notes {
		h, err := seal.ParseHead(n)
		if err != nil {
			r.add(Finding{State: Damaged, What: "again_head", File: seal.DirName + "/" + heads, Part: fmt.Sprintf("head %d", i+1), Detail: err.Error()})
			continue
		}
		points = append(points, h)
	}
	g.check(r, seal.DirName+"/"+heads, points, roots, leafDigests(r, a, s, seal.DirName+"/"+digests, text[1]), s)
	return g, nil
}

func newAgain(a seal.Algorithm) *again {
	return &again{a: a, lines: make(map[string]*againLine), first: make(map[string]int64)}
}

// leafDigests are the digests of the leaves: those that are stored, because one that is
// another than that of the leaf's bytes names the leaf.
func leafDigests(r *Report, a seal.Algorithm, s *logState, file string, stored []byte) []seal.Digest {
	out := make([]seal.Digest, len(s.data))
	for i, data := range s.data {
		out[i] = a.Leaf(data)
		at := i * a.Size()
		if at+a.Size() > len(stored) {
			continue
		}
		if kept := seal.Digest(stored[at : at+a.Size()]); !kept.Equal(out[i]) {
			r.add(Finding{State: Damaged, What: "again_leaf", File: seal.DirName + "/" + seal.LeavesName, Part: leafName(int64(i)), Detail: fmt.Sprintf("%s, %s", a, file)})
			out[i] = kept
		}
	}
	return out
}

// readList takes lines of a list, the first of which is number from, and returns their
// digests.
func (g *again) readList(r *Report, file string, b []byte, from int64) (roots []seal.Digest) {
	for len(b) > 0 {
		line, rest, whole := bytes.Cut(b, []byte("\n"))
		n := from + int64(len(roots))
		data, h, err := seal.ParseAgainLine(g.a, line)
		var x *seal.Again
		if err == nil {
			x, err = seal.ParseAgain(data)
		}
		if err != nil || !whole {
			r.add(Finding{State: Damaged, What: "again_line", File: file, Part: fmt.Sprintf("line %d", n+1), Detail: fmt.Sprint(err)})
		}
		if h == nil {
			h = g.a.Leaf(line)
		}
		roots = append(roots, h)
		if err == nil {
			g.take(x, n)
		}
		b = rest
	}
	return roots
}

func (g *again) take(x *seal.Again, at int64) {
	k := x.Key()
	g.lines[k] = &againLine{*x, at}
	if _, ok := g.first[k]; !ok {
		g.first[k] = at
	}
}

// check checks the heads, which ascend, against the digests of lines and leaves.
func (g *again) check(r *Report, file string, heads []*seal.Head, lines, leaves []seal.Digest, s *logState) {
	list, tree := seal.NewDigests(g.a), seal.NewDigests(g.a)
	for _, h := range heads {
		name := fmt.Sprintf("head of %d leaves and %d lines", h.Leaves, h.Lines)
		bad := func(detail string) {
			r.add(Finding{State: Damaged, What: "again_head", File: file, Part: name, Detail: detail})
		}
		switch {
		case h.Algorithm != g.a || len(s.points) > 0 && h.Origin != s.points[0].Origin || h.Leaves < tree.Len() || h.Lines < list.Len():
			bad("out of order, or of another log")
			continue
		case h.Leaves > int64(len(leaves)) || h.Lines > int64(len(lines)):
			bad(fmt.Sprintf("there are %d leaves and %d lines", len(leaves), len(lines)))
			continue
		}
		if key := s.keyOf(h.Leaves); key == "" {
			bad("no key leaf stands before it")
			continue
		} else if err := h.CheckSigned(key); err != nil {
			bad(err.Error())
			continue
		}
		for list.Len() < h.Lines {
			list.Add(lines[list.Len()])
		}
		for tree.Len() < h.Leaves {
			tree.Add(leaves[tree.Len()])
		}
		if !list.Root().Equal(h.List) {
			bad("the lines of the list are other ones")
			continue
		}
		if !tree.Root().Equal(h.Tree) {
			bad("the leaves are other ones")
			continue
		}
		g.heads, g.leaves = append(g.heads, h), h.Leaves
	}
	var last int64
	if n := len(g.heads); n > 0 {
		last = g.heads[n-1].Lines
	}
	broken := 0
	for k, x := range g.lines {
		if x.at >= last {
			delete(g.lines, k) // nothing is proven of it yet
		} else if x.Kind == seal.AgainBroken {
			broken++
			r.add(Finding{State: Note, What: "again_broken", File: x.Name, Detail: x.Why})
		}
	}
	if int64(len(lines)) > last {
		r.add(Finding{State: Unsealed, What: "again_lines", File: file, Part: fmt.Sprintf("lines %d-%d", last+1, len(lines))})
	}
	r.Again = append(r.Again, AgainReport{Hash: g.a, Leaves: g.leaves, Lines: last, Broken: broken})
}

// renewed tells whether a stamp of a head renews the stamp of that file before its
// certificate ended.
func (g *again) renewed(file string, s *seal.Stamp) bool {
	if g == nil {
		return false
	}
	at, ok := g.first[seal.AgainFile+" "+file]
	return ok && slices.ContainsFunc(g.stamps, func(x againStamp) bool {
		return x.file != file && x.head.Lines > at && x.Time.Before(s.Expires)
	})
}

// covers tells whether a file of the seal is in a list that a trusted stamp is of.
func (g *again) covers(file string) bool {
	if g == nil {
		return false
	}
	at, ok := g.first[seal.AgainFile+" "+file]
	return ok && slices.ContainsFunc(g.stamps, func(x againStamp) bool { return x.head.Lines > at })
}
