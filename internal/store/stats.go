package store

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/akashi-audit/akashi/internal/query"
	"github.com/akashi-audit/akashi/internal/record"
)

// States of a day.
const (
	DayOpen    = "open"    // at least partly in the log
	DaySegment = "segment" // in several segments
	DayMerged  = "merged"  // in one segment
	DayDamaged = "damaged" // some of it is damaged
	DayDeleted = "deleted" // by retention
)

// Stats is what a data folder holds, and what it takes.
type Stats struct {
	Servers   []ServerStats    `json:"servers"`
	Records   int64            `json:"records"` // that hold
	Events    int64            `json:"events"`
	Bytes     int64            `json:"bytes"`                    // all files of the store
	Restored  int64            `json:"restored_bytes,omitempty"` // of archived days, beside the store
	Log       int64            `json:"log_bytes"`
	Raw       int64            `json:"raw_bytes"`
	Paths     int64            `json:"path_bytes"`
	Segments  int64            `json:"segment_bytes"`
	Columns   map[string]int64 `json:"columns"`          // bytes of segments
	PerRecord float64          `json:"bytes_per_record"` // of segments and paths
	Free      int64            `json:"free_bytes"`
	PerDay    int64            `json:"bytes_per_day"`   // of the newest 30 days with records
	Full      int64            `json:"full,omitempty"`  // Unix ns when the disk is full at that rate; 0 = not known
	Damage    int              `json:"damage"`          // damaged places that are known
	Error     string           `json:"error,omitempty"` // of the work in the background
}

// ServerStats is one server by week.
type ServerStats struct {
	Server string      `json:"server"`
	Weeks  []WeekStats `json:"weeks"` // ascending
}

// WeekStats is a week from Monday to Sunday in the folder's zone.
type WeekStats struct {
	Monday string     `json:"monday"` // 2026-11-23
	Days   []DayStats `json:"days"`   // that have something, ascending
}

// DayStats is one server's day.
type DayStats struct {
	Day     string `json:"day"` // 2026-11-23
	State   string `json:"state"`
	Records int64  `json:"records"`
	// Events are raw ones. Of a block that spans several days they are spread
	// evenly over its time.
	Events int64 `json:"events"`
	Bytes  int64 `json:"bytes"` // share of the segments, packs and log
	Gaps   int64 `json:"gaps"`  // records that say that records were lost
}

// dayStats is a day in the making.
type dayStats struct {
	DayStats
	open, damaged, deleted bool
	segments               int
	bytes                  float64
	events                 float64
}

// statsMaker collects days by server and day number.
type statsMaker struct {
	s    *Store
	days map[string]map[int]*dayStats
	out  *Stats
}

func (m *statsMaker) day(server string, day int) *dayStats {
	l := m.days[server]
	if l == nil {
		l = make(map[int]*dayStats)
		m.days[server] = l
	}
	if l[day] == nil {
		l[day] = &dayStats{}
	}
	return l[day]
}

// dayOf is the calendar day of a time, since 1970-01-01 in the folder's zone.
func (s *Store) dayOf(t int64) int {
	y, m, d := time.Unix(0, t).In(s.zone()).Date()
	return int(time.Date(y, m, d, 0, 0, 0, 0, time.UTC).Unix() / 86400)
}

func dayTime(day int) time.Time { return time.Unix(int64(day)*86400, 0).UTC() }

// Stats tells what the store holds. It reads the records of the log and finds
// those that tell of losses; of the segments it reads little more than their
// footers.
func (s *Store) Stats(ctx context.Context) (*Stats, error) {
	r, err := s.reader()
	if err != nil {
		return nil, err
	}
	defer r.release()
	m := &statsMaker{s: s, days: make(map[string]map[int]*dayStats), out: &Stats{Columns: make(map[string]int64), Servers: []ServerStats{}}}
	for _, sv := range r.servers {
		m.segments(sv)
		m.events(sv)
		if err := m.log(ctx, sv); err != nil {
			return nil, err
		}
	}
	q := query.Query{Ops: []record.Op{record.OpRecordsLost}, Classes: query.AllClasses()}
	err = s.walk(ctx, &q, batchMost, func(r *record.Record) bool {
		m.day(r.Server, s.dayOf(r.Time)).Gaps++
		return true
	})
	if err != nil {
		return nil, err
	}
	m.lost()
	m.sizes()
	m.finish()
	if err := m.forecast(); err != nil {
		return nil, err
	}
	return m.out, nil
}

