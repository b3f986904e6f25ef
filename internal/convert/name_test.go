package convert

import (
	"math/rand/v2"
	"reflect"
	"testing"
	"unicode/utf16"

	"github.com/akashi-audit/akashi/internal/event"
)

// TestFold: two names are one where NTFS says so, and nowhere else.
func TestFold(t *testing.T) {
	for name, want := range map[string]string{
		`D:\kou\見積 ａ.xlsx`:    `D:\KOU\見積 Ａ.XLSX`,
		"D:\\Ж\\привет é ÿ":   "D:\\Ж\\ПРИВЕТ É Ÿ",
		"\u0131\u017f\u03c2ß": "\u0131\u017f\u03c2ß", // no capital that names them alone
		"\u212a k":            "\u212a K",
		"\U00010428":          "\U00010428", // pairs of surrogates have no case
		"a\xed\xa0\x80b":      "A\xed\xa0\x80B",
		"\xff\uab70":          "\xff\uab70",
	} {
		if got := fold(name); got != want {
			t.Errorf("%q: %q, want %q", name, got, want)
		}
	}
}

// TestShareName: names below a share that are made uniform in one pass are what
// the general way makes of them.
func TestShareName(t *testing.T) {
	c := New("FS-A.example.test", Options{})
	shares := []share{{`\\FS-A\共有`, `D:\共有`, `D:\共有`}, {`\\FS-A\d`, `D:`, `D:`}, {`\\FS-A\x`, `e:\Data ß\x`, fold(`e:\Data ß\x`)}, {`\\FS-A\r`, `D:\DfsrPrivate\r`, `D:\DFSRPRIVATE\R`}}
	units := []uint16{'a', 'z', 'Z', '0', '.', '-', '~', '$', ' ', '\\', '\\', ':', '/', 0, 0x7f, 0x80, 0xe9, 0x431, 0x3042, 0x6771, 0xff21, 0xff41, 0xac00, 0xd7a3, 0xd800, 0xdc00, 0x2e7f, 0xa640, 0x1f80}
	rng := rand.New(rand.NewPCG(5, 6))
	quick := 0
	for i := range 200_000 {
		sh := shares[i%len(shares)]
		l := &lastShare{share: sh, usual: true, system: systemFolder(sh.Key + `\`), unread: make([]byte, 8)}
		n := 1 + rng.IntN(14)
		var rel []byte
		for range n {
			u := units[rng.IntN(11)]
			if rng.IntN(4) == 0 {
				u = units[rng.IntN(len(units))]
			}
			rel = append(rel, byte(u), byte(u>>8))
		}
		var got pathInfo
		if !c.shareName(&got, l, rel) {
			continue
		}
		quick++
		want := c.newPath(sh.Local+`\`+string(event.AppendUTF16(nil, rel)), 0)
		if want.noise = noiseNo; noiseName(want.Key) {
			want.noise = noiseYes
		}
		want.share, want.raw = l, got.raw
		if !reflect.DeepEqual(&got, want) {
			t.Fatalf("%q below %s: %+v, want %+v", rel, sh.Local, got, *want)
		}
	}
	if quick < 20_000 {
		t.Errorf("only %d names took the short way", quick)
	}
}

// TestShareBelow: what is said of all names below a share is what is said of
// each.
func TestShareBelow(t *testing.T) {
	c := New("FS-A.example.test", Options{})
	l := &lastShare{share: share{`\\FS-A\共有`, `D:\共有`, `D:\共有`}}
	f := func(want string, known bool) {
		t.Helper()
		c.sharesChanged()
		unc, root, ok := c.shareBelow(l)
		if ok != known || ok && (unc != want || int(root) != len(l.Local)) {
			t.Errorf("%s %d %v, want %s %v", unc, root, ok, want, known)
		}
	}
	c.s.Shares["a"] = l.share
	f(`\\FS-A\共有`, true)
	c.s.Shares["b"] = share{`\\FS-A\D$`, `D:`, `D:`}
	f(`\\FS-A\共有`, true)
	c.s.Shares["c"] = share{`\\FS-A\A`, `D:\共有`, `D:\共有`}
	f(`\\FS-A\A`, true)
	c.s.Shares["d"] = share{`\\FS-A\deep`, `D:\共有\deep`, `D:\共有\DEEP`}
	f("", false)
	delete(c.s.Shares, "d")
	c.s.Shares["e"] = share{`\\FS-A\other`, `D:\共有物`, `D:\共有物`}
	f(`\\FS-A\A`, true)
}

// TestNamesOfShares: an object's path and the name that a share access gives for
// it lead to one entry.
func TestNamesOfShares(t *testing.T) {
	c := New("FS-A.example.test", Options{})
	raw := func(s string) (b []byte) {
		for _, u := range utf16.Encode([]rune(s)) {
			b = append(b, byte(u), byte(u>>8))
		}
		return b
	}
	l := &lastShare{share: share{`\\FS-A\共有`, `D:\共有`, `D:\共有`}, usual: true, unread: raw(`D:\共有\`)}
	c.last = l
	a := c.unreadPath(raw(`営業\a.txt`), l)
	for _, p := range []string{`営業\b.txt`, `c`, `-`, `d.txt`} {
		c.unreadPath(raw(p), l)
	}
	if b := c.unreadPath(raw(`D:\共有\営業\a.txt`), nil); b != a || b.name.Path != `D:\共有\営業\a.txt` || b.name.Key != `D:\共有\営業\A.TXT` {
		t.Errorf("%+v, want %+v", b.name, a.name)
	}
	for _, p := range []string{`D:\共有\-`, `D:\共有\\x`, `D:\共有\x:s`, `D:\共有\é.txt`, `D:\共有\`} {
		if b, want := c.unreadPath(raw(p), nil).name, c.path(p); b.Path != want.Path || b.Key != want.Key || b.Stream != want.Stream {
			t.Errorf("%s: %+v, want %+v", p, b, *want)
		}
	}
}
