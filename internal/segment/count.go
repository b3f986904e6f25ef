package segment

import (
	"context"
	"slices"
	"time"

	"github.com/akashi-audit/akashi/internal/facets"
	"github.com/akashi-audit/akashi/internal/pace"
	"github.com/akashi-audit/akashi/internal/query"
	"github.com/akashi-audit/akashi/internal/record"
)

// counting adds up the rows of one segment by their numbers, and turns them to
// texts at the end. It belongs to one goroutine.
type counting struct {
	sc        *scan
	into      *facets.Counter
	acts      []uint64 // rows of each act
	people    []*facets.Person
	nobody    []bool
	clients   []uint64
	paths     []uint32          // rows of each path; nil = neither paths nor folders are wanted
	unfiled   map[uint32]uint32 // of these, those that are of no file and no folder
	noFile    []bool            // of each kind: it is of no file and no folder
	files     []fileSum
	kinds     []uint64     // scratch: rows of each kind in a run
	touched   []uint32     // scratch: kinds with rows
	named     []uint64     // a bit for each person and client that was named; of the first maxNamed of them
	rolls     []uint16     // scratch: entries of a page of a roll-up
	parts     []personRows // scratch
	bounds    []uint16     // scratch: the first and the last row of each
	n         uint64
	hours     hourTable
	sameHours bool  // hours of roll-ups are those that are wanted
	ends      *ends // when the rows of each person began and ended
	buf       [6][]uint64
}

// maxNamed bounds the memory for what was named: 4 MB.
const maxNamed = 1 << 25

// fileSum is how often a path was touched.
type fileSum struct {
	n           uint64
	first, last int64
}

// Count adds every row that matches to the counter. Roll-ups answer what they
// can; else only the columns that the wanted lists need are read.
func (s *Segment) Count(ctx context.Context, f *Filter, v View, into *facets.Counter) error {
	days, hours := s.agrees(into.Zone())
	if !days {
		return s.Each(ctx, f, v, func(r *record.Record, _ uint64) error {
			into.Add(r)
			return nil
		})
	}
	defer s.unbind(f) // each count has a filter of its own
	if f.exact {
		return s.count(ctx, f, v, into, hours, nil)
	}
	late := newEnds(len(s.tables.people))
	err := s.count(ctx, f, v, into, hours, late)
	if isDamage(err) { // a time that is looked at last is damaged: its block is to be left out
		err = s.count(ctx, f, v, into, hours, nil)
	}
	return err
}

// count is Count. hours: the segment's are those of the counter's zone. With late the
// times of people are looked up last, only those that matter; damage there is an error,
// and nothing was added.
func (s *Segment) count(ctx context.Context, f *Filter, v View, into *facets.Counter, hours bool, late *ends) error {
	sc, err := s.newScan(ctx, f, &v)
	if err != nil {
		return err
	}
	t := s.tables
	c := &counting{
		sc: sc, into: into.Fresh(), ends: late, sameHours: hours, acts: make([]uint64, len(s.acts)), people: make([]*facets.Person, len(t.people)), nobody: make([]bool, len(t.people)),
		clients: make([]uint64, len(t.clients)), kinds: make([]uint64, len(t.kinds)), rolls: make([]uint16, 0, s.blockRows()),
	}
	for i := range c.buf {
		c.buf[i] = make([]uint64, s.blockRows())
	}
	if into.Wants(query.ListPaths) || into.Wants(query.ListFolders) {
		c.wantPaths()
	}
	if into.Wants(query.ListFiles) {
		c.files = make([]fileSum, s.dict.Len())
	}
	if into.Wants(query.ListPeople) {
		c.named = make([]uint64, min(maxNamed, len(t.people)*len(t.clients))/64+1)
	}
	wanted := c.wantedActs()
	parts := sc.parts()
	for i, p := range parts {
		if err := pace.Yield(ctx); err != nil {
			return err
		}
		if c.rolled(p, wanted) {
			inner := i > 0 && i < len(parts)-1 && c.n > 0 && c.later(parts[i+1:], wanted)
			if done, err := c.rollup(p, wanted, inner); err != nil {
				return err
			} else if done {
				if err := c.pathRows(ctx, p); err != nil {
					return err
				}
				continue
			}
		}
		if err := c.part(ctx, p); err != nil {
			return err
		}
	}
	switch {
	case late == nil:
	case f.late:
		late.addLater(c)
	default:
		if err := late.add(c); err != nil {
			return err
		}
	}
	into.Merge(c.into)
	c.into = into
	return c.finish()
}

