package convert

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/akashi-audit/akashi/internal/event"
)

func TestEventsWithoutRecordAreCounted(t *testing.T) {
	c := New("FS-A.example.test", Options{})
	add := func(provider string, id uint32, fields ...string) {
		e := &event.Event{Provider: provider, ID: id, Channel: "Security", Computer: "FS-A.example.test", Time: 134195115241311245, RecordID: c.s.LastID + 1}
		var names []string
		for i := 0; i < len(fields); i += 2 {
			names = append(names, fields[i])
			e.Values = append(e.Values, event.String(fields[i+1]))
		}
		e.Schema = event.NewSchema("EventData", names)
		c.Add(e)
	}
	const security = "Microsoft-Windows-Security-Auditing"
	add(security, 4663, "ObjectType", "Key", "ObjectName", `\REGISTRY\MACHINE\X`, "AccessMask", "0x1")
	add(security, 4663, "ObjectType", "Key", "ObjectName", `\REGISTRY\MACHINE\Y`, "AccessMask", "0x1")
	add(security, 4663, "ObjectType", "File", "ObjectName", `\Device\NamedPipe\x`, "AccessMask", "0x1")
	add(security, 4658, "HandleId", "0x10", "ProcessId", "0x4")
	add(security, 4688, "NewProcessName", `C:\x.exe`)
	add("Some-Provider", 7)
	ticket := []string{"TargetUserName", "alice@CORP", "Status", "0x0"}
	add(security, 4769, append(ticket, "IpAddress", "192.0.2.7")...) // tells where somebody is
	add(security, 4769, ticket...)
	add(security, 4776, "TargetUserName", "alice", "Status", "0x0")
	add(security, 4768, "TargetUserName", "alice", "Status", "0x19")
	add("Microsoft-Windows-Partition", 1000)
	add("User32", 1076)
	add("EventLog", 6011)
	add("Microsoft-Windows-Eventlog", 1103)
	add("Microsoft-Windows-PrintService", 842)
	add("Microsoft-Windows-DriverFrameworks-UserMode", 2100, "MajorCode", "22", "MinorCode", "4")
	add("Microsoft-Windows-DriverFrameworks-UserMode", 2006)
	want := []Unused{
		{security, 4663, ReasonOtherObject, 2},
		{"EventLog", 6011, ReasonNoRule, 1},
		{"Microsoft-Windows-DriverFrameworks-UserMode", 2006, ReasonNoRule, 1},
		{"Microsoft-Windows-DriverFrameworks-UserMode", 2100, ReasonNoRule, 1},
		{"Microsoft-Windows-Eventlog", 1103, ReasonNoRule, 1},
		{"Microsoft-Windows-Partition", 1000, ReasonNoRule, 1},
		{"Microsoft-Windows-PrintService", 842, ReasonNoRule, 1},
		{security, 4658, ReasonNoHandle, 1},
		{security, 4663, ReasonNoVolume, 1},
		{security, 4688, ReasonNoRule, 1},
		{security, 4768, ReasonNoRule, 1},
		{security, 4769, ReasonNoRule, 1},
		{security, 4776, ReasonNoRule, 1},
		{"Some-Provider", 7, ReasonNoRule, 1},
		{"User32", 1076, ReasonNoRule, 1},
	}
	if diff := cmp.Diff(want, c.Unused()); diff != "" {
		t.Error(diff)
	}
	r, err := Restore("FS-A.example.test", Options{}, c.AppendCheckpoint(nil))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, r.Unused()); diff != "" {
		t.Error("after a checkpoint:", diff)
	}
	for i := range 2000 {
		add("Some-Provider", uint32(100+i))
	}
	if n := len(c.Unused()); n > maxUnused+4 {
		t.Errorf("%d kinds are kept, want at most %d", n, maxUnused)
	}
}
