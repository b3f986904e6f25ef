package evidence

import (
	"fmt"
	"slices"
	"strings"

	"github.com/akashi-audit/akashi/internal/manifest"
	"github.com/akashi-audit/akashi/internal/seal"
)

// Renewal is a renewal of the log under another hash algorithm; *seal.AgainLog is one.
type Renewal interface {
	Algorithm() seal.Algorithm
	Heads() []*seal.Head
	Stamps() ([]seal.StampedHead, error)
	// Walk gives the lines of the list in order.
	Walk(fn func(data []byte, x *seal.Again, h seal.Digest) error) error
	// LeafDigests are those of the first n leaves.
	LeafDigests(n int64) ([]seal.Digest, error)
}

// againPart is what is known of a part before it is proven.
type againPart struct {
	day, rows string // keys of its lines
	rest      []seal.Digest
}

// algorithm is that of the renewal, "" = none.
func (m *maker) algorithm() seal.Algorithm {
	if m.renewal == nil {
		return ""
	}
	return m.renewal.Algorithm()
}

// format is that of the bundle: what has no renewal is read by older programs, too.
func (m *maker) format() int {
	if m.renewal == nil {
		return manifest.BundleFormat
	}
	return manifest.AgainFormat
}

// newLeaf is the digest of a line; nil without a renewal.
func (m *maker) newLeaf(line []byte) seal.Digest {
	if m.renewal == nil {
		return nil
	}
	return m.algorithm().Leaf(line)
}

// notePart keeps what proveAgain needs of a part.
func (m *maker) notePart(p *Part, keep []int) {
	if m.renewal == nil {
		return
	}
	var x againPart
	for i := range p.Day.Objects {
		if o := &p.Day.Objects[i]; o.Kind == manifest.KindRecords {
			x.rows = seal.AgainRows + " " + o.Name
		}
	}
	x.day = seal.AgainObject + " " + p.Object
	if len(p.New) == len(p.Leaves) {
		x.rest = m.algorithm().PruneDigests(p.New, keep)
	} else {
		x.rows = ""
	}
	m.again = append(m.again, x)
}

// foundLine is a line of the list.
type foundLine struct {
	at   int64
	text string
}

// proveAgain proves the parts by the list of the renewal. A part of which the list says
// nothing, because it was broken, stays proven by SHA-256 alone.
func (m *maker) proveAgain() error {
	if m.renewal == nil || len(m.again) == 0 {
		return nil
	}
	stamps, err := m.renewal.Stamps()
	if err != nil {
		return fmt.Errorf("evidence: %w", err)
	}
	a := m.algorithm()
	want := make(map[string]bool)
	for _, x := range m.again {
		want[x.day], want[x.rows] = true, true
	}
	for _, s := range stamps {
		want[stampKey(a, s.Head)] = true
	}
	found := make(map[string]foundLine)
	var digests []seal.Digest
	err = m.renewal.Walk(func(data []byte, x *seal.Again, h seal.Digest) error {
		if k := x.Key(); want[k] && x.Kind != seal.AgainBroken {
			found[k] = foundLine{int64(len(digests)), string(data)}
		}
		digests = append(digests, h)
		return nil
	})
	if err != nil {
		return fmt.Errorf("evidence: list of the renewal: %w", err)
	}
	b := &againProver{m: m, a: a, stamps: stamps, all: seal.NewProver(a, digests), found: found, out: &manifest.AgainProofs{Hash: a}}
	for i := range m.again {
		b.part(i)
	}
	if len(b.out.Parts) > 0 {
		b.finish()
		m.proofs.Again = b.out
	}
	return nil
}

func stampKey(a seal.Algorithm, h *seal.Head) string {
	return seal.AgainFile + " " + seal.DirName + "/" + seal.AgainStampFile(a, h.Leaves, h.Lines)
}

type againProver struct {
	m      *maker
	a      seal.Algorithm
	stamps []seal.StampedHead
	all    *seal.Prover
	found  map[string]foundLine
	out    *manifest.AgainProofs
	heads  []*seal.Head // of out
}

