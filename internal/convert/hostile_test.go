package convert

import (
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/akashi-audit/akashi/internal/event"
	"github.com/akashi-audit/akashi/internal/record"
)

// otherEvents are the events of sections 3.3 to 3.6 by provider.
var otherEvents = []struct {
	provider, channel string
	ids               []uint32
}{
	{"Microsoft-Windows-Security-Auditing", "Security", []uint32{4608, 4609, 4616, 4624, 4625, 4634, 4647, 4664, 4719, 4720, 4732, 4738, 4739, 4740, 4742, 4764, 4766,
		4768, 4771, 4776, 4778, 4779, 4781, 4985, 5140, 6416}},
	{logService, "Security", []uint32{104, 1100, 1101, 1102, 1104, 1105, 1108}},
	{"EventLog", "System", []uint32{6005, 6006, 6008, 6009, 6013}},
	{kernelGeneral, "System", []uint32{1, 12, 13}},
	{kernelPower, "System", []uint32{41, 42, 107, 109}},
	{"User32", "System", []uint32{1074}},
	{"Microsoft-Windows-PrintService", "Microsoft-Windows-PrintService/Operational", []uint32{307, 372, 805, 842}},
	{driverFrame, driverFrame + "/Operational", []uint32{2003, 2010, 2100, 2102}},
	{partitions, partitions + "/Diagnostic", []uint32{1006}},
	{"Microsoft-Windows-Windows Defender", "Microsoft-Windows-Windows Defender/Operational", []uint32{1116, 1117}},
	{smbServer, smbChannel, []uint32{551, 1006, 1007, 1009}},
	{lsm, lsm + "/Operational", []uint32{21, 22, 23, 24, 25, 39, 40}},
}

// otherFields are the names that their rules read.
var otherFields = strings.Fields(`SubjectUserSid SubjectUserName SubjectDomainName SubjectLogonId TargetUserSid TargetUserName TargetDomainName
	TargetLogonId TargetSid LogonType Status SubStatus IpAddress WorkstationName Workstation ProcessName ProcessId PreviousTime NewTime OldTime PreviousDate Reason
	SubcategoryGuid AuditPolicyChanges MemberSid MemberName UserAccountControl TransactionId NewState DeviceId ClassName VendorIds ShareName ShareLocalPath
	Channel BackupPath BugcheckCode PowerButtonTimestamp TargetState param1 param2 param3 param4 param5 param6 param7 Param1 Param2 Param3 Param4 Param5
	Param6 Param7 Param8 Param9 Param10 Param11 JobId Copies Color Error Processor Printer InstanceId LifetimeId @instance MajorCode MinorCode DiskNumber BusType
	Capacity Manufacturer Model SerialNumber ParentId Vbr0 ThreatxName Path ActionxName ErrorxCode DetectionxUser UserName ClientName ClientAddress SharePath
	MappedAccess GrantedAccess User SessionID Address Session TargetSession Source AccountName AccountDomain LogonID FileName LinkName`)

// hostileEvent draws an event with fields missing or of wrong kinds and times
// anywhere.
func hostileEvent(t *rapid.T, id uint64, schemas map[string]*event.Schema) *event.Event {
	from := rapid.SampledFrom(otherEvents).Draw(t, "provider")
	e := &event.Event{
		Provider: from.provider, Channel: from.channel, ID: rapid.SampledFrom(from.ids).Draw(t, "id"), Computer: "A", RecordID: id,
		UserID: rapid.SampledFrom([]string{"", "S-1-5-18", "S-1-5-21-1-2-3-500", "x"}).Draw(t, "sid"),
		Time:   rapid.SampledFrom([]event.Filetime{0, 1, t0, t0 + 3000, t0 + 50_000_000, t0 + 9_000_000_000, 2650467743999999999, 1 << 62, 1 << 63, 1<<64 - 1}).Draw(t, "time"),
	}
	if rapid.Bool().Draw(t, "failed") {
		e.Keywords = event.AuditFailure
	}
	if rapid.IntRange(0, 9).Draw(t, "bare") == 0 {
		return e // not even a schema
	}
	names := make([]string, 0, 8)
	for range rapid.IntRange(0, 12).Draw(t, "fields") {
		n := strings.ReplaceAll(rapid.SampledFrom(otherFields).Draw(t, "name"), "x", " ")
		names = append(names, n)
		e.Values = append(e.Values, hostileValue(t))
	}
	if len(names) > 3 && rapid.Bool().Draw(t, "cut") {
		e.Values = e.Values[:len(names)-2] // fewer values than names
	}
	names = append(names, "")
	key := strings.Join(names, "\x00")
	if schemas[key] == nil {
		schemas[key] = event.NewSchema("UserData/X", names)
	}
	e.Schema = schemas[key]
	return e
}

