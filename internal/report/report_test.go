package report

import (
	"bytes"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"
)

func set(t *testing.T, d *Document) (pdf []byte, lost int) {
	t.Helper()
	var b bytes.Buffer
	lost, err := PDF(&b, d, time.Unix(1, 0))
	if err != nil {
		t.Fatal(err)
	}
	return b.Bytes(), lost
}

func TestHostileNames(t *testing.T) {
	for _, name := range []string{"", " ", "\x00\n\t", "\xff\xfe", "\xed\xa0\x80", "😀𠮷", strings.Repeat("あ", 32_000), strings.Repeat(`x\`, 16_000), strings.Repeat("」", 500), "<script>"} {
		d := &Document{Title: name, Cover: []Pair{{name, name}}, Footer: name, PageWord: "{n}/{m}", LostWord: "{n}", Blocks: []Block{
			{Heading: "x", Text: []string{name}, Marked: true, Table: &Table{Head: []string{"a", name}, Rows: [][]string{{name, name}, {}, {"a", "b", "c"}}}},
		}}
		pdf, _ := set(t, d)
		if !bytes.HasPrefix(pdf, []byte("%PDF-")) {
			t.Errorf("%.20q: no PDF", name)
		}
		var b bytes.Buffer
		if err := HTML(&b, d); err != nil {
			t.Errorf("%.20q: %v", name, err)
		}
		if strings.Contains(b.String(), "<script") {
			t.Errorf("%.20q is not escaped", name)
		}
	}
}

func TestLostCharactersAreCounted(t *testing.T) {
	d := &Document{Title: "😀😀☃️\u2fff", PageWord: "{n}", LostWord: "lost {n}"}
	pdf, lost := set(t, d)
	if lost == 0 {
		t.Fatal("nothing is told of characters that the font lacks")
	}
	if _, err := exec.LookPath("pdftotext"); err != nil {
		t.Skip("pdftotext (poppler-utils) is not installed: the text of the PDF is not compared")
	}
	cmd := exec.Command("pdftotext", "-", "-")
	cmd.Stdin = bytes.NewReader(pdf)
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Contains(out, []byte("〓")) || !bytes.Contains(out, []byte("lost ")) {
		t.Errorf("the page reads %q", out)
	}
	if _, lost := set(t, &Document{Title: "証拠", PageWord: "{n}", LostWord: "{n}"}); lost != 0 {
		t.Errorf("%d characters of a plain title are lost", lost)
	}
}

func TestWrap(t *testing.T) {
	s := &setter{wide: make(map[rune]float64)}
	for r := range 0x10000 {
		s.wide[rune(r)] = 1
	}
	for in, want := range map[string][]string{
		"":           {""},
		"abc def":    {"abc", "def"},
		`D:\ab\cdef`: {`D:\ab\`, "cdef"},
		"あいうえおか。き":   {"あいうえお", "か。き"},
		"あいうえお「か」":   {"あいうえお", "「か」"},
		"abcdefghij": {"abcdef", "ghij"},
		"a\nb":       {"a", "b"},
	} {
		if got := s.wrap(in, 1, 6); !slices.Equal(got, want) {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
}
