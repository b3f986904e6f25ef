package convert

import (
	"iter"
	"maps"
	"net/netip"
	"slices"

	"github.com/akashi-audit/akashi/internal/event"
	"github.com/akashi-audit/akashi/internal/record"
)

// Options bound a converter's state. Zero values mean the defaults in brackets.
type Options struct {
	MaxSessions int // logon ids remembered [20,000]
	MaxHandles  int // open handles remembered [100,000]
	MaxPaths    int // paths about which facts are kept [40,000]
	MaxActs     int // records in the making [50,000]
	MaxRawIDs   int // raw record ids listed in one record [4,096]
	Background  Background
	Trace       bool // note what is looked up, for Converter.Trace
	// Gone counts the record ids of a range of a channel, both ends included, whose
	// events were taken away on purpose after they had been converted (an erasure, a
	// term): a hole of these alone is no loss. nil: none were.
	Gone func(channel string, generation uint32, from, to uint64) uint64

	foldedAccounts, foldedProcesses []string
	ranges                          []netip.Prefix
}

func (o Options) withDefaults() Options {
	def := func(p *int, n int) {
		if *p <= 0 {
			*p = n
		}
	}
	def(&o.MaxSessions, 20_000)
	def(&o.MaxHandles, 100_000)
	def(&o.MaxPaths, 40_000)
	def(&o.MaxActs, 50_000)
	def(&o.MaxRawIDs, 4096)
	o.foldedAccounts, o.foldedProcesses, o.ranges = nil, nil, prefixes(o.Background.Addresses)
	for _, s := range o.Background.Accounts {
		o.foldedAccounts = append(o.foldedAccounts, fold(s))
	}
	for _, s := range o.Background.Processes {
		o.foldedProcesses = append(o.foldedProcesses, fold(s))
	}
	return o
}

// Converter turns the events of one server into records.
type Converter struct {
	server    string
	host      string // first label of server: the name in UNC paths
	opt       Options
	given     Options
	s         *state
	cache     *pathCache // derived, not in the checkpoint
	at        *pathInfo  // the name that was made uniform last; derived
	shares    map[string]*lastShare
	raw, text []byte // scratch
	unread    unreadCache
	texts     map[string]string // of what was left unread, by kind and bytes; derived
	last      *lastShare
	names     map[nameKey]string // DOMAIN\name; derived
	pools     pools              // derived
	took      int                // about how many records Take will give next
	channel   *channel           // of the last event; derived
	auditing  string             // provider of the Security log; derived
	near      *session           // the session that an event named last; derived
	waiting   waiting
	spare     []record.Record // from Reuse
	idSpace   []uint64        // where the raw ids of the next records go

	trace     *trace  // of what is looked up in facts and sessions; nil = nobody asks
	maxTimers int     // that are set at once
	shareList []share // of the state, in no order; derived
	shareGen  uint64  // counts their changes, from 1
}

type nameKey struct{ domain, name string }

// lastTime is the latest time that an event can have here, far behind the year 9999:
// a tick is a signed number, and windows are added to it.
const lastTime event.Filetime = 1 << 62

// New returns a converter that has seen nothing.
func New(server string, opt Options) *Converter {
	c := &Converter{
		server: server, host: hostOf(server), given: opt, opt: opt.withDefaults(), s: newState(),
		cache: &pathCache{}, shares: map[string]*lastShare{}, names: map[nameKey]string{}, texts: map[string]string{}, shareGen: 1, auditing: "Microsoft-Windows-Security-Auditing",
	}
	c.maxTimers = c.opt.MaxActs + c.opt.MaxHandles + c.opt.MaxSessions + c.opt.MaxPaths
	c.beginTrace()
	return c
}

// Add takes the next event in merge order. It does not keep e.
func (c *Converter) Add(e *event.Event) {
	if e.Time > lastTime {
		x := *e
		x.Time = lastTime
		e = &x
	}
	c.pools.recycle()
	if c.waiting.on && !c.awaited(e) {
		c.entered()
	}
	c.follow(e) // first: what ends now rests on events that may be missing before e
	c.advance(tick(e.Time))
	c.ids(e)
	switch e.Provider {
	case c.auditing, "Microsoft-Windows-Security-Auditing":
		c.auditing = e.Provider // the source's own copy of the text compares at once
		c.security(e)
	case "Microsoft-Windows-Eventlog":
		c.eventlog(e)
	case "EventLog":
		c.classicEventlog(e)
	case "Microsoft-Windows-PrintService":
		c.print(e)
	case "Microsoft-Windows-TerminalServices-LocalSessionManager":
		c.terminal(e)
	default:
		c.elsewhere(e)
	}
	c.bound()
}

// follow counts the holes in the record ids of the Security channel: over a
// hole a handle may have been closed and its value given to another object.
func (c *Converter) follow(e *event.Event) {
	if e.Channel != "Security" || e.RecordID > maxRecordID {
		return
	}
	if c.s.LastID != 0 && (e.Generation != c.s.LastGen || e.RecordID > c.s.LastID+1 && !c.ownHole(e)) {
		c.s.Gaps++
		c.s.GapAt = tick(e.Time)
	}
	c.s.LastID, c.s.LastGen = e.RecordID, e.Generation
}