func hostileValue(t *rapid.T) event.Value {
	kind := rapid.SampledFrom([]event.Kind{event.KindNull, event.KindString, event.KindBinary, event.KindSID, event.KindGUID, event.KindUint32, event.KindHex64,
		event.KindFiletime, event.KindReal64, event.KindString | event.KindArray, 0x7f}).Draw(t, "kind")
	return event.Value{
		Kind: kind, Num: rapid.SampledFrom([]uint64{0, 1, 3, 27, 23, 52, 56, 0x3e7, 0xC000006D, 1 << 63, 1<<64 - 1}).Draw(t, "num"),
		Str: rapid.SampledFrom([]string{"", "-", "0x7", "CORP\\alice", `file:_`, `file:_E:\a; x`, "USBSTOR#", `USB\VID_`, "\x02\x00", "\x17\x00aaaaaaaaaaaaaaaaaaaaaaaaaaaa", "\xed\xa0\x80\u202e",
			"%%2080", "{D6B11EC1-5900-11EC-80C7-005056972B77}", "S-1-5-21-1-2-3-500", `\\`, ` (`, "&0", strings.Repeat("あ", 200)}).Draw(t, "str"),
	}
}

// TestHostile: whatever these events hold, there is no panic, every record is
// whole, ids are unique, the state is bounded, and cutting the log changes
// nothing.
func TestHostile(t *testing.T) {
	opt := Options{MaxSessions: 8, MaxActs: 40}
	rapid.Check(t, func(t *rapid.T) {
		schemas := map[string]*event.Schema{}
		whole, cut := New("A", opt), New("A", opt)
		var got []record.Record
		next := map[string]uint64{}
		for range rapid.IntRange(1, 60).Draw(t, "n") {
			e := hostileEvent(t, 0, schemas)
			next[e.Channel] += rapid.SampledFrom([]uint64{1, 1, 1, 2, 1 << 60}).Draw(t, "step")
			e.RecordID = next[e.Channel]
			whole.Add(e)
			cut.Add(e)
			if rapid.IntRange(0, 7).Draw(t, "checkpoint") == 0 {
				c, err := Restore("A", opt, cut.AppendCheckpoint(nil))
				if err != nil {
					t.Fatal(err)
				}
				got = append(got, c.Take()...)
				cut = c
			}
			if n := whole.s.Acts.len(); n > opt.MaxActs+4 {
				t.Fatalf("%d acts", n)
			}
		}
		want := sorted(append(whole.Take(), whole.Tail()...))
		got = sorted(append(got, append(cut.Take(), cut.Tail()...)...))
		if a, b := strings.Join(lines(want), "\n"), strings.Join(lines(got), "\n"); a != b {
			t.Fatalf("whole:\n%s\ncut:\n%s", a, b)
		}
		ids := map[record.ID]bool{}
		for _, r := range want {
			if ids[r.ID()] {
				t.Fatalf("id %s twice", r.ID())
			}
			ids[r.ID()] = true
			if r.Op == 0 || r.Result == 0 || r.Class == 0 || r.Object == 0 || r.Rule == "" || r.Confidence == 0 || int(r.ShareRoot) > len(r.Path) {
				t.Fatalf("record %+v is not whole", r)
			}
		}
	})
}

// TestAbsurdTimes: a record holds the years 1678 to 2262; of other times it says what
// stands in the log.
func TestAbsurdTimes(t *testing.T) {
	f := func(at event.Filetime, want string) {
		t.Helper()
		b := newLog()
		b.ask(`x\a.txt`, 0x120089)
		b.events[0].Time = at
		rs := convertAll(b.events)
		if len(rs) != 1 || rs[0].Get("time_in_log") != want {
			t.Errorf("%v: %+v, want one record with the time %q", at, rs, want)
		}
	}
	f(t0, "")
	f(0, "1601-01-01T00:00:00.0000000Z")
	f(2650467743999999999, "9999-12-31T23:59:59.9999999Z")
	f(1<<64-1, "9999-12-31T23:59:59.9999999Z")
}
