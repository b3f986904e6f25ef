package segment

import (
	"slices"

	"github.com/akashi-audit/akashi/internal/facets"
	"github.com/akashi-audit/akashi/internal/query"
)

// blockClients is the clients of the selected rows of a block: of each, or the runs of
// all rows of the block where that is enough.
type blockClients struct {
	rows []uint64
	runs *numbers // nil = rows has them
	at   int      // the run that was looked at last
}

// codes is all numbers that stand in it.
func (l *blockClients) codes() []uint64 {
	if l.runs != nil {
		return l.runs.values
	}
	return l.rows
}

// clientsOf reads the clients. Who only wants to know which clients a person had looks
// at runs, of which there are fewer than rows, and most are of clients known by then.
func (c *counting) clientsOf(b *block, sel []uint16) (blockClients, error) {
	v, err := c.sc.column(b, colClient)
	if err != nil {
		return blockClients{}, err
	}
	if v.form == formRuns && v.scale == 1 && len(v.ends) < len(sel) && !c.into.Wants(query.ListClients) {
		return blockClients{runs: v}, nil
	}
	v.pick(c.buf[1], sel)
	return blockClients{rows: c.buf[1][:len(sel)]}, nil
}

// nameClients notes the clients of the selected rows x, which are of one person.
func (c *counting) nameClients(p *facets.Person, x personRows, sel []uint16, l *blockClients) {
	if l.runs == nil {
		last := ^uint64(0)
		for _, k := range l.rows[x.from:x.to] {
			if k != last {
				last = k
				c.name(p, x.person, uint32(k))
			}
		}
		return
	}
	rows := sel[x.from:x.to]
	ends, values := l.runs.ends, l.runs.values
	first, last := int32(rows[0]), int32(rows[len(rows)-1])
	n, _ := slices.BinarySearch(ends[l.at:], first+1) // the first run that ends behind it
	k := l.at + n
	for ; ; k++ {
		if client := uint32(values[k]); !c.isNamed(x.person, client) {
			i := 0
			if k > 0 {
				i, _ = slices.BinarySearch(rows, uint16(ends[k-1]))
			}
			if int32(rows[i]) < ends[k] {
				c.name(p, x.person, client)
			}
		}
		if ends[k] > last {
			break
		}
	}
	l.at = k
}

// isNamed reports whether a client of a person was surely noted.
func (c *counting) isNamed(person, client uint32) bool {
	at := uint64(person)*uint64(len(c.clients)) + uint64(client)
	return at/64 < uint64(len(c.named)) && c.named[at/64]&(1<<(at%64)) != 0
}

// name notes a client of a person.
func (c *counting) name(p *facets.Person, person, client uint32) {
	if c.isNamed(person, client) {
		return
	}
	if at := uint64(person)*uint64(len(c.clients)) + uint64(client); at/64 < uint64(len(c.named)) {
		c.named[at/64] |= 1 << (at % 64)
	}
	p.AddClient(c.sc.s.tables.clients[client].text())
}
