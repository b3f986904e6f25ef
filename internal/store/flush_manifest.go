package store

import (
	"slices"
)

// manifest is what the flush makes true.
func (f *flush) manifest() *manifest {
	s := f.s
	m := &manifest{
		Generation: s.manifest.Generation + 1, Absorbed: f.cut, Chain: f.chain[:], FirstLog: f.firstLog,
		Imports: f.imports, Spread: f.spread, Segments: s.manifest.Segments, Raw: s.manifest.Raw, Paths: s.manifest.Paths,
	}
	m.Erasures, m.Schedule, m.Expired = f.erasures, f.schedule, s.manifest.Expired
	m.Segments, m.Raw, m.Paths = slices.Clone(m.Segments), slices.Clone(m.Raw), slices.Clone(m.Paths)
	for _, b := range f.facts {
		m.Facts = append(m.Facts, manifestFact{b.manifest(), b.seq, b.min, b.max})
	}
	for _, name := range f.names {
		sv := f.servers[name]
		for _, r := range slices.Concat(f.built[name].segments, f.built[name].old) {
			m.Segments = append(m.Segments, r.manifest(name))
		}
		for _, r := range f.built[name].paths {
			m.Paths = append(m.Paths, manifestFile{Num: r.num, Server: name, Size: r.size})
		}
		sv.segments = append(sv.segments, f.built[name].segments...)
		sv.prune()
		ms := manifestServer{
			Name: name, Rewind: [2]uint64{sv.rewind.to, sv.rewind.at}, Voids: sv.voids, Pending: sv.pending, Unread: sv.unread,
			Tail: manifestBlocks(sv.tail), Old: manifestBlocks(sv.old), Drafts: manifestBlocks(sv.drafts),
		}
		for _, c := range sv.checkpoints {
			ms.Checkpoints = append(ms.Checkpoints, manifestCheckpoint{c.ref.manifest(), c.seq, c.watermark, c.basis})
		}
		ms.Gone = goneBlocks(sv.raw)
		m.Servers = append(m.Servers, ms)
	}
	for _, p := range f.packs {
		m.Raw = append(m.Raw, manifestFile{Num: p.num, Size: p.size})
	}
	return m
}

// Checkpoints that are kept: the newest few, then one per day of events, and
// beyond some weeks one per month.
const (
	keepNewest = 8
	keepDays   = 40
)

// thin drops checkpoints that only make a late log begin somewhat earlier.
func thin(l []checkpoint) []checkpoint {
	const day = 24 * 3600 * 10_000_000 // 100 ns
	var out []checkpoint
	last := int64(-1)
	for i, c := range slices.Backward(l) {
		unit := int64(c.watermark.Running) / day
		if len(out) > keepNewest+keepDays {
			unit /= 30
		}
		if len(l)-i > keepNewest && unit == last {
			continue
		}
		last = unit
		out = append(out, c)
	}
	slices.Reverse(out)
	return out
}
