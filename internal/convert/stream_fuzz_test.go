package convert

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/akashi-audit/akashi/internal/event"
	"github.com/akashi-audit/akashi/internal/record"
)

// play makes a log out of bytes: each event takes a few of them to choose among
// few people, handles and paths, so that what belongs together often meets.
type play struct {
	b     *logBuilder
	bytes []byte
	life  uint32 // of the channels
}

func (p *play) byte() int {
	if len(p.bytes) == 0 {
		return 0
	}
	n := p.bytes[0]
	p.bytes = p.bytes[1:]
	return int(n)
}

func pick[T any](p *play, l []T) T { return l[p.byte()%len(l)] }

var playMasks = [...]int{0x1, 0x2, 0x4, 0x6, 0x20, 0x40, 0x80, 0x100, 0x10, 0x10000, 0x40000, 0x80000, 0x100081, 0x100080, 0x120089, 0x12019f, 0x17019f,
	0x110080, 0x10080, 0x13019f, 0x100002, 0x100004, 0x110081, 0x1200a9, 0x2000080, 0x10000000, -1}

var playIDs = [...]uint32{4656, 4663, 4663, 4663, 4658, 4658, 4660, 4659, 4690, 5145, 5145, 5145, 5140, 4624, 4634, 4647, 4672, 4985, 4670, 4907, 4664, 1102, 4608, 4609,
	4625, 4719, 4616, 4778, 5142, 5144, 6416, 4720, 4728, 1100, 1101, 1104, 6005, 6008, 307, 21, 9999}

