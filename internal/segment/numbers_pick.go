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
	if b, ok := c.single(); ok {
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

// keepIDs appends to dst the rows whose value is in the set. buf has room for the
// rows. spelled: buf has the values of all rows of the block then.
func (c *numbers) keepIDs(dst, rows []uint16, set *paths.Set, buf []uint64) (_ []uint16, spelled bool) {
	words := set.Words()
	if v, ok := c.constant(); ok {
		if set.Has(uint32(v)) {
			dst = append(dst, rows...)
		}
		return dst, false
	}
	at := len(dst)
	dst = append(dst, rows...) // room for all
	out, n := dst[at:], 0
	all := len(rows) == c.n
	if all && c.form == formPlain && c.scale == 1 && len(c.planes) == 3 && c.planes[2].shift == 16 {
		x, y, z := c.planes[0].b[:len(out)], c.planes[1].b[:len(out)], c.planes[2].b[:len(out)]
		base := c.base
		for i := range out {
			v := base + (uint64(x[i]) | uint64(y[i])<<8 | uint64(z[i])<<16)
			bit := uint64(0)
			if w := v >> 6; w < uint64(len(words)) {
				bit = words[w] >> (v & 63) & 1
			}
			out[n] = uint16(i)
			n += int(bit)
		}
		return dst[:at+n], false
	}
	c.pick(buf, rows)
	for i, v := range buf[:len(rows)] {
		bit := uint64(0)
		if w := v >> 6; w < uint64(len(words)) {
			bit = words[w] >> (v & 63) & 1
		}
		out[n] = rows[i]
		n += int(bit)
	}
	return dst[:at+n], all
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

// sumBytes adds up at most groupRows bytes.
func sumBytes(b []byte) uint64 {
	const pairs = 0x00ff00ff00ff00ff
	sum := uint64(0) // four sums of 16 bits: at most 64 bytes come to each
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
