package segment

import (
	"maps"
	"slices"
)

// Meta is what a segment says of itself.
type Meta struct {
	Version    int // of the format
	Server     string
	Superseded bool // holds superseded records, not those that hold
	Zone       string
	Size       int64 // bytes of the file
	Rows       int64
	First      int64 // Unix ns
	Last       int64
	Days       []DayMeta        // ascending
	Seqs       []SeqRows        // ascending
	IDs        []IDRange        // by channel and generation
	Paths      int              // distinct paths and new paths, "" included
	Columns    map[string]int64 // bytes by column and other part
}

// DayMeta is one calendar day of a segment.
type DayMeta struct {
	Day         int // since 1970-01-01, in the zone
	Rows        int64
	First, Last int64 // Unix ns
}

// SeqRows is how many rows of one commit there are.
type SeqRows struct {
	Seq  uint64
	Rows int64
}

// IDRange is the lowest and highest first record id of a channel's generation.
type IDRange struct {
	Channel    string
	Generation uint32
	Lo, Hi     uint64
}

// joinSeqs joins what several stamps of one commit gave.
func joinSeqs(l []SeqRows) []SeqRows {
	var out []SeqRows
	for _, s := range l {
		if n := len(out); n > 0 && out[n-1].Seq == s.Seq {
			out[n-1].Rows += s.Rows
		} else {
			out = append(out, s)
		}
	}
	return out
}

func (m *Meta) addIDs(channel string, gen uint32, lo, hi uint64) {
	for i := range m.IDs {
		if r := &m.IDs[i]; r.Channel == channel && r.Generation == gen {
			r.Lo, r.Hi = min(r.Lo, lo), max(r.Hi, hi)
			return
		}
	}
	m.IDs = append(m.IDs, IDRange{channel, gen, lo, hi})
}

// Month is the month of the days; a segment has one.
func (m *Meta) Month() Month {
	if len(m.Days) == 0 {
		return 0
	}
	return MonthOf(m.Days[0].Day)
}

func (m *Meta) encode(e *encoder) {
	e.str(m.Server)
	if m.Superseded {
		e.u(1)
	} else {
		e.u(0)
	}
	e.str(m.Zone)
	e.u(uint64(m.Paths))
	e.u(uint64(len(m.Seqs)))
	prev := uint64(0)
	for _, s := range m.Seqs {
		e.u(s.Seq - prev)
		e.u(uint64(s.Rows))
		prev = s.Seq
	}
	e.u(uint64(len(m.IDs)))
	for _, r := range m.IDs {
		e.str(r.Channel)
		e.u(uint64(r.Generation))
		e.u(r.Lo)
		e.u(r.Hi)
	}
	names := slices.Sorted(maps.Keys(m.Columns))
	e.u(uint64(len(names)))
	for _, name := range names {
		e.str(name)
		e.u(uint64(m.Columns[name]))
	}
}

func (m *Meta) decode(d *decoder) {
	m.Server = d.str()
	m.Superseded = d.max(1, "flag") == 1
	m.Zone = d.str()
	m.Paths = int(d.max(1<<31, "number of paths"))
	n, prev := d.count(), uint64(0)
	for range n {
		prev += d.u()
		m.Seqs = append(m.Seqs, SeqRows{prev, int64(d.u())})
	}
	for range d.count() {
		m.IDs = append(m.IDs, IDRange{d.str(), uint32(d.max(1<<32-1, "generation")), d.u(), d.u()})
	}
	m.Columns = make(map[string]int64)
	for range d.count() {
		name := d.str()
		m.Columns[name] = int64(d.max(1<<62, "size"))
	}
}
