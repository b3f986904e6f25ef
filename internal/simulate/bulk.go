package simulate

import (
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
	"time"

	"github.com/akashi-audit/akashi/internal/record"
)

// The size of the company that Bulk invents, and its rhythm.
const (
	bulkUsers    = 2000
	bulkBursts   = 48        // acts that go on side by side
	bulkWorkday  = 1_262_500 // records of a server on a weekday
	bulkWeekend  = 212_500   // on a Saturday or Sunday
	bulkLeastDay = 20        // days of a run of at most 20 M records
)

// BulkOptions tune NewBulk; zero fields take the defaults.
type BulkOptions struct {
	Seed    uint64
	Records int            // of this server; at least 1
	Server  int            // number of the server, from 0
	Start   time.Time      // midnight of the first day, in the zone of the company; default 2026-10-26 in Japan
	Zone    *time.Location // zone of Start's default; default Asia/Tokyo
}

// Bulk makes finished records of one server for measurements, without events:
// all fields as a conversion would fill them, in the shape of a company of
// 2,000 people and two million files. It makes some millions a second and
// keeps some 10 MB.
//
// A Bulk must not be used by two goroutines at once.
type Bulk struct {
	opt     BulkOptions
	server  string
	rng     rand.PCG
	people  *bulkPeople
	files   *bulkFiles
	clock   *bulkClock
	ops     [1024]uint8 // index of bulkOps
	bursts  [bulkBursts]burst
	made    int
	nextID  uint64
	text    []byte   // paths of the record in the making
	pathEnd []uint32 // end of each record's path and new path in all paths of the running call of Next
	raw     []uint64 // of the running call of Next
	rawEnd  []uint32
}

// burst is a person at work in one folder, file after file.
type burst struct {
	person *bulkPerson
	client int // 0 = the person's own machine
	ref    fileRef
	left   int // records to come
	guest  bool
}

// NewBulk prepares the company. The same options give the same records.
func NewBulk(opt BulkOptions) (*Bulk, error) {
	if opt.Records < 1 || opt.Server < 0 || opt.Server > 98 {
		return nil, fmt.Errorf("simulate: %d records of server %d", opt.Records, opt.Server)
	}
	if opt.Start.IsZero() {
		if opt.Zone == nil {
			opt.Zone = bulkZone()
		}
		opt.Start = time.Date(2026, 10, 26, 0, 0, 0, 0, opt.Zone)
	}
	b := &Bulk{
		opt: opt, server: fmt.Sprintf("KNS-FS%02d.%s", opt.Server+1, bulkSuffix),
		people: newBulkPeople(opt.Seed), clock: newBulkClock(opt.Start, opt.Records),
		files: newBulkFiles(opt.Seed + uint64(opt.Server)<<32), nextID: 4_100_000,
	}
	b.rng = *rand.NewPCG(opt.Seed, 0x62756c6b+uint64(opt.Server))
	at := 0
	for i := range bulkOps {
		for range bulkOps[i].n {
			b.ops[at] = uint8(i)
			at++
		}
	}
	for i := range b.bursts {
		b.begin(&b.bursts[i])
	}
	return b, nil
}

// bulkZone is Japan's zone, also on a machine without time zone data.
func bulkZone() *time.Location {
	z, err := time.LoadLocation("Asia/Tokyo")
	if err != nil {
		return time.FixedZone("JST", 9*3600)
	}
	return z
}

// Server is the full name of the server.
func (b *Bulk) Server() string { return b.server }

// Start is midnight of the first day; Days is how many there are.
func (b *Bulk) Start() time.Time { return b.opt.Start }

// Days is the number of days over which the records are spread.
func (b *Bulk) Days() int { return len(b.clock.ends) / 24 }

// Next fills l with the next records, in order of time and of first id, and
// returns how many there were; 0 at the end. The records belong to the caller;
// Received is left to the store. A call allocates two pieces of memory,
// which its records share.
func (b *Bulk) Next(l []record.Record) int {
	n := min(len(l), b.opt.Records-b.made)
	paths, ids := &strings.Builder{}, 0
	if before := len(b.rawEnd); before > 0 { // as much for each record as in the call before, and a little more
		most := func(used int) int { return int(int64(used) * int64(n) / int64(before) * 17 / 16) }
		ids = most(len(b.raw))
		paths.Grow(most(int(b.pathEnd[len(b.pathEnd)-1])))
	}
	b.pathEnd, b.raw, b.rawEnd = b.pathEnd[:0], make([]uint64, 0, ids), b.rawEnd[:0]
	for i := range n {
		l[i] = record.Record{}
		b.fill(&l[i], b.clock.next(b.rng.Uint64()), uint32(paths.Len()))
		paths.Write(b.text)
		b.rawEnd = append(b.rawEnd, uint32(len(b.raw)))
	}
	b.made += n
	text, raw := paths.String(), b.raw
	var at, rawAt uint32
	for i := range n {
		path, moved, end := b.pathEnd[2*i], b.pathEnd[2*i+1], b.rawEnd[i]
		l[i].Path, l[i].NewPath = text[at:path], text[path:moved]
		l[i].RawIDs = raw[rawAt:end:end]
		at, rawAt = moved, end
	}
	return n
}