// ownHole reports whether the ids that are missing before e are of events that were
// taken away on purpose.
func (c *Converter) ownHole(e *event.Event) bool {
	from, to := c.s.LastID+1, e.RecordID-1
	return c.opt.Gone != nil && c.opt.Gone(e.Channel, e.Generation, from, to) == to-from+1
}

// security dispatches events of the Security log.
func (c *Converter) security(e *event.Event) {
	switch e.ID {
	case 4656:
		c.open(e)
	case 4663:
		c.use(e)
	case 4658:
		c.close(e)
	case 4660:
		c.deleted(e)
	case 4659:
		c.deleteOnClose(e)
	case 4690:
		c.duplicate(e)
	case 5145:
		c.shareOpen(e)
	case 5140:
		c.shareConnect(e)
	case 5142, 5143, 5144:
		c.shareChange(e)
	case 4670:
		c.permissions(e)
	case 4907:
		c.auditSettings(e)
	case 4985:
		c.transaction(e)
	case 4664:
		c.hardLink(e)
	case 4624:
		c.logon(e)
	case 4634, 4647:
		c.logoff(e)
	case 4672:
		c.privileged(e)
	case 4778, 4779:
		c.reconnect(e)
	case 4625, 4768, 4771, 4776:
		c.logonFailed(e)
	case 4769:
		c.ticket(e)
	case 4719:
		c.auditPolicy(e)
	case 4616:
		c.timeChanged(e)
	case 4608:
		c.started(e)
	case 4609:
		c.stopped(e)
	case 6416:
		c.device(e)
	default:
		c.account(e)
	}
}

// Take returns the records that became final since the last Take. They are the
// caller's.
func (c *Converter) Take() []record.Record {
	out := c.s.Out
	c.s.Out, c.took = c.spare, len(out)+len(out)/4
	c.spare = nil
	return out
}

// Reuse gives back what Take returned: the next records may stand in its place.
// The caller must keep neither the slice nor pointers into it; copies of records
// stay valid.
func (c *Converter) Reuse(rs []record.Record) {
	if cap(rs) > cap(c.spare) {
		c.spare = rs[:0]
	}
}

// Tail returns the records that would follow if no event came any more. It does
// not change c.
func (c *Converter) Tail() []record.Record {
	c.entered()
	given := c.given
	given.Trace = false
	t := New(c.server, given)
	t.s, t.shareGen = c.s.clone(), c.shareGen
	t.s.Out = nil
	t.finish()
	t.finishHoles()
	return t.Take()
}

// bound keeps the state within its limits by finishing what is oldest.
func (c *Converter) bound() {
	// Where the clock stands still, or very much happens at once, what would end
	// by itself ends now, the next due first: share accesses without an open,
	// folders, handles without a closing. Hints become acts: these are counted next.
	if limit := c.maxTimers; c.waiting.on && c.s.Timers.n == limit || c.s.Timers.n > limit {
		c.entered()
		for c.s.Timers.n > limit-limit/8 {
			t, _ := c.s.Timers.take(1<<63 - 1)
			c.fire(&t)
		}
	}
	for c.s.Acts.len() > c.opt.MaxActs { // one event may let several hints become acts
		seqs := make([]uint64, 0, c.s.Acts.len())
		for k := range c.s.Acts.all() {
			seqs = append(seqs, k)
		}
		slices.Sort(seqs)
		for _, k := range seqs[:len(seqs)/8+1] {
			if a := c.s.Acts.get(k); a != nil {
				a.Held = true
				c.settle(a)
			}
		}
	}
	for c.s.Handles.len() > c.opt.MaxHandles {
		for _, k := range oldest(c.s.Handles.all(), func(h *handle) tick { return h.Last }, compareHandles) {
			c.closeHandle(k, c.s.Handles.get(k), c.s.Handles.get(k).Last)
		}
	}
	if c.s.Sessions.len() > c.opt.MaxSessions-c.opt.MaxSessions/8 {
		c.s.Crowded++
	}
	for c.s.Sessions.len() > c.opt.MaxSessions {
		for _, k := range oldest(c.s.Sessions.all(), func(s *session) tick { return s.Last }, compareUint) {
			c.endSession(c.s.Sessions.get(k))
		}
	}
	if len(c.s.Orphans) > 4096 {
		for _, k := range oldest(maps.All(c.s.Orphans), func(o *orphan) tick { return o.At }, compareHandles) {
			c.expireOrphan(k)
		}
	}
}

// oldest returns the keys of the eighth of the entries that was used longest ago.
func oldest[K comparable, V any](all iter.Seq2[K, V], last func(V) tick, cmp func(a, b K) int) []K {
	type aged struct {
		k  K
		at tick
	}
	var l []aged
	for k, v := range all {
		l = append(l, aged{k, last(v)})
	}
	slices.SortFunc(l, func(a, b aged) int {
		if d := a.at - b.at; d != 0 {
			return int(min(max(d, -1), 1))
		}
		return cmp(a.k, b.k)
	})
	keys := make([]K, len(l)/8+1)
	for i := range keys {
		keys[i] = l[i].k
	}
	return keys
}
