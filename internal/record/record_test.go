package record

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func sample() Record {
	return Record{
		Server: "FS-A.example.jp", Channel: "Microsoft-Windows-PrintService/Operational", Generation: 2, FirstID: 42, Ordinal: 1,
		Time: 1_774_976_424_877_194_000, EndTime: 1_774_976_424_900_000_100, Received: 1_774_976_500_000_000_000,
		Source: "windows", User: `EXAMPLE\someone`, SID: "S-1-5-21-1-2-3-1001", ClientIP: "192.0.2.7", ClientName: "PC-1",
		Session: 0x3e9, Op: OpRename, Path: "D:\\共有\\a\"\u202ex.xlsx", NewPath: "D:\\共有\\b\u2028.xlsx",
		Share: `\\FS-A\共有`, Object: ObjectFile, Result: Success, Process: `C:\x.exe`, Count: 3,
		Confidence: Inferred, Rule: "R1", Class: ClassUser,
		Detail: []Pair{{"logon_type", "3"}, {"reason", "x"}}, RawIDs: []uint64{42, 44}, RulesVersion: 1, SupersededBy: 2,
	}
}

func TestJSONRoundTrip(t *testing.T) {
	want := sample()
	b := want.AppendJSON(nil)
	var got Record
	if err := json.Unmarshal(b, &got); err != nil {
		t.Fatalf("Unmarshal(%s): %v", b, err)
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("record changed on the way through JSON (-want +got):\n%s", d)
	}
	var m map[string]any
	if err := json.Unmarshal(b, &m); err != nil {
		t.Fatal(err)
	}
	for _, k := range Fields() {
		if _, ok := m[k]; !ok {
			t.Errorf("field %q is not in the JSON", k)
		}
	}
	if len(m) != len(Fields()) {
		t.Errorf("JSON has %d keys, Fields has %d", len(m), len(Fields()))
	}
	now := want
	now.SupersededBy = 0
	if b := string(now.AppendJSON(nil)); strings.Contains(b, "superseded") {
		t.Errorf("a record that holds says it is superseded: %s", b)
	}
	if n := len(want.CSV()); n != len(Fields()) {
		t.Errorf("CSV has %d cells, Fields has %d", n, len(Fields()))
	}
}

func TestAppendString(t *testing.T) {
	f := func(in, want string) {
		t.Helper()
		if got := string(AppendString(nil, in)); got != want {
			t.Errorf("AppendString(%q) = %s, want %s", in, got, want)
		}
		if !json.Valid(AppendString(nil, in)) {
			t.Errorf("AppendString(%q) is not JSON", in)
		}
	}
	f("a\"\\\n\x01", `"a\"\\\n\u0001"`)
	f("\xed\xa0\x80x", `"\ud800x"`) // a lone surrogate
	f("\xff", `"\ufffd"`)
	f("𠮷", `"𠮷"`)
	f("\u2028", `"\u2028"`)
}

func TestIDRoundTrip(t *testing.T) {
	r := sample()
	s := r.ID().String()
	got, err := ParseID(s)
	if err != nil || got != r.ID() {
		t.Errorf("ParseID(%q) = %+v, %v", s, got, err)
	}
	for _, bad := range []string{"", "a", "a:b:1:2", "a:b:x:1:1", "a:b:1:2:4294967296"} {
		if _, err := ParseID(bad); err == nil {
			t.Errorf("ParseID(%q) gave no error", bad)
		}
	}
}

func TestSetGet(t *testing.T) {
	var r Record
	r.Set("b", "2")
	r.Set("a", "1")
	r.Set("c", "3")
	r.Set("b", "4")
	r.Set("a", "")
	if d := cmp.Diff([]Pair{{"b", "4"}, {"c", "3"}}, r.Detail); d != "" {
		t.Error(d)
	}
	if r.Get("c") != "3" || r.Get("a") != "" {
		t.Errorf("Get: c=%q a=%q", r.Get("c"), r.Get("a"))
	}
}

func TestEnumsParseWhatTheyPrint(t *testing.T) {
	for _, o := range Ops() {
		if got, err := ParseOp(o.String()); err != nil || got != o {
			t.Errorf("ParseOp(%q) = %v, %v", o, got, err)
		}
	}
	for _, c := range Classes() {
		if got, err := ParseClass(c.String()); err != nil || got != c {
			t.Errorf("ParseClass(%q) = %v, %v", c, got, err)
		}
	}
	if _, err := ParseResult("no such"); err == nil {
		t.Error("ParseResult accepts anything")
	}
	if OpPower != 31 || OpRead != 1 || OpLogon != 16 {
		t.Error("stored numbers of Op changed")
	}
}

func TestVisible(t *testing.T) {
	f := func(in, want string) {
		t.Helper()
		if got := Visible(in); got != want {
			t.Errorf("Visible(%q) = %q, want %q", in, got, want)
		}
	}
	f("給与.xlsx", "給与.xlsx")
	f("a\u202exslx.exe", `a\u{202e}xslx.exe`)
	f("a\xed\xa0\x80", `a\u{d800}`)
	f("a\n", `a\u{a}`)
	f("改行\u2028と\u2029", `改行\u{2028}と\u{2029}`)
	f("給\u00ad与\u3164", `給\u{ad}与\u{3164}`)
	f("葛\U000e0100城", "葛\U000e0100城") // a variant of a letter is a letter
}
