package verify

import (
	"bytes"
	"cmp"
	"encoding/hex"
	"fmt"
	"slices"

	"github.com/akashi-audit/akashi/internal/seal"
)

// logState is what is known of a log.
type logState struct {
	entries []seal.Entry
	hashes  []seal.Hash
	bad     []int64     // leaves whose entry cannot be trusted
	other   []seal.Hash // of each bad leaf, the other hash that it may have
	points  []*seal.Checkpoint
	good    []*seal.Checkpoint // those whose root and signature hold
	keys    []seal.KeyChange
	keyAt   []int64
	walk    prefixes      // for fits
	data    [][]byte      // the bytes of each leaf, when there is a renewal; they are the file's
	again   *again        // the renewal that counts, nil = none
	signed  int64         // leaves that the last good checkpoint covers, whatever is distrusted
	places  map[int64]int // for place
}

// place is that of the first checkpoint of a size in points, -1 when there is none.
// It is asked for when all points are known.
func (s *logState) place(size int64) int {
	if s.places == nil {
		s.places = make(map[int64]int, len(s.points))
		for i, c := range s.points {
			if _, ok := s.places[c.Size]; !ok {
				s.places[c.Size] = i
			}
		}
	}
	if i, ok := s.places[size]; ok {
		return i
	}
	return -1
}

// holds reports whether the root and the signature of a checkpoint hold.
func (s *logState) holds(c *seal.Checkpoint) bool {
	i, ok := slices.BinarySearchFunc(s.good, c.Size, func(g *seal.Checkpoint, size int64) int { return cmp.Compare(g.Size, size) })
	return ok && s.good[i] == c
}

// readLeaves reads the stored lines of leaves.
func readLeaves(r *Report, file string, b []byte, s *logState) {
	off := 0
	for off < len(b) {
		line, _, whole := bytes.Cut(b[off:], []byte("\n"))
		i := int64(len(s.hashes))
		if !whole {
			r.add(Finding{State: Damaged, What: "leaf_cut", File: file, Part: leafName(i), Detail: fmt.Sprintf("bytes %d-%d", off, len(b)-1)})
			return
		}
		data, h, err := seal.ParseLine(line)
		var e seal.Entry
		if err == nil {
			e, err = seal.ParseLeaf(data)
		}
		if err != nil {
			r.add(Finding{State: Damaged, What: "leaf", File: file, Part: leafName(i), Detail: fmt.Sprintf("bytes %d-%d: %v", off, off+len(line), err)})
			other := h
			if len(line) > 73 {
				if n, err := hex.Decode(h[:], line[9:73]); err != nil || n != len(h) {
					h = other
				}
			}
			s.bad, s.other = append(s.bad, i), append(s.other, other)
		}
		s.data = append(s.data, data)
		s.take(e, h, r, file)
		off += len(line) + 1
	}
}

// take adds a leaf, and follows the keys.
func (s *logState) take(e seal.Entry, h seal.Hash, r *Report, file string) {
	i := int64(len(s.hashes))
	s.entries, s.hashes = append(s.entries, e), append(s.hashes, h)
	if e.Kind != seal.KindKey {
		return
	}
	k, err := seal.ParseKeyChange(e.Subject)
	if err != nil {
		r.add(Finding{State: Damaged, What: "key_leaf", File: file, Part: leafName(i), Detail: err.Error()})
		return
	}
	vouched, err := k.Vouched()
	switch {
	case err != nil:
		r.add(Finding{State: Damaged, What: "key_leaf", File: file, Part: leafName(i), Detail: err.Error()})
	case len(s.keys) > 0 && (!vouched || k.Before != s.keys[len(s.keys)-1].Key):
		r.add(Finding{State: Note, What: "key_lost", File: file, Part: leafName(i), Detail: seal.KeyID(k.Key)})
	}
	s.keys, s.keyAt = append(s.keys, *k), append(s.keyAt, i)
}

// keyOf is the key that must have signed a tree of that size.
func (s *logState) keyOf(size int64) string {
	n, _ := slices.BinarySearch(s.keyAt, size)
	if n == 0 {
		return ""
	}
	return s.keys[n-1].Key
}