func (b *againProver) line(key string, h *seal.Head) manifest.AgainLine {
	x := b.found[key]
	return manifest.AgainLine{Line: x.at, Text: x.text, Path: b.all.Prove(x.at, h.Lines)}
}

// part adds the proof of a part: in the first stamped head whose list has it, because
// that stamp says that it was so while SHA-256 held, else in the last head.
func (b *againProver) part(i int) {
	x := &b.m.again[i]
	day, ok := b.found[x.day]
	rows, ok2 := b.found[x.rows]
	if !ok || !ok2 {
		return
	}
	last := max(day.at, rows.at)
	var h *seal.Head
	for _, s := range b.stamps {
		if s.Head.Lines > last {
			h = s.Head
			break
		}
	}
	if all := b.m.renewal.Heads(); h == nil && len(all) > 0 && all[len(all)-1].Lines > last {
		h = all[len(all)-1]
	}
	if h == nil {
		return
	}
	b.out.Parts = append(b.out.Parts, manifest.AgainPart{Part: i, Head: b.head(h), Day: b.line(x.day, h), Rows: b.line(x.rows, h), Rest: x.rest})
}

// head is the place of a head, which is added when it is not there.
func (b *againProver) head(h *seal.Head) int {
	if i := slices.Index(b.heads, h); i >= 0 {
		return i
	}
	x := manifest.AgainHead{Head: string(h.Text)}
	if i := slices.IndexFunc(b.stamps, func(s seal.StampedHead) bool { return s.Head == h }); i >= 0 {
		x.Member = fmt.Sprintf("stamps/again-%012d-%012d.tsr", h.Leaves, h.Lines)
		b.m.heads = append(b.m.heads, b.stamps[i])
	}
	b.heads, b.out.Heads = append(b.heads, h), append(b.out.Heads, x)
	return len(b.heads) - 1
}

// finish adds the last stamped head, which renews the stamps of the others.
func (b *againProver) finish() {
	if len(b.stamps) == 0 {
		return
	}
	last := b.stamps[len(b.stamps)-1].Head
	at := b.head(last)
	for i, h := range b.heads {
		if x, ok := b.found[stampKey(b.a, h)]; ok && i != at && x.at < last.Lines {
			l := b.line(stampKey(b.a, h), last)
			b.out.Heads[i].Renews = &l
		}
	}
}

// writeHeads writes the stamps of the heads and the certificates that they carry.
func (m *maker) writeHeads(z *zipper) error {
	for _, s := range m.heads {
		name := fmt.Sprintf("stamps/again-%012d-%012d.tsr", s.Head.Leaves, s.Head.Lines)
		if err := z.bytes(name, s.Answer); err != nil {
			return err
		}
		chain, err := seal.StampChain(s.Answer)
		if err != nil {
			return fmt.Errorf("evidence: %w", err)
		}
		if err := z.bytes(strings.TrimSuffix(name, ".tsr")+".chain.pem", chain); err != nil {
			return err
		}
	}
	return nil
}

// sealAgain proves the leaf of the list of members in the tree of the renewal.
func (m *maker) sealAgain(leaf manifest.LeafProof) (*manifest.AgainLeafProof, error) {
	if m.renewal == nil {
		return nil, nil
	}
	heads := m.renewal.Heads()
	if len(heads) == 0 || heads[len(heads)-1].Leaves <= leaf.Index {
		return nil, nil // verify says that the bundle rests on SHA-256 alone
	}
	h := heads[len(heads)-1]
	digests, err := m.renewal.LeafDigests(h.Leaves)
	if err != nil {
		return nil, fmt.Errorf("evidence: %w", err)
	}
	out := &manifest.AgainLeafProof{Head: string(h.Text), Path: m.algorithm().Prove(digests, int(leaf.Index))}
	stamps, err := m.renewal.Stamps()
	if err != nil {
		return nil, fmt.Errorf("evidence: %w", err)
	}
	if n := len(stamps); n > 0 && stamps[n-1].Head.Leaves == h.Leaves && stamps[n-1].Head.Lines == h.Lines {
		out.Stamp = stamps[n-1].Answer
	}
	return out, nil
}
