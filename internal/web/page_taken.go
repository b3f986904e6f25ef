package web

import (
	"cmp"
	"context"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/akashi-audit/akashi/internal/query"
	"github.com/akashi-audit/akashi/internal/record"
)

// The bounds of what is looked at for signs that a person took something away.
const (
	takenShown    = 40
	takenRecords  = 2000           // of each kind
	takenSessions = 20_000         // log-on records of one computer
	takenBack     = 24 * time.Hour // a begin of a session is looked for so long before a device, an end so long behind it
	takenServers  = 20
)

// takenView is the signs that a person took something away.
type takenView struct {
	Items []takenItem // newest first
	More  int
	Cut   bool // there are more records than were looked at
	Alien int  // devices while no session of the person was open
}

// takenItem is one sign.
type takenItem struct {
	row
	Kind   string // key
	What   string // of a device
	Why    string // in words: why it is the person's; "" = the record itself names him
	Others []person
	at     int64
}

// taken is what was found, before it is put into words.
type taken struct {
	devices      []deviceSign
	prints, away []record.Record
	alien        int
	cut          bool
}

// deviceSign is a device and the sessions that were open when it was connected.
type deviceSign struct {
	record.Record
	mine   *sitting // nil = the record names the person
	others []sitting
}

// takenPart draws the signs that the person of a form took something away.
func (s *site) takenPart(rq *request) error {
	f, err := partForm(rq)
	if err != nil {
		return err
	}
	q := f.query()
	if len(q.Users) == 0 {
		return errPage{http.StatusBadRequest, "web.error.form"}
	}
	t := s.tally(rq, "taken "+q.Text(nil), func(ctx context.Context) (any, error) { return s.takenAway(ctx, q) })
	if ok, err := s.ready(rq, t, "later-on"); !ok {
		return err
	}
	x, _ := t.value.(*taken)
	return s.render(rq, http.StatusOK, "taken", takenWords(rq, x))
}

// takenAway looks for prints and copies of the persons of q, and for devices that were
// connected to a computer at which a session of theirs was open.
func (s *site) takenAway(ctx context.Context, q query.Query) (*taken, error) {
	x := &taken{}
	own := q
	own.Results = []record.Result{record.Success}
	own.Ops = []record.Op{record.OpPrint}
	var err error
	if x.prints, err = s.upTo(ctx, own, takenRecords, x); err != nil {
		return nil, err
	}
	own.Ops = []record.Op{record.OpCopy, record.OpMove}
	moved, err := s.upTo(ctx, own, takenRecords, x)
	if err != nil {
		return nil, err
	}
	for i := range moved {
		if leaves(&moved[i]) {
			x.away = append(x.away, moved[i])
		}
	}
	devices, err := s.upTo(ctx, query.Query{Ops: []record.Op{record.OpDeviceConnected}, Servers: q.Servers, From: q.From, To: q.To, Classes: []record.Class{record.ClassUser}}, takenRecords, x)
	if err != nil {
		return nil, err
	}
	return x, s.join(ctx, q, devices, x)
}

// join finds the sessions in which devices were connected.
func (s *site) join(ctx context.Context, q query.Query, devices []record.Record, x *taken) error {
	byServer := map[string][]record.Record{}
	var servers []string
	for _, d := range devices {
		if byServer[d.Server] == nil {
			servers = append(servers, d.Server)
		}
		byServer[d.Server] = append(byServer[d.Server], d)
	}
	if len(servers) > takenServers {
		servers, x.cut = servers[:takenServers], true
	}
	person := query.NewMatcher(query.Query{Users: q.Users, Classes: query.AllClasses()})
	for _, server := range servers {
		l := byServer[server] // newest first
		logons, err := s.upTo(ctx, query.Query{
			Servers: []string{server}, Ops: []record.Op{record.OpLogon, record.OpLogoff, record.OpBoot, record.OpShutdown}, HideNetworkLogons: true, Classes: query.AllClasses(),
			From: l[len(l)-1].Time - int64(takenBack), To: l[0].Time + int64(takenBack),
		}, takenSessions, x)
		if err != nil {
			return err
		}
		sat := sittings(logons)
		for i := range l {
			d := deviceSign{Record: l[i]}
			for _, o := range openAt(sat, l[i].Time) {
				if person.Match(o.sign) {
					d.mine = &o
				} else {
					d.others = append(d.others, o)
				}
			}
			switch {
			case person.Match(&l[i]):
				d.mine, d.others = nil, nil
			case d.mine == nil:
				x.alien++
				continue
			}
			x.devices = append(x.devices, d)
		}
	}
	return nil
}