// segments counts the rows of the segments of a server.
func (m *statsMaker) segments(sv *serverIndex) {
	for _, r := range slices.Concat(sv.segments, sv.oldSegments) {
		for name, n := range r.meta.Columns {
			m.out.Columns[name] += n
		}
		rows := r.meta.Rows
		if !r.meta.Superseded {
			rows = r.rows(sv.voids)
		}
		for _, d := range r.meta.Days {
			x := m.day(sv.name, d.Day)
			x.bytes += float64(r.size) * float64(d.Rows) / float64(max(1, r.meta.Rows))
			x.damaged = x.damaged || m.s.isDamaged(r.name())
			if r.meta.Superseded {
				continue
			}
			x.segments++
			x.Records += d.Rows * rows / max(1, r.meta.Rows)
		}
	}
}

// events spreads the raw events of a server over the days.
func (m *statsMaker) events(sv *serverIndex) {
	m.s.mu.RLock()
	defer m.s.mu.RUnlock()
	for _, l := range sv.raw {
		for _, b := range l {
			if b.gone {
				continue
			}
			lo, hi := b.min.UnixNano(), b.max.UnixNano()
			first, last := m.s.dayOf(lo), m.s.dayOf(hi)
			size := float64(b.size)
			if b.pack != nil {
				size = float64(b.pack.pack.Blocks()[b.at].Size)
			}
			for d := first; d <= last && d-first < 4000; d++ {
				share := 1.0
				if first != last {
					from, to := dayTime(d).UnixNano(), dayTime(d+1).UnixNano()
					_, shift := time.Unix(0, lo).In(m.s.zone()).Zone()
					off := int64(shift) * 1e9
					share = float64(min(hi, to-off)-max(lo, from-off)) / float64(hi-lo)
				}
				x := m.day(sv.name, d)
				x.events += share * float64(b.n)
				x.bytes += share * size
				x.open = x.open || b.inLog()
			}
			m.out.Events += int64(b.n)
		}
	}
}

// log counts the records that the log and the tails hold.
func (m *statsMaker) log(ctx context.Context, sv *serverIndex) error {
	for _, ref := range slices.Concat(sv.records, sv.tail) {
		b, err := m.s.block(ctx, ref)
		if isDamage(err) {
			m.day(sv.name, m.s.dayOf(ref.min)).damaged = true
			continue
		}
		if err != nil {
			return err
		}
		for i := range b.Len() {
			x := m.day(sv.name, m.s.dayOf(b.Time(i)))
			x.Records++
			x.open = true
			x.bytes += float64(ref.size) / float64(b.Len())
		}
	}
	return nil
}

// lost adds the days of segments that do not open, and of deleted months.
func (m *statsMaker) lost() {
	m.s.mu.RLock()
	defer m.s.mu.RUnlock()
	for _, f := range m.s.manifest.Segments {
		if m.s.index.hasSegment(f.Num) || f.First == 0 {
			continue
		}
		for d := m.s.dayOf(f.First); d <= m.s.dayOf(f.Last); d++ {
			m.day(f.Server, d).damaged = true
		}
	}
	for _, e := range m.s.index.expired {
		first := time.Date(int(e.Month)/12, time.Month(int(e.Month)%12+1), 1, 0, 0, 0, 0, time.UTC)
		for t := first; t.Month() == first.Month(); t = t.AddDate(0, 0, 1) {
			m.day(e.Server, int(t.Unix()/86400)).deleted = true
		}
	}
}

func (x *index) hasSegment(num uint32) bool {
	for _, sv := range x.servers {
		for _, l := range [...][]*segmentRef{sv.segments, sv.oldSegments} {
			if slices.ContainsFunc(l, func(r *segmentRef) bool { return r.num == num }) {
				return true
			}
		}
	}
	return false
}

