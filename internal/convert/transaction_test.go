package convert

import (
	"fmt"
	"testing"

	"github.com/akashi-audit/akashi/internal/event"
	"github.com/akashi-audit/akashi/internal/record"
)

func TestOutcome(t *testing.T) {
	f := func(v event.Value, want outcome) {
		t.Helper()
		if got := outcomeOf(v); got != want {
			t.Errorf("outcomeOf(%s) = %d, want %d", v.Text(), got, want)
		}
	}
	n := func(n uint64) event.Value { return event.Uint(event.KindUint32, n) }
	f(n(48), txnUnknown)
	f(n(52), txnCommitted)
	f(n(56), txnRolledBack)
	f(n(5), txnCommitted)
	f(n(6), txnRolledBack)
	f(n(4), txnCommitted)
	f(n(8), txnRolledBack)
	f(n(0x104), txnCommitted)
	f(n(0x107), txnRolledBack)
	f(n(1), txnUnknown)
	f(n(1<<40), txnUnknown)
	f(event.String("52"), txnCommitted)
	f(event.String("Committed"), txnCommitted)
	f(event.String("rolled back"), txnRolledBack)
	f(event.Value{}, txnUnknown)
}

// txnWrite writes and deletes under a transaction.
func (b *logBuilder) txnWrite(rel, id string, mask int) uint64 {
	b.handle += 4
	s := append(b.subject(), "ObjectServer", "Security", "ObjectType", "File", "ObjectName", b.path(rel), "HandleId", b.handle,
		"TransactionId", id, "AccessMask", mask, "ProcessId", 4, "ProcessName", "")
	b.sec(4656, s...)
	b.use(b.handle, rel, mask&0x10002)
	return b.handle
}

// TestTransaction: what a transaction did counts when it was committed.
func TestTransaction(t *testing.T) {
	const id, other = "{D6B11EC1-5900-11EC-80C7-005056972B77}", "{D6B11EC1-5900-11EC-80C7-005056972B78}"
	ended := func(b *logBuilder, id string, state int) {
		b.sec(4985, append(b.subject(), "TransactionId", id, "NewState", state)...)
	}
	write := func(b *logBuilder) { b.close(b.txnWrite(`x\a.txt`, id, 0x2)) }
	f := tells(t, func(r record.Record) string {
		return fmt.Sprint(brief(r), " ", r.Get("transaction"))
	})
	f("committed", func(b *logBuilder) { write(b); ended(b, id, 48); ended(b, id, 52) }, `write E:\data\x\a.txt W1 certain committed`)
	f("committed later", func(b *logBuilder) { write(b); b.wait(300_000); ended(b, id, 52) }, `write E:\data\x\a.txt W1 certain committed`)
	f("rolled back", func(b *logBuilder) { write(b); b.wait(300_000); ended(b, id, 56) }, `(write) E:\data\x\a.txt failure W1 certain rolled back`)
	f("no outcome", func(b *logBuilder) { write(b); b.wait(700_000); ended(b, id, 52) }, `write E:\data\x\a.txt W1 inferred outcome not in the log`)
	f("another's outcome", func(b *logBuilder) { write(b); ended(b, other, 52) }, `write E:\data\x\a.txt W1 inferred outcome not in the log`)
	f("no transaction", func(b *logBuilder) { b.close(b.txnWrite(`x\a.txt`, nullGUID, 0x2)) }, `write E:\data\x\a.txt W1 certain `)
	f("deletion", func(b *logBuilder) {
		h := b.txnWrite(`x\a.txt`, id, 0x10000)
		b.deleted(h).close(h)
		ended(b, id, 52)
	}, `delete E:\data\x\a.txt D1 certain committed`)
	f("deletion rolled back", func(b *logBuilder) {
		h := b.txnWrite(`x\a.txt`, id, 0x10000)
		b.deleted(h).close(h)
		ended(b, id, 56)
	}, `(delete) E:\data\x\a.txt failure D1 certain rolled back`)
	f("link", func(b *logBuilder) {
		b.sec(4664, append(b.subject(), "FileName", `E:\data\a`, "LinkName", `E:\data\b`, "TransactionId", id)...)
		ended(b, id, 6)
	}, `(link) E:\data\a -> E:\data\b failure H1 certain rolled back`)
	f("a start", func(b *logBuilder) { write(b); b.sec(4608) }, `write E:\data\x\a.txt W1 inferred outcome not in the log`, "boot  Y1 certain ")
}

// TestTransactionsAreBounded: acts of transactions without end do not pile up.
func TestTransactionsAreBounded(t *testing.T) {
	b := newLog()
	c := New("FS-A.example.test", Options{})
	n := 0
	for i := range 3 * maxParked {
		b.close(b.txnWrite(fmt.Sprintf(`x\%d.txt`, i), fmt.Sprintf("{D6B11EC1-5900-11EC-80C7-0050%08x}", i), 0x2))
		b.wait(50)
		for _, e := range b.events {
			c.Add(e)
		}
		b.events = b.events[:0]
		if c.s.NumParked > maxParked || len(c.s.Parked) > maxParked {
			t.Fatalf("%d records wait", c.s.NumParked)
		}
		n += writes(c.Take())
	}
	if n += writes(c.Tail()); n != 3*maxParked {
		t.Errorf("%d writes, want %d", n, 3*maxParked)
	}
}

func writes(rs []record.Record) (n int) {
	for _, r := range rs {
		if r.Op == record.OpWrite {
			n++
		}
	}
	return n
}
