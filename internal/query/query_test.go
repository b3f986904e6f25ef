package query

import (
	"testing"

	"github.com/akashi-audit/akashi/internal/record"
)

func rec() record.Record {
	return record.Record{
		Server: "FS-A.example.jp", User: `EXAMPLE\Tanaka`, SID: "S-1-5-21-9", ClientIP: "192.0.2.7", ClientName: "PC-1",
		Op: record.OpMove, Path: `D:\共有\人事\資料１.xlsx`, NewPath: `D:\共有\経理\ｶﾅ.xlsx`,
		Share: `\\FS-A\人事`, ShareRoot: uint32(len(`D:\共有\人事`)), Time: 1000, Class: record.ClassUser, Result: record.Success,
	}
}

func TestMatch(t *testing.T) {
	f := func(name string, q Query, want bool) {
		t.Helper()
		r := rec()
		if got := NewMatcher(q).Match(&r); got != want {
			t.Errorf("%s: Match = %v, want %v", name, got, want)
		}
	}
	f("zero", Query{}, true)
	f("other class", Query{Classes: []record.Class{record.ClassSystem}}, false)
	f("all classes", Query{Classes: AllClasses()}, true)
	f("user name alone", Query{Users: []string{"TANAKA"}}, true)
	f("user with domain", Query{Users: []string{`example\tanaka`}}, true)
	f("sid", Query{Users: []string{"s-1-5-21-9"}}, true)
	f("other user", Query{Users: []string{"tana"}}, false)
	f("substring folds width", Query{Words: []string{"資料1"}}, true)
	f("substring folds half-width kana of new path", Query{Words: []string{"カナ"}}, true)
	f("hiragana is not katakana", Query{Words: []string{"かな"}}, false)
	f("substring of the UNC form", Query{Words: []string{`fs-a\人事\資料`}}, true)
	f("file, NTFS equality", Query{Files: []string{`d:\共有\人事\資料１.XLSX`}}, true)
	f("file does not fold width", Query{Files: []string{`D:\共有\人事\資料1.xlsx`}}, false)
	f("file, UNC with short server", Query{Files: []string{`\\fs-a\人事\資料１.xlsx`}}, true)
	f("file, UNC with full server", Query{Files: []string{`\\FS-A.example.jp\人事\資料１.xlsx`}}, true)
	f("file, UNC, other share", Query{Files: []string{`\\fs-a\経理\資料１.xlsx`}}, false)
	f("file, new path", Query{Files: []string{`D:\共有\経理\ｶﾅ.xlsx`}}, true)
	f("folder", Query{Folders: []string{`D:\共有\人事\`}}, true)
	f("folder is not a name prefix", Query{Folders: []string{`D:\共有\人`}}, false)
	f("folder, drive", Query{Folders: []string{`D:\`}}, true)
	f("folder, UNC root", Query{Folders: []string{`\\fs-a\人事`}}, true)
	f("op", Query{Ops: []record.Op{record.OpRead, record.OpMove}}, true)
	f("other op", Query{Ops: []record.Op{record.OpRead}}, false)
	f("client name", Query{Clients: []string{"pc-1"}}, true)
	f("server short", Query{Servers: []string{"fs-a"}}, true)
	f("half-open: from is inside", Query{From: 1000, To: 1001}, true)
	f("half-open: to is outside", Query{From: 1, To: 1000}, false)
}

func TestFold(t *testing.T) {
	f := func(a, b string, same bool) {
		t.Helper()
		if got := Fold(a) == Fold(b); got != same {
			t.Errorf("Fold(%q) = %q, Fold(%q) = %q, same %v, want %v", a, Fold(a), b, Fold(b), got, same)
		}
	}
	f("ＡＢＣ", "abc", true)
	f("ｶﾞ", "ガ", true)
	f("が", "ガ", false)
	f("Σ", "ς", true)
	f("K", "k", true) // Kelvin sign
	f("①", "1", true)
}

func FuzzFoldIsStable(f *testing.F) {
	f.Add("資料１ｶﾞ\xed\xa0\x80")
	f.Fuzz(func(t *testing.T, s string) {
		if a := Fold(s); Fold(a) != a {
			t.Errorf("Fold(Fold(%q)) = %q, want %q", s, Fold(a), a)
		}
	})
}
