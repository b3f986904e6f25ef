package rawfile

// maxDesk is how many cells of codes and how many bytes of an unpacked part a desk may
// have that is kept: blocks of the usual size need a third of it.
const maxDesk = 1 << 23

// desk is memory that readers of blocks use one after the other.
type desk struct {
	of    []uint32
	times []uint64
	ids   []uint64
	code  [][]uint32 // by field
	cells []uint32   // what code is cut from
	rows  []uint32   // what the rows of the fields are cut from
	ctx   []uint32
	last  []uint32
	same  []bool
	vals  []uint32
	part  []byte // an unpacked part
}

// desk takes one, done gives it back; what was read must not point into it.
func (u *Unpacker) desk() *desk {
	if d, ok := u.free.Get().(*desk); ok {
		return d
	}
	return &desk{last: make([]uint32, memory)}
}

func (u *Unpacker) done(d *desk) {
	if cap(d.cells) <= maxDesk && cap(d.rows) <= maxDesk && cap(d.part) <= maxDesk {
		u.free.Put(d)
	}
}

// codes makes room for the codes of n events in some fields, and none of them is set.
func (d *desk) codes(fields, n int) [][]uint32 {
	d.code = sized(d.code, fields)
	clear(d.code[:cap(d.code)])
	d.cells = sized(d.cells, fields*n)
	return d.code
}
