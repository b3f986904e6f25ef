package segment

import (
	"cmp"
	"strings"

	"github.com/akashi-audit/akashi/internal/record"
)

// The dictionaries of a segment: what rows name by a number.

type person struct{ user, sid string }

func comparePeople(a, b person) int {
	return cmp.Or(strings.Compare(a.user, b.user), strings.Compare(a.sid, b.sid))
}

type origin struct {
	channel string
	gen     uint32
	source  string
}

// stamp is a commit's number and the time of its arrival.
type stamp struct {
	seq      uint64
	received int64
}

type client struct{ ip, name string }

// text is the client as lists of clients show it.
func (c client) text() string {
	if c.ip != "" {
		return c.ip
	}
	return c.name
}

// kind is everything about a row that has few values.
type kind struct {
	op         record.Op
	object     record.Object
	result     record.Result
	confidence record.Confidence
	class      record.Class
	rule       string
	rules      uint32
	superseded uint32
	net        bool // a successful logon or logoff of logon type 3
}

// act is the part of a kind by which roll-ups count.
type act struct {
	class  record.Class
	op     record.Op
	result record.Result
	net    bool
}

func (k *kind) act() act { return act{k.class, k.op, k.result, k.net} }

// share is the share of a path and how much of the path is its local folder.
// known: the path is at least that long, and text is that part of it. tidy: the
// rest of the path is empty or begins with a backslash.
type share struct {
	unc   string
	root  uint32
	known bool
	tidy  bool
	text  string
}

func shareOf(r *record.Record) share {
	s := share{unc: r.Share, root: r.ShareRoot}
	if int64(r.ShareRoot) <= int64(len(r.Path)) {
		s.known, s.text = true, r.Path[:r.ShareRoot]
		rest := r.Path[r.ShareRoot:]
		s.tidy = rest == "" || rest[0] == '\\'
	}
	return s
}

// interned is a dictionary under construction.
type interned[T comparable] struct {
	at     map[T]uint32
	all    []T
	recent [1024]uint32 // by a weak hash, what was asked for last
}

func newInterned[T comparable]() interned[T] { return interned[T]{at: make(map[T]uint32)} }

// code finds the number of v; keep makes a copy of a new one.
func (l *interned[T]) code(v T, keep func(T) T) uint32 {
	n, ok := l.at[v]
	if !ok {
		v = keep(v)
		n = uint32(len(l.all))
		l.at[v], l.all = n, append(l.all, v)
	}
	return n
}

// codeNear is code for what is often asked for again; hash is a weak hash of v.
func (l *interned[T]) codeNear(v T, hash uint, keep func(T) T) uint32 {
	slot := &l.recent[hash%uint(len(l.recent))]
	if int(*slot) < len(l.all) && l.all[*slot] == v {
		return *slot
	}
	*slot = l.code(v, keep)
	return *slot
}

// tail is a weak hash of a text, of its last eight bytes.
func tail(s string) uint {
	if n := len(s); n >= 8 {
		t := s[n-8:]
		x := uint64(t[0]) | uint64(t[1])<<8 | uint64(t[2])<<16 | uint64(t[3])<<24 | uint64(t[4])<<32 | uint64(t[5])<<40 | uint64(t[6])<<48 | uint64(t[7])<<56
		return uint((x + uint64(n)) * 0x9e3779b97f4a7c15 >> 40)
	}
	h := uint(len(s))
	for i := range len(s) {
		h = h*31 + uint(s[i])
	}
	return h
}

// tables are the dictionaries of a segment but for the paths.
type tables struct {
	people    []person // sorted
	origins   []origin
	stamps    []stamp
	clients   []client
	kinds     []kind
	shares    []share
	processes []string
}

// texts gives each text of the tables one number.
type texts struct {
	list interned[string]
}

func (t *texts) add(e *encoder, s string) {
	e.u(uint64(t.list.code(s, func(s string) string { return s })))
}

// encode is the stored form: all texts, then the tables.
func (t *tables) encode() []byte {
	x := texts{newInterned[string]()}
	e := &encoder{}
	e.u(uint64(len(t.people)))
	for _, p := range t.people {
		x.add(e, p.user)
		x.add(e, p.sid)
	}
	e.u(uint64(len(t.origins)))
	for _, o := range t.origins {
		x.add(e, o.channel)
		e.u(uint64(o.gen))
		x.add(e, o.source)
	}
	e.u(uint64(len(t.stamps)))
	prev := stamp{}
	for _, s := range t.stamps {
		e.i(int64(s.seq - prev.seq))
		e.i(s.received - prev.received)
		prev = s
	}
	e.u(uint64(len(t.clients)))
	for _, c := range t.clients {
		x.add(e, c.ip)
		x.add(e, c.name)
	}
	e.u(uint64(len(t.kinds)))
	for i := range t.kinds {
		k := &t.kinds[i]
		net := byte(0)
		if k.net {
			net = 1
		}
		e.b = append(e.b, byte(k.op), byte(k.object), byte(k.result), byte(k.confidence), byte(k.class), net)
		x.add(e, k.rule)
		e.u(uint64(k.rules))
		e.u(uint64(k.superseded))
	}
	e.u(uint64(len(t.shares)))
	for _, s := range t.shares {
		x.add(e, s.unc)
		e.u(uint64(s.root))
		switch {
		case s.tidy:
			e.u(2)
		case s.known:
			e.u(1)
		default:
			e.u(0)
			continue
		}
		x.add(e, s.text)
	}
	e.u(uint64(len(t.processes)))
	for _, p := range t.processes {
		x.add(e, p)
	}
	all := &encoder{}
	all.u(uint64(len(x.list.all)))
	for _, s := range x.list.all {
		all.str(s)
	}
	return append(all.b, e.b...)
}

// decodeTables is the inverse of encode.
func decodeTables(d *decoder) *tables {
	all := d.texts()
	text := func() string {
		n := d.u()
		if n >= uint64(len(all)) {
			d.fail("text beyond the table")
			return ""
		}
		return all[n]
	}
	u32 := func() uint32 { return uint32(d.max(1<<32-1, "number")) }
	t := &tables{}
	t.people = make([]person, d.count())
	for i := range t.people {
		t.people[i] = person{text(), text()}
	}
	t.origins = make([]origin, d.count())
	for i := range t.origins {
		t.origins[i] = origin{text(), u32(), text()}
	}
	t.stamps = make([]stamp, d.count())
	prev := stamp{}
	for i := range t.stamps {
		prev = stamp{prev.seq + uint64(d.i()), prev.received + d.i()}
		t.stamps[i] = prev
	}
	t.clients = make([]client, d.count())
	for i := range t.clients {
		t.clients[i] = client{text(), text()}
	}
	t.kinds = make([]kind, d.count())
	for i := range t.kinds {
		if b := d.bytes(6); b != nil {
			t.kinds[i] = kind{record.Op(b[0]), record.Object(b[1]), record.Result(b[2]), record.Confidence(b[3]), record.Class(b[4]), text(), u32(), u32(), b[5] == 1}
		}
	}
	t.shares = make([]share, d.count())
	for i := range t.shares {
		s := share{unc: text(), root: u32()}
		n := d.max(2, "flag")
		if s.known, s.tidy = n > 0, n == 2; s.known {
			s.text = text()
		}
		t.shares[i] = s
	}
	t.processes = make([]string, d.count())
	for i := range t.processes {
		t.processes[i] = text()
	}
	return t
}
