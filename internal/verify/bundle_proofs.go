package verify

import (
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/akashi-audit/akashi/internal/manifest"
	"github.com/akashi-audit/akashi/internal/seal"
)

// proofs checks what ties the members to the checkpoint, which it returns.
func (b *bundle) proofs(roots *x509.CertPool) *seal.Checkpoint {
	text, ok := b.read(manifest.ProofsName)
	point, ok2 := b.read(manifest.PointName)
	selection, ok3 := b.read(manifest.SelectionName)
	if !ok || !ok2 || !ok3 {
		return nil
	}
	bad := func(file, detail string) {
		b.r.add(Finding{State: Damaged, What: "proof", File: file, Detail: detail})
	}
	var p manifest.Proofs
	var sel manifest.Selection
	if err := manifest.Decode(text, &p); err != nil {
		bad(manifest.ProofsName, err.Error())
		return nil
	}
	if err := manifest.Decode(selection, &sel); err != nil {
		bad(manifest.SelectionName, err.Error())
		return nil
	}
	c, err := seal.ParseCheckpoint(point)
	if err != nil {
		bad(manifest.PointName, err.Error())
		return nil
	}
	if len(p.Keys) == 0 {
		bad(manifest.ProofsName, "no public key")
		return nil
	}
	if err := c.CheckSigned(p.Keys[len(p.Keys)-1]); err != nil {
		b.r.add(Finding{State: Damaged, What: "signature", File: manifest.PointName, Detail: err.Error()})
		return nil
	}
	b.r.Origin, b.r.Checkpoints, b.r.Leaves, b.r.Sealed, b.r.SealedTime = c.Origin, 1, c.Size, c.Size, c.Time
	if e, err := leafOf(p.Selection, c); err != nil || e.Kind != seal.KindExport || e.Hash != hashOf(selection) {
		bad(manifest.SelectionName, fmt.Sprintf("no leaf of the log names it: %v", err))
	}
	masked := map[string]map[int64]seal.Hash{}
	for _, m := range p.Masked {
		if masked[m.Member] == nil {
			masked[m.Member] = map[int64]seal.Hash{}
		}
		masked[m.Member][m.Line] = m.Leaf
	}
	var lines []seal.Hash
	b.lines(manifest.RecordsName, masked[manifest.RecordsName], func(h seal.Hash) { lines = append(lines, h) })
	if int64(len(lines)) != sel.Records || seal.Root(lines) != sel.RecordsRoot {
		bad(manifest.RecordsName, "the records are not those of the selection")
	}
	for _, raw := range sel.Raw {
		var t seal.Roots
		if n := b.lines(raw.Member, masked[raw.Member], t.Add); n != raw.Events || t.Root() != raw.Root {
			bad(raw.Member, "the events are not those of the selection")
		}
	}
	b.gapProofs(&p, c, bad)
	proven := archivedLines(&p, c, lines, bad)
	if b.m.Narrow {
		b.r.add(Finding{State: Note, What: "narrow", File: manifest.BundleName})
	}
	if rest := sel.Records - int64(len(proven)); rest > 0 && b.m.Format > 1 {
		b.r.add(Finding{State: Note, What: "lines_unarchived", File: manifest.RecordsName, Detail: fmt.Sprintf("%d / %d", rest, sel.Records)})
	}
	b.keys = p.Keys
	fresh := b.againParts(&p, b.againLeaves(&p), roots)
	if rest := len(proven) - len(fresh); b.opt.onlySHA256() && b.m.Again != "" && rest > 0 {
		b.r.add(Finding{State: Note, What: "again_part", File: manifest.RecordsName, Detail: fmt.Sprintf("%d / %d", rest, sel.Records)})
	}
	for i := range p.Stamps {
		b.stamped(&p.Stamps[i], c, roots)
	}
	b.unlistedStamps(&p)
	return c
}

// gapProofs checks the proofs of gap reports and takes them over.
func (b *bundle) gapProofs(p *manifest.Proofs, c *seal.Checkpoint, bad func(file, detail string)) {
	for i := range p.Gaps {
		if e, err := leafOf(p.Gaps[i], c); err != nil || e.Kind != seal.KindGapReport {
			bad(manifest.ProofsName, fmt.Sprintf("gap report %d: %v", i+1, err))
		} else if g, err := gapOf(e, p.Gaps[i].Index); err != nil {
			bad(manifest.ProofsName, fmt.Sprintf("gap report %d: %v", i+1, err))
		} else {
			g.Sealed = true
			b.r.Gaps = append(b.r.Gaps, g)
		}
	}
	sortGaps(b.r.Gaps)
}

