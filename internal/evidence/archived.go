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
	Text   []byte        // the stored form of Day
	Object string        // its name in the archive
	Index  int64         // of its leaf in the log
	Leaves []seal.Hash   // of its records, in the order of its file
	New    []seal.Digest // the same under the algorithm of the renewal; nil = there is none
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
	line := m.lineOf
	m.lineOf = nil
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
	m.notePart(p, keep)
	m.parts = append(m.parts, provenPart{p.Day.Server, p.Day.Day, p.Day.Part, p.Day.Sealed, p.Index, len(keep)})
	return len(keep), nil
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
	out := &manifest.BundleSeal{Format: m.format(), Checkpoint: string(c.Text)}
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
	out.Again, err = m.sealAgain(out.Manifest)
	return out, err
}
