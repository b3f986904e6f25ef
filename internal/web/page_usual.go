package web

import (
	"context"
	"fmt"
	"net/http"
	"strings"

	"github.com/akashi-audit/akashi/internal/query"
	"github.com/akashi-audit/akashi/internal/record"
)

// What the comparison shows at most.
const (
	usualOps     = 8
	usualFolders = 8
	peerFolders  = 5 // whose users are the peers
	peerRows     = 6
	maxPeers     = 500
)

// usualView compares a period with the one before, and a person with others.
type usualView struct {
	From, To             string
	BeforeFrom, BeforeTo string
	Chosen               bool // the form named the period
	Thin                 bool // the time before has too few records
	Short                string
	Lines                []string // what stands out, in words
	Ops                  []usualLine
	Folders              []usualLine
	Hours                *hoursDrawing
	Peers                []peerRow
	PeerLine             string
	PeerFolders          []name
}

// usualLine is one value now and before.
type usualLine struct {
	Text        string
	Name        name // of a folder
	Class       string
	Now, Before uint64
	Level       int
	Word        string
	URL         string
	Marked      bool
}

// peerRow is one person of the same folders.
type peerRow struct {
	Person person
	URL    string
	N      uint64
	Cells  [numGroups - 1]uint64
	Denied uint64
	Self   bool
	Rank   int
}

// hoursDrawing is the hours of the day, now beside before.
type hoursDrawing struct {
	Width, Height int
	Bars          []hourBar
	Label         string
}

type hourBar struct {
	Hour                         int
	X, W, Y, H, OldX, OldY, OldH string
	Now, Before                  uint64
	Outside                      bool
}

// Loud reports whether a difference stands out.
func (l usualLine) Loud() bool { return l.Level == levelNew || l.Level == levelTimes }

// compared is what the comparison counts.
type compared struct {
	now, before *query.Facets
	nowDone     *query.Facets
	beforeDone  *query.Facets
	peers       *query.Facets // who did something in the folders
	refused     *query.Facets // and whom something was refused there
	folders     []string
}

// usualPart compares what a form finds with the usual.
func (s *site) usualPart(rq *request) error {
	f, err := partForm(rq)
	if err != nil {
		return err
	}
	q := f.query()
	x := spanOf(q, rq.zone, rq.now)
	t := s.tally(rq, fmt.Sprintf("usual %s %d %s", x.from, x.to.Unix()/60, q.Text(nil)), func(ctx context.Context) (any, error) {
		return s.compareTimes(ctx, q, x)
	})
	if ok, err := s.ready(rq, t, "later-on"); !ok {
		return err
	}
	c, _ := t.value.(*compared)
	v := s.usual(rq, f, x, c)
	return s.render(rq, http.StatusOK, "usual", v)
}

// compareTimes counts both times, and the people of the folders that were used
// most.
func (s *site) compareTimes(ctx context.Context, q query.Query, x span) (*compared, error) {
	q.Cursor, q.Limit, q.Top = "", 0, 2000
	q.Lists = query.ListOps | query.ListResults | query.ListFolders | query.ListHours
	now, before := q, q
	now.From, now.To = x.from.UnixNano(), x.to.UnixNano()
	before.From, before.To = x.beforeFrom.UnixNano(), x.beforeTo.UnixNano()
	c := &compared{}
	var err error
	ask := func(to **query.Facets, q query.Query) {
		if err == nil {
			*to, err = s.cfg.Source.Facets(ctx, q)
		}
	}
	ask(&c.now, now)
	ask(&c.before, before)
	done := meet(q.Results, []record.Result{record.Success})
	if len(done) == 0 {
		c.nowDone, c.beforeDone = &query.Facets{}, &query.Facets{}
	} else {
		now.Results, before.Results = done, done
		ask(&c.nowDone, now)
		ask(&c.beforeDone, before)
	}
	if err != nil || len(q.Users) == 0 || len(c.now.Folders) == 0 || len(done) == 0 {
		return c, err
	}
	for _, n := range c.now.Folders[:min(len(c.now.Folders), peerFolders)] {
		c.folders = append(c.folders, n.Value)
	}
	peers := query.Query{
		Folders: c.folders, From: now.From, To: now.To, Classes: q.Classes, Servers: q.Servers,
		HideNetworkLogons: q.HideNetworkLogons, Lists: query.ListPeople, Top: maxPeers, Results: []record.Result{record.Success},
	}
	ask(&c.peers, peers)
	peers.Results = []record.Result{record.Denied, record.Failure}
	ask(&c.refused, peers)
	return c, err
}

