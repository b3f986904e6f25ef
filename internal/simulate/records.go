package simulate

import (
	"fmt"
	"math/rand/v2"
	"sort"
	"strings"
	"time"

	"github.com/akashi-audit/akashi/internal/record"
)

// recordServers are the servers of Records.
var recordServers = [...]string{"MNT-FS01." + dnsSuffix, "MNT-FS02." + dnsSuffix, "MNT-FS03." + dnsSuffix}

// opShare says how often Records makes an operation, in thousandths, and by
// which rule.
var opShare = [...]struct {
	op   record.Op
	n    int
	rule string
}{
	{record.OpRead, 560, "X1"}, {record.OpWrite, 170, "W1"}, {record.OpCreate, 60, "C1"}, {record.OpDelete, 40, "D1"}, {record.OpRename, 25, "R1"},
	{record.OpMove, 15, "R1"}, {record.OpCopy, 15, "K1"}, {record.OpList, 40, "B1"}, {record.OpSetPermissions, 4, "P1"}, {record.OpPrint, 15, "T1"},
	{record.OpLogon, 26, "L1"}, {record.OpLogoff, 26, "L2"}, {record.OpLogonFailed, 4, "L3"},
}

// catalog is what the records of one server choose from.
type catalog struct {
	rng    *rand.Rand
	who    *rand.Zipf // some people do much more than others
	comp   *company
	paths  []string // files
	root   []int    // bytes of the share's folder in each path
	share  []string // UNC of each path's share
	ops    [1000]int
	nextID [len(recordServers)]uint64
	clock  []float64 // share of the period's records before each hour
	from   int64
}

// Records makes n records without events, in order of time, with all fields
// as a conversion would fill them, over the days from from on in the rhythm of
// an office. The same arguments give the same records. The record is valid
// during the call of fn only; Records stops with fn's error.
func Records(seed uint64, n int, from time.Time, days int, fn func(*record.Record) error) error {
	if n < 0 || days < 1 {
		return fmt.Errorf("simulate: %d records over %d days", n, days)
	}
	c := newCatalog(seed, from, days)
	var r record.Record
	ids, detail := make([]uint64, 0, 8), make([]record.Pair, 0, 2)
	for i := range n {
		r = record.Record{RawIDs: ids[:0], Detail: detail[:0]}
		c.fill(&r, c.moment((float64(i)+c.rng.Float64())/float64(n)))
		if err := fn(&r); err != nil {
			return err
		}
	}
	return nil
}

func newCatalog(seed uint64, from time.Time, days int) *catalog {
	c := &catalog{rng: rand.New(rand.NewPCG(seed, 0x7265636f7264)), comp: newCompany(seed, 300), from: from.UnixNano()}
	c.who = rand.NewZipf(c.rng, 1.2, 12, uint64(len(c.comp.people)-1))
	w := newServer(recordServers[0], "MNT-FS01", c.comp, seed, nil)
	w.furnish(append(departments[:], archiveShare), 2500)
	for _, root := range w.roots {
		root.walk(func(k *node) bool {
			if !k.dir {
				c.paths = append(c.paths, k.path())
				c.root = append(c.root, len(root.path()))
				c.share = append(c.share, root.share)
			}
			return true
		})
	}
	at := 0
	for i, o := range opShare {
		for range o.n {
			c.ops[at] = i
			at++
		}
	}
	for i := range c.nextID {
		c.nextID[i] = 1000 * uint64(i+1)
	}
	sum := 0.0
	for h := range days * 24 {
		t := from.Add(time.Duration(h) * time.Hour)
		x := 0.05
		if hr := t.Hour(); workday(t) && hr >= 8 && hr < 19 {
			x = 1
		}
		c.clock = append(c.clock, sum)
		sum += x
	}
	for i := range c.clock {
		c.clock[i] /= sum
	}
	return c
}

