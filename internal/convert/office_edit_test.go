package convert

import (
	"slices"
	"strconv"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// owner makes an owner file as Office does when it opens a document.
func (b *logBuilder) owner(rel string) *logBuilder {
	return b.ask(rel, 0x80).handleUse(b.dir(rel), 0x100002, 0x2).ask(rel, 0x13019f).handleUse(rel, 0x13019f, 0x2)
}

// wordSave saves by temporary files.
func (b *logBuilder) wordSave(rel string) *logBuilder {
	d := b.dir(rel)
	b.create(d+`\~WRD0001.tmp`).rename(rel, d+`\~WRL0002.tmp`, false)
	return b.rename(d+`\~WRD0001.tmp`, rel, true).remove(d + `\~WRL0002.tmp`)
}

// TestEdit: a read at the making of the owner file is the opening of an edit.
func TestEdit(t *testing.T) {
	f := func(name string, b *logBuilder, want ...string) {
		t.Helper()
		var got []string
		for _, r := range convertAll(b.events) {
			if r.Class.String() == "user" {
				s := brief(r) + " ids=" + strconv.Itoa(len(r.RawIDs))
				if o := r.Get("opened"); o != "" {
					s += " opened"
				}
				got = append(got, s)
			}
		}
		if d := cmp.Diff(want, got); d != "" {
			t.Errorf("%s (-want +got):\n%s", name, d)
		}
	}
	const minute = 60_000
	const doc, mark = `x\report.docx`, `x\~$port.docx`
	f("opened, saved, closed", newLog().read(doc).owner(mark).read(doc).wait(10*minute).wordSave(doc).wait(9000).remove(mark),
		`write E:\data\x\report.docx S1 inferred ids=34 opened`)
	f("opened and closed", newLog().read(doc).owner(mark).read(doc).wait(10*minute).remove(mark),
		`read E:\data\x\report.docx X1 certain ids=8`)
	f("saved twice", newLog().read(doc).owner(mark).wait(5*minute).wordSave(doc).wait(5*minute).wordSave(doc).wait(9000).remove(mark),
		`write E:\data\x\report.docx S1 inferred ids=30 opened`, `write E:\data\x\report.docx S1 inferred ids=26`)
	f("saved in place", newLog().owner(`x\.~lock.plan.ods#`).read(`x\plan.ods`).wait(3*minute).write(`x\plan.ods`).wait(9000).remove(`x\.~lock.plan.ods#`),
		`write E:\data\x\plan.ods W1 certain ids=8 opened`)
	f("no owner file", newLog().read(`x\a.csv`).wait(3*minute).write(`x\a.csv`),
		`read E:\data\x\a.csv X1 certain ids=4`, `write E:\data\x\a.csv W1 certain ids=4`)
	f("read while it is open", newLog().read(doc).owner(mark).wait(3*minute).read(doc).wait(3*minute).wordSave(doc),
		`read E:\data\x\report.docx X1 certain ids=4`, `write E:\data\x\report.docx S1 inferred ids=30 opened`)
	f("another document", newLog().read(`x\other.docx`).owner(mark).wait(3*minute).wordSave(doc),
		`read E:\data\x\other.docx X1 certain ids=4`, `write E:\data\x\report.docx S1 inferred ids=26`)
	other := newLog().read(doc)
	other.logon, other.user = 0x1235, "bob"
	other.owner(mark).wait(minute).wordSave(doc)
	f("another session", other,
		`read E:\data\x\report.docx X1 certain ids=4`, `write E:\data\x\report.docx S1 inferred ids=26`)
	over := newLog().logonEvent().read(doc).owner(mark)
	f("the session ends", over.wait(3*minute).logoffEvent(),
		"logon  L1 certain ids=1", `read E:\data\x\report.docx X1 certain ids=4`, "logoff  L2 certain ids=1")
}

// TestOwnerNames lists what stands beside a document.
func TestOwnerNames(t *testing.T) {
	f := func(base, owner string) {
		t.Helper()
		if !slices.Contains(ownerNames(fold(base)), fold(owner)) {
			t.Errorf("%s: %q has no %q", base, ownerNames(fold(base)), owner)
		}
	}
	f("report 2026.docx", "~$port 2026.docx")
	f("a.xlsx", "~$a.xlsx")
	f("Book1.xlsx", "~$Book1.xlsx")
	f("見積書.docx", "~$積書.docx")
	f("😀アンケート.docx", "~$アンケート.docx")
	f("😀アンケート.docx", "~$ンケート.docx")
	f("図面.dwg", "図面.dwl2")
	f("x.ods", ".~lock.x.ods#")
	f("notes", ".notes.swp")
	f("db.accdb", "db.laccdb")
}