// usual puts the comparison into words.
func (s *site) usual(rq *request, f *form, x span, c *compared) *usualView {
	T := rq.p.T
	const layout = "2006-01-02 15:04"
	v := &usualView{
		From: x.from.Format(layout), To: x.to.Format(layout), Chosen: x.chosen,
		BeforeFrom: x.beforeFrom.Format(layout), BeforeTo: x.beforeTo.Format(layout), Thin: c.before.Total < smallCount,
	}
	if first := firstRecord(rq.status); first != 0 && first > x.beforeFrom.UnixNano() {
		v.Short = day(first, rq.zone)
	}
	now := func(change func(*form)) string {
		return f.with(func(y *form) {
			y.Page, y.Period = "/search", "custom"
			y.From, y.To = x.from.Format("2006-01-02T15:04"), x.to.Format("2006-01-02T15:04")
			change(y)
		})
	}
	line := func(d changed) usualLine {
		l := usualLine{Now: d.now, Before: d.before, Level: d.level}
		l.Word = T(levelKey(d.level), "n", times(d.now, d.before))
		return l
	}
	var loudOps []string
	for _, d := range compare(c.nowDone.Ops, c.beforeDone.Ops) {
		if len(v.Ops) == usualOps {
			break
		}
		l := line(d)
		l.Text, l.Class = T(opKey(d.value)), opGroup(d.value).Class()
		l.URL = now(func(y *form) {
			if o, err := record.ParseOp(d.value); err == nil {
				y.Ops, y.Results = []record.Op{o}, []record.Result{record.Success}
			}
		})
		v.Ops = append(v.Ops, l)
		if l.Loud() {
			loudOps = append(loudOps, T("find.usual.loud", "what", l.Text, "n", d.now, "word", l.Word))
		}
	}
	refused := changed{now: c.now.Total - c.nowDone.Total, before: c.before.Total - c.beforeDone.Total}
	refused.level = levelOf(refused.now, refused.before)
	if refused.now+refused.before > 0 {
		l := line(refused)
		l.Text, l.Class = T("web.group.refused"), "gx"
		l.URL = now(func(y *form) { y.Results = []record.Result{record.Denied, record.Failure} })
		v.Ops = append(v.Ops, l)
		if l.Loud() {
			loudOps = append(loudOps, T("find.usual.loud", "what", l.Text, "n", refused.now, "word", l.Word))
		}
	}
	if v.Thin {
		v.Lines = append(v.Lines, T("find.usual.thin"))
		s.peerView(rq, f, v, c)
		return v
	}
	if len(loudOps) > 0 {
		v.Lines = append(v.Lines, T("find.usual.loud_ops", "what", strings.Join(loudOps, T("find.and"))))
	}
	s.folderLines(rq, v, c, now)
	s.hourLines(rq, v, c)
	if len(v.Lines) == 0 {
		v.Lines = append(v.Lines, T("find.usual.nothing"))
	}
	s.peerView(rq, f, v, c)
	return v
}

// folderLines lists the folders that differ, marked ones first.
func (s *site) folderLines(rq *request, v *usualView, c *compared, now func(func(*form)) string) {
	fresh := 0
	var first, rest []usualLine
	marked := s.marks()
	for _, d := range compare(c.now.Folders, c.before.Folders) {
		if d.level != levelNew && d.level != levelTimes && d.level != levelMore {
			continue
		}
		if d.level == levelNew {
			fresh++
		}
		l := usualLine{Name: splitName(d.value), Now: d.now, Before: d.before, Level: d.level}
		l.Word = rq.p.T(levelKey(d.level), "n", times(d.now, d.before))
		l.URL = now(func(y *form) { y.Path, y.File, y.Folder, y.Also = "", "", d.value, nil })
		if l.Marked = marked != nil && marked(d.value); l.Marked {
			first = append(first, l)
		} else {
			rest = append(rest, l)
		}
	}
	v.Folders = append(first, rest...)
	v.Folders = v.Folders[:min(len(v.Folders), usualFolders)]
	if fresh > 0 {
		v.Lines = append(v.Lines, rq.p.T("find.usual.fresh", "n", fresh))
	}
}

