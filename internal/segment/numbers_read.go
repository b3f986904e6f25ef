package segment

import (
	"encoding/binary"
	"slices"
)

// plane is one byte place of a column.
type plane struct {
	shift uint
	b     []byte
}

// planeMemory is the memory of the planes of a column.
type planeMemory [8][]byte

// numbers is a column of numbers, unpacked but not spelled out. It is immutable
// and safe for concurrent use.
type numbers struct {
	n      int
	form   byte
	scale  uint64
	base   uint64 // formConst: the value; formPlain: added to every value; formDelta: to every difference
	planes []plane
	syncs  []uint64 // formDelta: the value at the start of each group
	ends   []int32  // formRuns: where each run ends
	values []uint64 // formRuns
}

// readNumbers reads a column of n values, which shares no memory with b: of what is kept,
// the packed planes beside a plain one would stay in memory with it.
func readNumbers(u *unpacker, b []byte, n int) (*numbers, error) { return readNumbersIn(nil, u, b, n) }

// readNumbersIn is readNumbers, which unpacks into memory from before and keeps what it
// took there; the planes may share memory with b. nil = readNumbers.
func readNumbersIn(m *planeMemory, u *unpacker, b []byte, n int) (*numbers, error) {
	d := &decoder{b: b}
	c := &numbers{n: n, form: d.byte(), scale: d.u()}
	switch c.form {
	case formConst:
		c.base = d.u()
	case formRuns:
		c.readRuns(d)
	case formDelta:
		c.readSyncs(d)
		c.base = d.u()
		c.readPlanes(m, u, d)
	case formPlain:
		c.base = d.u()
		c.readPlanes(m, u, d)
	default:
		d.fail("unknown form of numbers")
	}
	return c, d.end()
}

func (c *numbers) readRuns(d *decoder) {
	runs := d.count()
	if runs > c.n {
		d.fail("more runs than rows")
		return
	}
	c.ends, c.values = make([]int32, runs), make([]uint64, runs)
	at, v := 0, uint64(0)
	for i := range runs {
		at += int(d.max(uint64(c.n-at), "run"))
		v += unzigzag(d.u())
		c.ends[i], c.values[i] = int32(at), v
	}
	if at != c.n {
		d.fail("runs do not fill the block")
	}
}

func (c *numbers) readSyncs(d *decoder) {
	least, wide := d.u(), int(d.byte())
	if wide > 8 {
		d.fail("value wider than 8 bytes")
		return
	}
	n := (c.n + groupRows - 1) / groupRows
	b := d.bytes(n * wide)
	if d.err != nil {
		return
	}
	c.syncs = make([]uint64, n)
	for i := range c.syncs {
		var x [8]byte
		copy(x[:], b[i*wide:(i+1)*wide])
		c.syncs[i] = least + binary.LittleEndian.Uint64(x[:])
	}
}

func (c *numbers) readPlanes(m *planeMemory, u *unpacker, d *decoder) {
	wide := int(d.byte())
	if wide > 8 {
		d.fail("value wider than 8 bytes")
		return
	}
	for k := range wide {
		p := plane{shift: uint(8 * k)}
		switch d.byte() {
		case planeConst:
			c.base += uint64(d.byte()) << p.shift
			continue
		case planeRaw:
			if p.b = d.bytes(c.n); m == nil {
				p.b = slices.Clone(p.b)
			}
		case planeZstd:
			packed := d.part()
			if d.err != nil {
				return
			}
			var dst []byte
			if m != nil {
				dst = m[k]
			}
			b, err := u.unpackIn(dst, packed, c.n)
			if err != nil {
				d.fail(err.Error())
				return
			}
			if p.b = b; m != nil {
				m[k] = b
			}
		default:
			d.fail("unknown form of plane")
		}
		c.planes = append(c.planes, p)
	}
}