// upTo reads at most so many records, newest first.
func (s *site) upTo(ctx context.Context, q query.Query, most int, x *taken) (l []record.Record, err error) {
	q.Cursor, q.Oldest, q.Limit = "", false, 1000
	for {
		p, err := s.cfg.Source.Search(ctx, q)
		if err != nil {
			return nil, err
		}
		l = append(l, p.Records...)
		if q.Cursor = p.Next; q.Cursor == "" {
			return l, nil
		}
		if len(l) >= most {
			x.cut = true
			return l, nil
		}
	}
}

// leaves reports whether a copy or a move goes to removable storage or another volume.
func leaves(r *record.Record) bool {
	from, to := volumeOf(r.Path), volumeOf(r.NewPath)
	return r.Get("removable") == "yes" || from != "" && to != "" && !strings.EqualFold(from, to)
}

// volumeOf is the drive or the device of a local path, "" = not known.
func volumeOf(path string) string {
	if len(path) >= 2 && path[1] == ':' {
		return path[:2]
	}
	if rest, ok := strings.CutPrefix(path, `\Device\`); ok {
		name, _, _ := strings.Cut(rest, `\`)
		return name
	}
	return ""
}

// takenWords puts the signs into words.
func takenWords(rq *request, x *taken) *takenView {
	v := &takenView{Cut: x.cut, Alien: x.alien}
	add := func(kind string, r *record.Record) *takenItem {
		v.Items = append(v.Items, takenItem{row: newRow(rq, r), Kind: kind, at: r.Time})
		return &v.Items[len(v.Items)-1]
	}
	for i := range x.prints {
		add("find.taken.print", &x.prints[i])
	}
	for i := range x.away {
		r := &x.away[i]
		if r.Get("removable") == "yes" {
			add("find.taken.removable", r)
		} else {
			add("find.taken.volume", r)
		}
	}
	for i := range x.devices {
		d := &x.devices[i]
		it := add("find.taken.device", &d.Record)
		it.What = deviceText(rq, &d.Record)
		if d.mine == nil {
			continue
		}
		it.Inferred, it.Person = true, splitPerson(d.mine.User, d.mine.SID)
		how := rq.p.T("find.taken.screen")
		if d.mine.Type != "" {
			how = rq.p.T("value.logon_type." + d.mine.Type)
		}
		it.Why = rq.p.T("find.taken.session", "person", it.Person.Full, "from", clock(d.mine.From, rq.zone), "how", how)
		if d.mine.Earlier {
			it.Why = rq.p.T("find.taken.earlier", "person", it.Person.Full, "to", clock(d.mine.To, rq.zone), "how", how)
		}
		for _, o := range d.others {
			it.Others = append(it.Others, splitPerson(o.User, o.SID))
		}
	}
	slices.SortStableFunc(v.Items, func(a, b takenItem) int { return cmp.Compare(b.at, a.at) })
	if len(v.Items) > takenShown {
		v.More, v.Items = len(v.Items)-takenShown, v.Items[:takenShown]
	}
	return v
}

// deviceText names a device by what its log tells of it.
func deviceText(rq *request, r *record.Record) string {
	var l []string
	for _, k := range []string{"description", "vendor", "product"} {
		if x := record.Visible(r.Get(k)); x != "" && !slices.Contains(l, x) {
			l = append(l, x)
		}
	}
	if x := r.Get("serial"); x != "" {
		l = append(l, rq.p.T("find.taken.serial", "serial", record.Visible(x)))
	}
	return strings.Join(l, " ")
}
