package evtx

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/akashi-audit/akashi/internal/event"
)

// shareEvent is a 5145 as a file server writes it.
func shareEvent(i uint64, path string) *event.Event {
	return &event.Event{
		Provider: "Microsoft-Windows-Security-Auditing", ID: 5145, Task: 12811, Keywords: 0x8020000000000000,
		Time: 134195115241311245 + event.Filetime(i*12345), RecordID: 1000 + i, PID: 4, TID: 2484,
		Channel: "Security", Computer: "FS01.example.co.jp", Schema: shareSchema,
		Values: []event.Value{
			{Kind: event.KindSID, Str: "S-1-5-21-3623811015-3361044348-30300820-1013"},
			event.String("tanaka"), event.String("EXAMPLE"), event.Uint(event.KindHex64, 0x4a1b2c),
			event.String("File"), event.String("10.1.2.3"), event.String("49731"),
			event.String(`\\*\人事`), event.String(`\??\D:\共有\人事`), event.String(path),
			event.Uint(event.KindHex32, 0x120089), event.String("%%1538\r\n\t\t\t\t%%1541\r\n\t\t\t\t"),
			event.String("%%1538:\t%%1804\r\n\t\t\t\t"),
		},
	}
}

var shareSchema = event.NewSchema("EventData", []string{
	"SubjectUserSid", "SubjectUserName", "SubjectDomainName", "SubjectLogonId", "ObjectType", "IpAddress", "IpPort",
	"ShareName", "ShareLocalPath", "RelativeTargetName", "AccessMask", "AccessList", "AccessReason",
})

func writeLog(t testing.TB, events []*event.Event) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "Security.evtx")
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	w, err := NewWriter(f, WriterOptions{})
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range events {
		if err := w.Write(e); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return path
}