func (m *statsMaker) sizes() {
	o := m.out
	o.Damage = len(m.s.Damage())
	m.s.mu.RLock()
	defer m.s.mu.RUnlock()
	for _, l := range slices.Concat(m.s.files, m.s.kept) {
		o.Log += l.end
	}
	for _, f := range m.s.manifest.Segments {
		o.Segments += f.Size
	}
	for _, f := range m.s.manifest.Raw {
		o.Raw += f.Size
	}
	for _, f := range m.s.manifest.Paths {
		o.Paths += f.Size
	}
	o.Bytes = o.Log + o.Segments + o.Raw + o.Paths
}

// state of a day.
func (d *dayStats) state() string {
	switch {
	case d.damaged:
		return DayDamaged
	case d.open:
		return DayOpen
	case d.segments > 1:
		return DaySegment
	case d.segments == 0 && d.deleted:
		return DayDeleted
	}
	return DayMerged
}

// finish sorts the days into weeks.
func (m *statsMaker) finish() {
	rows := int64(0)
	for _, server := range slices.Sorted(maps.Keys(m.days)) {
		sv := ServerStats{Server: server, Weeks: []WeekStats{}}
		for _, day := range slices.Sorted(maps.Keys(m.days[server])) {
			d := m.days[server][day]
			monday := dayTime(day - (day+3)%7).Format(time.DateOnly) // 1970-01-01 was a Thursday
			if n := len(sv.Weeks); n == 0 || sv.Weeks[n-1].Monday != monday {
				sv.Weeks = append(sv.Weeks, WeekStats{Monday: monday})
			}
			d.Day, d.State, d.Bytes, d.Events = dayTime(day).Format(time.DateOnly), d.state(), int64(d.bytes+0.5), int64(d.events+0.5)
			m.out.Records += d.Records
			w := &sv.Weeks[len(sv.Weeks)-1]
			w.Days = append(w.Days, d.DayStats)
		}
		m.out.Servers = append(m.out.Servers, sv)
	}
	m.s.mu.RLock()
	for _, f := range m.s.manifest.Segments {
		rows += f.Rows
	}
	m.s.mu.RUnlock()
	if rows > 0 {
		m.out.PerRecord = float64(m.out.Segments+m.out.Paths) / float64(rows)
	}
	if err := m.s.Background(); err != nil {
		m.out.Error = err.Error()
	}
}

// forecastDays is how many of the newest days the forecast goes by.
const forecastDays = 30

// forecast finds when the disk will be full.
func (m *statsMaker) forecast() error {
	free, err := m.s.fs.Free(m.s.dir)
	if err != nil {
		return err
	}
	m.out.Free = int64(min(free, 1<<62))
	byDay := make(map[int]float64)
	for _, l := range m.days {
		for day, d := range l {
			byDay[day] += d.bytes
		}
	}
	if len(byDay) == 0 {
		return nil
	}
	days := slices.Collect(maps.Keys(byDay))
	newest, oldest := slices.Max(days), slices.Min(days)
	sum := 0.0
	for day, n := range byDay {
		if day > newest-forecastDays {
			sum += n
		}
	}
	m.out.PerDay = int64(sum / float64(min(forecastDays, newest-oldest+1)))
	if m.out.PerDay > 0 {
		left := max(0, m.out.Free-reserve) / m.out.PerDay
		if left < 365*100 {
			m.out.Full = dayTime(newest).AddDate(0, 0, int(left)+1).UnixNano()
		}
	}
	return nil
}

// ByState counts the days of a week by state, in the order of the text.
func (w *WeekStats) ByState() (states []string, count map[string]int) {
	count = make(map[string]int)
	for i := range w.Days {
		count[w.Days[i].State]++
	}
	states = slices.SortedFunc(maps.Keys(count), func(a, b string) int { return cmp.Compare(strings.ToLower(a), strings.ToLower(b)) })
	return states, count
}

// manifest is what a manifest says of the segment.
func (r *segmentRef) manifest(server string) manifestFile {
	return manifestFile{Num: r.num, Server: server, Size: r.size, Rows: r.meta.Rows, First: r.meta.First, Last: r.meta.Last}
}