// bytes estimates the memory that the column holds.
func (c *numbers) bytes() int {
	n := 160 + 32*cap(c.planes) + 8*len(c.syncs) + 12*len(c.ends)
	for _, p := range c.planes {
		n += cap(p.b)
	}
	return n
}

// constant reports whether all values are the same, and which.
func (c *numbers) constant() (uint64, bool) {
	return c.base * c.scale, c.form == formConst || c.form == formPlain && len(c.planes) == 0
}

// read fills dst with the values of the rows from lo on.
func (c *numbers) read(dst []uint64, lo int) {
	switch c.form {
	case formConst:
		for i := range dst {
			dst[i] = c.base
		}
	case formRuns:
		c.runsInto(dst, lo)
	case formPlain:
		c.sum(dst, lo)
	case formDelta:
		c.deltas(dst, lo)
	}
	if c.scale != 1 {
		for i := range dst {
			dst[i] *= c.scale
		}
	}
}

func (c *numbers) runsInto(dst []uint64, lo int) {
	k, found := slices.BinarySearch(c.ends, int32(lo))
	if found {
		k++
	}
	for at := 0; at < len(dst); k++ {
		end := min(int(c.ends[k])-lo, len(dst))
		v := c.values[k]
		for i := at; i < end; i++ {
			dst[i] = v
		}
		at = max(at, end)
	}
}

// sum adds up the planes.
func (c *numbers) sum(dst []uint64, lo int) {
	l := c.planes
	switch {
	case len(l) >= 3:
		a, b, e := l[0].b[lo:lo+len(dst)], l[1].b[lo:lo+len(dst)], l[2].b[lo:lo+len(dst)]
		as, bs, es := l[0].shift&63, l[1].shift&63, l[2].shift&63
		for i := range dst {
			dst[i] = c.base + uint64(a[i])<<as + uint64(b[i])<<bs + uint64(e[i])<<es
		}
		l = l[3:]
	case len(l) >= 1:
		a, as := l[0].b[lo:lo+len(dst)], l[0].shift&63
		for i := range dst {
			dst[i] = c.base + uint64(a[i])<<as
		}
		l = l[1:]
	default:
		for i := range dst {
			dst[i] = c.base
		}
	}
	for _, p := range l {
		b, shift := p.b[lo:lo+len(dst)], p.shift&63
		for i, x := range b {
			dst[i] += uint64(x) << shift
		}
	}
}

func (c *numbers) deltas(dst []uint64, lo int) {
	for len(dst) > 0 {
		g := lo / groupRows
		end := min((g+1)*groupRows, lo+len(dst))
		k := end - lo
		if lo == g*groupRows {
			c.group(dst[:k], g)
		} else {
			dst[0] = c.syncs[g] + c.step(g*groupRows, lo)
			c.follow(dst[:k], lo)
		}
		dst, lo = dst[k:], lo+k
	}
}

// group fills l with the first values of a group, not scaled.
func (c *numbers) group(l []uint64, g int) {
	l[0] = c.syncs[g]
	c.follow(l, g*groupRows)
}

// follow fills l behind its first value, that of row lo; all are of one group.
func (c *numbers) follow(l []uint64, lo int) {
	v := l[0]
	switch p := c.planes; len(p) {
	case 1:
		a, as := p[0].b[lo:lo+len(l)], p[0].shift&63
		for i := 1; i < len(l); i++ {
			v += c.base + uint64(a[i])<<as
			l[i] = v
		}
	case 2:
		a, b, as, bs := p[0].b[lo:lo+len(l)], p[1].b[lo:lo+len(l)], p[0].shift&63, p[1].shift&63
		for i := 1; i < len(l); i++ {
			v += c.base + uint64(a[i])<<as + uint64(b[i])<<bs
			l[i] = v
		}
	case 3:
		a, b, e := p[0].b[lo:lo+len(l)], p[1].b[lo:lo+len(l)], p[2].b[lo:lo+len(l)]
		as, bs, es := p[0].shift&63, p[1].shift&63, p[2].shift&63
		for i := 1; i < len(l); i++ {
			v += c.base + uint64(a[i])<<as + uint64(b[i])<<bs + uint64(e[i])<<es
			l[i] = v
		}
	default:
		c.sum(l, lo)
		l[0] = v
		for i := 1; i < len(l); i++ {
			v += l[i]
			l[i] = v
		}
	}
}