// archivedLines checks the proofs of archived parts; it returns the lines that they prove.
func archivedLines(p *manifest.Proofs, c *seal.Checkpoint, lines []seal.Hash, bad func(file, detail string)) map[int64]bool {
	proven := make(map[int64]bool)
	for i := range p.Parts {
		if err := checkPart(&p.Parts[i], c, lines); err != nil {
			bad(manifest.ProofsName, fmt.Sprintf("archived part %d: %v", i+1, err))
			continue
		}
		for _, n := range p.Parts[i].Lines {
			proven[n] = true
		}
	}
	for i := range p.Rows {
		if err := checkRows(&p.Rows[i], c, lines); err != nil {
			bad(manifest.ProofsName, fmt.Sprintf("rows of an archived part %d: %v", i+1, err))
			continue
		}
		for _, n := range p.Rows[i].Lines {
			proven[n] = true
		}
	}
	return proven
}

// stamped checks the time stamp of an earlier checkpoint, and that the tree of c goes
// on from it.
func (b *bundle) stamped(p *manifest.StampProof, c *seal.Checkpoint, roots *x509.CertPool) {
	bad := func(detail string) {
		b.r.add(Finding{State: Damaged, What: "stamp", File: p.Member, Detail: detail})
	}
	old, err := seal.ParseCheckpoint([]byte(p.Checkpoint))
	if err != nil {
		bad(err.Error())
		return
	}
	if old.Origin != c.Origin {
		bad("it is of another log: " + old.Origin)
		return
	}
	if err := seal.CheckConsistency(p.Consistency, c.Size, c.Root, old.Size, old.Root); err != nil {
		bad(err.Error())
		return
	}
	if !b.signed(old) {
		bad("the stamped checkpoint is signed by none of the keys")
		return
	}
	text, ok := b.read(p.Member)
	if !ok {
		return
	}
	at := int64(-1)
	if p.Leaf != nil {
		e, err := leafOf(*p.Leaf, c)
		if err != nil || e.Kind != seal.KindStamp || e.Subject != seal.StampFile(old.Size) || e.Hash != hashOf(text) {
			bad(fmt.Sprintf("its leaf is not that of the log: %v", err))
			return
		}
		at = p.Leaf.Index
	}
	b.hold(p.Member, text, old, at, roots)
}

// hold checks a stamp of a checkpoint and keeps it for the question what renewed it.
func (b *bundle) hold(member string, text []byte, c *seal.Checkpoint, leaf int64, roots *x509.CertPool) {
	if st := b.r.stamp(member, text, c.Size, &logState{points: []*seal.Checkpoint{c}, good: []*seal.Checkpoint{c}}, roots); st != nil {
		b.held = append(b.held, heldStamp{member, c.Size, leaf, st})
	}
}

// signed reports whether one of the keys of the log signed a checkpoint.
func (b *bundle) signed(c *seal.Checkpoint) bool {
	return slices.ContainsFunc(b.keys, func(k string) bool { return c.CheckSigned(k) == nil })
}

// unlistedStamps names stamps that no proof is of.
func (b *bundle) unlistedStamps(p *manifest.Proofs) {
	heads := make(map[string]bool)
	if p.Again != nil {
		for _, h := range p.Again.Heads {
			heads[h.Member] = true
		}
	}
	for name := range b.members {
		if strings.HasSuffix(name, ".tsr") && !heads[name] && !slices.ContainsFunc(p.Stamps, func(x manifest.StampProof) bool { return x.Member == name }) {
			b.r.add(Finding{State: Damaged, What: "stamp", File: name, Detail: "no proof ties it to the checkpoint"})
		}
	}
}

