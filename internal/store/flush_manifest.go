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
			Name: name, Rewind: [2]uint64{sv.rewind.to, sv.rewind.at}, Voids: sv.voids, Spans: sv.pending, Order: sv.order, Shifts: sv.shifts, Unread: sv.unread,
			Tail: manifestBlocks(sv.tail), Old: manifestBlocks(sv.old), Drafts: manifestBlocks(sv.drafts),
		}
		for _, c := range sv.checkpoints {
			mc := manifestCheckpoint{Ref: c.ref.manifest(), Seq: c.seq, Watermark: c.watermark, Basis: c.basis}
			for i := range c.traces {
				mc.Traces = append(mc.Traces, c.traces[i].manifest())
			}
			ms.Checkpoints = append(ms.Checkpoints, mc)
		}
		ms.Gone = goneBlocks(sv.raw)
		m.Servers = append(m.Servers, ms)
	}
	for _, p := range f.packs {
		m.Raw = append(m.Raw, manifestFile{Num: p.num, Size: p.size})
	}
	return m
}

// Checkpoints that are kept: the newest few, then one per day of events, beyond
// some weeks one per week, and beyond a year one per month.
const (
	keepNewest = 8
	keepDays   = 40
	keepWeeks  = 52
)

// thin drops checkpoints that only make a window begin earlier or end later. What
// was looked up before one that goes belongs to the next one that stays; of more
// than some weeks ago it is not kept.
func thin(l []checkpoint) []checkpoint {
	const day = 24 * 3600 * 10_000_000 // 100 ns
	var out []checkpoint
	last := int64(-1)
	for i, c := range slices.Backward(l) {
		unit := int64(c.watermark.Running) / day
		old := len(out) > keepNewest+keepDays
		switch {
		case len(out) > keepNewest+keepDays+keepWeeks:
			unit /= 30
		case old:
			unit /= 7
		}
		if n := len(out); len(l)-i > keepNewest && unit == last && c.basis == out[n-1].basis {
			if next := &out[n-1]; len(c.traces) == 0 || len(next.traces) == 0 || old {
				next.traces = nil
			} else {
				next.traces = slices.Concat(c.traces, next.traces)
			}
			continue
		}
		last = unit
		out = append(out, c)
	}
	slices.Reverse(out)
	return out
}