// wantedActs tells which acts the filter wants; nil when kinds of one act are
// told apart.
func (c *counting) wantedActs() []bool {
	s := c.sc.s
	out := make([]bool, len(s.acts))
	seen := make([]bool, len(s.acts))
	for k, a := range s.actOf {
		ok := c.sc.b.kinds == nil || c.sc.b.kinds[k]
		if seen[a] && out[a] != ok {
			return nil
		}
		seen[a], out[a] = true, ok
	}
	return out
}

// rolled reports whether the roll-up of the partition has all that is wanted but for
// paths, of which rows are counted; for some people reading their rows is as quick.
func (c *counting) rolled(p *part, acts []bool) bool {
	x, v, f := c.sc.b, c.sc.v, c.sc.b.f
	_, all := f.times(p.info.first, p.info.last)
	return all && acts != nil && len(x.clauses) == 0 && x.processes == nil && len(f.sessions)+len(f.notSessions) == 0 && v.stamps == nil && len(v.hide) == 0 &&
		(c.paths == nil || x.people == nil) && c.files == nil &&
		(!c.into.Wants(query.ListHours) || c.sameHours && x.people == nil && x.clients == nil)
}

// later reports whether one of the partitions surely has rows of wanted acts.
func (c *counting) later(parts []*part, acts []bool) bool {
	for _, p := range parts {
		if dir, err := p.directory(); err == nil && c.rolled(p, acts) && slices.ContainsFunc(dir.hours, func(h hourCount) bool { return acts[h.act] }) {
			return true
		}
	}
	return false
}

// byHours counts a partition by its hours: enough when neither people nor clients
// matter and partitions before and after it say when the first and the last row
// was.
func (c *counting) byHours(p *part, acts []bool) {
	perAct, n := make([]uint64, len(acts)), uint64(0)
	for _, h := range c.sc.dir.hours {
		if acts[h.act] {
			perAct[h.act] += h.n
			n += h.n
			c.into.AddHour(weekday(p.info.day), int(h.hour), h.n)
		}
	}
	c.into.AddTotal(n, p.info.first, p.info.last)
	c.day(p, perAct)
}

// rollup counts a partition by its roll-up; false when that is damaged. inner:
// partitions before and after have rows too.
func (c *counting) rollup(p *part, acts []bool, inner bool) (bool, error) {
	if ok, err := c.sc.open(p); err != nil || !ok {
		return true, err
	}
	if x := c.sc.b; inner && x.people == nil && x.clients == nil && !c.into.Wants(query.ListPeople) && !c.into.Wants(query.ListClients) {
		c.byHours(p, acts)
		return true, nil
	}
	perAct := make([]uint64, len(c.sc.s.acts))
	pages := make([]*rollPage, len(c.sc.dir.rolls))
	for i := range pages { // all of them first: a damaged one leaves nothing counted
		var err error
		if pages[i], err = p.rollPage(&c.sc.dir.rolls[i]); err != nil {
			if isDamage(err) {
				return false, nil
			}
			return false, err
		}
	}
	for _, page := range pages {
		c.rollEntries(page, acts, perAct)
	}
	c.day(p, perAct)
	if c.into.Wants(query.ListHours) {
		for _, h := range c.sc.dir.hours {
			if acts[h.act] {
				c.into.AddHour(weekday(p.info.day), int(h.hour), h.n)
			}
		}
	}
	return true, nil
}

func weekday(day int) int { return ((day+4)%7 + 7) % 7 }

// person is the sums of a person; nil when they are not wanted.
func (c *counting) person(n uint32) *facets.Person {
	if c.people[n] == nil && !c.nobody[n] {
		p := &c.sc.s.tables.people[n]
		if c.people[n] = c.into.Person(p.user, p.sid); c.people[n] == nil {
			c.nobody[n] = true
		}
	}
	return c.people[n]
}

// day adds the rows of each act of one partition to the sums of its day.
func (c *counting) day(p *part, perAct []uint64) {
	s := c.sc.s
	d := c.into.Day(p.info.day)
	for a, n := range perAct {
		c.acts[a] += n
		c.n += n
		if d != nil && n > 0 {
			d.Add(s.acts[a].op, n, s.acts[a].result != record.Success)
		}
	}
}

