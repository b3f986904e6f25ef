package query

import (
	"errors"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/akashi-audit/akashi/internal/i18n"
	"github.com/akashi-audit/akashi/internal/record"
)

// tokyo is Monday, 23 November 2026, 10:20:30 in Tokyo.
func tokyo() Clock {
	zone := time.FixedZone("JST", 9*3600)
	return Clock{Now: time.Date(2026, 11, 23, 10, 20, 30, 0, zone), Zone: zone}
}

// berlin has hours that come twice.
func berlin(t interface{ Fatal(...any) }) Clock {
	zone, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	return Clock{Now: time.Date(2026, 11, 23, 10, 20, 30, 0, zone), Zone: zone}
}

func jst(s string) int64 {
	t, err := time.ParseInLocation("2006-01-02 15:04:05", s, tokyo().Zone)
	if err != nil {
		panic(err)
	}
	return t.UnixNano()
}

func TestParse(t *testing.T) {
	f := func(text string, want Query) {
		t.Helper()
		got, err := Parse(text, tokyo())
		if err != nil {
			t.Errorf("Parse(%q): %v", text, err)
		} else if d := cmp.Diff(want, got, cmpopts.EquateEmpty()); d != "" {
			t.Errorf("Parse(%q) (-want +got):\n%s", text, d)
		}
	}
	f("", Query{})
	f(" \t　", Query{})
	f(`user:CORP\tanaka op:delete,rename path:"給与" -class:background last:30d`, Query{
		Users: []string{`CORP\tanaka`}, Ops: []record.Op{record.OpDelete, record.OpRename}, Paths: []string{"給与"},
		Not: Exclusion{Classes: []record.Class{record.ClassBackground}}, From: jst("2026-10-25 00:00:00"),
	})
	// Windows names need no escaping, with and without quotes
	f(`folder:"D:\共有\人事"`, Query{Folders: []string{`D:\共有\人事`}})
	f(`folder:D:\共有\人事\`, Query{Folders: []string{`D:\共有\人事\`}})
	f(`folder:"D:\共有 人事\","E:\x y\" user:a`, Query{Folders: []string{`D:\共有 人事\`, `E:\x y\`}, Users: []string{"a"}})
	f(`file:\\fs-a\人事\a.xlsx`, Query{Files: []string{`\\fs-a\人事\a.xlsx`}})
	f(`D:\共有\人事 C: \\fs\a:b`, Query{Words: []string{`D:\共有\人事`, "C:", `\\fs\a:b`}})
	// quotes
	f(`"a b" "say ""hi"" now" "say \"hi\"" ""`, Query{Words: []string{"a b", `say "hi" now`, `say "hi"`, ""}})
	f(`"op:delete" path:"-x","a,b"`, Query{Words: []string{"op:delete"}, Paths: []string{"-x", "a,b"}})
	f(`a\u{202e}b "\u{d800}" \u{zz}`, Query{Words: []string{"a\u202eb", "\xed\xa0\x80", `\u{zz}`}})
	// words and patterns
	f(`見積 -旧 -*.tmp`, Query{Words: []string{"見積"}, Not: Exclusion{Paths: []string{"旧", "*.tmp"}}})
	f(`見積 *.xls?`, Query{Words: []string{"見積"}, Paths: []string{"*.xls?"}})
	f(`"*.xlsx" a,b a-b - --c`, Query{Words: []string{"*.xlsx", "a,b", "a-b", "-"}, Not: Exclusion{Paths: []string{"-c"}}})
	// lists
	f(`op:delete, rename op:move`, Query{Ops: []record.Op{record.OpDelete, record.OpRename, record.OpMove}})
	f(`-user:a,b -user:c user:""`, Query{Users: []string{""}, Not: Exclusion{Users: []string{"a", "b", "c"}}})
	f(`session:0x3e7,12 rule:win.read process:excel.exe client:PC-1 server:fs object:folder confidence:inferred result:Denied class:all`, Query{
		Sessions: []uint64{0x3e7, 12}, Rules: []string{"win.read"}, Processes: []string{"excel.exe"}, Clients: []string{"PC-1"},
		Servers: []string{"fs"}, Objects: []record.Object{record.ObjectDirectory}, Confidences: []record.Confidence{record.Inferred},
		Results: []record.Result{record.Denied}, Classes: AllClasses(),
	})
	f(`sort:oldest superseded:yes logons:hidden limit:50`, Query{Oldest: true, Superseded: true, HideNetworkLogons: true, Limit: 50})
	f(`sort:newest superseded:no logons:shown`, Query{})
	// Japanese
	f(`利用者：ＣＯＲＰ\田中　操作：削除、名称変更 －分類：背景の動作 −path:旧 パス:“給与 明細” ｌｉｍｉｔ：５０`, Query{
		Users: []string{`ＣＯＲＰ\田中`}, Ops: []record.Op{record.OpDelete, record.OpRename}, Paths: []string{"給与 明細"}, Limit: 50,
		Not: Exclusion{Classes: []record.Class{record.ClassBackground}, Paths: []string{"旧"}},
	})
	f(`操作：閲覧，コピー 結果：拒否 ＂a　b＂ ファイル:“「議事録」.docx”`, Query{
		Ops: []record.Op{record.OpRead, record.OpCopy}, Results: []record.Result{record.Denied}, Words: []string{"a　b"}, Files: []string{"「議事録」.docx"},
	})
}

func TestParseTimes(t *testing.T) {
	f := func(text, from, to string) {
		t.Helper()
		var want Query
		if from != "" {
			want.From = jst(from)
		}
		if to != "" {
			want.To = jst(to)
		}
		got, err := Parse(text, tokyo())
		if err != nil || got.From != want.From || got.To != want.To {
			t.Errorf("Parse(%q) = %s, %v; want %s – %s", text, got.Text(tokyo().Zone), err, from, to)
		}
	}
	f("from:2026-10-01 to:2026-10-31", "2026-10-01 00:00:00", "2026-11-01 00:00:00")
	f("from:2026/10/1", "2026-10-01 00:00:00", "")
	f("from:2026年10月1日 to:２０２６－１０－３１", "2026-10-01 00:00:00", "2026-11-01 00:00:00")
	f("from:2026-10-01T09:30 to:2026-10-01T09:30:15", "2026-10-01 09:30:00", "2026-10-01 09:30:15")
	f(`from:"2026-10-01 09:30"`, "2026-10-01 09:30:00", "")
	f("from:2026-10-01T00:30Z to:2026-10-01T01:30:00+00:00", "2026-10-01 09:30:00", "2026-10-01 10:30:00")
	f("to:2026-10-31T00:00", "", "2026-10-31 00:00:00")
	f("day:2026-10-01", "2026-10-01 00:00:00", "2026-10-02 00:00:00")
	f("day:today", "2026-11-23 00:00:00", "2026-11-24 00:00:00")
	f("日：昨日", "2026-11-22 00:00:00", "2026-11-23 00:00:00")
	f("last:1d", "2026-11-23 00:00:00", "")
	f("last:30d", "2026-10-25 00:00:00", "")
	f("期間：30日間", "2026-10-25 00:00:00", "")
	f("last:12h", "2026-11-22 22:20:30", "")
	f("last:90min", "2026-11-23 08:50:30", "")
	f("last:4w", "2026-10-27 00:00:00", "")
	f("last:6m", "2026-05-24 00:00:00", "")
	f("直近:６か月", "2026-05-24 00:00:00", "")
	f("last:9m", "2026-02-24 00:00:00", "")
	f("last:1y", "2025-11-24 00:00:00", "")
	f("last:30d last:7d to:2026-11-20", "2026-11-17 00:00:00", "2026-11-21 00:00:00") // what all allow
	end := tokyo()
	end.Now = time.Date(2026, 3, 31, 12, 0, 0, 0, end.Zone)
	if q, err := Parse("last:1m", end); err != nil || q.From != jst("2026-03-01 00:00:00") {
		t.Errorf("last:1m on 31 March = %s, %v; want 1 March (February has no 31st)", q.Text(end.Zone), err)
	}
}

func TestParseOnto(t *testing.T) {
	base := Query{Users: make([]string, 1, 8), Ops: make([]record.Op, 1, 8), Words: make([]string, 1, 8), HideNetworkLogons: true, Limit: 7, From: jst("2026-11-01 00:00:00")}
	base.Users[0], base.Ops[0], base.Words[0] = "a", record.OpRead, "w"
	got, err := ParseOnto(base, "user:b op:delete x from:2026-01-01 limit:9", tokyo())
	if err != nil {
		t.Fatal(err)
	}
	want := Query{Users: []string{"a", "b"}, Ops: []record.Op{record.OpRead, record.OpDelete}, Words: []string{"w", "x"},
		HideNetworkLogons: true, Limit: 9, From: base.From}
	if d := cmp.Diff(want, got, cmpopts.EquateEmpty()); d != "" {
		t.Errorf("ParseOnto (-want +got):\n%s", d)
	}
	if full := base.Users[:2]; full[1] != "" || base.Ops[:2][1] != 0 || base.Words[:2][1] != "" {
		t.Error("ParseOnto wrote into the lists of its base")
	}
}

func TestSyntaxErrors(t *testing.T) {
	f := func(text, place, message string, args ...string) {
		t.Helper()
		_, err := Parse(text, tokyo())
		var x *SyntaxError
		if !errors.As(err, &x) {
			t.Errorf("Parse(%q) = %v, want a syntax error", text, err)
			return
		}
		before, got, after := x.Place()
		if got != place || before+got+after != text || x.Message != "query.error."+message {
			t.Errorf("Parse(%q): %s at %q, want %s at %q", text, x.Message, got, message, place)
		}
		for i := 0; i+1 < len(args); i += 2 {
			at := slices.Index(x.Args, any(args[i]))
			if at < 0 || x.Args[at+1] != args[i+1] {
				t.Errorf("Parse(%q): arguments %q, want %s %q", text, x.Args, args[i], args[i+1])
			}
		}
		for _, lang := range i18n.Languages() {
			p := i18n.For(lang)
			if !p.Has(x.Message) || strings.Contains(p.T(x.Message, x.Args...), "{") {
				t.Errorf("%s: %s says %q", lang, x.Message, p.T(x.Message, x.Args...))
			}
		}
	}
	f("a usr:x", "usr", "key_near", "near", "user")
	f("操做：削除", "操做", "key_near", "near", "操作")
	f("ユーサー:x", "ユーサー", "key_near", "near", "ユーザー")
	f("会議資料：案", "会議資料", "key", "key", "会議資料")
	f("op:read,delte", "delte", "value_near", "near", "delete")
	f("操作：削徐", "削徐", "value_near", "near", "削除")
	f("op:fly", "fly", "value", "key", "op")
	f("class:al", "al", "value_near", "near", "all")
	f("op:", "op:", "empty", "key", "op")
	f("op:read,", "op:read,", "empty")
	f("user: tanaka", "user:", "empty")
	f(`path:"給与`, `"給与`, "unclosed")
	f(`path:"給与"2026 x`, "2026", "after_quote")
	f(`給"与`, `"`, "inner_quote")
	f("-sort:oldest", "-sort:oldest", "not")
	f("limit:1,2", "2", "one")
	f("limit:1 limit:2", "limit:2", "twice")
	f("limit:0", "0", "limit")
	f("limit:x", "x", "limit")
	f("session:zz", "zz", "session")
	f("from:2026-13-01", "2026-13-01", "time")
	f("day:2026-10-01T10:00", "2026-10-01T10:00", "time")
	f("from:1500-01-01", "1500-01-01", "time")
	f("last:30", "30", "last")
	f("last:1000y", "1000y", "last")
	f("from:2026-10-02 to:2026-10-01", "to:2026-10-01", "range")
	f("sort:newst", "newst", "value_near", "near", "newest")
	f("*.a *.b", "*.b", "pattern")
	f("path:x *.b", "*.b", "pattern")
	f("user:a OR user:b", "OR", "or")
	f("a AND b", "AND", "and")
	f("a -NOT", "-NOT", "minus")
	f("*.b path:x", "path:x", "pattern")
	_, err := Parse("資料 usr:x", tokyo())
	var x *SyntaxError
	if !errors.As(err, &x) {
		t.Fatalf("Parse = %v", err)
	}
	if at, n := x.Runes(); at != 3 || n != 3 {
		t.Errorf("place in runes %d, %d, want 3, 3", at, n)
	}
}

// TestWordsOfThePages holds that what pages call a value can be typed.
func TestWordsOfThePages(t *testing.T) {
	ja := i18n.For(i18n.Japanese)
	f := func(k Key, kind, value string) {
		t.Helper()
		word := ja.T("web." + kind + "." + value)
		q, err := Parse(k.String()+`:"`+word+`"`, tokyo())
		if want := k.String() + ":" + value; err != nil || q.Text(nil) != want {
			t.Errorf("%s means %s, %v; want %s", word, q.Text(nil), err, want)
		}
	}
	for _, v := range record.Ops() {
		f(KeyOp, "op", v.String())
	}
	for _, v := range record.Results() {
		f(KeyResult, "result", v.String())
	}
	for _, v := range record.Objects() {
		f(KeyObject, "object", v.String())
	}
	for _, v := range record.Confidences() {
		f(KeyConfidence, "confidence", v.String())
	}
	for _, v := range record.Classes() {
		f(KeyClass, "class", v.String())
	}
}

// TestNamesAreFolded holds the tables to the form in which they are looked up.
func TestNamesAreFolded(t *testing.T) {
	seen := map[string]Key{}
	for _, k := range Keys() {
		for _, n := range k.Names() {
			if Fold(n) != n {
				t.Errorf("key %s: name %q is not folded", k, n)
			}
			if other, twice := seen[n]; twice {
				t.Errorf("name %q is of %s and %s", n, k, other)
			}
			seen[n] = k
		}
		for _, w := range k.words() {
			if Fold(w.word) != w.word {
				t.Errorf("key %s: word %q is not folded", k, w.word)
			}
			if _, err := Parse(k.String()+":"+w.value, tokyo()); err != nil {
				t.Errorf("word %q of %s: %v", w.word, k, err)
			}
		}
	}
}

// TestManual holds the manual to the language: every key has a row with its
// Japanese names and examples that can be read.
func TestManual(t *testing.T) {
	b, err := os.ReadFile("../../docs/OPERATING.ja.md")
	if err != nil {
		t.Fatal(err)
	}
	code := regexp.MustCompile("`([^`]+)`")
	for _, k := range Keys() {
		row := regexp.MustCompile("(?m)^\\| `" + k.String() + "` \\| ([^|]+) \\|.*\\| ([^|]+) \\|$").FindStringSubmatch(string(b))
		if row == nil {
			t.Errorf("no row of %s", k)
			continue
		}
		for name := range strings.SplitSeq(row[1], "、") {
			if got, ok := parseKey(name); !ok || got != k {
				t.Errorf("row of %s: name %s", k, name)
			}
		}
		examples := code.FindAllStringSubmatch(row[2], -1)
		if len(examples) == 0 {
			t.Errorf("row of %s: no example", k)
		}
		for _, x := range examples {
			if _, err := Parse(x[1], tokyo()); err != nil {
				t.Errorf("row of %s: %v", k, err)
			}
		}
	}
}

// TestOperatorsAsWords: what is refused bare can be searched for in quotes, and is written so.
func TestOperatorsAsWords(t *testing.T) {
	for _, w := range []string{"OR", "AND", "NOT"} {
		q, err := Parse(`"`+w+`" or`, tokyo())
		if err != nil || !slices.Equal(q.Words, []string{w, "or"}) {
			t.Errorf("%q: words %q, %v", w, q.Words, err)
			continue
		}
		if got, want := q.Text(nil), `"`+w+`" or`; got != want {
			t.Errorf("written as %s, want %s", got, want)
		}
	}
}
