package convert

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/akashi-audit/akashi/internal/event"
	"github.com/akashi-audit/akashi/internal/record"
)

// TestClockAway: what is logged while somebody has set the clock away says so.
func TestClockAway(t *testing.T) {
	const day = event.Filetime(24 * time.Hour / 100)
	set := func(b *logBuilder, by int64, kv ...any) {
		old := b.now
		b.now = event.Filetime(int64(b.now) + by)
		who := b.subject()
		if len(kv) > 0 {
			who = kv
		}
		b.sec(4616, append(who, "PreviousTime", old, "NewTime", b.now, "ProcessId", 0x99, "ProcessName", `C:\Windows\System32\rundll32.exe`)...)
	}
	service := []any{"SubjectUserSid", "S-1-5-19", "SubjectUserName", "LOCAL SERVICE", "SubjectDomainName", "NT AUTHORITY", "SubjectLogonId", 0x3e5}
	f := func(name string, play func(b *logBuilder), want ...string) {
		t.Helper()
		t.Run(name, func(t *testing.T) {
			t.Helper()
			b := newLog()
			play(b)
			c := New("FS-A.example.test", Options{})
			for i, e := range b.events {
				c.Add(e)
				if i%3 == 2 { // it is part of the state
					r, err := Restore("FS-A.example.test", Options{}, c.AppendCheckpoint(nil))
					if err != nil {
						t.Fatal(err)
					}
					c = r
				}
			}
			got := map[string]string{}
			var l []string
			for _, r := range append(c.Take(), c.Tail()...) {
				if r.Op == record.OpRead {
					got[r.Path] = fmt.Sprint(r.Path[len(r.Path)-5:], " ", r.Get("clock_offset"))
				} else if r.Get("clock_offset") != "" {
					t.Errorf("%s is marked", r.Op)
				}
			}
			for i := range 9 {
				if s := got[fmt.Sprintf(`E:\data\x\%d.txt`, i)]; s != "" {
					l = append(l, s)
				}
			}
			if d := cmp.Diff(want, l); d != "" {
				t.Errorf("records (-want +got):\n%s", d)
			}
		})
	}
	read := func(b *logBuilder, n int) { b.read(fmt.Sprintf(`x\%d.txt`, n)).wait(20_000) }
	f("back and forth", func(b *logBuilder) {
		read(b, 1)
		set(b, -int64(day))
		read(b, 2)
		set(b, int64(day))
		read(b, 3)
	}, "1.txt ", "2.txt -86400", "3.txt ")
	f("in two steps", func(b *logBuilder) {
		set(b, int64(day))
		set(b, int64(day)/2)
		read(b, 1)
		set(b, -int64(day)*3/2)
		read(b, 2)
	}, "1.txt 129600", "2.txt ")
	f("put right by the time service", func(b *logBuilder) {
		set(b, -int64(day))
		read(b, 1)
		set(b, int64(day), service...)
		read(b, 2)
	}, "1.txt -86400", "2.txt ")
	f("by the time service only", func(b *logBuilder) { set(b, int64(day), service...); read(b, 1) }, "1.txt ")
	f("a second", func(b *logBuilder) { set(b, 10_000_000); read(b, 1) }, "1.txt ")
	f("it stays so", func(b *logBuilder) {
		set(b, int64(day))
		read(b, 1)
		b.wait(25 * 3600 * 1000)
		read(b, 2)
		set(b, -int64(day))
		read(b, 3)
	}, "1.txt 86400", "2.txt ", "3.txt ")
	f("times that cannot be read", func(b *logBuilder) {
		b.sec(4616, append(b.subject(), "PreviousTime", "yesterday", "NewTime", "today")...)
		read(b, 1)
	}, "1.txt ")
}
