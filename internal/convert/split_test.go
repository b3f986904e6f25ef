package convert

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/akashi-audit/akashi/internal/event"
	"github.com/akashi-audit/akashi/internal/record"
)

// gestures writes a random log of several people whose gestures interleave.
func gestures(t *rapid.T) []*event.Event {
	b := newLog()
	b.no4658 = rapid.Bool().Draw(t, "no4658")
	b.no5145 = rapid.Bool().Draw(t, "no5145")
	names := []string{`x\a.txt`, `x\b.txt`, `y\a.txt`, `x\d.docx`, `x\~WRD0001.tmp`, `x\~WRL1.tmp`, `y\new`, `x\desktop.ini`, `x\1A2B3C4D`, `x\~$d.docx`}
	name := func(label string) string { return rapid.SampledFrom(names).Draw(t, label) }
	for range rapid.IntRange(1, 60).Draw(t, "n") {
		who := rapid.IntRange(0, 2).Draw(t, "who")
		b.logon, b.user = uint64(0x100+who), fmt.Sprint("user", who)
		switch rapid.IntRange(0, 17).Draw(t, "what") {
		case 0:
			b.logonEvent()
		case 1:
			b.logoffEvent()
		case 2:
			b.read(name("f"))
		case 3:
			b.write(name("f"))
		case 4:
			b.create(name("f"))
		case 5:
			b.remove(name("f"))
		case 6:
			b.rename(name("f"), name("to"), rapid.Bool().Draw(t, "seen"))
		case 7:
			b.list("x")
		case 8:
			b.copyFile(name("f"), name("to"))
		case 9:
			b.refuse(name("f"), 0x12019f)
		case 10:
			b.permissions(name("f"), 4670)
		case 11:
			b.delete4659(name("f"))
		case 12:
			b.open(name("f"), 0x13019f) // never closed
		case 13:
			b.ask(name("f"), 0x12019f)
		case 14:
			b.sec(4608)
		case 15:
			b.asks(0x100081, "x", `x\k`, `x\k\l`, `x\m`, `x\n`, `x\o`)
		case 16:
			b.asks(rapid.SampledFrom([]int{0x100081, 0x120089, 0x10080, 0x13019f}).Draw(t, "mask"), name("f"), "y")
		case 17:
			b.refuseShare(name("f"), 0x12019f, "")
		}
		b.wait(rapid.SampledFrom([]int{0, 1, 20, 400, 3000, 20000, 90000}).Draw(t, "wait"))
	}
	return b.events
}

func lines(rs []record.Record) []string {
	var l []string
	for i := range rs {
		l = append(l, string(rs[i].AppendJSON(nil)))
	}
	return l
}

// TestAnySplit: the same events in any split, with or without a checkpoint
// between, give the same records with the same ids.
func TestAnySplit(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		events := gestures(t)
		want := convertAll(events)
		ids := map[record.ID]bool{}
		for _, r := range want {
			if ids[r.ID()] {
				t.Fatalf("id %s twice", r.ID())
			}
			ids[r.ID()] = true
		}
		c := New("FS-A.example.test", Options{})
		var got []record.Record
		for _, e := range events {
			c.Add(e)
			switch rapid.IntRange(0, 9).Draw(t, "cut") {
			case 0:
				got = append(got, c.Take()...)
			case 1:
				c.Tail()
			case 2:
				d, err := Restore("FS-A.example.test", Options{}, c.AppendCheckpoint(nil))
				if err != nil {
					t.Fatal(err)
				}
				c = d
			}
		}
		got = append(got, c.Take()...)
		got = sorted(append(got, c.Tail()...))
		if d := cmp.Diff(lines(want), lines(got)); d != "" {
			t.Fatalf("records differ (-whole +split):\n%s", d)
		}
	})
}

// TestBounds: tiny limits finish what they evict, and nothing grows beyond them.
func TestBounds(t *testing.T) {
	opt := Options{MaxSessions: 3, MaxHandles: 4, MaxPaths: 8, MaxActs: 5, MaxRawIDs: 3}
	rapid.Check(t, func(t *rapid.T) {
		c := New("FS-A.example.test", opt)
		for _, e := range gestures(t) {
			c.Add(e)
			if n := c.s.Acts.len(); n > opt.MaxActs+2 {
				t.Fatalf("%d acts", n)
			}
			if n := c.s.Handles.len(); n > opt.MaxHandles {
				t.Fatalf("%d handles", n)
			}
		}
		for _, r := range append(c.Take(), c.Tail()...) {
			if len(r.RawIDs) > 3 {
				t.Fatalf("%d raw ids", len(r.RawIDs))
			}
		}
	})
}

