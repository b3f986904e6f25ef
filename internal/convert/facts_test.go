package convert

import (
	"fmt"
	"testing"
)

// TestPathSum: paths that differ in little have different sums, and the sums
// are those of older checkpoints.
func TestPathSum(t *testing.T) {
	seen := map[uint64]string{}
	add := func(p string) {
		t.Helper()
		s := pathSum(p)
		if q, ok := seen[s]; ok && q != p {
			t.Fatalf("%q and %q have the sum %x", p, q, s)
		}
		seen[s] = p
	}
	for i := range 40 {
		add(string(make([]byte, i))) // zeros of any number are no padding
	}
	for i := range 100_000 {
		add(fmt.Sprintf(`E:\共有\営業\案件%d\報告書 %d.XLSX`, i%300, i))
	}
	base := []byte(`E:\共有\総務\令和8年度\見積依頼書.DOCX`)
	for i := range base {
		for bit := range 8 {
			b := append([]byte(nil), base...)
			b[i] ^= 1 << bit
			add(string(b))
		}
	}
	if got := pathSum(`E:\DATA\X\A.TXT`); got != 0x6b5fa47d8438c22a {
		t.Errorf("sum %#x: checkpoints need another version", got)
	}
}

func TestFactsAreBounded(t *testing.T) {
	var f facts
	for i := range 1000 {
		f.put(pathSum(fmt.Sprint(i)), factExists, 100)
		if n := f.n; n > 100 {
			t.Fatalf("%d facts, want at most 100", n)
		}
	}
	if !f.get("999").exists() || !f.get("960").exists() || f.get("5").exists() {
		t.Error("facts do not keep what is new and lose what is old")
	}
}
