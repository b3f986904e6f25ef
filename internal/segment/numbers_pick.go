package segment

import (
	"encoding/binary"
	"slices"

	"github.com/akashi-audit/akashi/internal/paths"
)

// bytes of one place, when a column is no more than that.
func (c *numbers) single() ([]byte, bool) {
	if c.form == formPlain && c.scale == 1 && len(c.planes) == 1 && c.planes[0].shift == 0 {
		return c.planes[0].b, true
	}
	return nil, false
}

// fewCodes is for how many rows a table of the bytes is not worth making.
const fewCodes = 100

// keepCodes leaves the rows whose value is wanted; want nil = all. buf has room
// for the rows.
func keepCodes(c *numbers, rows []uint16, want []bool, buf []uint64) []uint16 {
	if want == nil || len(rows) == 0 {
		return rows
	}
	if v, ok := c.constant(); ok {
		if v < uint64(len(want)) && want[v] {
			return rows
		}
		return rows[:0]
	}
	n := 0
	if b, ok := c.single(); ok && len(rows) < fewCodes {
		for _, r := range rows {
			if v := c.base + uint64(b[r]); v < uint64(len(want)) && want[v] {
				rows[n] = r
				n++
			}
		}
		return rows[:n]
	} else if ok {
		var of [256]bool
		for i := range of {
			v := c.base + uint64(i)
			of[i] = v < uint64(len(want)) && want[v]
		}
		for _, r := range rows {
			rows[n] = r
			if of[b[r]] {
				n++
			}
		}
		return rows[:n]
	}
	c.pick(buf, rows)
	for i, v := range buf[:len(rows)] {
		if v < uint64(len(want)) && want[v] {
			rows[n] = rows[i]
			n++
		}
	}
	return rows[:n]
}

// keepIDs appends to dst the rows whose value is in the set, and fills values with
// those of the special rows, which are some of the rows. buf has room for the rows.
func (c *numbers) keepIDs(dst, rows []uint16, set *paths.Set, special []uint16, values, buf []uint64) []uint16 {
	if v, ok := c.constant(); ok {
		c.gather(values, special)
		if set.Has(uint32(v)) {
			dst = append(dst, rows...)
		}
		return dst
	}
	at := len(dst)
	dst = append(dst, rows...) // room for all
	out, words := dst[at:], set.Words()
	switch all := len(rows) == c.n; {
	case all && c.form == formPlain && c.scale == 1 && len(c.planes) == 3 && c.planes[2].shift == 16:
		c.gather(values, special)
		return dst[:at+c.keepPlain(out, words)]
	case all && c.form == formDelta && c.scale == 1:
		return dst[:at+c.keepDeltas(out, words, special, values)]
	}
	c.pick(buf, rows)
	n := 0
	for i, v := range buf[:len(rows)] {
		out[n] = rows[i]
		n += hasBit(words, v)
	}
	c.gather(values, special)
	return dst[:at+n]
}

// hasBit is 1 when the set has the id, else 0.
func hasBit(words []uint64, id uint64) int {
	if w := id >> 6; w < uint64(len(words)) {
		return int(words[w] >> (id & 63) & 1)
	}
	return 0
}

// keepPlain is keepIDs of all rows of a column of three planes.
func (c *numbers) keepPlain(out []uint16, words []uint64) (n int) {
	x, y, z := c.planes[0].b[:len(out)], c.planes[1].b[:len(out)], c.planes[2].b[:len(out)]
	base := c.base
	for i := range out {
		out[n] = uint16(i)
		n += hasBit(words, base+(uint64(x[i])|uint64(y[i])<<8|uint64(z[i])<<16))
	}
	return n
}

// keepDeltas is keepIDs of all rows of a column of differences, group by group.
func (c *numbers) keepDeltas(out []uint16, words []uint64, special []uint16, values []uint64) (n int) {
	var group [groupRows]uint64
	wide := len(c.planes) == 3 && c.planes[2].shift == 16
	k := 0
	for start := 0; start < len(out); start += groupRows {
		l := group[:min(groupRows, len(out)-start)]
		if wide {
			n = c.keepWide(l, out, n, start, words)
		} else {
			c.group(l, start/groupRows)
			for i, v := range l {
				out[n] = uint16(start + i)
				n += hasBit(words, v)
			}
		}
		for ; k < len(special) && int(special[k]) < start+len(l); k++ {
			values[k] = l[int(special[k])-start]
		}
	}
	return n
}

// keepWide is a group of keepDeltas of a column of three planes.
func (c *numbers) keepWide(l []uint64, out []uint16, n, lo int, words []uint64) int {
	x, y, z, base := c.planes[0].b[lo:lo+len(l)], c.planes[1].b[lo:lo+len(l)], c.planes[2].b[lo:lo+len(l)], c.base
	v := c.syncs[lo/groupRows] - base - (uint64(x[0]) | uint64(y[0])<<8 | uint64(z[0])<<16)
	for i := range l {
		v += base + (uint64(x[i]) | uint64(y[i])<<8 | uint64(z[i])<<16)
		l[i] = v
		out[n] = uint16(lo + i)
		n += hasBit(words, v)
	}
	return n
}

// keepSome appends to dst the rows whose value is not 0.
func (c *numbers) keepSome(dst, rows []uint16, buf []uint64) []uint16 {
	if v, ok := c.constant(); ok {
		if v != 0 {
			dst = append(dst, rows...)
		}
		return dst
	}
	if c.form == formRuns {
		i, from := 0, int32(0)
		for k, end := range c.ends {
			if c.values[k] != 0 {
				if len(rows) == c.n {
					i = int(from)
				} else {
					n, _ := slices.BinarySearch(rows[i:], uint16(from))
					i += n
				}
				for i < len(rows) && int32(rows[i]) < end {
					dst = append(dst, rows[i])
					i++
				}
			}
			from = end
		}
		return dst
	}
	c.pick(buf, rows)
	for i, v := range buf[:len(rows)] {
		if v != 0 {
			dst = append(dst, rows[i])
		}
	}
	return dst
}

// at is the value of a row.
func (c *numbers) at(row int) uint64 {
	if c.form == formDelta {
		g := row / groupRows
		return (c.syncs[g] + c.step(g*groupRows, row)) * c.scale
	}
	var v [1]uint64
	c.read(v[:], row)
	return v[0]
}

// pair is the values of the row before a row, 0 when it is the first, and of the row.
func (c *numbers) pair(row int) (before, v uint64) {
	if row == 0 {
		return 0, c.at(0)
	}
	before = c.at(row - 1)
	if c.form == formDelta && row%groupRows != 0 {
		return before, before + c.step(row-1, row)*c.scale
	}
	return before, c.at(row)
}

// sumBytes adds up at most groupRows bytes.
func sumBytes(b []byte) uint64 {
	const pairs = 0x00ff00ff00ff00ff
	sum := uint64(0) // four sums of 16 bits: at most 64 bytes come to each
	for len(b) >= 16 {
		x, y := binary.LittleEndian.Uint64(b), binary.LittleEndian.Uint64(b[8:])
		sum += x&pairs + x>>8&pairs + y&pairs + y>>8&pairs
		b = b[16:]
	}
	for len(b) >= 8 {
		x := binary.LittleEndian.Uint64(b)
		sum += x&pairs + x>>8&pairs
		b = b[8:]
	}
	n := sum&0xffff + sum>>16&0xffff + sum>>32&0xffff + sum>>48
	for _, x := range b {
		n += uint64(x)
	}
	return n
}
