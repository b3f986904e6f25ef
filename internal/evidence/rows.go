package evidence

import (
	"context"
	"fmt"

	"github.com/akashi-audit/akashi/internal/manifest"
	"github.com/akashi-audit/akashi/internal/record"
	"github.com/akashi-audit/akashi/internal/seal"
)

// Narrow makes a bundle of what somebody may see who sees some folders only. It holds his
// records, the events behind them that name nothing else, and what proves them; what is
// about all of a server (manifests of days, gap reports, coverage) is left out.
type Narrow struct {
	// Shown is a record without the details that name something outside.
	Shown func(*record.Record) record.Record
}

// rowsOf is a part of the archive whose rows are proven without its manifest.
type rowsOf struct {
	proof manifest.RowsProof
	entry seal.Entry
	part  provenPart
}

// gatherRows finds the parts of the archive in which records stand, and what is to be
// sealed of each: the root of its rows, which its leaf says only together with the whole
// manifest of the day.
func (m *maker) gatherRows(ctx context.Context) (l []rowsOf, err error) {
	if m.opt.Narrow == nil || m.opt.Archive == nil {
		return nil, nil
	}
	line := m.lineOf
	m.lineOf = nil
	for _, d := range m.allDays() {
		found := int64(0)
		err := m.opt.Archive.Parts(ctx, d, func(p *Part) error {
			keep, lines := take(p.Leaves, line)
			if found += int64(len(keep)); len(keep) == 0 {
				return nil
			}
			rows := manifest.Rows{Format: m.format(), Server: p.Day.Server, Day: p.Day.Day, Part: p.Day.Part, Leaf: p.Index, Records: p.Day.Records, Root: p.Day.RecordsRoot}
			text, err := manifest.Encode(rows)
			if err != nil {
				return err
			}
			x := rowsOf{proof: manifest.RowsProof{Rows: string(text), Lines: lines, Rest: seal.Prune(p.Leaves, keep)}}
			for _, i := range keep {
				x.proof.Keep = append(x.proof.Keep, int64(i))
			}
			x.entry = seal.Entry{Kind: seal.KindRows, Subject: manifest.RowsSubject(&rows), By: m.opt.By, Time: m.opt.Now.UnixNano(), Hash: seal.Sum(text)}
			x.part = provenPart{p.Day.Server, p.Day.Day, p.Day.Part, p.Day.Sealed, p.Index, len(keep)}
			l = append(l, x)
			return nil
		})
		if err != nil {
			return nil, fmt.Errorf("evidence: archive of %s, %s: %w", d.Server, d.Day, err)
		}
		if found < m.days[d] {
			m.unproven = append(m.unproven, d)
		}
	}
	return l, nil
}

// proveRows proves the leaves of rows, the first of which stands at place at, and the
// leaves of their parts.
func (m *maker) proveRows(l []rowsOf, at int64) error {
	prove := func(i int64) (p manifest.LeafProof, err error) {
		leaf, err := m.log.Entry(i)
		if err != nil {
			return p, fmt.Errorf("evidence: leaf: %w", err)
		}
		path, err := m.log.Prove(i, m.point.Size)
		if err != nil {
			return p, fmt.Errorf("evidence: proof: %w", err)
		}
		return manifest.LeafProof{Index: i, Leaf: string(leaf.Data), Path: path}, nil
	}
	for i := range l {
		var err error
		x := &l[i]
		if x.proof.Proof, err = prove(at + int64(i)); err != nil {
			return err
		}
		if x.proof.Part, err = prove(x.part.Index); err != nil {
			return err
		}
		m.proofs.Rows = append(m.proofs.Rows, x.proof)
		m.parts = append(m.parts, x.part)
	}
	return nil
}

// take takes the leaves of a part out of line: their places in the part, and their lines.
func take(leaves []seal.Hash, line map[seal.Hash]int64) (keep []int, lines []int64) {
	for i, h := range leaves {
		if at, ok := line[h]; ok {
			delete(line, h)
			keep, lines = append(keep, i), append(lines, at)
		}
	}
	return keep, lines
}
