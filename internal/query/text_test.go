package query

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"github.com/akashi-audit/akashi/internal/record"
)

func TestText(t *testing.T) {
	f := func(want string, q Query) {
		t.Helper()
		if got := q.Text(tokyo().Zone); got != want {
			t.Errorf("Text = %s, want %s", got, want)
		}
	}
	f("", Query{})
	f(`給与 "a b" user:CORP\tanaka op:delete,rename folder:"D:\共有\人事" -class:background from:2026-10-25`, Query{
		Words: []string{"給与", "a b"}, Users: []string{`CORP\tanaka`}, Ops: []record.Op{record.OpDelete, record.OpRename}, Folders: []string{`D:\共有\人事`},
		Not: Exclusion{Classes: []record.Class{record.ClassBackground}}, From: jst("2026-10-25 00:00:00"),
	})
	f("day:2026-10-01", Query{From: jst("2026-10-01 00:00:00"), To: jst("2026-10-02 00:00:00")})
	f("from:2026-10-01 to:2026-10-31", Query{From: jst("2026-10-01 00:00:00"), To: jst("2026-11-01 00:00:00")})
	f("from:2026-10-01T09:30 to:2026-10-01T09:30:01.5", Query{From: jst("2026-10-01 09:30:00"), To: jst("2026-10-01 09:30:01") + 5e8})
	f("session:0x3e7 class:all logons:hidden superseded:yes sort:oldest limit:5", Query{
		Classes: AllClasses(), Sessions: []uint64{0x3e7}, HideNetworkLogons: true, Superseded: true, Oldest: true, Limit: 5})
	f(`"a\u{200b}\u{d800}" path:"\u{5c}u{41}","\\u{22}","""x"""`, Query{Words: []string{"a\u200b\xed\xa0\x80"}, Paths: []string{`\u{41}`, `\"`, `"x"`}})
}

// anyText is made of what the language could misread.
func anyText() *rapid.Generator[string] {
	piece := rapid.SampledFrom([]string{
		`"`, `\`, `\u{`, `\u{41}`, "}", " ", "　", ",", "、", ":", "：", "-", "－", "*", "?", "“", "”", "＂", "a", "給与", `D:\`, "op:", "user：",
		"\x00", "\n", "\u202e", "\u2028", "\xed\xa0\x80", "\xff", "\ufffd", "u", "{", "𠮷", "\u0085",
	})
	return rapid.Custom(func(t *rapid.T) string { return strings.Join(rapid.SliceOfN(piece, 0, 6).Draw(t, "pieces"), "") })
}

func anyQuery(t *rapid.T) Query {
	texts := func(name string) []string { return rapid.SliceOfN(anyText(), 0, 3).Draw(t, name) }
	exclusion := func(name string) Exclusion {
		return Exclusion{
			Users: texts(name + "users"), Paths: texts(name + "paths"), Files: texts(name + "files"), Folders: texts(name + "folders"),
			Clients: texts(name + "clients"), Servers: texts(name + "servers"), Processes: texts(name + "processes"), Rules: texts(name + "rules"),
			Ops:         rapid.SliceOfN(rapid.SampledFrom(record.Ops()), 0, 3).Draw(t, name+"ops"),
			Results:     rapid.SliceOfN(rapid.SampledFrom(record.Results()), 0, 3).Draw(t, name+"results"),
			Objects:     rapid.SliceOfN(rapid.SampledFrom(record.Objects()), 0, 3).Draw(t, name+"objects"),
			Confidences: rapid.SliceOfN(rapid.SampledFrom(record.Confidences()), 0, 3).Draw(t, name+"confidences"),
			Classes:     rapid.SliceOfN(rapid.SampledFrom(record.Classes()), 0, 4).Draw(t, name+"classes"),
			Sessions:    rapid.SliceOfN(rapid.Uint64(), 0, 3).Draw(t, name+"sessions"),
		}
	}
	q := Query{
		Words: texts("words"), Not: exclusion("not "), HideNetworkLogons: rapid.Bool().Draw(t, "logons"),
		Superseded: rapid.Bool().Draw(t, "superseded"), Oldest: rapid.Bool().Draw(t, "oldest"), Limit: rapid.IntRange(0, 1000).Draw(t, "limit"),
	}
	q.want(exclusion(""))
	bound := func(name string) int64 {
		unit := rapid.SampledFrom([]int64{1, 1e6, 1e9, 60e9, 3600e9, 24 * 3600e9}).Draw(t, name+" unit")
		n := rapid.Int64Range(-9e18, 9e18).Draw(t, name)
		switch rapid.IntRange(0, 3).Draw(t, name+" kind") {
		case 0:
			return 0
		case 1: // near a change of the clocks in Berlin, 25 October 2026
			return 1792890000e9 + n%(4*3600e9)/unit*unit
		}
		return n / unit * unit
	}
	if q.From, q.To = bound("from"), bound("to"); q.From != 0 && q.To != 0 && q.From >= q.To {
		q.To = 0
	}
	return q
}

func TestTextIsReadBackExactly(t *testing.T) {
	zone := berlin(t)
	rapid.Check(t, func(t *rapid.T) {
		at := rapid.SampledFrom([]Clock{tokyo(), zone, {}}).Draw(t, "clock")
		q := anyQuery(t)
		text := q.Text(at.Zone)
		got, err := Parse(text, at)
		if err != nil {
			t.Fatalf("Parse(%q): %v", text, err)
		}
		if d := cmp.Diff(q, got, cmpopts.EquateEmpty()); d != "" {
			t.Fatalf("%q (-want +got):\n%s", text, d)
		}
	})
}

func FuzzParse(f *testing.F) {
	for _, s := range []string{
		`user:CORP\tanaka op:delete,rename path:"給与" -class:background last:30d`, `利用者：田中　操作：削除、閲覧 －分類：背景`,
		`"a ""b\" c" -D:\x *.xlsx "\u{d800}"`, `from:2026-10-25T02:30 to:2026-10-25 day:today`, `op:delte`, `path:"`, `session:0x1,2 limit:3 sort:oldest`,
		"last:100000d", "class:all class:user -class:all", `\u{`, "user:\xff,“x”",
	} {
		f.Add(s)
	}
	zone := berlin(f)
	f.Fuzz(func(t *testing.T, s string) {
		q, err := Parse(s, zone)
		if err != nil {
			var x *SyntaxError
			if !errors.As(err, &x) {
				t.Fatalf("Parse(%q): %v is no syntax error", s, err)
			}
			if before, place, after := x.Place(); before+place+after != s || err.Error() == "" {
				t.Fatalf("Parse(%q): place %q", s, place)
			}
			return
		}
		text := q.Text(zone.Zone)
		again, err := Parse(text, zone)
		if err != nil {
			t.Fatalf("Parse(%q), printed %q: %v", s, text, err)
		}
		if d := cmp.Diff(q, again, cmpopts.EquateEmpty()); d != "" {
			t.Fatalf("Parse(%q), printed %q (-want +got):\n%s", s, text, d)
		}
	})
}
