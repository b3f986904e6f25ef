package convert

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"testing"

	"github.com/akashi-audit/akashi/internal/event"
	"github.com/akashi-audit/akashi/internal/evtx"
	"github.com/akashi-audit/akashi/internal/record"
)

// logBuilder writes small logs in the sequences of windows-events.md section 7.
type logBuilder struct {
	events  []*event.Event
	schemas map[string]*event.Schema
	now     event.Filetime
	id      uint64             // newest record id of the Security channel
	ids     map[string]*uint64 // of other channels
	handle  uint64
	logon   uint64
	user    string
	share   string // name
	root    string // its local folder
	no4658  bool
	no5145  bool
}

const t0 event.Filetime = 134_200_000_000_000_000

func newLog() *logBuilder {
	return &logBuilder{
		schemas: map[string]*event.Schema{}, now: t0, id: 1000, handle: 0x400, logon: 0x1234, user: "alice",
		share: "data", root: `E:\data`,
	}
}

func (b *logBuilder) wait(ms int) *logBuilder { b.now += event.Filetime(ms) * 10_000; return b }

func (b *logBuilder) add(provider, channel string, id uint32, failed bool, kv ...any) *event.Event {
	names := make([]string, 0, len(kv)/2)
	vals := make([]event.Value, 0, len(kv)/2)
	for i := 0; i < len(kv); i += 2 {
		names = append(names, kv[i].(string))
		switch v := kv[i+1].(type) {
		case string:
			vals = append(vals, event.String(v))
		case int:
			vals = append(vals, event.Uint(event.KindHex64, uint64(v)))
		case uint64:
			vals = append(vals, event.Uint(event.KindHex64, v))
		case event.Filetime:
			vals = append(vals, event.Uint(event.KindFiletime, uint64(v)))
		}
	}
	key := strings.Join(names, "\x00")
	if b.schemas[key] == nil {
		b.schemas[key] = event.NewSchema("EventData", names)
	}
	b.now += 3000
	next := &b.id
	if channel != "Security" { // every channel counts for itself
		if b.ids == nil {
			b.ids = map[string]*uint64{}
		}
		if b.ids[channel] == nil {
			b.ids[channel] = new(uint64)
		}
		next = b.ids[channel]
	}
	*next++
	e := &event.Event{
		Provider: provider, Channel: channel, ID: id, Time: b.now, RecordID: *next, Computer: "FS-A.example.test",
		Keywords: event.AuditSuccess, Schema: b.schemas[key], Values: vals,
	}
	if failed {
		e.Keywords = event.AuditFailure
	}
	b.events = append(b.events, e)
	return e
}

func (b *logBuilder) sec(id uint32, kv ...any) *event.Event {
	return b.add("Microsoft-Windows-Security-Auditing", "Security", id, false, kv...)
}

func (b *logBuilder) subject() []any {
	return []any{"SubjectUserSid", "S-1-5-21-1-2-3-1" + itoa(b.logon%1000), "SubjectUserName", b.user, "SubjectDomainName", "CORP", "SubjectLogonId", b.logon}
}

func (b *logBuilder) logonEvent() *logBuilder {
	b.sec(4624, "TargetUserSid", "S-1-5-21-1-2-3-1"+itoa(b.logon%1000), "TargetUserName", b.user, "TargetDomainName", "CORP.EXAMPLE.TEST",
		"TargetLogonId", b.logon, "LogonType", 3, "IpAddress", "192.0.2.7", "IpPort", "50000", "WorkstationName", "-")
	return b
}

func (b *logBuilder) logoffEvent() *logBuilder {
	b.sec(4634, "TargetUserSid", "S-1-5-21-1-2-3-1"+itoa(b.logon%1000), "TargetUserName", b.user, "TargetDomainName", "CORP",
		"TargetLogonId", b.logon, "LogonType", 3)
	return b
}

