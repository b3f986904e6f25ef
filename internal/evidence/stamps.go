package evidence

import (
	"fmt"
	"slices"
	"strings"

	"github.com/akashi-audit/akashi/internal/manifest"
	"github.com/akashi-audit/akashi/internal/seal"
)

// stamped is a time stamp of the bundle.
type stamped struct {
	*seal.Stamped
	member string
}

// stampSet is the time stamps of the log.
type stampSet struct {
	log    Log
	sizes  []int64             // of the checkpoints, ascending
	leaves map[int64]seal.Leaf // of each stamp
	read   map[int64]*seal.Stamped
}

func newStampSet(log Log) (*stampSet, error) {
	s := &stampSet{log: log, leaves: make(map[int64]seal.Leaf), read: make(map[int64]*seal.Stamped)}
	var err error
	if s.sizes, err = log.StampSizes(); err != nil {
		return nil, fmt.Errorf("evidence: %w", err)
	}
	for l, err := range log.Of(seal.KindStamp) {
		if err != nil {
			return nil, fmt.Errorf("evidence: leaves of stamps: %w", err)
		}
		name, _ := strings.CutPrefix(l.Entry.Subject, seal.StampsName+"/")
		if size, ok := seal.StampSize(name); ok {
			s.leaves[size] = l
		}
	}
	return s, nil
}

// of reads the stamp of a checkpoint.
func (s *stampSet) of(size int64) (*seal.Stamped, error) {
	if x := s.read[size]; x != nil {
		return x, nil
	}
	x, err := s.log.StampOf(size)
	if err != nil {
		return nil, fmt.Errorf("evidence: %w", err)
	}
	s.read[size] = x
	return x, nil
}

// after is the first stamped checkpoint that covers so many leaves, of at most end.
func (s *stampSet) after(leaves, end int64) (size int64, ok bool) {
	i, _ := slices.BinarySearch(s.sizes, leaves)
	if i == len(s.sizes) || s.sizes[i] > end {
		return 0, false
	}
	return s.sizes[i], true
}

// renewal is the last stamp that renews that of a checkpoint (RFC 4998, section 5.2):
// its checkpoint, of at most end leaves, covers the leaf of the old answer, it was made
// before the certificate of the old one ended, and its own ends later.
func (s *stampSet) renewal(size, end int64) (next int64, ok bool, err error) {
	leaf, ok := s.leaves[size]
	if !ok {
		return 0, false, nil
	}
	old, err := s.of(size)
	if err != nil {
		return 0, false, err
	}
	for _, n := range slices.Backward(s.sizes) {
		if n > end {
			continue
		}
		if n <= leaf.Index {
			break
		}
		x, err := s.of(n)
		if err != nil {
			return 0, false, err
		}
		if x.Stamp.Time.Before(old.Stamp.Expires) && x.Stamp.Expires.After(old.Stamp.Expires) {
			return n, true, nil
		}
	}
	return 0, false, nil
}

// wanted lists the checkpoints whose stamps say something of the bundle: the first one
// after each of some leaves, and the chain of those that renew it.
func (s *stampSet) wanted(leaves []int64, end int64) (l []int64, err error) {
	seen := make(map[int64]bool)
	for _, n := range leaves {
		size, ok := s.after(n+1, end)
		for ok && !seen[size] {
			seen[size] = true
			l = append(l, size)
			if size, ok, err = s.renewal(size, end); err != nil {
				return nil, err
			}
		}
	}
	slices.Sort(l)
	return l, nil
}

// addStamps takes the time stamps that say something of this bundle: of its own
// checkpoint, of the first stamped checkpoint after each part was sealed, and those
// that renewed them since.
func (m *maker) addStamps() error {
	s, err := newStampSet(m.log)
	if err != nil {
		return err
	}
	var leaves []int64
	if m.opt.Narrow == nil {
		for _, p := range m.parts {
			leaves = append(leaves, p.Index)
		}
	}
	want, err := s.wanted(append(leaves, m.proofs.Selection.Index), m.point.Size)
	if err != nil {
		return err
	}
	for _, size := range want {
		x, err := s.of(size)
		if err != nil {
			return err
		}
		p, err := m.stampProof(s, x)
		if err != nil {
			return err
		}
		m.stamps = append(m.stamps, stamped{x, p.Member})
		m.proofs.Stamps = append(m.proofs.Stamps, *p)
	}
	return nil
}

func (m *maker) stampProof(s *stampSet, x *seal.Stamped) (*manifest.StampProof, error) {
	size := x.Point.Size
	p := &manifest.StampProof{
		Member: fmt.Sprintf("stamps/%012d.tsr", size), Checkpoint: string(x.Point.Text), Authority: x.Stamp.Authority, Time: x.Stamp.Time.UnixNano(),
	}
	var err error
	if p.Consistency, err = m.log.Consistency(size, m.point.Size); err != nil {
		return nil, fmt.Errorf("evidence: %w", err)
	}
	leaf, ok := s.leaves[size]
	// A leaf is shown whole or not at all. Its subject is the name of the member.
	if !ok || leaf.Index >= m.point.Size || m.text(leaf.Entry.By) != leaf.Entry.By || m.text(leaf.Entry.Ground) != leaf.Entry.Ground {
		return p, nil
	}
	p.Leaf = &manifest.LeafProof{Index: leaf.Index, Leaf: string(leaf.Data)}
	if p.Leaf.Path, err = m.log.Prove(leaf.Index, m.point.Size); err != nil {
		return nil, fmt.Errorf("evidence: proof of a stamp's leaf: %w", err)
	}
	return p, nil
}

// covered tells by which stamp a number of leaves is fixed first; nil when by none.
func (m *maker) covered(leaves int64) *stamped {
	for i := range m.stamps {
		if m.stamps[i].Point.Size >= leaves {
			return &m.stamps[i]
		}
	}
	return nil
}

// writeStamps writes the stamps and the certificates that they carry.
func (m *maker) writeStamps(z *zipper) error {
	for _, s := range m.stamps {
		if err := z.bytes(s.member, s.Answer); err != nil {
			return err
		}
		chain, err := seal.StampChain(s.Answer)
		if err != nil {
			return fmt.Errorf("evidence: %w", err)
		}
		if err := z.bytes(strings.TrimSuffix(s.member, ".tsr")+".chain.pem", chain); err != nil {
			return err
		}
	}
	return nil
}
