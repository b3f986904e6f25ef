package trail

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

func TestHostileTextIsOneLine(t *testing.T) {
	dir, s := t.TempDir(), &fakeSeal{}
	l := open(t, dir, s, time.Now)
	evil := "x\n{\"who\":\"admin\",\"action\":\"login\",\"result\":\"ok\"}\r\n\u2028\x00\xff<script>"
	note(t, l, "search", evil)
	note(t, l, "search", strings.Repeat("あ", maxText))
	p, err := l.Read(t.Context(), Filter{})
	if err != nil || len(p.Lines) != 2 || p.Lines[1].Object != strings.ToValidUTF8(evil, "\ufffd") || len(p.Lines[0].Object) > maxText+3 {
		t.Errorf("%d lines, %v: %.200v", len(p.Lines), err, p.Lines)
	}
	if err := l.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
}

func TestRead(t *testing.T) {
	dir, s := t.TempDir(), &fakeSeal{}
	day := time.Date(2026, 9, 28, 0, 0, 0, 0, time.UTC)
	now := day
	l := open(t, dir, s, func() time.Time { return now })
	var want []string
	for i := range 700 { // three files, several chunks
		now = day.Add(time.Duration(i) * 2 * time.Hour)
		who, action := "yamada", "search"
		if i%7 == 0 {
			who = "Sato"
		}
		if i%50 == 0 {
			action = "people.add"
		}
		e := Entry{Who: who, Action: action, Object: fmt.Sprintf("n%d %s", i, strings.Repeat("給与", 700)), Result: OK}
		if err := l.Note(t.Context(), e); err != nil {
			t.Fatal(err)
		}
		want = append(want, fmt.Sprintf("n%d", i))
	}
	all := func(f Filter) (got []Line) {
		for range 1000 {
			p, err := l.Read(t.Context(), f)
			if err != nil {
				t.Fatal(err)
			}
			got = append(got, p.Lines...)
			if f.Cursor = p.Next; f.Cursor == "" {
				return got
			}
		}
		t.Fatal("reading does not end")
		return nil
	}
	got := all(Filter{Limit: 37})
	for i, x := range got {
		if n, _, _ := strings.Cut(x.Object, " "); i >= len(want) || n != want[len(want)-1-i] {
			t.Fatalf("line %d of %d is %s", i, len(got), n)
		}
	}
	if len(got) != len(want) {
		t.Errorf("%d lines, want %d", len(got), len(want))
	}
	if n := len(all(Filter{Who: "sato"})); n != 100 {
		t.Errorf("%d entries of Sato, want 100", n)
	}
	if n := len(all(Filter{Action: "people", Limit: 3})); n != 14 {
		t.Errorf("%d entries of people, want 14", n)
	}
	if n := len(all(Filter{Text: "N699 "})); n != 1 {
		t.Errorf("%d entries with a text, want 1", n)
	}
	if n := len(all(Filter{From: day.Add(48 * time.Hour), To: day.Add(72 * time.Hour)})); n != 12 {
		t.Errorf("%d entries of a day, want 12", n)
	}
	sealedLine, unsealed := 0, 0
	for _, x := range got {
		if x.Sealed {
			sealedLine++
		} else {
			unsealed++
		}
	}
	if unsealed >= sealEntries || sealedLine == 0 {
		t.Errorf("%d sealed, %d not", sealedLine, unsealed)
	}
	for _, bad := range []string{"x", "trail/2026-11.jsonl", "trail/../../etc/passwd:4", "trail/2026-11.jsonl:-1"} {
		if _, err := l.Read(t.Context(), Filter{Cursor: bad}); err == nil {
			t.Errorf("cursor %q was taken", bad)
		}
	}
	if err := l.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	s.check(t, dir)
}
