package segment

import (
	"encoding/binary"
	"math"
	"math/bits"
	"slices"
)

// Forms of a column of numbers. The values are stored: append only.
const (
	formConst = 0
	formRuns  = 1
	formPlain = 2
	formDelta = 3
)

// Forms of one byte plane.
const (
	planeConst = 0
	planeRaw   = 1
	planeZstd  = 2
)

// groupRows is how many rows of a delta column follow one absolute value.
const groupRows = 256

// grain is the unit of FILETIME in nanoseconds.
const grain = 100

// numberStats is what the choice of a form needs.
type numberStats struct {
	min, max   uint64
	dmin, dmax int64
	runs       int
}

// statsOf looks at all values of a column, one at least. Its loop has no branches.
func statsOf(v []uint64, signed bool) numberStats {
	flip := uint64(0)
	if signed {
		flip = 1 << 63
	}
	prev := v[0]
	lo, hi, runs := prev^flip, prev^flip, 1
	var dmin, dmax int64
	if len(v) > 1 {
		dmin = int64(v[1] - prev)
		dmax = dmin
	}
	for _, x := range v[1:] {
		d := int64(x - prev)
		more := 0
		if d != 0 {
			more = 1
		}
		runs += more
		lo, hi = min(lo, x^flip), max(hi, x^flip)
		dmin, dmax = min(dmin, d), max(dmax, d)
		prev = x
	}
	return numberStats{min: lo ^ flip, max: hi ^ flip, dmin: dmin, dmax: dmax, runs: runs}
}

// numbers appends the values of one column. Signed ones are two's complement;
// with scaled, values that are all multiples of grain are divided by it.
func (p *packer) numbers(dst []byte, v []uint64, signed, scaled bool) []byte {
	if len(v) == 0 {
		return append(dst, formConst, 1, 0)
	}
	scale := uint64(1)
	if scaled && allGrains(v) {
		scale = grain
		p.alt = append(p.alt[:0], v...)
		v = p.alt
		for i, x := range v {
			v[i] = uint64(int64(x) / grain)
		}
	}
	head := func(form byte) {
		dst = binary.AppendUvarint(append(dst, form), scale)
	}
	if isConst(v) {
		head(formConst)
		return binary.AppendUvarint(dst, v[0])
	}
	s := statsOf(v, signed)
	if s.runs <= len(v)/16 {
		head(formRuns)
		return appendRuns(dst, v, s.runs)
	}
	wide, dwide := (bits.Len64(s.max-s.min)+7)/8, (bits.Len64(uint64(s.dmax)-uint64(s.dmin))+7)/8
	if p.deltasPay(v, &s, wide, dwide) {
		head(formDelta)
		dst = appendSyncs(dst, v, s.min, wide)
		dst = binary.AppendUvarint(dst, uint64(s.dmin))
		p.deltas(v, uint64(s.dmin))
		return p.planes(dst, dwide)
	}
	head(formPlain)
	dst = binary.AppendUvarint(dst, s.min)
	p.plain(v, s.min)
	return p.planes(dst, wide)
}

// sampleRows is how many rows decide between two forms.
const sampleRows = 2048

// deltasPay reports whether the differences take less room than the values, of which
// each takes so many bytes.
func (p *packer) deltasPay(v []uint64, s *numberStats, wide, dwide int) bool {
	if p.plainly {
		return dwide < wide
	}
	v = v[:min(len(v), sampleRows)]
	p.deltas(v, uint64(s.dmin))
	return p.cost(p.codes, dwide) < p.plainCost(v, s.min, wide)
}

// isConst reports whether all values are the same.
func isConst(v []uint64) bool {
	for _, x := range v {
		if x != v[0] {
			return false
		}
	}
	return true
}

// plain fills codes with the differences to the least value.
func (p *packer) plain(v []uint64, least uint64) {
	p.codes = slices.Grow(p.codes[:0], len(v))[:len(v)]
	for i, x := range v {
		p.codes[i] = x - least
	}
}