// moment is the time at which the given part of all records has passed.
func (c *catalog) moment(part float64) int64 {
	h := sort.SearchFloat64s(c.clock, part)
	if h > 0 {
		h--
	}
	end := 1.0
	if h+1 < len(c.clock) {
		end = c.clock[h+1]
	}
	inside := min(1, max(0, (part-c.clock[h])/(end-c.clock[h])))
	t := c.from + int64(h)*hour + int64(inside*float64(hour-1))
	return t - t%100
}

func (c *catalog) fill(r *record.Record, t int64) {
	s := c.rng.IntN(len(recordServers))
	who := int(c.who.Uint64())
	p := c.comp.people[who]
	// Some files are in use much more than others.
	f := int(float64(len(c.paths)) * c.rng.Float64() * c.rng.Float64())
	o := &opShare[c.ops[c.rng.IntN(len(c.ops))]]
	r.Server, r.Channel, r.Generation, r.FirstID = recordServers[s], security, 1, c.nextID[s]
	r.Time, r.EndTime = t, t+100*c.rng.Int64N(600_000)
	r.Received = t + 2*second
	r.Source, r.User, r.SID, r.ClientIP, r.ClientName = "simulation", p.user(), p.sid, p.ip, p.pc
	r.Session = 0x10000 + uint64(t/hour)%(1<<28)<<12 + uint64(who)
	r.Op, r.Rule, r.Result, r.Class, r.Count, r.RulesVersion = o.op, o.rule, record.Success, record.ClassUser, 1, 1
	r.Path, r.Object, r.ShareRoot = c.paths[f], record.ObjectFile, uint32(c.root[f])
	r.Share = `\\` + shortName(r.Server) + `\` + c.share[f]
	r.Confidence = record.Certain
	switch o.op {
	case record.OpRename, record.OpMove, record.OpCopy:
		r.NewPath = c.paths[c.rng.IntN(len(c.paths))]
		r.Confidence = record.Inferred
	case record.OpList:
		r.Object = record.ObjectDirectory
		r.Path = r.Path[:strings.LastIndexByte(r.Path, '\\')]
	case record.OpLogon, record.OpLogoff, record.OpLogonFailed:
		r.Path, r.Share, r.ShareRoot, r.Object = "", "", 0, record.ObjectSession
		r.Detail = append(r.Detail, record.Pair{Key: "logon_type", Value: "3"})
	case record.OpPrint:
		r.Channel = printLog
		r.Path, r.Share, r.ShareRoot, r.Object = r.Path[strings.LastIndexByte(r.Path, '\\')+1:], "", 0, record.ObjectPrinter
		r.Detail = append(r.Detail, record.Pair{Key: "pages", Value: "3"}, record.Pair{Key: "printer", Value: "複合機-本社2F"})
	default: // the path says it all
	}
	c.vary(r)
	for range 3 + c.rng.IntN(4) {
		r.RawIDs = append(r.RawIDs, c.nextID[s])
		c.nextID[s] += 1 + c.rng.Uint64N(3)
	}
}

// vary adds refusals, repeats, programs on the server and the background.
func (c *catalog) vary(r *record.Record) {
	x := c.rng.IntN(1000)
	switch {
	case r.Op == record.OpLogonFailed:
		r.Result = record.Failure
		r.Count = 1 + c.rng.Uint32N(9)
	case x < 12 && r.Share != "":
		r.Result = record.Denied
		r.Detail = append(r.Detail, record.Pair{Key: "mask", Value: "0x120089"})
	case x < 60 && r.Share != "":
		r.Class, r.User, r.SID, r.Session = record.ClassBackground, domain+`\`+shortName(r.Server)+"$", systemSID, systemLogon
		r.ClientIP, r.ClientName, r.Process = "local", "", antivirus
	case x < 75 && r.Share != "":
		r.ClientIP, r.ClientName, r.Process = "local", "", notepad
	case x < 160:
		r.Count = 2 + c.rng.Uint32N(5)
	}
}

func shortName(fqdn string) string {
	s, _, _ := strings.Cut(fqdn, ".")
	return s
}
