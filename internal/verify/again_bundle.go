package verify

import (
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/akashi-audit/akashi/internal/manifest"
	"github.com/akashi-audit/akashi/internal/seal"
)

// againSealed checks that manifest.json was sealed under the algorithm of the renewal: the
// leaf whose subject has its digest is in the tree of a signed head.
func (b *bundle) againSealed(list []byte, s *manifest.BundleSeal, roots *x509.CertPool) {
	proven := int64(0)
	defer func() {
		if !b.opt.onlySHA256() {
			return
		}
		b.r.Sealed = proven
		if proven == 0 {
			b.r.add(Finding{State: Unsealed, What: "again_bundle", File: manifest.BundleName})
		}
	}()
	a := b.m.Again
	if s.Again == nil || a == "" {
		return
	}
	bad := func(detail string) {
		b.r.add(Finding{State: Damaged, What: "proof", File: manifest.SealName, Detail: detail})
	}
	e, err := seal.ParseLeaf([]byte(s.Manifest.Leaf))
	var x manifest.BundleSubject
	if err == nil {
		err = json.Unmarshal([]byte(e.Subject), &x)
	}
	if err != nil || e.Kind != seal.KindEvidence || x.Hash != a || !x.New.Equal(a.Sum(list)) {
		bad(fmt.Sprintf("its leaf names another %s under %s: %v", manifest.BundleName, a, err))
		return
	}
	h, err := b.againHead(s.Again.Head)
	if err == nil {
		err = a.CheckPath(s.Again.Path, h.Leaves, h.Tree, s.Manifest.Index, a.Leaf([]byte(s.Manifest.Leaf)))
	}
	if err != nil {
		bad(err.Error())
		return
	}
	if !b.opt.distrusted(a) {
		proven = h.Leaves
	}
	if len(s.Again.Stamp) > 0 {
		b.g.stamp(b.r, manifest.SealName, s.Again.Stamp, h, roots, b.opt)
	}
}

// againHead reads a head and checks its signature.
func (b *bundle) againHead(text string) (*seal.Head, error) {
	h, err := seal.ParseHead([]byte(text))
	if err != nil {
		return nil, err
	}
	if h.Algorithm != b.m.Again || h.Origin != b.r.Origin {
		return nil, errors.New("head of another renewal or log")
	}
	if !slices.ContainsFunc(b.keys, func(k string) bool { return h.CheckSigned(k) == nil }) {
		return nil, errors.New("a head is signed by none of the keys")
	}
	return h, nil
}

// againParts checks the proofs of parts by the list of the renewal; lines are the digests
// of the lines of records.jsonl. It returns the lines that are proven.
func (b *bundle) againParts(p *manifest.Proofs, lines []seal.Digest, roots *x509.CertPool) map[int64]bool {
	proven := make(map[int64]bool)
	if p.Again == nil {
		return proven
	}
	bad := func(detail string) {
		b.r.add(Finding{State: Damaged, What: "proof", File: manifest.ProofsName, Detail: detail})
	}
	if p.Again.Hash != b.m.Again {
		bad("the proofs are of another algorithm")
		return proven
	}
	heads := make([]*seal.Head, len(p.Again.Heads))
	for i := range p.Again.Heads {
		h, err := b.againHead(p.Again.Heads[i].Head)
		if err != nil {
			bad(fmt.Sprintf("head %d of the renewal: %v", i+1, err))
			return proven
		}
		heads[i] = h
		if m := p.Again.Heads[i].Member; m != "" {
			if text, ok := b.read(m); ok {
				b.g.stamp(b.r, m, text, h, roots, b.opt)
			}
		}
	}
	b.againRenewed(p, heads, bad)
	for i := range p.Again.Parts {
		x := &p.Again.Parts[i]
		if x.Part < 0 || x.Part >= len(p.Parts) || x.Head < 0 || x.Head >= len(heads) {
			bad(fmt.Sprintf("part %d of the renewal is of no part", i+1))
			continue
		}
		if err := b.againPart(x, &p.Parts[x.Part], heads[x.Head], lines); err != nil {
			bad(fmt.Sprintf("archived part %d under %s: %v", x.Part+1, b.m.Again, err))
			continue
		}
		for _, n := range p.Parts[x.Part].Lines {
			proven[n] = true
		}
	}
	return proven
}