// deltas fills codes with the differences to the row before, less the least of
// them; 0 where a group begins.
func (p *packer) deltas(v []uint64, least uint64) {
	p.codes = slices.Grow(p.codes[:0], len(v))[:len(v)]
	prev := uint64(0)
	for i, x := range v {
		p.codes[i] = x - prev - least
		prev = x
	}
	for i := 0; i < len(v); i += groupRows {
		p.codes[i] = 0
	}
}

func (p *packer) plainCost(v []uint64, least uint64, wide int) float64 {
	p.plain(v, least)
	return p.cost(p.codes, wide)
}

func allGrains(v []uint64) bool {
	for _, x := range v {
		if int64(x)%grain != 0 {
			return false
		}
	}
	return true
}

func appendRuns(dst []byte, v []uint64, runs int) []byte {
	dst = binary.AppendUvarint(dst, uint64(runs))
	prev := uint64(0)
	for i := 0; i < len(v); {
		j := i + 1
		for j < len(v) && v[j] == v[i] {
			j++
		}
		dst = binary.AppendUvarint(dst, uint64(j-i))
		dst = binary.AppendUvarint(dst, zigzag(v[i]-prev))
		prev, i = v[i], j
	}
	return dst
}

func appendSyncs(dst []byte, v []uint64, least uint64, wide int) []byte {
	dst = binary.AppendUvarint(dst, least)
	dst = append(dst, byte(wide))
	for i := 0; i < len(v); i += groupRows {
		var b [8]byte
		binary.LittleEndian.PutUint64(b[:], v[i]-least)
		dst = append(dst, b[:wide]...)
	}
	return dst
}

// cost estimates the bits of the planes by the entropy of their bytes.
func (p *packer) cost(codes []uint64, wide int) float64 {
	sum := 0.0
	for k := range wide {
		h, shift := &p.hist, uint(8*k)
		*h = [256]uint32{}
		for _, x := range codes {
			h[byte(x>>shift)]++
		}
		sum += entropy(h, len(codes))
	}
	return sum
}

// entropy is the information of n bytes of this histogram, in bits.
func entropy(h *[256]uint32, n int) float64 {
	e := float64(n) * math.Log2(float64(n))
	for _, c := range h {
		if c > 1 {
			e -= float64(c) * math.Log2(float64(c))
		}
	}
	return e
}

// planes appends the number of bytes per code and, of each byte place from the
// lowest on, all its bytes.
func (p *packer) planes(dst []byte, wide int) []byte {
	n := len(p.codes)
	dst = append(dst, byte(wide))
	p.plane = slices.Grow(p.plane[:0], n)[:n]
	b := p.plane
	if p.plainly {
		return p.plainPlanes(dst, wide)
	}
	for k := range wide {
		h, shift := &p.hist, uint(8*k)
		*h = [256]uint32{}
		for i, x := range p.codes {
			c := byte(x >> shift)
			b[i] = c
			h[c]++
		}
		switch {
		case int(h[b[0]]) == n:
			dst = append(dst, planeConst, b[0])
			continue
		case entropy(h, n) < p.least*float64(n):
			p.out = p.enc.EncodeAll(b, p.out[:0])
			if len(p.out)+len(p.out)/16 < n {
				dst = binary.AppendUvarint(append(dst, planeZstd), uint64(len(p.out)))
				dst = append(dst, p.out...)
				continue
			}
		}
		dst = append(append(dst, planeRaw), b...)
	}
	return dst
}

// plainPlanes is planes of what is written again soon: no plane is packed.
func (p *packer) plainPlanes(dst []byte, wide int) []byte {
	n := len(p.codes)
	for k := range wide {
		dst = slices.Grow(append(dst, planeRaw), n)
		at, shift := len(dst), uint(8*k)
		dst = dst[:at+n]
		b := dst[at:]
		for i, x := range p.codes {
			b[i] = byte(x >> shift)
		}
	}
	return dst
}
