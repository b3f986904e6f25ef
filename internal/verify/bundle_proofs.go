package verify

import (
	"bytes"
	"crypto/sha256"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/akashi-audit/akashi/internal/manifest"
	"github.com/akashi-audit/akashi/internal/record"
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
	lines := b.lines(manifest.RecordsName, masked[manifest.RecordsName])
	if int64(len(lines)) != sel.Records || seal.Root(lines) != sel.RecordsRoot {
		bad(manifest.RecordsName, "the records are not those of the selection")
	}
	for _, raw := range sel.Raw {
		if l := b.lines(raw.Member, masked[raw.Member]); int64(len(l)) != raw.Events || seal.Root(l) != raw.Root {
			bad(raw.Member, "the events are not those of the selection")
		}
	}
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
	if b.m.Narrow {
		b.r.add(Finding{State: Note, What: "narrow", File: manifest.BundleName})
	}
	if rest := sel.Records - int64(len(proven)); rest > 0 && b.m.Format > 1 {
		b.r.add(Finding{State: Note, What: "lines_unarchived", File: manifest.RecordsName, Detail: fmt.Sprintf("%d / %d", rest, sel.Records)})
	}
	b.keys = p.Keys
	for i := range p.Stamps {
		b.stamped(&p.Stamps[i], c, roots)
	}
	b.unlistedStamps(&p)
	return c
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
	if text, ok := b.read(p.Member); ok {
		b.r.stamp(p.Member, text, old.Size, &logState{points: []*seal.Checkpoint{old}, good: []*seal.Checkpoint{old}}, roots)
	}
}

// signed reports whether one of the keys of the log signed a checkpoint.
func (b *bundle) signed(c *seal.Checkpoint) bool {
	return slices.ContainsFunc(b.keys, func(k string) bool { return c.CheckSigned(k) == nil })
}

// unlistedStamps names stamps that no proof is of.
func (b *bundle) unlistedStamps(p *manifest.Proofs) {
	for name := range b.members {
		if strings.HasSuffix(name, ".tsr") && !slices.ContainsFunc(p.Stamps, func(x manifest.StampProof) bool { return x.Member == name }) {
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
	if len(s.Stamp) > 0 {
		b.r.stamp(manifest.SealName, s.Stamp, last.Size, &logState{points: []*seal.Checkpoint{last}, good: []*seal.Checkpoint{last}}, roots)
	}
}

// table makes records.csv again from records.jsonl and compares them.
func (b *bundle) table() {
	f := b.members[manifest.TableName]
	if f == nil {
		return
	}
	lines, ok := b.read(manifest.RecordsName)
	if !ok {
		return
	}
	err := func() (err error) {
		h := sha256.New()
		t, err := record.NewTable(h)
		if err != nil {
			return err
		}
		n := 0
		for line := range bytes.Lines(lines) {
			var r record.Record
			if err := json.Unmarshal(line, &r); err != nil {
				return fmt.Errorf("line %d of %s: %w", n+1, manifest.RecordsName, err)
			}
			if err := t.Write(&r); err != nil {
				return err
			}
			n++
		}
		if err := t.Flush(); err != nil {
			return err
		}
		text, ok := b.read(manifest.TableName)
		if ok && hashOf(text) != seal.Hash(h.Sum(nil)) {
			return fmt.Errorf("made again from %s it is another file", manifest.RecordsName)
		}
		return nil
	}()
	if err != nil {
		b.r.add(Finding{State: Damaged, What: "table", File: manifest.TableName, Detail: err.Error()})
	}
}

func leafOf(p manifest.LeafProof, c *seal.Checkpoint) (seal.Entry, error) {
	if err := seal.CheckInclusion(p.Path, c.Size, c.Root, p.Index, seal.LeafHash([]byte(p.Leaf))); err != nil {
		return seal.Entry{}, err
	}
	return seal.ParseLeaf([]byte(p.Leaf))
}

// lines are the leaf hashes of the lines of a member.
func (b *bundle) lines(name string, masked map[int64]seal.Hash) []seal.Hash {
	text, ok := b.read(name)
	if !ok {
		return nil
	}
	var out []seal.Hash
	for line := range bytes.Lines(text) {
		h, hidden := masked[int64(len(out))]
		if !hidden {
			h = seal.LeafHash(bytes.TrimSuffix(line, []byte("\n")))
		}
		out = append(out, h)
	}
	return out
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