// hourLines tells of the hours outside the habit.
func (s *site) hourLines(rq *request, v *usualView, c *compared) {
	h := newHabit(c.now.Hours, c.before.Hours)
	if !h.enough {
		return
	}
	T := rq.p.T
	usual := ranges(h.hours(0))
	if w := ranges(h.hours(1)); w != "" {
		usual = T("find.usual.hours_both", "weekdays", usual, "weekend", w)
	} else {
		usual = T("find.usual.hours_weekdays", "weekdays", usual)
	}
	v.Hours = newHoursDrawing(c.now.Hours, c.before.Hours, &h)
	v.Hours.Label = usual
	if h.outside > 0 {
		v.Lines = append(v.Lines, T("find.usual.outside", "n", h.outside, "day", T("find.weekday."+fmt.Sprint(h.weekday)), "hour", fmt.Sprint(h.hour), "most", h.most, "usual", usual))
	}
}

// ranges writes hours as "8–12, 13–19".
func ranges(l [][2]int) string {
	var s []string
	for _, r := range l {
		s = append(s, fmt.Sprintf("%d–%d", r[0], r[1]))
	}
	return strings.Join(s, ", ")
}

// times is how often before is in now, rounded.
func times(now, before uint64) uint64 {
	if before == 0 {
		return 0
	}
	return (now + before/2) / before
}

// firstRecord is the time of the oldest record of all servers.
func firstRecord(st *Status) int64 {
	var first int64
	for _, s := range st.Servers {
		if s.First != 0 && (first == 0 || s.First < first) {
			first = s.First
		}
	}
	return first
}

// newHoursDrawing draws both times by hour, in one scale.
func newHoursDrawing(now, before *[7][24]uint64, h *habit) *hoursDrawing {
	const width, height, base = 480, 84, 66
	d := &hoursDrawing{Width: width, Height: height}
	var a, b [24]uint64
	for day := range now {
		for hour := range 24 {
			a[hour], b[hour] = a[hour]+now[day][hour], b[hour]+before[day][hour]
		}
	}
	var most uint64 = 1
	for hour := range 24 {
		most = max(most, a[hour], b[hour])
	}
	const slot = float64(width) / 24
	tall := func(n uint64) float64 {
		if n == 0 {
			return 0
		}
		return max(float64(n)*(base-4)/float64(most), 1.5)
	}
	for hour := range 24 {
		x := hourBar{Hour: hour, Now: a[hour], Before: b[hour], W: num(slot*0.5 - 2)}
		x.OldX, x.X = num(slot*float64(hour)+2), num(slot*(float64(hour)+0.5))
		x.Y, x.H = num(base-tall(a[hour])), num(tall(a[hour]))
		x.OldY, x.OldH = num(base-tall(b[hour])), num(tall(b[hour]))
		x.Outside = !h.usual[0][hour] && !h.usual[1][hour]
		d.Bars = append(d.Bars, x)
	}
	return d
}

// peerView compares the person with those who used the same folders.
func (s *site) peerView(rq *request, f *form, v *usualView, c *compared) {
	if c.peers == nil || len(c.peers.People) < 2 {
		return
	}
	T := rq.p.T
	for _, p := range c.folders {
		v.PeerFolders = append(v.PeerFolders, splitName(p))
	}
	l := peersOf(c.peers.People, c.refused.People, f.Users)
	rank := 0
	var self *peer
	for i := range l {
		p := &l[i]
		if p.self && self == nil {
			self, rank = p, i+1
		}
		if i >= peerRows && !p.self || len(v.Peers) > peerRows {
			continue
		}
		r := peerRow{Person: splitPerson(p.user, p.sid), N: p.n, Denied: p.denied, Self: p.self, Rank: i + 1}
		if r.Person.Full == "" {
			r.Person.Name, r.Person.Full = T("web.unknown_person"), T("web.unknown_person")
		}
		for g := range numGroups - 1 {
			r.Cells[g] = p.groups[g]
		}
		id := p.user
		if id == "" {
			id = p.sid
		}
		r.URL = f.with(func(y *form) { y.Users = one(id) })
		v.Peers = append(v.Peers, r)
	}
	if self == nil {
		v.PeerLine = T("find.peers.none", "n", len(l))
		return
	}
	v.PeerLine = T("find.peers.rank", "n", len(l)+c.peers.PeopleMore, "rank", rank, "own", self.n, "median", median(l, func(p *peer) uint64 { return p.n }))
	for _, g := range []group{groupCopy, groupDelete, groupChange} {
		own, mid := self.groups[g], median(l, func(p *peer) uint64 { return p.groups[g] })
		if level := levelOf(own, mid); level == levelTimes || level == levelNew {
			v.PeerLine += T("find.peers.more", "what", T(g.Key()), "own", own, "median", mid)
		}
	}
}
