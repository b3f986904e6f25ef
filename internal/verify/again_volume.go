package verify

import (
	"slices"
	"strings"

	"github.com/akashi-audit/akashi/internal/manifest"
	"github.com/akashi-audit/akashi/internal/seal"
)

// readAgain checks what a volume has of renewals, beside its log.
func (v *volume) readAgain(s *logState, opt *Options) error {
	for _, a := range seal.Algorithms() {
		g, found, err := v.againOf(a, s)
		if err != nil {
			return err
		}
		if found && s.again == nil && !opt.distrusted(a) {
			s.again = g
			if err := v.againStamps(g, opt); err != nil {
				return err
			}
		}
	}
	if !opt.onlySHA256() {
		return nil
	}
	v.r.weakAnchors(s.again)
	covered := int64(0)
	if s.again != nil {
		covered = min(s.again.leaves, v.r.Sealed)
	}
	if covered == 0 {
		v.r.add(Finding{State: Unsealed, What: "again_nothing", File: manifest.LogDir})
	}
	v.r.Sealed = covered
	return nil
}

// againOf reads one renewal; found is false when the volume has none of it.
func (v *volume) againOf(a seal.Algorithm, s *logState) (g *again, found bool, err error) {
	g = newAgain(a)
	var heads []*seal.Head
	var digests []seal.Digest
	for _, name := range v.names { // numbers in names are padded
		if !strings.HasPrefix(name, manifest.AgainObject(string(a))) || v.bad[name] != "" {
			continue
		}
		found = true
		from, _, isList := manifest.AgainRange(string(a), name)
		_, _, isHead := manifest.AgainPair(string(a), "head", name)
		if isList && from != int64(len(digests)) || !isList && !isHead {
			continue // a later object covers more, or a hole: what follows stays unproven
		}
		b, err := readSmall(v.dir, name)
		if err != nil {
			return nil, false, err
		}
		if isList {
			digests = append(digests, g.readList(v.r, name, b, from)...)
			continue
		}
		h, err := seal.ParseHead(b)
		if err != nil {
			v.r.add(Finding{State: Damaged, What: "again_head", File: name, Detail: err.Error()})
			continue
		}
		heads = append(heads, h)
	}
	if !found {
		return nil, false, nil
	}
	slices.SortFunc(heads, func(x, y *seal.Head) int { return int(min(max(x.Leaves-y.Leaves, -1), 1)) })
	leaves := make([]seal.Digest, len(s.data))
	for i, data := range s.data {
		leaves[i] = a.Leaf(data)
	}
	g.check(v.r, manifest.LogDir, heads, digests, leaves, s)
	return g, true, nil
}

// againStamps checks the stamps of heads that the volume carries.
func (v *volume) againStamps(g *again, opt *Options) error {
	roots, err := opt.roots()
	if err != nil {
		return err
	}
	for _, name := range v.names {
		leaves, lines, ok := manifest.AgainPair(string(g.a), "stamp", name)
		if !ok || v.bad[name] != "" {
			continue
		}
		i := slices.IndexFunc(g.heads, func(h *seal.Head) bool { return h.Leaves == leaves && h.Lines == lines })
		if i < 0 {
			continue // its head is not on this volume
		}
		b, err := readSmall(v.dir, name)
		if err != nil {
			return err
		}
		g.stamp(v.r, name, b, g.heads[i], roots, opt)
	}
	return nil
}

// lines finds what the renewal says of the objects; without SHA-256, objects of which it
// says nothing are named.
func (v *volume) lines(jobs []job, g *again, opt *Options) {
	for i := range jobs {
		j := &jobs[i]
		encrypted := strings.HasSuffix(j.file.Name, manifest.EncryptedEnd)
		if !encrypted {
			j.again = g.line(seal.AgainObject, j.file.Name, j.size, j.file.SHA256)
		}
		switch {
		case j.again != nil || !opt.onlySHA256():
		case encrypted:
			v.r.add(Finding{State: Note, What: "again_encrypted", File: j.file.Name})
		default:
			v.r.add(Finding{State: Unsealed, What: "again_none", File: j.file.Name})
		}
	}
}