// ask is a 5145 of a path below the share.
func (b *logBuilder) ask(rel string, mask int) *logBuilder {
	if !b.no5145 {
		b.sec(5145, append(b.subject(), "ObjectType", "File", "IpAddress", "192.0.2.7", "IpPort", "50000", "ShareName", `\\*\`+b.share,
			"ShareLocalPath", `\??\`+b.root, "RelativeTargetName", rel, "AccessMask", mask)...)
	}
	return b
}

func (b *logBuilder) path(rel string) string {
	if rel == "" {
		return b.root
	}
	return b.root + `\` + rel
}

// open is a 4656 and returns its handle.
func (b *logBuilder) open(rel string, mask int) uint64 {
	b.handle += 4
	b.sec(4656, append(b.subject(), "ObjectServer", "Security", "ObjectType", "File", "ObjectName", b.path(rel), "HandleId", b.handle,
		"AccessMask", mask, "ProcessId", 4, "ProcessName", "")...)
	return b.handle
}

func (b *logBuilder) use(h uint64, rel string, mask int) *logBuilder {
	b.sec(4663, append(b.subject(), "ObjectServer", "Security", "ObjectType", "File", "ObjectName", b.path(rel), "HandleId", h,
		"AccessMask", mask, "ProcessId", 4, "ProcessName", "")...)
	return b
}

func (b *logBuilder) close(h uint64) *logBuilder {
	if !b.no4658 {
		b.sec(4658, append(b.subject(), "ObjectServer", "Security", "HandleId", h, "ProcessId", 4, "ProcessName", "")...)
	}
	return b
}

func (b *logBuilder) deleted(h uint64) *logBuilder {
	b.sec(4660, append(b.subject(), "ObjectServer", "Security", "HandleId", h, "ProcessId", 4, "ProcessName", "")...)
	return b
}

// handleUse opens, uses and closes.
func (b *logBuilder) handleUse(rel string, asked int, used ...int) *logBuilder {
	h := b.open(rel, asked)
	for _, u := range used {
		b.use(h, rel, u)
	}
	return b.close(h)
}

func (b *logBuilder) read(rel string) *logBuilder {
	return b.ask(rel, 0x120089).handleUse(rel, 0x120089, 0x1)
}

func (b *logBuilder) write(rel string) *logBuilder {
	return b.ask(rel, 0x12019f).handleUse(rel, 0x12019f, 0x2)
}

func (b *logBuilder) dir(rel string) string { d, _, _ := cutLast(rel); return d }

func cutLast(s string) (before, after string, ok bool) {
	n := strings.LastIndexByte(s, '\\')
	if n < 0 {
		return "", s, false
	}
	return s[:n], s[n+1:], true
}

// create makes a file as Explorer does: a probe, the name in the folder, data.
func (b *logBuilder) create(rel string) *logBuilder {
	b.ask(rel, 0x80).handleUse(b.dir(rel), 0x100002, 0x2)
	return b.ask(rel, 0x12019f).handleUse(rel, 0x12019f, 0x2, 0x100)
}

func (b *logBuilder) remove(rel string) *logBuilder {
	b.ask(rel, 0x110080)
	h := b.open(rel, 0x110080)
	return b.use(h, rel, 0x10000).deleted(h).close(h)
}

// rename renames; seen says whether the new name is looked at afterwards.
func (b *logBuilder) rename(from, to string, seen bool) *logBuilder {
	b.ask(from, 0x110080)
	h := b.open(from, 0x110080)
	b.use(h, from, 0x10000).handleUse(b.dir(to), 0x100002, 0x2).close(h)
	if seen {
		b.wait(10).ask(to, 0x100080)
	}
	return b
}

func (b *logBuilder) list(rel string) *logBuilder {
	return b.ask(rel, 0x100081).handleUse(rel, 0x100081, 0x1)
}

// convertAll runs the events through one converter.
func convertAll(events []*event.Event) []record.Record {
	c := New("FS-A.example.test", Options{})
	for _, e := range events {
		c.Add(e)
	}
	return sorted(append(c.Take(), c.Tail()...))
}

func sorted(rs []record.Record) []record.Record {
	slices.SortFunc(rs, func(a, b record.Record) int {
		return cmp.Or(cmp.Compare(a.Time, b.Time), strings.Compare(a.ID().String(), b.ID().String()))
	})
	return rs
}

// brief is what tests compare of a record.
func brief(r record.Record) string {
	s := r.Op.String()
	if r.Class == record.ClassBackground {
		s = "(" + s + ")"
	}
	s += " " + r.Path
	if r.NewPath != "" {
		s += " -> " + r.NewPath
	}
	if r.Result != record.Success {
		s += " " + r.Result.String()
	}
	return s + " " + r.Rule + " " + r.Confidence.String()
}

// users returns the briefs of records that are no background and tell of no
// missing record ids (gap_ids_test.go has tests of those).
func users(rs []record.Record) []string {
	var l []string
	for _, r := range rs {
		if r.Class != record.ClassBackground && r.Rule != "V6" && r.Rule != "V7" {
			l = append(l, brief(r))
		}
	}
	return l
}

// mergeOrder sorts events of one server as collect does.
func mergeOrder(events []*event.Event) {
	slices.SortStableFunc(events, func(a, b *event.Event) int {
		return cmp.Or(strings.Compare(a.Channel, b.Channel), cmp.Compare(a.RecordID, b.RecordID))
	})
	running := make(map[*event.Event]event.Filetime, len(events))
	top := map[string]event.Filetime{}
	for _, e := range events {
		top[e.Channel] = max(top[e.Channel], e.Time)
		running[e] = top[e.Channel]
	}
	slices.SortStableFunc(events, func(a, b *event.Event) int { return cmp.Compare(running[a], running[b]) })
}

// loadEVTX reads logs and groups their events by server, in merge order.
func loadEVTX(t testing.TB, files ...string) map[string][]*event.Event {
	t.Helper()
	by := map[string][]*event.Event{}
	for _, f := range files {
		r, err := evtx.Open(f, evtx.Options{})
		if err != nil {
			t.Fatalf("open %s: %v", f, err)
		}
		err = r.Events(context.Background(), func(x *evtx.Record) error {
			by[x.Event.Computer] = append(by[x.Event.Computer], x.Event.Clone())
			return nil
		})
		if err != nil {
			t.Fatalf("read %s: %v", f, err)
		}
		_ = r.Close()
	}
	for _, l := range by {
		mergeOrder(l)
	}
	return by
}