func TestRestoreRefuses(t *testing.T) {
	c := New("A", Options{})
	b := newLog()
	b.logonEvent().read(`x\a.txt`)
	for _, e := range b.events {
		c.Add(e)
	}
	cp := c.AppendCheckpoint(nil)
	if _, err := Restore("B", Options{}, cp); err == nil {
		t.Error("a checkpoint of another server was taken")
	}
	for n := range cp {
		if _, err := Restore("A", Options{}, cp[:n]); err == nil {
			t.Errorf("the first %d of %d bytes were taken", n, len(cp))
		}
	}
	if _, err := Restore("A", Options{}, append(cp, 0)); err == nil {
		t.Error("a byte too many was taken")
	}
}

// FuzzRestore: no bytes make Restore or what follows panic.
func FuzzRestore(f *testing.F) {
	b := newLog()
	b.logonEvent().create(`x\a.txt`).copyFile(`x\a.txt`, `y\a.txt`).rename(`x\a.txt`, `x\b.txt`, false).list("x").refuse(`x\c`, 1)
	c := New("A", Options{})
	for _, e := range b.events {
		c.Add(e)
	}
	f.Add(c.AppendCheckpoint(nil))
	f.Add([]byte(checkpointMagic))
	f.Fuzz(func(t *testing.T, data []byte) {
		c, err := Restore("A", Options{}, data)
		if err != nil {
			return
		}
		b := newLog()
		b.logonEvent().read(`x\a.txt`).rename(`x\a.txt`, `x\b.txt`, true).logoffEvent()
		for _, e := range b.events {
			c.Add(e)
		}
		c.Tail()
	})
}

// FuzzEvents: no event makes the converter panic, and all records are
// well-formed.
func FuzzEvents(f *testing.F) {
	f.Add(uint16(4663), `E:\a`, "0x1", uint64(4), uint64(0x10000), int64(5))
	f.Add(uint16(4656), `\Device\HarddiskVolume3\a`, "%%4416:\t%%1805", uint64(1<<63), uint64(1<<63), int64(-1))
	f.Fuzz(func(t *testing.T, id uint16, s1, s2 string, n1, n2 uint64, dt int64) {
		b := newLog()
		b.read(`x\a.txt`).open(`x\b.txt`, 0x110080)
		for i, provider := range []string{"Microsoft-Windows-Security-Auditing", "Microsoft-Windows-Eventlog", "EventLog",
			"Microsoft-Windows-PrintService", "Microsoft-Windows-TerminalServices-LocalSessionManager"} {
			b.now += event.Filetime(dt)
			b.add(provider, "X", uint32(id), i%2 == 1, "ObjectType", "File", "ObjectName", s1, "HandleId", n1, "AccessMask", n2, "ProcessId", 4,
				"SubjectLogonId", n1, "SubjectUserSid", s2, "SubjectUserName", s1, "SubjectDomainName", s2, "TargetUserName", s2, "TargetUserSid", s1,
				"TargetDomainName", s2, "TargetLogonId", n2, "IpAddress", s2, "ShareName", s1, "ShareLocalPath", s1, "RelativeTargetName", s2,
				"FileName", s1, "LinkName", s2, "NewSd", s2, "AccessReason", s2, "Param1", n1, "Param2", s1, "Param3", s2, "Param4", s1, "Status", n1,
				"SourceHandleId", n1, "SourceProcessId", 4, "TargetHandleId", n2, "TargetProcessId", 4, "User", s1, "Address", s2, "DeviceId", s1, "LogonType", n2)
		}
		b.events = append(b.events, &event.Event{Provider: "Microsoft-Windows-Security-Auditing", ID: uint32(id), Time: event.Filetime(n1)})
		for _, r := range convertAll(b.events) {
			if r.Op == 0 || r.Result == 0 || r.Class == 0 || r.Rule == "" || int(r.ShareRoot) > len(r.Path) {
				t.Errorf("record %+v is not whole", r)
			}
		}
	})
}