// againLine checks that a line is in the list of a head.
func (b *bundle) againLine(l *manifest.AgainLine, h *seal.Head) (*seal.Again, error) {
	if err := b.m.Again.CheckPath(l.Path, h.Lines, h.List, l.Line, b.m.Again.Leaf([]byte(l.Text))); err != nil {
		return nil, err
	}
	return seal.ParseAgain([]byte(l.Text))
}

func (b *bundle) againPart(x *manifest.AgainPart, p *manifest.PartProof, h *seal.Head, lines []seal.Digest) error {
	a := b.m.Again
	day, err := b.againLine(&x.Day, h)
	if err != nil {
		return err
	}
	if day.Kind != seal.AgainObject || !day.New.Equal(a.Sum([]byte(p.Day))) || day.Old != hashOf([]byte(p.Day)) {
		return errors.New("the line is of another manifest")
	}
	var d manifest.Day
	if err := manifest.Decode([]byte(p.Day), &d); err != nil {
		return err
	}
	rows, err := b.againLine(&x.Rows, h)
	if err != nil {
		return err
	}
	of := slices.ContainsFunc(d.Objects, func(o manifest.Object) bool { return o.Kind == manifest.KindRecords && o.Name == rows.Name })
	if rows.Kind != seal.AgainRows || !of || rows.Size != d.Records || rows.Old != d.RecordsRoot {
		return errors.New("the line is of other records")
	}
	var kept []seal.Digest
	for _, n := range p.Lines {
		if n < 0 || n >= int64(len(lines)) {
			return fmt.Errorf("line %d of %d", n, len(lines))
		}
		kept = append(kept, lines[n])
	}
	root, err := a.PrunedDigest(d.Records, p.Keep, kept, x.Rest)
	if err == nil && !root.Equal(rows.New) {
		err = fmt.Errorf("%s %s: the records are other ones", d.Server, d.Day)
	}
	return err
}

// againRenewed names stamps of heads whose certificate has ended, unless the list of the
// last head, which was stamped before that end, has the answer.
func (b *bundle) againRenewed(p *manifest.Proofs, heads []*seal.Head, bad func(string)) {
	now := b.opt.now()
	for i := range p.Again.Heads {
		x := &p.Again.Heads[i]
		at := slices.IndexFunc(b.g.stamps, func(s againStamp) bool { return s.file == x.Member && x.Member != "" })
		if at < 0 || now.Before(b.g.stamps[at].Expires) || x.Renews != nil && b.renews(x, heads, b.g.stamps[at].Expires, bad) {
			continue
		}
		s := b.g.stamps[at]
		b.r.add(Finding{State: Note, What: "stamp_expired", File: s.file, Detail: s.Authority + ": " + when(s.Expires.UnixNano())})
	}
}

// renews reports whether a stamped head, made before then, has the answer in its list.
func (b *bundle) renews(x *manifest.AgainHead, heads []*seal.Head, before time.Time, bad func(string)) bool {
	text, ok := b.read(x.Member)
	if !ok {
		return false
	}
	for _, s := range b.g.stamps {
		if s.file == x.Member || !s.Time.Before(before) || !slices.Contains(heads, s.head) {
			continue
		}
		if l, err := b.againLine(x.Renews, s.head); err == nil {
			if l.Kind == seal.AgainFile && l.New.Equal(b.m.Again.Sum(text)) {
				return true
			}
			bad("a line of the renewal is of another stamp")
		}
	}
	return false
}

// againLeaves are the digests of the lines of records.jsonl before masking; nil without
// a renewal.
func (b *bundle) againLeaves(p *manifest.Proofs) (out []seal.Digest) {
	if b.m.Again == "" {
		return nil
	}
	masked := make(map[int64]seal.Digest)
	for _, m := range p.Masked {
		if m.Member == manifest.RecordsName {
			masked[m.Line] = m.New
		}
	}
	_, _ = b.eachLine(manifest.RecordsName, func(line []byte) error { // fn has no error
		h, hidden := masked[int64(len(out))]
		if !hidden {
			h = b.m.Again.Leaf(line)
		}
		out = append(out, h)
		return nil
	})
	return out
}