// gather fills dst with the values of the rows, which ascend.
func (c *numbers) gather(dst []uint64, rows []uint16) {
	switch c.form {
	case formConst:
		c.read(dst[:len(rows)], 0)
		return
	case formRuns:
		k := 0
		for i, r := range rows {
			for int(c.ends[k]) <= int(r) {
				k++
			}
			dst[i] = c.values[k]
		}
	case formPlain:
		c.gatherPlain(dst, rows)
	case formDelta:
		c.gatherDeltas(dst, rows)
	}
	if c.scale != 1 {
		for i := range rows {
			dst[i] *= c.scale
		}
	}
}

func (c *numbers) gatherPlain(dst []uint64, rows []uint16) {
	l := c.planes
	if len(l) > 0 {
		a, as, base := l[0].b, l[0].shift&63, c.base
		for i, r := range rows {
			dst[i] = base + uint64(a[r])<<as
		}
		l = l[1:]
	} else {
		for i := range rows {
			dst[i] = c.base
		}
	}
	for _, p := range l {
		a, as := p.b, p.shift&63
		for i, r := range rows {
			dst[i] += uint64(a[r]) << as
		}
	}
}

// apartRows is how few rows of a group are looked up one by one.
const apartRows = 32

func (c *numbers) gatherDeltas(dst []uint64, rows []uint16) {
	var group [groupRows]uint64
	for i := 0; i < len(rows); {
		g := int(rows[i]) / groupRows
		j := i + 1
		for j < len(rows) && int(rows[j])/groupRows == g {
			j++
		}
		if j-i <= apartRows {
			at, v := g*groupRows, c.syncs[g]
			for ; i < j; i++ {
				v += c.step(at, int(rows[i]))
				dst[i], at = v, int(rows[i])
			}
			continue
		}
		start := g * groupRows
		c.group(group[:int(rows[j-1])-start+1], g)
		for ; i < j; i++ {
			dst[i] = group[int(rows[i])-start]
		}
	}
}

// step is what the values of a delta column grow by from one row to another of
// the same group.
func (c *numbers) step(from, to int) uint64 {
	v := uint64(to-from) * c.base
	for _, p := range c.planes {
		v += sumBytes(p.b[from+1:to+1]) << (p.shift & 63)
	}
	return v
}

// find looks for x in differences that ascend, which have no scale.
func (c *numbers) find(x uint64) (int, bool) {
	g, ok := slices.BinarySearch(c.syncs, x)
	if ok {
		return g * groupRows, true
	}
	if g--; g < 0 {
		return 0, false
	}
	lo := g * groupRows
	n := min(groupRows, c.n-lo)
	if len(c.planes) == 1 && c.planes[0].shift == 0 {
		v, base := c.syncs[g], c.base
		for i, d := range c.planes[0].b[lo+1 : lo+n] {
			if v += base + uint64(d); v >= x {
				return lo + 1 + i, v == x
			}
		}
		return lo + n, false
	}
	var group [groupRows]uint64
	l := group[:n]
	c.group(l, g)
	i, ok := slices.BinarySearch(l, x)
	return lo + i, ok
}

// pick is gather that reads rows that stand close in one go.
func (c *numbers) pick(dst []uint64, rows []uint16) {
	if len(rows) == 0 {
		return
	}
	lo, n := int(rows[0]), int(rows[len(rows)-1])-int(rows[0])+1
	if n > 3*len(rows) || n > len(dst) {
		c.gather(dst, rows)
		return
	}
	c.read(dst[:n], lo)
	if n == len(rows) {
		return
	}
	for i, r := range rows {
		dst[i] = dst[int(r)-lo]
	}
}
