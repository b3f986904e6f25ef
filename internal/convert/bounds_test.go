package convert

import (
	"fmt"
	"slices"
	"testing"

	"github.com/akashi-audit/akashi/internal/event"
	"github.com/akashi-audit/akashi/internal/simulate"
)

// TestStillClock: a log whose time stands still, in which nothing ever comes to
// an end, fills no part of the state beyond its limits.
func TestStillClock(t *testing.T) {
	opt := Options{MaxSessions: 20, MaxHandles: 50, MaxPaths: 100, MaxActs: 50, MaxRawIDs: 8}
	f := func(name string, play func(b *logBuilder, i int)) {
		t.Helper()
		t.Run(name, func(t *testing.T) {
			c := New("FS-A.example.test", opt)
			b := newLog()
			n := 0
			for i := range 1000 {
				b.logon = uint64(0x100 + i%7)
				play(b, i)
				for _, e := range b.events {
					e.Time = t0
					c.Add(e)
					n++
				}
				b.events = b.events[:0]
				checkBounds(t, c, n)
				if i%100 == 0 {
					c.Take()
				}
			}
		})
	}
	f("share accesses", func(b *logBuilder, i int) { b.ask(fmt.Sprintf(`x%d\a%d.txt`, i%50, i), 0x120089) })
	f("share accesses of an audited folder", func(b *logBuilder, i int) {
		b.read(`x\a.txt`).ask(fmt.Sprintf(`x\a%d.txt`, i), 0x120089)
	})
	f("opens", func(b *logBuilder, i int) { b.open(fmt.Sprintf(`x%d\a%d.txt`, i%50, i), 0x120089) })
	f("opens of one object", func(b *logBuilder, i int) { b.ask(`x\a.txt`, 0x120089); b.handle = 0x500; b.open(`x\a.txt`, 0x120089) })
	f("reads", func(b *logBuilder, i int) { b.read(fmt.Sprintf(`x%d\a%d.txt`, i, i)) })
	f("reads never closed", func(b *logBuilder, i int) { p := fmt.Sprintf(`x%d\a%d.txt`, i%9, i); b.use(b.open(p, 1), p, 1) })
	f("lists", func(b *logBuilder, i int) { b.list(fmt.Sprintf(`x%d`, i)) })
	f("deletions", func(b *logBuilder, i int) { b.remove(fmt.Sprintf(`x%d\a%d.txt`, i, i)) })
	f("deletions without a name", func(b *logBuilder, i int) { b.deleted(uint64(0x10000 + 4*i)) })
	f("renames", func(b *logBuilder, i int) {
		b.rename(fmt.Sprintf(`x%d\a%d.txt`, i, i), fmt.Sprintf(`y%d\b%d.txt`, i, i), false)
	})
	f("copies", func(b *logBuilder, i int) {
		b.copyFile(fmt.Sprintf(`x%d\a%d.txt`, i, i), fmt.Sprintf(`y%d\a%d.txt`, i, i))
	})
	f("refusals", func(b *logBuilder, i int) { b.refuse(fmt.Sprintf(`x%d\a%d.txt`, i, i), 1) })
	f("logons", func(b *logBuilder, i int) { b.logon = uint64(0x1000 + i); b.logonEvent() })
	f("logons and logoffs", func(b *logBuilder, i int) { b.logon = uint64(0x1000 + i); b.logonEvent().logoffEvent() })
	f("logoffs", func(b *logBuilder, i int) { b.logon = uint64(0x1000 + i); b.logoffEvent() })
	f("shares", func(b *logBuilder, i int) {
		b.share, b.root = fmt.Sprint("s", i), fmt.Sprintf(`E:\s%d`, i)
		b.ask(`a`, 1)
	})
	f("duplicates of a handle", func(b *logBuilder, i int) {
		h := b.open(`x\a.txt`, 1)
		b.sec(4690, append(b.subject(), "SourceHandleId", h, "SourceProcessId", 4, "TargetHandleId", h+0x100000, "TargetProcessId", 4)...)
	})
	f("one handle for ever", func(b *logBuilder, i int) { b.use(0x444, `x\a.txt`, []int{1, 2, 0x80, 0x100, 0x20000}[i%5]) })
}

// TestStateEmpties: some hours after the last act of a day nothing of it is
// under way any more: neither acts nor what rules noted on paths and folders.
func TestStateEmpties(t *testing.T) {
	for seed := range uint64(3) {
		events, _ := simulate.DayVariant(77+seed, 12, simulate.Variant{Programs: true, NoCloses: seed == 1, NoOpens: seed == 2})
		slices.SortStableFunc(events, func(a, b *event.Event) int { return int(int64(a.Time - b.Time)) })
		c := New(events[0].Computer, Options{})
		for _, e := range events {
			c.Add(e)
		}
		last := events[len(events)-1].Clone()
		last.ID, last.RecordID, last.Time = 9999, last.RecordID+1, last.Time+event.Filetime(editLongest+3600*sec)
		c.Add(last)
		s := c.s
		if n := s.Acts.len() + s.Paths.len() + s.Desks.len() + len(s.Orphans) + len(s.Edits) + len(s.Walks) + s.Timers.n; n > 0 {
			t.Errorf("seed %d: %d acts, %d paths, %d desks, %d orphans, %d edits, %d walks, %d timers are left", seed, s.Acts.len(), s.Paths.len(), s.Desks.len(), len(s.Orphans), len(s.Edits), len(s.Walks), s.Timers.n)
			for k, p := range s.Paths.all() {
				t.Logf("%x %q %+v", k.Logon, k.Key, *p)
				break
			}
		}
		for l, x := range s.Sessions.all() {
			if x.Pending != 0 {
				t.Errorf("seed %d: session %x has %d acts under way", seed, l, x.Pending)
			}
		}
	}
}
