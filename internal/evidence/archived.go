package evidence

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/akashi-audit/akashi/internal/manifest"
	"github.com/akashi-audit/akashi/internal/seal"
)

// Archive is the sealed archive that records are proven out of.
type Archive interface {
	// Seal seals what is known of these days of servers, those too that are not
	// over.
	Seal(ctx context.Context, days []Day) error
	// Parts calls fn for the parts of a server's day that count.
	Parts(ctx context.Context, d Day, fn func(p *Part) error) error
}

// Day is a calendar day of a server.
type Day struct {
	Server string `json:"server"`
	Day    string `json:"day"` // 2026-11-23, in the zone of the data folder
}

// Part is a part of the archive.
type Part struct {
	Day    manifest.Day
	Text   []byte      // the stored form of Day
	Index  int64       // of its leaf in the log
	Leaves []seal.Hash // of its records, in the order of its file
}

// onDay notes the day of a record.
func (m *maker) onDay(server string, ns int64) {
	d := Day{server, time.Unix(0, ns).In(m.opt.Zone).Format(time.DateOnly)}
	if m.days == nil {
		m.days = make(map[Day]int64)
	}
	m.days[d]++
}

// allDays lists the days of the records, by day and server.
func (m *maker) allDays() []Day {
	l := make([]Day, 0, len(m.days))
	for d := range m.days {
		l = append(l, d)
	}
	slices.SortFunc(l, func(a, b Day) int {
		if c := strings.Compare(a.Day, b.Day); c != 0 {
			return c
		}
		return strings.Compare(a.Server, b.Server)
	})
	return l
}

// provenPart is what a report says of a part.
type provenPart struct {
	Server, Day string
	Part        int
	Sealed      int64 // Unix ns, by the clock of the data folder
	Index       int64 // of its leaf
	Records     int   // of the bundle
}

// proveParts proves for each record the part of the archive in which it stands.
func (m *maker) proveParts(ctx context.Context) error {
	if m.opt.Archive == nil {
		m.unproven = m.allDays()
		return nil
	}
	line := m.lineOf()
	for _, d := range m.allDays() {
		found := int64(0)
		err := m.opt.Archive.Parts(ctx, d, func(p *Part) error {
			n, err := m.provePart(p, line)
			found += int64(n)
			return err
		})
		if err != nil {
			return fmt.Errorf("evidence: archive of %s, %s: %w", d.Server, d.Day, err)
		}
		if found < m.days[d] {
			m.unproven = append(m.unproven, d)
		}
	}
	return nil
}

// provePart adds the proof of the records that stand in a part, and tells how many
// do that no part before had.
func (m *maker) provePart(p *Part, line map[seal.Hash]int64) (int, error) {
	keep, lines := take(p.Leaves, line)
	if len(keep) == 0 {
		return 0, nil
	}
	x := manifest.PartProof{Day: string(p.Text), Lines: lines}
	for _, i := range keep {
		x.Keep = append(x.Keep, int64(i))
	}
	x.Rest = seal.Prune(p.Leaves, keep)
	leaf, err := m.log.Entry(p.Index)
	if err != nil {
		return 0, fmt.Errorf("leaf of part %d: %w", p.Day.Part, err)
	}
	path, err := m.log.Prove(p.Index, m.point.Size)
	if err != nil {
		return 0, fmt.Errorf("proof of part %d: %w", p.Day.Part, err)
	}
	x.Proof = manifest.LeafProof{Index: p.Index, Leaf: string(leaf.Data), Path: path}
	m.proofs.Parts = append(m.proofs.Parts, x)
	m.parts = append(m.parts, provenPart{p.Day.Server, p.Day.Day, p.Day.Part, p.Day.Sealed, p.Index, len(keep)})
	return len(keep), nil
}

// stamped is a time stamp of the bundle.
type stamped struct {
	*seal.Stamped
	member string
}

// addStamps takes the time stamps that say something of this bundle: of its own
// checkpoint, and of the first stamped checkpoint after each part was sealed.
func (m *maker) addStamps() error {
	sizes, err := m.log.StampSizes()
	if err != nil {
		return fmt.Errorf("evidence: %w", err)
	}
	after := func(size int64) (int64, bool) { // the first stamped one that covers so many leaves
		i, _ := slices.BinarySearch(sizes, size)
		if i == len(sizes) || sizes[i] > m.point.Size {
			return 0, false
		}
		return sizes[i], true
	}
	var want []int64
	for _, p := range m.parts {
		if size, ok := after(p.Index + 1); ok && m.opt.Narrow == nil {
			want = append(want, size)
		}
	}
	if size, ok := after(m.proofs.Selection.Index + 1); ok {
		want = append(want, size)
	}
	slices.Sort(want)
	for _, size := range slices.Compact(want) {
		s, err := m.log.StampOf(size)
		if err != nil {
			return fmt.Errorf("evidence: %w", err)
		}
		path, err := m.log.Consistency(size, m.point.Size)
		if err != nil {
			return fmt.Errorf("evidence: %w", err)
		}
		x := stamped{s, fmt.Sprintf("stamps/%012d.tsr", size)}
		m.stamps = append(m.stamps, x)
		m.proofs.Stamps = append(m.proofs.Stamps, manifest.StampProof{
			Member: x.member, Checkpoint: string(s.Point.Text), Authority: s.Stamp.Authority, Time: s.Stamp.Time.UnixNano(), Consistency: path,
		})
	}
	return nil
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

// sealManifest seals manifest.json, and with it every member before, by a leaf and a
// checkpoint of a moment later than what the reports show.
func (m *maker) sealManifest(ctx context.Context, hash seal.Hash, subject string) (*manifest.BundleSeal, error) {
	e := seal.Entry{Kind: seal.KindEvidence, Subject: subject, By: m.opt.By, Ground: m.opt.Ground, Time: m.opt.Now.UnixNano(), Hash: hash}
	at, err := m.log.RecordAll(ctx, []seal.Entry{e})
	if err != nil {
		return nil, fmt.Errorf("evidence: seal: %w", err)
	}
	c, err := m.log.Checkpoint(ctx)
	if err != nil {
		return nil, fmt.Errorf("evidence: checkpoint: %w", err)
	}
	leaf, err := m.log.Entry(at)
	if err != nil {
		return nil, fmt.Errorf("evidence: leaf: %w", err)
	}
	out := &manifest.BundleSeal{Format: manifest.BundleFormat, Checkpoint: string(c.Text)}
	out.Manifest = manifest.LeafProof{Index: at, Leaf: string(leaf.Data)}
	if out.Manifest.Path, err = m.log.Prove(at, c.Size); err != nil {
		return nil, fmt.Errorf("evidence: proof: %w", err)
	}
	if out.Consistency, err = m.log.Consistency(m.point.Size, c.Size); err != nil {
		return nil, fmt.Errorf("evidence: proof: %w", err)
	}
	sizes, err := m.log.StampSizes()
	if err != nil {
		return nil, fmt.Errorf("evidence: %w", err)
	}
	if _, ok := slices.BinarySearch(sizes, c.Size); ok {
		s, err := m.log.StampOf(c.Size)
		if err != nil {
			return nil, fmt.Errorf("evidence: %w", err)
		}
		out.Stamp = s.Answer
		m.anchored = true
	}
	return out, nil
}
