package convert

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/akashi-audit/akashi/internal/event"
	"github.com/akashi-audit/akashi/internal/record"
)

// refused4656 is a failed 4656.
func (b *logBuilder) refused4656(rel string, mask int, reason string) *logBuilder {
	e := b.sec(4656, append(b.subject(), "ObjectServer", "Security", "ObjectType", "File", "ObjectName", b.path(rel), "HandleId", 0,
		"AccessReason", reason, "AccessMask", mask, "ProcessId", 4, "ProcessName", "")...)
	e.Keywords = event.AuditFailure
	return b
}

// refuseShare is a failed 5145.
func (b *logBuilder) refuseShare(rel string, mask int, reason string) *logBuilder {
	e := b.sec(5145, append(b.subject(), "ObjectType", "File", "IpAddress", "192.0.2.7", "IpPort", "50000", "ShareName", `\\*\`+b.share,
		"ShareLocalPath", `\??\`+b.root, "RelativeTargetName", rel, "AccessMask", mask, "AccessReason", reason)...)
	e.Keywords = event.AuditFailure
	return b
}

func refusalLines(rs []record.Record) []string {
	var l []string
	for _, r := range rs {
		if r.Class != record.ClassBackground {
			l = append(l, fmt.Sprintf("%s count=%d %s %q ids=%d", brief(r), r.Count, r.ClientIP, r.Get("denied_rights"), len(r.RawIDs)))
		}
	}
	return l
}

// TestRefusals asserts section 11 of windows-events.md.
func TestRefusals(t *testing.T) {
	f := func(name string, b *logBuilder, want ...string) {
		t.Helper()
		if d := cmp.Diff(want, refusalLines(convertAll(b.events))); d != "" {
			t.Errorf("%s (-want +got):\n%s", name, d)
		}
	}
	copyTries := newLog()
	for _, m := range []int{
		0x13019f, 0x120196, 0x13019f, 0x120196, 0x17019f, 0x170197, 0x170196, 0x170197, 0x170197, 0x170196,
		0x160197, 0x160197, 0x160196, 0x120197, 0x120197, 0x120196, 0x120197, 0x120197, 0x120196,
	} {
		copyTries.refused4656(`x\a.exe`, m, "%%1537:\t%%1805\r\n\t\t\t\t%%1541:\t%%1801\tD:(A;;FR;;;WD)\r\n\t\t\t\t%%4417:\t%%1805\r\n\t\t\t\t%%4418:\t%%1805")
	}
	f("nineteen tries of a copy", copyTries, `write E:\data\x\a.exe denied F1 certain count=19  "write_data append_data delete" ids=19`)
	f("the class of the denied rights", newLog().
		refused4656(`a.txt`, 0x110080, "%%1537:\t%%1805").
		refused4656(`b.txt`, 0x170080, "%%1537:\t%%1805\r\n%%1539:\t%%1805").
		refused4656(`c.txt`, 0x1f01ff, "").
		refused4656(`d.txt`, 0x12019f, "%%4416:\t%%1801\r\n%%4417:\t%%1805\r\n%%4424:\t%%1805").
		refused4656(`e.txt`, 0x120089, "%%4416:\t%%1805").
		refused4656(`f`, 0x100081, "%%4416:\t%%1805").
		refused4656(`g.txt`, 0x17019f, "%%4417:\t%%1805\r\n%%1537:\t%%1805\r\n%%1539:\t%%1805"),
		`delete E:\data\a.txt denied F1 certain count=1  "delete" ids=1`,
		`set_permissions E:\data\b.txt denied F1 certain count=1  "delete write_dac" ids=1`,
		`set_owner E:\data\c.txt denied F1 certain count=1  "read_data write_data append_data read_ea write_ea execute delete_child read_attributes write_attributes delete read_control write_dac write_owner" ids=1`,
		`write E:\data\d.txt denied F1 certain count=1  "write_data write_attributes" ids=1`,
		`read E:\data\e.txt denied F1 certain count=1  "read_data" ids=1`,
		`list E:\data\f denied F1 certain count=1  "read_data" ids=1`,
		`write E:\data\g.txt denied F1 certain count=1  "write_data delete write_dac" ids=1`)
	f("two tries three seconds apart are two", newLog().refused4656(`a.txt`, 0x120089, "").wait(3000).refused4656(`a.txt`, 0x120089, ""),
		`read E:\data\a.txt denied F1 certain count=1  "read_data read_ea read_attributes read_control" ids=1`,
		`read E:\data\a.txt denied F1 certain count=1  "read_data read_ea read_attributes read_control" ids=1`)
	f("the wish is lowered", newLog().refused4656(`a.txt`, 0x12019f, "%%4417:\t%%1805").wait(300).read(`a.txt`),
		`read E:\data\a.txt X1 certain count=1 192.0.2.7 "" ids=5`)
	f("a look at the attributes is no lowered wish", newLog().refused4656(`a.txt`, 0x12019f, "%%4417:\t%%1805").wait(300).handleUse(`a.txt`, 0x100080, 0x80),
		`write E:\data\a.txt denied F1 certain count=1  "write_data" ids=1`)
	f("a success too late", newLog().refused4656(`a.txt`, 0x12019f, "%%4417:\t%%1805").wait(1500).read(`a.txt`),
		`write E:\data\a.txt denied F1 certain count=1 192.0.2.7 "write_data" ids=1`,
		`read E:\data\a.txt X1 certain count=1 192.0.2.7 "" ids=4`)
	f("the share grants, the file refuses", newLog().ask(`a.txt`, 0x12019f).refused4656(`a.txt`, 0x12019f, "%%4417:\t%%1805"),
		`write E:\data\a.txt denied F1 certain count=1 192.0.2.7 "write_data" ids=2`)
	f("each of three tries passes the share", newLog().
		ask(`a.txt`, 0x12019f).refused4656(`a.txt`, 0x12019f, "%%4417:\t%%1805").
		ask(`a.txt`, 0x120196).refused4656(`a.txt`, 0x120196, "%%4417:\t%%1805").
		ask(`a.txt`, 0x12019f).refused4656(`a.txt`, 0x12019f, "%%4417:\t%%1805"),
		`write E:\data\a.txt denied F1 certain count=3 192.0.2.7 "write_data" ids=6`)
	f("the share refuses", newLog().refuseShare(`a.txt`, 0x12019f, "%%4417:\t%%1805").refuseShare(`a.txt`, 0x12019f, "%%4417:\t%%1805"),
		`write E:\data\a.txt denied F2 certain count=2 192.0.2.7 "write_data" ids=2`)
	f("the share refuses writing, then grants reading", newLog().refuseShare(`a.txt`, 0x12019f, "%%4417:\t%%1805").wait(100).ask(`a.txt`, 0x120089),
		`read E:\data\a.txt X2 inferred count=1 192.0.2.7 "" ids=2`)
	closed := newLog()
	for range 3 {
		closed.sec(5140, append(closed.subject(), "IpAddress", "192.0.2.7", "IpPort", "50000", "ShareName", `\\*\closed`, "ShareLocalPath", `\??\E:\closed`,
			"AccessMask", 1)...).Keywords = event.AuditFailure
	}
	f("the share cannot be reached", closed, `read E:\closed denied F2 certain count=3 192.0.2.7 "" ids=3`)
	gone := newLog()
	for range 2 {
		gone.sec(4659, append(gone.subject(), "ObjectServer", "Security", "ObjectType", "File", "ObjectName", `E:\data\a.txt`, "HandleId", 0,
			"AccessMask", 0x10080, "ProcessId", 4)...).Keywords = event.AuditFailure
	}
	f("a refused delete-on-close", gone, `delete E:\data\a.txt denied F1 certain count=2  "read_attributes delete" ids=2`)
	f("both levels confirm a read after the share refused to write", newLog().refuseShare(`a.txt`, 0x12019f, "%%4417:\t%%1805").wait(100).read(`a.txt`),
		`read E:\data\a.txt X1 certain count=1 192.0.2.7 "" ids=5`)
}