// sealed checks that the list of members, of these bytes, was sealed after the
// checkpoint c that the reports show.
func (b *bundle) sealed(list []byte, c *seal.Checkpoint, roots *x509.CertPool) {
	text, ok := b.read(manifest.SealName)
	if !ok {
		return
	}
	bad := func(detail string) {
		b.r.add(Finding{State: Damaged, What: "proof", File: manifest.SealName, Detail: detail})
	}
	var s manifest.BundleSeal
	if err := manifest.Decode(text, &s); err != nil {
		bad(err.Error())
		return
	}
	last, err := seal.ParseCheckpoint([]byte(s.Checkpoint))
	if err != nil {
		bad(err.Error())
		return
	}
	if last.Origin != c.Origin || !b.signed(last) {
		b.r.add(Finding{State: Damaged, What: "signature", File: manifest.SealName, Detail: "of another log, or signed by none of the keys"})
		return
	}
	if err := seal.CheckConsistency(s.Consistency, last.Size, last.Root, c.Size, c.Root); err != nil {
		bad(err.Error())
		return
	}
	if e, err := leafOf(s.Manifest, last); err != nil || e.Kind != seal.KindEvidence || e.Hash != hashOf(list) {
		bad(fmt.Sprintf("no leaf of the log names %s: %v", manifest.BundleName, err))
		return
	}
	b.r.Checkpoints, b.r.Leaves, b.r.Sealed, b.r.SealedTime = 2, last.Size, last.Size, last.Time
	b.againSealed(list, &s, roots)
	if len(s.Stamp) > 0 {
		b.hold(manifest.SealName, s.Stamp, last, -1, roots) // nothing renews it: no later checkpoint is in here
	}
}

func leafOf(p manifest.LeafProof, c *seal.Checkpoint) (seal.Entry, error) {
	if err := seal.CheckInclusion(p.Path, c.Size, c.Root, p.Index, seal.LeafHash([]byte(p.Leaf))); err != nil {
		return seal.Entry{}, err
	}
	return seal.ParseLeaf([]byte(p.Leaf))
}

// checkPart checks that records stood in a part of the archive.
func checkPart(p *manifest.PartProof, c *seal.Checkpoint, lines []seal.Hash) error {
	e, err := leafOf(p.Proof, c)
	if err != nil {
		return err
	}
	if e.Kind != seal.KindArchivePart || e.Hash != hashOf([]byte(p.Day)) {
		return errors.New("the leaf is of another day")
	}
	var d manifest.Day
	if err := manifest.Decode([]byte(p.Day), &d); err != nil {
		return err
	}
	root, err := prunedRoot(d.Records, p.Keep, p.Lines, p.Rest, lines)
	if err == nil && root != d.RecordsRoot {
		err = fmt.Errorf("%s %s: the records are other ones", d.Server, d.Day)
	}
	return err
}

// prunedRoot is the root of a part's records, of which lines of the bundle are some.
func prunedRoot(records int64, keep, at []int64, rest, lines []seal.Hash) (seal.Hash, error) {
	var kept []seal.Hash
	for _, i := range at {
		if i < 0 || i >= int64(len(lines)) {
			return seal.Hash{}, fmt.Errorf("line %d of %d", i, len(lines))
		}
		kept = append(kept, lines[i])
	}
	return seal.PrunedRoot(records, keep, kept, rest)
}

// checkRows checks that records stood among the rows that a leaf says a part of the
// archive has. Whether it has them, only the manifest of its day tells.
func checkRows(p *manifest.RowsProof, c *seal.Checkpoint, lines []seal.Hash) error {
	e, err := leafOf(p.Proof, c)
	if err != nil {
		return err
	}
	if e.Kind != seal.KindRows || e.Hash != hashOf([]byte(p.Rows)) {
		return errors.New("the leaf is of other rows")
	}
	var r manifest.Rows
	if err := manifest.Decode([]byte(p.Rows), &r); err != nil {
		return err
	}
	part, err := leafOf(p.Part, c)
	if err != nil {
		return err
	}
	var of struct {
		Server, Day string
		Part        int
	}
	if json.Unmarshal([]byte(part.Subject), &of) != nil || part.Kind != seal.KindArchivePart || p.Part.Index != r.Leaf || of.Server != r.Server || of.Day != r.Day || of.Part != r.Part {
		return fmt.Errorf("leaf %d is of another part", p.Part.Index)
	}
	root, err := prunedRoot(r.Records, p.Keep, p.Lines, p.Rest, lines)
	if err == nil && root != r.Root {
		err = fmt.Errorf("%s %s: the records are other ones", r.Server, r.Day)
	}
	return err
}
