package cli

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/mattn/go-runewidth"

	"github.com/akashi-audit/akashi/internal/i18n"
	"github.com/akashi-audit/akashi/internal/record"
)

// TestTableColumns: columns stand below each other, and are as wide as an address of
// IPv6 where there is room for it; a narrow terminal cuts.
func TestTableColumns(t *testing.T) {
	const long = "fd6d:696e:6174:14:aaaa:bbbb:cccc:dddd"
	records := []record.Record{
		{User: `MINATO\佐藤`, ClientIP: "192.168.20.14", Op: record.OpRead, Result: record.Success, Path: `D:\a`},
		{User: `MINATO\kuze.i`, ClientIP: long, Op: record.OpRead, Result: record.Success, Path: `D:\b`},
		{User: `MINATO\kuze.i`, ClientName: "PC01", Op: record.OpRead, Result: record.Success, Path: `D:\c`},
	}
	for width, whole := range map[int]bool{0: true, 160: true, 80: false} {
		var out bytes.Buffer
		x := &table{out: &out, p: i18n.For("ja"), zone: time.UTC, width: width}
		if err := x.write(records); err != nil {
			t.Fatal(err)
		}
		lines := strings.Split(strings.TrimSpace(out.String()), "\n")
		var at []int
		for _, l := range lines[1:] {
			before, _, ok := strings.Cut(l, "読取")
			if !ok {
				t.Fatalf("%d columns: no operation in %q", width, l)
			}
			at = append(at, runewidth.StringWidth(before))
			if width > 0 && runewidth.StringWidth(l) > width {
				t.Errorf("%d columns: %q is wider", width, l)
			}
		}
		if len(at) != 3 || at[0] != at[1] || at[1] != at[2] {
			t.Errorf("%d columns: the operations stand at %d:\n%s", width, at, out.String())
		}
		if strings.Contains(out.String(), long) != whole {
			t.Errorf("%d columns: the address is whole: %v\n%s", width, !whole, out.String())
		}
	}
}