// begin gives the burst another person, folder and length.
func (b *Bulk) begin(u *burst) {
	x := b.rng.Uint64()
	u.person = b.people.pick(b.rng.Uint64())
	u.client = 0
	if x&31 == 0 { // a borrowed machine
		u.client = 1 + int(x>>8%97)
	}
	u.left = 1 + int(x>>16&15)
	if x>>20&3 == 0 {
		u.left += int(x >> 24 & 31)
	}
	u.ref = b.files.pick(u.person, x>>32, b.rng.Uint64())
}

// fill makes one record. Its paths go to b.text and begin at a place in all paths, its raw
// ids go to b.raw.
func (b *Bulk) fill(r *record.Record, t int64, at uint32) {
	b.text = b.text[:0]
	x := b.rng.Uint64()
	u := &b.bursts[x%bulkBursts]
	if u.left--; u.left < 0 {
		b.begin(u)
	}
	p, o := u.person, &bulkOps[b.ops[x>>8&1023]]
	r.Server, r.Channel, r.Generation = b.server, security, 1
	r.Time, r.EndTime = t, t+o.length(x)
	r.Source, r.User, r.SID = "simulation", p.user, p.sid
	r.ClientIP, r.ClientName = p.ip, p.pc
	if u.client > 0 {
		q := &b.people.list[(p.rank+u.client*17)%len(b.people.list)]
		r.ClientIP, r.ClientName = q.ip, q.pc
	}
	r.Session = sessionOf(p.rank, b.clock.hour/5)
	r.Op, r.Rule, r.Object, r.Confidence = o.op, o.rule, o.object, o.confidence
	r.Result, r.Class, r.Count, r.RulesVersion = record.Success, record.ClassUser, 1, 2
	b.place(r, u, o, x>>18, at)
	b.vary(r, o, x>>24)
	r.FirstID = b.nextID
	id := b.nextID
	for k := range 1 + int(x>>40)%o.events {
		if k > 0 {
			id += 1 + (x>>(43+3*k)&7)/6*(x>>50&3+1) // mostly the very next, sometimes behind those of others
		}
		b.raw = append(b.raw, id)
	}
	b.nextID += 1 + x>>58&3 + uint64(o.events)/2
}

// place writes the path and new path of the record; at is how long all paths before are.
func (b *Bulk) place(r *record.Record, u *burst, o *bulkOp, x uint64, at uint32) {
	f := b.files
	switch o.kind {
	case aboutFile:
		switch {
		case o.op == record.OpCreate && x&3 == 0:
			u.ref = f.grow(u.ref)
		case x&255 == 0: // a file that everybody uses
			u.ref, u.guest = f.hot(x>>8), true
		case u.guest:
			u.ref, u.guest = f.pick(u.person, x>>6, b.rng.Uint64()), false
		case x>>2&15 < 7: // the same file again
		default:
			u.ref = f.after(u.ref)
		}
		b.text = f.path(b.text, u.ref)
	case aboutFolder:
		b.text = append(b.text, f.folders[u.ref.folder].path...)
		b.text = b.text[:len(b.text)-1]
	case aboutNothing:
		b.text = append(b.text, o.text...)
	}
	b.pathEnd = append(b.pathEnd, at+uint32(len(b.text)))
	switch {
	case o.kind == aboutNothing:
	case o.op == record.OpRename:
		b.text = f.renamed(b.text, u.ref, x>>6)
	case o.op == record.OpMove, o.op == record.OpCopy:
		b.text = f.moved(b.text, u.ref, x>>6)
	}
	b.pathEnd = append(b.pathEnd, at+uint32(len(b.text)))
	if o.kind != aboutNothing {
		share := &f.shares[f.folders[u.ref.folder].share]
		r.Share, r.ShareRoot = share.unc, share.root
	}
}

// vary adds refusals, repeats, programs on the server, and details.
func (b *Bulk) vary(r *record.Record, o *bulkOp, x uint64) {
	r.Detail = o.detail
	y := x & 1023
	switch {
	case o.op == record.OpLogonFailed:
		r.Result, r.Count = record.Failure, 1+uint32(x>>10&3)
	case o.kind == aboutNothing:
	case y < 7: // 0.7 %
		r.Result, r.Rule, r.EndTime, r.Count, r.Detail = record.Denied, "F1", r.Time, 1+uint32(x>>10&15)/4, refusals[x>>14&3]
	case y < 37: // programs on the server
		r.Class, r.User, r.SID, r.Session = record.ClassBackground, b.files.machine, systemSID, systemLogon
		r.ClientIP, r.ClientName, r.Process = "local", "", bulkPrograms[x>>10&3]
	case y < 45:
		r.ClientIP, r.ClientName, r.Process = "local", "", bulkPrograms[4+x>>10&3]
	case y < 160:
		r.Count = 2 + uint32(x>>10&7)
	}
}

// sessionOf is the logon id of a person for some hours.
func sessionOf(rank, period int) uint64 {
	return 0x10000 + mix(uint64(rank)<<20+uint64(period))&0xfffffff
}

// mix spreads the bits of x (the finaliser of SplitMix64).
func mix(x uint64) uint64 {
	x += 0x9e3779b97f4a7c15
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}

func appendPadded(b []byte, n, width int) []byte {
	for limit := 10; width > 1; width-- {
		if n < limit {
			b = append(b, "00000000"[:width-1]...)
			break
		}
		limit *= 10
	}
	return strconv.AppendInt(b, int64(n), 10)
}