// playPaths holds few folders, temporary names of many programs, and names that
// programs get wrong. Each is relative to the share.
func playPaths() []string {
	return []string{
		``, `x`, `x\a.txt`, `x\b.txt`, `y\a.txt`, `x\d.docx`, `x\~WRD0001.tmp`, `x\~WRL0002.tmp`, `x\1A2B3C4D`, `x\a - コピー.txt`, `x\n.conf~`, `x\s.zip.crdownload`,
		`x\s.zip`, `x\s.zip.part`, `x\~$d.docx`, `x\desktop.ini`, `x\tool.exe`, `x\a.txt:secret`, `x\a.txt:Zone.Identifier:$DATA`, `x\a.txt::$DATA`, `x\lu1a2b.tmp`,
		`$Recycle.Bin\S-1-5-21-1-2-3-1001\$RABC123.txt`, `x\新しいフォルダー`, "x\\\u202efdp.exe", "x\\\xed\xa0\x80\xed\xb0.txt", "x\\\x00\x1f=1+1,\"\r\n", `x\`, `\\`, `..\..\x`,
		`x:y:z`, `x\` + strings.Repeat("長", 32767/3), strings.Repeat(`a\`, 300) + `b`, "ﬀ\u0130ı.txt", `-`, `x\` + strings.Repeat(".", 9), "\xff\xfe",
	}
}

func (p *play) path(paths []string) string {
	rel := pick(p, paths)
	switch p.byte() % 12 {
	case 0:
		return `\Device\HarddiskVolume5\data\` + rel
	case 1:
		return rel
	case 2:
		return `\Device\HarddiskVolumeShadowCopy2\data\` + rel
	case 3:
		return `\??\E:\data\` + rel
	}
	return `E:\data\` + rel
}

// wait moves the clock: mostly on by milliseconds, sometimes by hours, back, or
// to the ends of time.
func (p *play) wait() {
	switch n := p.byte(); {
	case n < 200:
		p.b.now += event.Filetime(n) * 20_000
	case n < 230:
		p.b.now += event.Filetime(n-199) * event.Filetime(sec)
	case n < 245:
		p.b.now -= event.Filetime(n-229) * event.Filetime(sec)
	case n < 250:
		p.b.now += event.Filetime(3600 * sec)
	case n < 253:
		p.b.now = t0
	case n == 253:
		p.b.now = 0
	case n == 254:
		p.b.now = 1<<64 - 1
	default:
		p.b.now = 2_650_467_743_999_999_999 // the end of the year 9999
	}
}

// event writes one event and reports whether there are bytes for more.
func (p *play) event(paths []string) bool {
	if len(p.bytes) == 0 {
		return false
	}
	b := p.b
	p.wait()
	id := pick(p, playIDs[:])
	who := p.byte()
	b.logon, b.user = []uint64{0x101, 0x102, 0x103, 0x3e7, 0x3e4, 0, 1<<64 - 1, 0x104}[who%8], fmt.Sprint("user", who%8)
	mask := pick(p, playMasks[:])
	handle := uint64(0x400 + 4*(p.byte()%6))
	rel := pick(p, paths)
	kv := append(b.subject(), "ObjectServer", "Security", "ObjectType", []string{"File", "File", "File", "Key", ""}[p.byte()%5], "ObjectName", p.path(paths), "HandleId", handle,
		"AccessMask", mask, "AccessReason", "%%4416:\t%%1805\r\n", "ProcessId", []int{4, 4, 4, 0x77, 0}[p.byte()%5], "ProcessName", "",
		"TransactionId", []string{nullGUID, nullGUID, "{11111111-0000-0000-0000-000000000000}"}[who/8%3],
		"IpAddress", []string{"192.0.2.7", "::1", "-", "fe80::1%4", "nonsense"}[who%5], "ShareName", []string{`\\*\data`, `\\*\IPC$`, `\\*\all$`, ``}[who/2%4],
		"ShareLocalPath", []string{`\??\E:\data`, ``, `\??\E:\`}[who/4%3], "RelativeTargetName", rel, "FileName", `E:\data\`+rel, "LinkName", p.path(paths),
		"OldSd", "D:(A;;FA;;;BA)", "NewSd", "D:(A;OICI;FA;;;WD)", "SourceHandleId", handle, "SourceProcessId", 4, "TargetHandleId", handle^4, "TargetProcessId", 4,
		"TargetUserSid", "S-1-5-21-1-2-3-1", "TargetUserName", b.user, "TargetDomainName", "CORP", "TargetLogonId", b.logon, "LogonType", who%12, "TargetLinkedLogonId", 0x102,
		"NewState", 48+who%8, "Status", who, "Param1", who, "Param2", rel, "Param3", b.user, "Param4", `\\PC`, "Param5", "printer", "Param8", who)
	if n := p.byte(); n%4 == 0 { // a field is missing, or of another kind
		i := n / 4 * 2 % len(kv)
		if n%8 == 0 {
			kv = append(kv[:i:i], kv[i+2:]...)
		} else if s, ok := kv[i+1].(string); ok {
			kv[i+1] = uint64(len(s))
		} else {
			kv[i+1] = fmt.Sprint("0x", n)
		}
	}
	provider, channel := "Microsoft-Windows-Security-Auditing", "Security"
	switch {
	case id >= 1100 && id <= 1104:
		provider = "Microsoft-Windows-Eventlog"
	case id == 6005 || id == 6008:
		provider, channel = "EventLog", "System"
	case id == 307:
		provider, channel = "Microsoft-Windows-PrintService", "Microsoft-Windows-PrintService/Operational"
	case id == 21:
		provider, channel = "Microsoft-Windows-TerminalServices-LocalSessionManager", "TS"
	}
	e := b.add(provider, channel, id, who%16 == 15, kv...)
	if n := p.byte(); n == 255 { // the channels' ids begin anew
		e.RecordID, b.id = 1, 1
		p.life++
	} else if n > 250 {
		b.id += uint64(n - 250)
	}
	e.Generation = p.life
	return true
}

var playLimits = Options{MaxSessions: 4, MaxHandles: 5, MaxPaths: 16, MaxActs: 6, MaxRawIDs: 8}

// checkBounds fails when something in the state is larger than the limits allow.
func checkBounds(t *testing.T, c *Converter, events int) {
	t.Helper()
	o, s := c.opt, c.s
	most := func(what string, n, limit int) {
		t.Helper()
		if n > limit {
			t.Fatalf("after %d events: %d %s, want at most %d", events, n, what, limit)
		}
	}
	most("acts", s.Acts.len(), o.MaxActs+2)
	most("handles", s.Handles.len(), o.MaxHandles)
	most("sessions", s.Sessions.len(), o.MaxSessions)
	most("orphans", len(s.Orphans), 4096)
	most("facts", s.Facts.n, o.MaxPaths+2)
	most("shares", len(s.Shares), 4096)
	most("volumes", len(s.Volumes), 1024)
	most("domains", len(s.Domains), 1024)
	most("print jobs", len(s.Jobs), o.MaxActs+1)
	timers := o.MaxActs + o.MaxHandles + o.MaxPaths + o.MaxSessions
	most("timers", s.Timers.n, timers)
	most("paths", s.Paths.len(), timers+2*o.MaxActs)
	most("desks", s.Desks.len(), timers)
	for _, a := range s.Acts.all() {
		most("ids of an act", len(a.IDs), o.MaxRawIDs)
		most("files touched", len(a.Touched), burstFiles)
	}
	for _, h := range s.Handles.all() {
		most("ids of a handle", len(h.IDs), o.MaxRawIDs+8)
	}
	for _, p := range s.Paths.all() {
		most("share accesses of a path", len(p.Hints), 8)
	}
	for _, d := range s.Desks.all() {
		most("files renamed away", len(d.Moved), 8)
	}
	for _, x := range s.Sessions.all() {
		most("renames", len(x.Renames), 512)
		most("adds", len(x.Adds), 16)
		most("reads", len(x.Reads), 32)
		most("fresh", len(x.Fresh), 8)
		most("addresses", len(x.IPs), 16)
		for i := range x.Adds {
			most("ids of an add", len(x.Adds[i].IDs), o.MaxRawIDs+8)
		}
	}
}

// checkRecord fails when a record is not whole.
func checkRecord(t *testing.T, r *record.Record, limit int) {
	t.Helper()
	bad := func(why string) {
		t.Helper()
		t.Fatalf("%s: %+v", why, *r)
	}
	for _, x := range []interface{ MarshalText() ([]byte, error) }{r.Op, r.Result, r.Confidence, r.Class} {
		if b, err := x.MarshalText(); err != nil || len(b) == 0 {
			bad("an enumeration is not valid")
		}
	}
	i := slices.IndexFunc(Rules(), func(x Rule) bool { return x.ID == r.Rule })
	switch {
	case i < 0:
		bad("unknown rule")
	case r.Confidence == record.Certain && Rules()[i].Confidence != record.Certain:
		bad("more certain than its rule")
	case r.Confidence == record.Certain && len(r.RawIDs) == 0:
		bad("certain without an event")
	case len(r.RawIDs) > limit:
		bad("too many raw ids")
	case len(r.RawIDs) > 0 && r.FirstID != r.RawIDs[0]:
		bad("the first raw id is not first")
	case r.EndTime < r.Time:
		bad("ends before it happens")
	case int(r.ShareRoot) > len(r.Path):
		bad("the share's folder is longer than the path")
	case r.Count == 0:
		bad("count 0")
	}
	for k := 1; k < len(r.RawIDs); k++ {
		if r.RawIDs[k] <= r.RawIDs[k-1] {
			bad("raw ids do not ascend")
		}
	}
	if b := r.AppendJSON(nil); !json.Valid(b) {
		t.Fatalf("no JSON: %q", b)
	}
}

// FuzzStream: no stream of events makes the converter panic or its state grow
// beyond its limits, and every record is whole.
func FuzzStream(f *testing.F) {
	seed := func(n int, step byte) []byte {
		b := make([]byte, n)
		x := step
		for i := range b {
			x = x*31 + step + byte(i)
			b[i] = x
		}
		return b
	}
	for i := range byte(12) {
		f.Add(seed(2000, i*23+1))
	}
	paths := playPaths()
	f.Fuzz(func(t *testing.T, data []byte) {
		p := &play{b: newLog(), bytes: data[:min(len(data), 6000)]}
		for p.event(paths) {
		}
		c := New("FS-A.example.test", playLimits)
		var rs []record.Record
		for i, e := range p.b.events {
			c.Add(e)
			checkBounds(t, c, i+1)
			if i%64 == 63 {
				rs = append(rs, c.Take()...)
				d, err := Restore("FS-A.example.test", playLimits, c.AppendCheckpoint(nil))
				if err != nil {
					t.Fatal(err)
				}
				c = d
			}
		}
		rs = append(append(rs, c.Take()...), c.Tail()...)
		whole := New("FS-A.example.test", playLimits)
		for _, e := range p.b.events {
			whole.Add(e)
		}
		if d := cmp.Diff(lines(sorted(append(whole.Take(), whole.Tail()...))), lines(sorted(rs))); d != "" {
			t.Fatalf("restored from checkpoints between, the records differ (-whole +split):\n%s", d)
		}
		ids := map[record.ID]int{}
		for i := range rs {
			checkRecord(t, &rs[i], playLimits.MaxRawIDs)
			if k, ok := ids[rs[i].ID()]; ok {
				t.Fatalf("one id for two records:\n%+v\n%+v", rs[k], rs[i])
			}
			ids[rs[i].ID()] = i
		}
	})
}
