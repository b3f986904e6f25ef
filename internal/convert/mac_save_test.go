package convert

import (
	"strings"
	"testing"

	"github.com/akashi-audit/akashi/internal/record"
)

// TestMacSave: macOS writes a document anew in .TemporaryItems, under its own name,
// and puts it in the place of the old one (windows-events.md section 6).
func TestMacSave(t *testing.T) {
	const temp = `.TemporaryItems\folders.501\TemporaryItems\(A Document Being Saved)\d.pages`
	f := tells(t, func(r record.Record) string { return strings.Join(users([]record.Record{r}), "") })
	swap := func(b *logBuilder) {
		b.create(`x\._d.pages`).create(temp)
		b.rename(`x\d.pages`, `x\d.pages.sb-1a2b3c4d-aB3xYz`, true).rename(temp, `x\d.pages`, true)
		b.remove(`x\d.pages.sb-1a2b3c4d-aB3xYz`)
	}
	f("the old one steps aside", swap, `write E:\data\x\d.pages S1 inferred`)
	f("after it was read", func(b *logBuilder) { b.read(`x\d.pages`).wait(60_000); swap(b) },
		`read E:\data\x\d.pages X1 certain`, `write E:\data\x\d.pages S1 inferred`)
	f("in the place of the old one", func(b *logBuilder) {
		b.read(`x\d.pages`).wait(60_000).create(temp).rename(temp, `x\d.pages`, true)
	}, `read E:\data\x\d.pages X1 certain`, `write E:\data\x\d.pages S5 inferred`)
	f("requests only", func(b *logBuilder) {
		b.ask(temp, 0x80).ask(temp, 0x12019f).ask(`x\d.pages`, 0x110080).ask(`x\d.pages.sb-1a2b3c4d-aB3xYz`, 0x100080)
		b.ask(temp, 0x110080).ask(`x\d.pages`, 0x100080).ask(`x\d.pages.sb-1a2b3c4d-aB3xYz`, 0x10080)
	}, `write E:\data\x\d.pages S1 inferred`)
	f("never finished", func(b *logBuilder) { b.create(temp) })
	f("another's name is a move", func(b *logBuilder) { b.create(temp).rename(temp, `x\other.pages`, true) },
		`move E:\data\`+temp+` -> E:\data\x\other.pages R1 inferred`)
	f("copied away", func(b *logBuilder) { b.copyFile(`x\d.pages`, temp) }, `copy E:\data\x\d.pages -> E:\data\`+temp+` K1 inferred`)
}
