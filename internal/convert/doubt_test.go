package convert

import (
	"testing"

	"github.com/akashi-audit/akashi/internal/record"
)

// TestDoubt: a record of a certain rule that is inferred says why.
func TestDoubt(t *testing.T) {
	f := func(name, rule, want string, play func(b *logBuilder)) {
		t.Helper()
		t.Run(name, func(t *testing.T) {
			b := newLog()
			play(b)
			found := false
			for _, r := range convertAll(b.events) {
				if r.Rule != rule {
					continue
				}
				found = true
				if got := r.Get("uncertain"); got != want || (r.Confidence == record.Certain) != (want == "") {
					t.Errorf("%s %s: uncertain %q, want %q; %s", r.Op, r.Path, got, want, r.Confidence)
				}
			}
			if !found {
				t.Errorf("no record by %s", rule)
			}
		})
	}
	f("a read", "X1", "", func(b *logBuilder) { b.read(`x\a.txt`) })
	f("a deletion over a hole", "D1", "lost_events", func(b *logBuilder) {
		h := b.open(`x\a.txt`, 0x10080)
		b.use(h, `x\a.txt`, 0x10000)
		b.id += 7
		b.deleted(h).close(h)
	})
	f("a write to what may be a folder", "W1", "unknown_kind", func(b *logBuilder) { b.use(0x9990, `x\folder`, 2) })
	f("a deletion whose name is not in the log", "D1", "unknown_handle", func(b *logBuilder) { b.read(`x\a.txt`).deleted(0x9990) })
	f("a stream", "W1", "stream", func(b *logBuilder) { b.remove(`x\a.txt:secret`) })
	f("attributes beside a hole", "A1", "lost_events", func(b *logBuilder) {
		b.read(`x\b.txt`).id++
		b.handleUse(`x\a.txt`, 0x100180, 0x100)
	})
	f("a transaction", "X1", "transaction", func(b *logBuilder) {
		b.handle += 4
		b.sec(4656, append(b.subject(), "ObjectServer", "Security", "ObjectType", "File", "ObjectName", b.path(`x\a.txt`), "HandleId", b.handle,
			"TransactionId", "{11111111-0000-0000-0000-000000000000}", "AccessMask", 0x120089, "ProcessId", 4, "ProcessName", "")...)
		b.use(b.handle, `x\a.txt`, 0x1).close(b.handle)
	})
}
