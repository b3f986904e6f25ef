package convert

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/akashi-audit/akashi/internal/record"
)

// asks writes 5145 only.
func (b *logBuilder) asks(mask int, rels ...string) *logBuilder {
	for _, r := range rels {
		b.ask(r, mask).wait(20)
	}
	return b
}

// TestBrowse: a browse over the share is one record for a folder, with its
// repeats, and one for the top of a tree that was walked.
func TestBrowse(t *testing.T) {
	f := func(name string, b *logBuilder, want ...string) {
		t.Helper()
		var got []string
		for _, r := range convertAll(b.events) {
			class := ""
			if r.Class != record.ClassUser {
				class = " " + r.Class.String()
			}
			got = append(got, fmt.Sprintf("%s %s count=%d %s ids=%d%s", r.Op, r.Path, r.Count, r.Rule, len(r.RawIDs), class))
		}
		if d := cmp.Diff(want, got); d != "" {
			t.Errorf("%s (-want +got):\n%s", name, d)
		}
	}
	const list, look = 0x100081, 0x120089
	f("repeats within a minute", newLog().asks(list, "x", "x").wait(20_000).asks(list, "x").wait(50_000).asks(list, "x"),
		`list E:\data\x count=4 B4 ids=4`)
	f("two looks are two", newLog().asks(list, "x").wait(61_000).asks(list, "x"),
		`list E:\data\x count=1 B4 ids=1`, `list E:\data\x count=1 B4 ids=1`)
	day := newLog()
	for range 25 {
		day.asks(list, "x").wait(29_980)
	}
	f("a folder shown for long is told anew", day, `list E:\data\x count=20 B4 ids=20`, `list E:\data\x count=5 B4 ids=5`)
	f("a person goes through folders", newLog().asks(list, "x").wait(2000).asks(list, `x\y`).wait(2000).asks(list, `x\y\z`, `x\y\z`),
		`list E:\data\x count=1 B4 ids=1`, `list E:\data\x\y count=1 B4 ids=1`, `list E:\data\x\y\z count=2 B4 ids=2`)
	f("a program walks", newLog().asks(list, "x", `x\a`, `x\b`, `x\b\c`, `x\d`, `x\e`, `x\f`, `x\a`).wait(6000).asks(list, `x\f`),
		`list E:\data\x count=8 B4 ids=8`, `list E:\data\x\f count=1 B4 ids=1`)
	f("Explorer looks into the folders that it shows", newLog().asks(list, "x", `x\a`, `x\b`).wait(4000).asks(list, `x\b`),
		`list E:\data\x count=2 B4 ids=2`, `list E:\data\x\b count=2 B4 ids=2`)
	f("a dialog goes to a folder and shows its files", newLog().asks(list, "x", `x\a`).asks(0x100080, `x\a\1.txt`),
		`list E:\data\x count=1 B4 ids=1`, `list E:\data\x\a count=1 B4 ids=1`)
	two := newLog().asks(list, "x", `x\a`)
	two.logon = 0x5678 + 1000 - 0x5678%1000 + 0x1234%1000 // another session of the same account
	f("two sessions of one person", two.asks(list, "x"), `list E:\data\x count=3 B4 ids=3`)
	other := newLog().asks(list, "x")
	other.logon = 0x5679
	f("two persons", other.asks(list, "x"), `list E:\data\x count=1 B4 ids=1`, `list E:\data\x count=1 B4 ids=1`)
	f("looks for desktop.ini belong to the list", newLog().asks(list, "x").asks(look, `x\desktop.ini`, `x\a\desktop.ini`, `x\b\Desktop.ini`),
		`list E:\data\x count=1 B4 ids=4`)
	f("alone they are background", newLog().asks(look, `x\desktop.ini`), `read E:\data\x\desktop.ini count=1 X2 ids=1 background`)
	f("looks at attributes are nothing", newLog().asks(0x100080, "", "x", `x\a.txt`))
	f("a folder opened like a file", newLog().asks(look, `x\y`).wait(400).asks(list, `x\y\z`),
		`list E:\data\x\y count=1 B4 ids=1`, `list E:\data\x\y\z count=1 B4 ids=1`)
	pipes := newLog()
	pipes.share, pipes.root = "IPC$", ""
	f("pipes are no files", pipes.asks(0x12019f, "srvsvc", "wkssvc"))
	f("object access confirms: no doubles", newLog().list("x").wait(10_000).list("x"),
		`list E:\data\x count=1 B1 ids=4`, `list E:\data\x count=1 B1 ids=4`)
}
