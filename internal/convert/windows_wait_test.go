package convert

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/akashi-audit/akashi/internal/event"
)

// TestShareAccessThenOpen: a share access that its open follows leaves nothing
// behind, and what comes between the two, or a checkpoint, changes no record.
func TestShareAccessThenOpen(t *testing.T) {
	log := func(between func(b *logBuilder)) []*event.Event {
		b := newLog().logonEvent()
		b.read(`a\known.txt`).wait(60_000) // from now on uses in the folder are known to be logged
		b.ask(`a\b.txt`, 0x120089)
		between(b)
		b.handleUse(`a\b.txt`, 0x120089, 0x1)
		return b.wait(60_000).logoffEvent().events
	}
	play := func(events []*event.Event, cut bool) (records []string, waited int) {
		c := New("FS-A.example.test", Options{})
		for _, e := range events {
			waiting, timers := c.waiting.on, c.s.Timers.n
			c.Add(e)
			if waiting && e.ID == 4656 && c.s.Paths.len() == 0 && c.s.Timers.n <= timers {
				waited++
			}
			if c.waiting.on && cut {
				d, err := Restore("FS-A.example.test", Options{}, c.AppendCheckpoint(nil))
				if err != nil {
					t.Fatal(err)
				}
				c = d
			}
		}
		return lines(sorted(append(c.Take(), c.Tail()...))), waited
	}
	direct, waited := play(log(func(*logBuilder) {}), false)
	if waited != 1 { // where no use was logged yet, a share access does not wait
		t.Errorf("%d opens took the share access before them without an entry, want 1", waited)
	}
	cut, waited := play(log(func(*logBuilder) {}), true)
	if d := cmp.Diff(direct, cut); d != "" || waited != 0 {
		t.Errorf("with checkpoints, %d opens without an entry (-direct +cut):\n%s", waited, d)
	}
	other := log(func(b *logBuilder) {
		b.logon, b.user = 0x2222, "bob"
		b.ask(`a\c.txt`, 0x80)
		b.logon, b.user = 0x1234, "alice"
	})
	parted, waited := play(other, false)
	if waited != 0 || len(parted) != len(direct) {
		t.Errorf("%d opens without an entry and %d records, want none and %d", waited, len(parted), len(direct))
	}
	again, _ := play(other, true)
	if d := cmp.Diff(parted, again); d != "" {
		t.Errorf("with checkpoints (-whole +cut):\n%s", d)
	}
	late := log(func(b *logBuilder) { b.wait(1500) })
	if _, waited := play(late, false); waited != 0 {
		t.Errorf("%d opens without an entry where one comes late, want none", waited)
	}
}
