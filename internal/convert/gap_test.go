package convert

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/akashi-audit/akashi/internal/record"
)

// TestHandleOverGap: over a hole in the record ids, or under another person's
// token, a handle value proves no name.
func TestHandleOverGap(t *testing.T) {
	f := func(name string, play func(b *logBuilder), want ...string) {
		t.Helper()
		t.Run(name, func(t *testing.T) {
			b := newLog()
			play(b)
			if d := cmp.Diff(want, users(convertAll(b.events))); d != "" {
				t.Errorf("records (-want +got):\n%s", d)
			}
		})
	}
	f("no hole", func(b *logBuilder) {
		h := b.open(`x\a.txt`, 0x10080)
		b.use(h, `x\a.txt`, 0x10000).deleted(h).close(h)
	}, `delete E:\data\x\a.txt D1 certain`)
	f("hole before the deletion", func(b *logBuilder) {
		h := b.open(`x\a.txt`, 0x10080)
		b.use(h, `x\a.txt`, 0x10000)
		b.id += 7
		b.deleted(h).close(h)
	}, `delete E:\data\x\a.txt D1 inferred`)
	f("hole, then the name again", func(b *logBuilder) {
		h := b.open(`x\a.txt`, 0x10080)
		b.id += 7
		b.use(h, `x\a.txt`, 0x10000).deleted(h).close(h)
	}, `delete E:\data\x\a.txt D1 certain`)
	f("the write is lost, its attributes are there", func(b *logBuilder) {
		b.read(`x\a.txt`).wait(60000)
		h := b.open(`x\a.txt`, 0x12019f)
		b.id++
		b.use(h, `x\a.txt`, 0x100).close(h)
	}, `read E:\data\x\a.txt X1 certain`, `write E:\data\x\a.txt W3 inferred`)
	f("attributes on a handle for writing, nothing lost", func(b *logBuilder) {
		h := b.open(`x\a.txt`, 0x12019f)
		b.use(h, `x\a.txt`, 0x100).close(h)
	}, `set_attributes E:\data\x\a.txt A1 certain`)
	f("a save whose temporary write is lost", func(b *logBuilder) {
		b.read(`x\d.pptx`).wait(60000).ask(`x\ppt12AB.tmp`, 0x80).handleUse(`x`, 0x100002, 0x2).ask(`x\ppt12AB.tmp`, 0x12019f)
		h := b.open(`x\ppt12AB.tmp`, 0x12019f)
		b.id++
		b.use(h, `x\ppt12AB.tmp`, 0x100).close(h)
		b.rename(`x\d.pptx`, `x\ppt12AC.tmp`, false).rename(`x\ppt12AB.tmp`, `x\d.pptx`, false).remove(`x\ppt12AC.tmp`)
	}, `read E:\data\x\d.pptx X1 certain`, `write E:\data\x\d.pptx S1 inferred`)
	f("a preview whose closing is lost", func(b *logBuilder) {
		b.list(`x`)
		for _, n := range []string{"a", "b", "c", "d", "e", "f"} {
			h := b.wait(20).ask(`x\`+n+`.pdf`, 0x120089).open(`x\`+n+`.pdf`, 0x120089)
			b.use(h, `x\`+n+`.pdf`, 0x1)
			if n == "c" {
				b.id++
			} else {
				b.close(h)
			}
		}
	}, `list E:\data\x B2 inferred`)
	f("a list whose use is lost", func(b *logBuilder) {
		h := b.ask(`x`, 0x100081).open(`x`, 0x100081)
		b.id++
		for _, n := range []string{"a", "b", "c", "d", "e", "f"} {
			b.wait(20).ask(`x\`+n+`.pdf`, 0x100080).read(`x\` + n + `.pdf`)
		}
		b.close(h)
	}, `list E:\data\x B2 inferred`)
	f("a deletion whose 4660 is lost", func(b *logBuilder) {
		h := b.ask(`x\a.txt`, 0x110080).open(`x\a.txt`, 0x110080)
		b.use(h, `x\a.txt`, 0x10000)
		b.id++
		b.close(h)
	}, `delete E:\data\x\a.txt D6 inferred`)
	f("a rename with an unrelated hole", func(b *logBuilder) {
		h := b.ask(`x\a.txt`, 0x110080).open(`x\a.txt`, 0x110080)
		b.use(h, `x\a.txt`, 0x10000)
		b.id++
		b.handleUse(`x`, 0x100002, 0x2).close(h)
	}, `rename E:\data\x\a.txt R1 inferred`)
	f("a save whose second rename is lost", func(b *logBuilder) {
		b.create(`x\1A2B3C4D`).wait(20).rename(`x\d.xlsx`, `x\5E6F7A8B.tmp`, false).ask(`x\1A2B3C4D`, 0x110080)
		b.id += 4
		b.wait(5).read(`x\d.xlsx`)
	}, `write E:\data\x\d.xlsx S1 inferred`)
	f("of many renames one name is lost", func(b *logBuilder) {
		b.rename(`x\a.txt`, `x\1.txt`, false)
		b.id++
		b.wait(5).ask(`x\b.txt`, 0x100080).rename(`x\b.txt`, `x\2.txt`, true)
	}, `rename E:\data\x\a.txt R1 inferred`, `rename E:\data\x\b.txt -> E:\data\x\2.txt R1 inferred`)
	f("the new path of a rename is no folder", func(b *logBuilder) {
		b.ask(`x\a.docx`, 0x110080)
		b.id += 2
		b.handleUse(`x\b.docx`, 0x100002, 0x2).wait(9000).read(`x\b.docx`)
	}, `rename E:\data\x\a.docx -> E:\data\x\b.docx R1 inferred`, `read E:\data\x\b.docx X1 certain`)
	f("audit settings under a handle value that was another's", func(b *logBuilder) {
		b.no4658 = true
		h := b.open(`x\a.txt`, 0x120089)
		b.use(h, `x\a.txt`, 0x1)
		b.logon, b.user = 0x2345, "bob"
		b.sec(4907, append(b.subject(), "ObjectServer", "Security", "ObjectType", "File", "ObjectName", b.path(`x\a.txt`), "HandleId", h,
			"OldSd", "", "NewSd", "S:(AU;SAFA;FA;;;WD)", "ProcessId", 4, "ProcessName", "")...)
	}, `read E:\data\x\a.txt X1 certain`, `set_audit E:\data\x\a.txt P4 certain`)
}

// TestDeletionOfAnother: a 4660 of another person does not delete what the
// handle's old owner had open.
func TestDeletionOfAnother(t *testing.T) {
	b := newLog()
	b.no4658 = true
	h := b.open(`x\a.txt`, 0x120089)
	b.use(h, `x\a.txt`, 0x1)
	b.logon, b.user = 0x2345, "bob"
	b.deleted(h)
	for _, r := range convertAll(b.events) {
		if r.Op.String() == "delete" && r.Path == b.path(`x\a.txt`) {
			t.Errorf("%s is said to have deleted %s", r.User, r.Path)
		}
		if r.Rule == "P4" && r.User != `CORP\bob` {
			t.Errorf("audit settings changed by %s", r.User)
		}
	}
}

// TestOwnHoles: ids whose events were taken away on purpose are no loss, and make
// nothing uncertain; what is missing beside them is.
func TestOwnHoles(t *testing.T) {
	f := func(name string, gone [2]uint64, want ...string) {
		t.Helper()
		b := newLog()
		for i := range 120 { // enough to tell a loss from a filter
			b.read(`x\` + itoa(uint64(i)) + `.txt`)
		}
		b.ask(`x\a.txt`, 0x110080)
		h := b.open(`x\a.txt`, 0x110080)
		b.use(h, `x\a.txt`, 0x10000)
		from := b.id + 1
		b.id += 5
		b.deleted(h).close(h)
		c := New("FS-A.example.test", Options{Gone: func(channel string, gen uint32, lo, hi uint64) uint64 {
			lo, hi = max(lo, from+gone[0]), min(hi, from+gone[1])
			if channel != "Security" || gen != 0 || lo > hi {
				return 0
			}
			return hi - lo + 1
		}})
		for _, e := range b.events {
			c.Add(e)
		}
		var got []string
		for _, r := range append(c.Take(), c.Tail()...) {
			if r.Op == record.OpDelete || r.Op == record.OpRecordsLost {
				got = append(got, strings.TrimSpace(brief(r)+" "+r.Get("lost")))
			}
		}
		slices.Sort(got)
		if d := cmp.Diff(want, got); d != "" {
			t.Errorf("%s (-want +got):\n%s", name, d)
		}
	}
	f("all were taken away", [2]uint64{0, 4}, `delete E:\data\x\a.txt D1 certain`)
	f("and more", [2]uint64{0, 40}, `delete E:\data\x\a.txt D1 certain`)
	f("some", [2]uint64{0, 2}, `delete E:\data\x\a.txt D1 inferred`, "records_lost Security V6 certain 2")
	f("none", [2]uint64{40, 50}, `delete E:\data\x\a.txt D1 inferred`, "records_lost Security V6 certain 5")
}
