package query

import (
	"regexp"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/akashi-audit/akashi/internal/record"
)

func TestMatchKinds(t *testing.T) {
	base := rec()
	base.Session, base.Process, base.Rule = 0x3e7, `C:\Program Files\Office\EXCEL.EXE`, "win.move"
	base.Object, base.Confidence = record.ObjectFile, record.Inferred
	f := func(name string, q Query, want bool) {
		t.Helper()
		r := base
		if got := NewMatcher(q).Match(&r); got != want {
			t.Errorf("%s: Match = %v, want %v", name, got, want)
		}
	}
	f("session", Query{Sessions: []uint64{1, 0x3e7}}, true)
	f("other session", Query{Sessions: []uint64{0x3e8}}, false)
	f("session 0 is a condition", Query{Sessions: []uint64{0}}, false)
	f("process by name", Query{Processes: []string{"excel.exe"}}, true)
	f("process by path", Query{Processes: []string{`c:\program files\office\excel.exe`}}, true)
	f("process is no substring", Query{Processes: []string{"excel"}}, false)
	f("no process", Query{Processes: []string{""}}, false)
	f("rule", Query{Rules: []string{"WIN.MOVE"}}, true)
	f("other rule", Query{Rules: []string{"win"}}, false)
	f("object", Query{Objects: []record.Object{record.ObjectFile}}, true)
	f("other object", Query{Objects: []record.Object{record.ObjectDirectory}}, false)
	f("confidence", Query{Confidences: []record.Confidence{record.Inferred}}, true)
	f("other confidence", Query{Confidences: []record.Confidence{record.Certain}}, false)
	f("client by address or name", Query{Clients: []string{"198.51.100.1", "192.0.2.7"}}, true)
	f("no person", Query{Users: []string{""}}, false)
	f("words must all hold", Query{Words: []string{"資料", "経理"}}, true)
	f("a word that does not hold", Query{Words: []string{"資料", "総務"}}, false)
	f("one path must hold", Query{Paths: []string{"総務", "経理"}}, true)
	f("no path holds", Query{Paths: []string{"総務", "営業"}}, false)
	f("word with * is no pattern", Query{Words: []string{"*.xlsx"}}, false)
	f("slash is a backslash", Query{Words: []string{"人事/資料"}, Paths: []string{"経理/"}}, true)

	f("excluded user", Query{Not: Exclusion{Users: []string{"tanaka"}}}, false)
	f("excluded others", Query{Not: Exclusion{Users: []string{"sato"}, Clients: []string{"PC-2"}, Servers: []string{"FS-B"}}}, true)
	f("any one excludes", Query{Not: Exclusion{Users: []string{"sato"}, Servers: []string{"fs-a"}}}, false)
	f("excluded word, of the new path", Query{Not: Exclusion{Paths: []string{"カナ"}}}, false)
	f("excluded pattern", Query{Not: Exclusion{Paths: []string{"*.xlsx"}}}, false)
	f("excluded pattern of others", Query{Not: Exclusion{Paths: []string{"*.tmp", "~$*"}}}, true)
	f("excluded UNC folder", Query{Not: Exclusion{Folders: []string{`\\fs-a\人事`}}}, false)
	f("excluded file", Query{Not: Exclusion{Files: []string{`D:\共有\経理\ｶﾅ.XLSX`}}}, false)
	f("excluded op", Query{Not: Exclusion{Ops: []record.Op{record.OpMove}}}, false)
	f("excluded result", Query{Not: Exclusion{Results: []record.Result{record.Success}}}, false)
	f("excluded object", Query{Not: Exclusion{Objects: []record.Object{record.ObjectFile}}}, false)
	f("excluded confidence", Query{Not: Exclusion{Confidences: []record.Confidence{record.Inferred}}}, false)
	f("excluded process", Query{Not: Exclusion{Processes: []string{"EXCEL.EXE"}}}, false)
	f("excluded rule", Query{Not: Exclusion{Rules: []string{"win.move"}}}, false)
	f("excluded session", Query{Not: Exclusion{Sessions: []uint64{0x3e7}}}, false)
	f("excluded class", Query{Classes: AllClasses(), Not: Exclusion{Classes: []record.Class{record.ClassUser}}}, false)
	f("excluded other class", Query{Not: Exclusion{Classes: []record.Class{record.ClassBackground}}}, true)
}

