package web

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sort"
	"strconv"
	"strings"
	"time"

	"github.com/akashi-audit/akashi/internal/event"
	"github.com/akashi-audit/akashi/internal/query"
	"github.com/akashi-audit/akashi/internal/record"
)

// hostile is a file name with everything that a page must survive.
const hostile = "<img src=x onerror=alert(1)>\"'&\u202excod.exe\u200b\x01"

// memory is a Source over a slice: the naive truth that pages are tested with.
type memory struct {
	records []record.Record // newest first
	status  Status
	earlier []record.Record // versions of any record
	fail    error

	archivedTo   int64 // what is before lies in the archive alone, Unix ns; 0 = nothing does
	archiveFails error
}

func tokyo() *time.Location { return time.FixedZone("JST", 9*3600) }

// testNow is the moment at which test pages are drawn.
func testNow() time.Time { return time.Date(2026, 11, 22, 18, 30, 0, 0, tokyo()) }

// company makes n records of a small company over 30 days, newest first.
func company(n int) *memory {
	rnd := rand.New(rand.NewPCG(1, 2))
	people := []string{"yamamoto.hanako", "sato.takeshi", "suzuki.ichiro", "tanaka.misaki", "ito.kenta", "watanabe.yui", "nakamura.sho", "kobayashi.rin"}
	folders := []string{`D:\共有\人事\給与`, `D:\共有\人事\特定個人情報`, `D:\共有\営業\見積`, `D:\共有\経理\2026年度\請求書`, `D:\共有\開発\設計書`, `D:\共有\総務`}
	files := []string{"2026年度 給与明細.xlsx", "扶養控除等申告書_一覧.xlsx", "見積書_株式会社あおば商事.xlsx", "請求書 11月分.pdf", "基本設計書 v2.docx", "議事録.docx", "名簿.csv"}
	ops := []record.Op{record.OpRead, record.OpRead, record.OpRead, record.OpRead, record.OpWrite, record.OpWrite, record.OpCreate, record.OpDelete, record.OpRename, record.OpCopy, record.OpPrint, record.OpList}
	m := &memory{}
	start := testNow().AddDate(0, 0, -29).Truncate(24 * time.Hour)
	for i := range n {
		t := start.Add(29 * 24 * time.Hour / time.Duration(n) * time.Duration(i))
		if wd := t.In(tokyo()).Weekday(); (wd == time.Saturday || wd == time.Sunday) && rnd.IntN(10) > 0 {
			continue
		}
		p := rnd.IntN(len(people))
		dir := folders[(p+rnd.IntN(2))%len(folders)]
		r := record.Record{
			Server: "FS01.corp.example.jp", Channel: "Security", FirstID: uint64(1000 + 3*i), Time: t.UnixNano(), EndTime: t.UnixNano(),
			Received: testNow().UnixNano(), Source: "windows", User: `CORP\` + people[p], SID: "S-1-5-21-1-2-3-" + strconv.Itoa(1100+p),
			ClientIP: "192.0.2." + strconv.Itoa(10+p), ClientName: fmt.Sprintf("PC-%03d", 31+p), Session: uint64(0x3e7 + i),
			Op: ops[rnd.IntN(len(ops))], Path: dir + `\` + files[rnd.IntN(len(files))], Share: `\\FS01\` + strings.Split(dir, `\`)[2],
			ShareRoot: uint32(len(`D:\共有\` + strings.Split(dir, `\`)[2])), Object: record.ObjectFile, Result: record.Success,
			Count: 1, Confidence: record.Certain, Rule: "X1", Class: record.ClassUser, RawIDs: []uint64{uint64(1000 + 3*i), uint64(1001 + 3*i)}, RulesVersion: 1,
		}
		switch r.Op {
		case record.OpRename:
			r.NewPath, r.Rule = dir+`\旧_`+files[rnd.IntN(len(files))], "R1"
		case record.OpCopy:
			r.NewPath, r.Confidence, r.Rule = `D:\共有\総務\控え\`+files[rnd.IntN(len(files))], record.Inferred, "K1"
		case record.OpPrint:
			r.Set("printer", "総務-複合機")
			r.Set("pages", strconv.Itoa(1+rnd.IntN(30)))
		}
		if rnd.IntN(40) == 0 {
			r.Result, r.Op, r.Count, r.NewPath = record.Denied, record.OpRead, uint32(1+rnd.IntN(19)), ""
		}
		if rnd.IntN(30) == 0 {
			r.Class, r.User, r.SID, r.Process = record.ClassBackground, `CORP\FS01$`, "S-1-5-18", `C:\Program Files\Backup\backup.exe`
		}
		if rnd.IntN(25) == 0 {
			r.Op, r.Object, r.Path, r.NewPath, r.Detail = record.OpLogon, record.ObjectSession, "", "", nil
			r.Set("logon_type", "3")
		}
		m.records = append(m.records, r)
	}
	x := m.records[len(m.records)-1]
	x.FirstID++
	x.Class, x.Op, x.Object, x.NewPath, x.Detail, x.Result = record.ClassUser, record.OpRename, record.ObjectFile, "=cmd|'/c calc'!A0", nil, record.Success
	x.User, x.Path = `EVIL\`+hostile, `D:\共有\`+hostile
	m.records = append(m.records, x)
	sort.SliceStable(m.records, func(i, j int) bool { return m.records[i].Time > m.records[j].Time })
	m.status = Status{
		Dir: "/srv/akashi", Zone: tokyo(), Records: int64(len(m.records)), RawEvents: int64(3 * len(m.records)),
		Servers: []Server{{
			Name: "FS01.corp.example.jp", Records: int64(len(m.records)), Events: int64(3 * len(m.records)),
			First: m.records[len(m.records)-1].Time, Last: m.records[0].Time,
		}},
		Imports: []Import{{Name: "Security.evtx", Size: 73_400_320, SHA256: strings.Repeat("ab", 32), Importer: "admin", Time: testNow().UnixNano(), Events: 9000}},
	}
	return m
}

// at is the record at a place of the order.
func (m *memory) at(i int, oldest bool) *record.Record {
	if oldest {
		i = len(m.records) - 1 - i
	}
	return &m.records[i]
}

func (m *memory) Search(_ context.Context, q query.Query) (*query.Page, error) {
	if m.fail != nil {
		return nil, m.fail
	}
	skip, _ := strconv.Atoi(q.Cursor)
	if q.Limit == 0 {
		q.Limit = 100
	}
	mt, p := query.NewMatcher(q), &query.Page{}
	if at, err := query.ParseCursor(q.Cursor); err == nil && at != nil { // a place, not a number
		skip = 0
		for skip < len(m.records) {
			r := query.PositionOf(m.at(skip, q.Oldest))
			if c := at.Compare(&r); c < 0 != q.Oldest && c != 0 {
				break
			}
			skip++
		}
	}
	for i := skip; i < len(m.records); i++ {
		r := m.at(i, q.Oldest)
		if !mt.Match(r) {
			continue
		}
		if len(p.Records) == q.Limit {
			p.Next = strconv.Itoa(i)
			break
		}
		p.Records = append(p.Records, *r)
	}
	return p, nil
}

// ArchivedSlots counts what lies before archivedTo.
func (m *memory) ArchivedSlots(_ context.Context, q query.Query, bounds []int64) ([]query.Slot, error) {
	l, mt := make([]query.Slot, len(bounds)-1), query.NewMatcher(q)
	for i := range m.records {
		r := &m.records[i]
		for k := range l {
			if r.Time < m.archivedTo && mt.Match(r) && r.Time >= bounds[k] && r.Time < bounds[k+1] {
				l[k].Add(r)
			}
		}
	}
	return l, m.archiveFails
}

func (m *memory) Facets(_ context.Context, q query.Query) (*query.Facets, error) {
	if m.fail != nil {
		return nil, m.fail
	}
	f, mt := &query.Facets{Hours: &[7][24]uint64{}}, query.NewMatcher(q)
	people, days := map[string]*query.PersonCount{}, map[string]*query.DayCount{}
	counts := map[string]map[string]uint64{}
	add := func(kind, v string) {
		if counts[kind] == nil {
			counts[kind] = map[string]uint64{}
		}
		counts[kind][v]++
	}
	for i := range m.records {
		r := &m.records[i]
		if !mt.Match(r) || q.HeldOnly && r.Time < m.archivedTo {
			continue
		}
		if r.Time < m.archivedTo && len(f.Archived) == 0 {
			f.Archived = []string{"2026-11-20"}
		}
		f.Total++
		f.First = r.Time
		f.Last = max(f.Last, r.Time)
		p := people[r.User]
		if p == nil {
			p = &query.PersonCount{User: r.User, SID: r.SID, Ops: map[record.Op]uint64{}, Last: r.Time, Clients: []string{r.ClientName}}
			people[r.User] = p
		}
		at := time.Unix(0, r.Time).In(m.status.Zone)
		f.Hours[at.Weekday()][at.Hour()]++
		d := at.Format("2006-01-02")
		if days[d] == nil {
			days[d] = &query.DayCount{Day: d, Ops: map[record.Op]uint64{}}
		}
		p.N, p.First = p.N+1, r.Time
		p.Ops[r.Op]++
		days[d].N++
		days[d].Ops[r.Op]++
		if r.Result != record.Success {
			p.Denied++
			days[d].Denied++
		}
		add("op", r.Op.String())
		add("result", r.Result.String())
		add("client", r.ClientName)
		add("server", r.Server)
		if i := strings.LastIndexByte(r.Path, '\\'); i > 0 {
			add("folder", r.Path[:i])
			add("path", r.Path)
		}
	}
	for _, p := range people {
		f.People = append(f.People, *p)
	}
	sort.Slice(f.People, func(i, j int) bool { return f.People[i].N > f.People[j].N })
	if f.Total > 0 {
		last := time.Unix(0, f.Last).In(m.status.Zone).Format("2006-01-02")
		for t := time.Unix(0, f.First).In(m.status.Zone); ; t = t.AddDate(0, 0, 1) {
			d := t.Format("2006-01-02")
			if days[d] != nil {
				f.Days = append(f.Days, *days[d])
			} else {
				f.Days = append(f.Days, query.DayCount{Day: d})
			}
			if d >= last {
				break
			}
		}
	}
	list := func(kind string) []query.Count {
		var l []query.Count
		for v, n := range counts[kind] {
			l = append(l, query.Count{Value: v, N: n})
		}
		sort.Slice(l, func(i, j int) bool { return l[i].N > l[j].N || l[i].N == l[j].N && l[i].Value < l[j].Value })
		return l
	}
	f.Ops, f.Results, f.Clients, f.Servers, f.Folders, f.Paths = list("op"), list("result"), list("client"), list("server"), list("folder"), list("path")
	return f, nil
}

func (m *memory) Record(_ context.Context, id record.ID) (*record.Record, error) {
	for i := range m.records {
		if m.records[i].ID() == id {
			r := m.records[i]
			return &r, m.fail
		}
	}
	return nil, ErrNotFound
}

func (m *memory) Raw(ctx context.Context, id record.ID) ([]*event.Event, error) {
	r, err := m.Record(ctx, id)
	if err != nil {
		return nil, err
	}
	schema := event.NewSchema("EventData", []string{"SubjectUserSid", "SubjectUserName", "ObjectName", "HandleId", "AccessMask", ""})
	var l []*event.Event
	for _, n := range r.RawIDs {
		l = append(l, &event.Event{
			Provider: "Microsoft-Windows-Security-Auditing", ID: 4663, Version: 1, Keywords: event.AuditSuccess,
			Time: event.FromUnixNano(r.Time), RecordID: n, Channel: r.Channel, Computer: r.Server, PID: 4, TID: 88, Schema: schema,
			Values: []event.Value{{Kind: event.KindSID, Str: r.SID}, event.String(r.User), event.String(r.Path), event.Uint(event.KindHex64, 0x5a8), event.Uint(event.KindHex32, 1), event.String("x")},
		})
	}
	return l, nil
}

func (m *memory) Versions(context.Context, record.ID) ([]record.Record, error) {
	return m.earlier, m.fail
}

func (m *memory) Status(context.Context) (*Status, error) { s := m.status; return &s, nil }