// readPoints parses the file of checkpoints.
func readPoints(r *Report, file string, b []byte, s *logState) {
	notes, rest := seal.SplitCheckpoints(b)
	if len(rest) > 0 {
		r.add(Finding{State: Damaged, What: "checkpoint_cut", File: file, Detail: fmt.Sprintf("bytes %d-%d", len(b)-len(rest), len(b)-1)})
	}
	off := 0
	for i, text := range notes {
		c, err := seal.ParseCheckpoint(text)
		if err != nil {
			r.add(Finding{State: Damaged, What: "checkpoint", File: file, Part: fmt.Sprintf("checkpoint %d", i+1), Detail: fmt.Sprintf("bytes %d-%d: %v", off, off+len(text)-1, err)})
		} else {
			s.points = append(s.points, c)
		}
		off += len(text) + 1
	}
}

// checkPoints checks every checkpoint against the leaves and the keys.
func checkPoints(r *Report, file string, s *logState) {
	size := int64(len(s.hashes))
	var before int64 // the last good one
	told := false    // the first range that differs names it; later ones differ for the same reason
	for i, c := range s.points {
		name := fmt.Sprintf("checkpoint of %d leaves", c.Size)
		bad := func(what, part, detail string) {
			r.add(Finding{State: Damaged, What: what, File: file, Part: part, Detail: detail})
		}
		if c.Size > size {
			r.add(Finding{State: Missing, What: "leaves_missing", File: seal.DirName + "/" + seal.LeavesName, Part: fmt.Sprintf("leaves %d-%d", size, c.Size-1), Detail: name})
			continue
		}
		if i > 0 && c.Size <= s.points[i-1].Size || c.Origin != s.points[0].Origin {
			bad("checkpoint", name, "out of order, or of another log")
			continue
		}
		if key := s.keyOf(c.Size); key == "" {
			bad("signature", name, "no key leaf stands before it")
			continue
		} else if err := c.CheckSigned(key); err != nil {
			bad("signature", name, err.Error())
			continue
		}
		if !s.fits(c.Size, c.Root) {
			if !told {
				bad("history", fmt.Sprintf("leaves %d-%d", before, c.Size-1), name)
			}
			told = true
			continue
		}
		before = c.Size
		s.good = append(s.good, c)
	}
	r.Leaves, r.Checkpoints = size, len(s.points)
	if n := len(s.good); n > 0 {
		r.Sealed, r.SealedTime, r.Origin = s.good[n-1].Size, s.good[n-1].Time, s.good[n-1].Origin
	}
	for i, e := range s.entries { // each folder leaf is followed by its checkpoint
		if e.Kind == seal.KindFolder && s.place(int64(i)+1) < 0 {
			r.add(Finding{State: Missing, What: "checkpoint_missing", File: file, Part: fmt.Sprintf("checkpoint of %d leaves", i+1)})
		}
	}
	if r.Sealed < size {
		r.add(Finding{State: Unsealed, What: "leaves_unsealed", File: file, Part: fmt.Sprintf("leaves %d-%d", r.Sealed, size-1)})
	}
	checkClock(r, file, s)
}

// checkClock tells where the clock went back; it is no damage.
func checkClock(r *Report, file string, s *logState) {
	for i := 1; i < len(s.good); i++ {
		if s.good[i].Time < s.good[i-1].Time {
			r.add(Finding{State: Note, What: "clock", File: file, Part: fmt.Sprintf("checkpoint of %d leaves", s.good[i].Size),
				Detail: when(s.good[i].Time) + " < " + when(s.good[i-1].Time)})
		}
	}
}

// checkSince proves that the log goes on from an earlier checkpoint that was
// kept elsewhere.
func checkSince(r *Report, name string, since []byte, s *logState) {
	bad := func(detail string) {
		r.add(Finding{State: Damaged, What: "since", File: name, Detail: detail})
	}
	c, err := seal.ParseCheckpoint(since)
	if err != nil {
		bad(err.Error())
		return
	}
	if c.Size > int64(len(s.hashes)) {
		bad(fmt.Sprintf("it covers %d leaves, the log has %d", c.Size, len(s.hashes)))
		return
	}
	if r.Origin != "" && c.Origin != r.Origin {
		bad("it is of another log: " + c.Origin)
		return
	}
	if !s.fits(c.Size, c.Root) {
		bad(fmt.Sprintf("the first %d leaves are other ones: history was rewritten", c.Size))
		return
	}
	if key := s.keyOf(c.Size); key == "" || c.CheckSigned(key) != nil {
		bad("its signature is not of the log's key")
		return
	}
	r.Anchors = append(r.Anchors, Anchor{Kind: "since", Size: c.Size, Time: c.Time, Name: name})
}