func TestMatchLives(t *testing.T) {
	f := func(name string, want bool, lives ...Life) {
		t.Helper()
		r := rec() // at 1000
		if got := NewMatcher(Query{Lives: lives}).Match(&r); got != want {
			t.Errorf("%s: Match = %v, want %v", name, got, want)
		}
	}
	const server, old, now = "fs-a.EXAMPLE.jp", `d:\共有\人事\資料１.XLSX`, `D:\共有\経理\ｶﾅ.xlsx`
	f("no bounds", true, Life{Server: server, Path: old})
	f("new path", true, Life{Server: server, Path: now})
	f("in its time", true, Life{Server: server, Path: old, From: 1000, To: 1001})
	f("before its time", false, Life{Server: server, Path: old, From: 1001})
	f("after its time", false, Life{Server: server, Path: old, To: 1000})
	f("one of several", true, Life{Server: server, Path: old, To: 1000}, Life{Server: server, Path: now, From: 1000})
	f("each with its own time", false, Life{Server: server, Path: old, To: 1000}, Life{Server: server, Path: `D:\x`, From: 1000})
	f("host part is another server", false, Life{Server: "FS-A", Path: old})
	f("folder", true, Life{Server: server, Path: `D:\共有\人事`, Folder: true})
	f("folder, trailing backslash", true, Life{Server: server, Path: `D:\共有\人事\`, Folder: true})
	f("folder as a file", false, Life{Server: server, Path: `D:\共有\人事`})
	f("folder is not a name prefix", false, Life{Server: server, Path: `D:\共有\人`, Folder: true})
}

func TestHideNetworkLogons(t *testing.T) {
	f := func(name string, want bool, change func(*record.Record)) {
		t.Helper()
		r := record.Record{Op: record.OpLogon, Result: record.Success, Class: record.ClassUser, Time: 1}
		r.Set("logon_type", "3")
		change(&r)
		if got := NewMatcher(Query{HideNetworkLogons: true}).Match(&r); got != want {
			t.Errorf("%s: Match = %v, want %v", name, got, want)
		}
	}
	f("network log-on", false, func(*record.Record) {})
	f("network log-off", false, func(r *record.Record) { r.Op = record.OpLogoff })
	f("at the console", true, func(r *record.Record) { r.Set("logon_type", "2") })
	f("refused", true, func(r *record.Record) { r.Result = record.Denied })
	f("failed log-on", true, func(r *record.Record) { r.Op = record.OpLogonFailed })
}

func TestPattern(t *testing.T) {
	f := func(pattern, path string, want bool) {
		t.Helper()
		if got := NewPattern(pattern).Match(Fold(path)); got != want {
			t.Errorf("NewPattern(%q).Match(%q) = %v, want %v", pattern, path, got, want)
		}
	}
	f("給与", `D:\人事\給与 7.xlsx`, true)
	f("*.xlsx", `D:\人事\給与.XLSX`, true)
	f("*.xls", `D:\人事\給与.xlsx`, false)
	f("給与*", `D:\人事\給与.xlsx`, true)
	f("給与*", `D:\給与\a.xlsx`, false) // of the last name
	f("給与?.xlsx", `D:\給与７.xlsx`, true)
	f("給与??.xlsx", `D:\給与7.xlsx`, false)
	f("?", `D:\𠮷`, true)
	f(`*\人事\*.xlsx`, `D:\共有\人事\a\b.xlsx`, true) // a star runs over backslashes
	f(`*/人事/*.xlsx`, `D:\共有\人事\b.xlsx`, true)
	f(`人事\*.xlsx`, `D:\共有\人事\b.xlsx`, false) // of the whole path
	f("*a*b*", `D:\xaxxbx`, true)
	f("*ab*ab", `D:\abxab`, true)
	f("*ab*ab", `D:\xab`, false)
	f("**", `D:\`, true)
	f("~$*", `D:\~$給与.xlsx`, true)
	f("どうする？", `D:\これはどうする？.docx`, true) // a character of the name
	f("＊重要", `D:\＊重要＊.docx`, true)
	f("", `D:\a`, true)
}

// TestPatternIsLikeRegexp holds patterns against regular expressions, and
// Literal to its word.
func TestPatternIsLikeRegexp(t *testing.T) {
	text := rapid.StringOfN(rapid.SampledFrom([]rune(`ab𠮷給\.`)), 0, 8, -1)
	pattern := rapid.StringOfN(rapid.SampledFrom([]rune(`ab𠮷給\.**??`)), 0, 6, -1)
	rapid.Check(t, func(t *rapid.T) {
		p, s := pattern.Draw(t, "pattern"), text.Draw(t, "path")
		expr := strings.NewReplacer(`\*`, `.*`, `\?`, `.`).Replace(regexp.QuoteMeta(p))
		subject := s
		if strings.ContainsAny(p, "*?") {
			expr = `^` + expr + `$`
			if !strings.Contains(p, `\`) {
				subject = s[strings.LastIndexByte(s, '\\')+1:]
			}
		}
		want := regexp.MustCompile(`(?s)` + expr).MatchString(subject)
		pt := NewPattern(p)
		if got := pt.Match(s); got != want {
			t.Fatalf("NewPattern(%q).Match(%q) = %v, want %v", p, s, got, want)
		}
		if want && !strings.Contains(s, pt.Literal()) {
			t.Fatalf("NewPattern(%q).Literal() = %q is not in %q, which matches", p, pt.Literal(), s)
		}
	})
}

func TestEqualPath(t *testing.T) {
	f := func(a, b string, want bool) {
		t.Helper()
		if EqualPath(a, b) != want || EqualPath(b, a) != want {
			t.Errorf("EqualPath(%q, %q) is not %v", a, b, want)
		}
	}
	f(`D:\Ａ\x`, `d:\ａ\X`, true)
	f(`D:\資料１`, `D:\資料1`, false)
	f(`D:\a`, `D:\ab`, false)
	f("\xed\xa0\x80", "\xed\xa0\x80", true)
	f("\xed\xa0\x80", "\xed\xa0\x81", false)
	f("\xed\xa0\x80", "\ufffd\ufffd\ufffd", false)
	f("", "", true)
}

func TestWantsServer(t *testing.T) {
	f := func(q Query, want bool) {
		t.Helper()
		if got := q.WantsServer("FS-A.example.jp"); got != want {
			t.Errorf("%+v: WantsServer = %v, want %v", q, got, want)
		}
	}
	f(Query{}, true)
	f(Query{Servers: []string{"fs-b", "fs-a"}}, true)
	f(Query{Servers: []string{"fs-b"}}, false)
	f(Query{Not: Exclusion{Servers: []string{"fs-a.EXAMPLE.jp"}}}, false)
	f(Query{Not: Exclusion{Servers: []string{"fs-b"}}}, true)
}

func TestPositions(t *testing.T) {
	id := func(server string, n uint64) record.ID {
		return record.ID{Server: server, Channel: "Security", FirstID: n}
	}
	order := []Position{ // newest first
		{Time: 9, ID: id("a", 1)}, {Time: 5, ID: id("b", 1)}, {Time: 5, ID: id("a", 2)},
		{Time: 5, ID: id("a", 1), Received: 7}, {Time: 5, ID: id("a", 1), Received: 3}, {Time: -1, ID: id("a", 1)},
	}
	for i := range order {
		for j := range order {
			if got := order[i].Compare(&order[j]); got < 0 != (i < j) || got > 0 != (i > j) {
				t.Errorf("%+v compared with %+v = %d", order[i], order[j], got)
			}
		}
		back, err := ParseCursor(order[i].Cursor())
		if err != nil || *back != order[i] {
			t.Errorf("cursor of %+v read back as %+v, %v", order[i], back, err)
		}
	}
	for _, bad := range []string{"x", "!", "MQ", "MSB4"} {
		if p, err := ParseCursor(bad); err == nil {
			t.Errorf("ParseCursor(%q) = %+v, want an error", bad, p)
		}
	}
}