// part counts the rows of a partition.
func (c *counting) part(ctx context.Context, p *part) error {
	if ok, err := c.sc.open(p); err != nil || !ok {
		return err
	}
	if c.into.Wants(query.ListHours) {
		c.hours = newHourTable(p.info.first, p.info.last, c.into.Zone())
	}
	perAct := make([]uint64, len(c.sc.s.acts))
	if err := c.blocks(ctx, func(b *block, sel []uint16) error { return c.block(b, sel, perAct) }); err != nil {
		return err
	}
	c.day(p, perAct)
	return nil
}

// blocks calls fn for each block of the current partition that has rows, with these.
// Damaged blocks are left out.
func (c *counting) blocks(ctx context.Context, fn func(b *block, sel []uint16) error) error {
	for i := range c.sc.dir.blocks {
		if err := pace.Yield(ctx); err != nil {
			return err
		}
		b := &c.sc.dir.blocks[i]
		sel, err := c.sc.match(b)
		if err != nil {
			return err
		}
		if len(sel) == 0 {
			continue
		}
		if err := fn(b, sel); err != nil && !isDamage(err) {
			return err
		}
	}
	return nil
}

// finish turns what is counted by number to texts.
func (c *counting) finish() error {
	s := c.sc.s
	n := uint64(0)
	for a, k := range c.acts {
		c.into.AddOp(s.acts[a].op, k)
		c.into.AddResult(s.acts[a].result, k)
		n += k
	}
	if n > 0 {
		c.into.AddServer(s.meta.Server, n)
	}
	for i, k := range c.clients {
		if k > 0 && c.into.Wants(query.ListClients) {
			c.into.AddClient(s.tables.clients[i].text(), k)
		}
	}
	if err := c.pathTexts(); err != nil {
		return err
	}
	if c.files == nil {
		return nil
	}
	counts := make([]uint64, len(c.files))
	for i := range c.files {
		counts[i] = c.files[i].n
	}
	return c.texts(counts, func(p string, n uint64, id uint32) { c.into.AddFile(p, n, c.files[id].first, c.files[id].last) })
}

// texts calls fn for each path that has a count.
func (c *counting) texts(counts []uint64, fn func(path string, n uint64, id uint32)) error {
	var ids []uint32
	for id, n := range counts {
		if n > 0 {
			ids = append(ids, uint32(id))
		}
	}
	return c.sc.s.eachPath(ids, func(i int, p []byte) { fn(string(p), counts[ids[i]], ids[i]) })
}

// eachPath calls fn for the texts of paths, which ascend; those in damaged
// pages are left out.
func (s *Segment) eachPath(ids []uint32, fn func(i int, p []byte)) error {
	for done := 0; done < len(ids); {
		at := done
		err := s.pathError(s.dict.Paths(ids[at:], func(i int, p []byte) error {
			fn(at+i, p)
			done = at + i + 1
			return nil
		}))
		if err != nil && !isDamage(err) {
			return err
		}
		if err != nil {
			done++ // the path that could not be read
		}
	}
	return nil
}

// hourTable is the local hours of one partition.
type hourTable struct {
	starts []int64 // ascending
	at     []facets.Moment
	cal    *facets.Calendar
}

// newHourTable finds where hours begin between two times; beyond two days it
// leaves that to the calendar.
func newHourTable(first, last int64, zone *time.Location) hourTable {
	t := hourTable{cal: facets.NewCalendar(zone)}
	const quarter = 15 * 60 * 1e9
	if last-first > 48*3600e9 || last < first || last > 1<<62 || first < -1<<62 {
		return t
	}
	from := first - first%quarter
	if from > first {
		from -= quarter
	}
	for at := from; at <= last; at += quarter {
		a, b := t.cal.At(at), t.cal.At(at+quarter-1)
		if a != b { // the hour does not change at a quarter here
			return hourTable{cal: t.cal}
		}
		t.starts = append(t.starts, at)
		t.at = append(t.at, a)
	}
	return t
}

// find is the place of a time in the calendar.
func (t *hourTable) find(at int64) facets.Moment {
	if len(t.starts) == 0 {
		return t.cal.At(at)
	}
	return t.at[(at-t.starts[0])/(15*60*1e9)]
}
