package erasure

import "testing"

func TestWithin(t *testing.T) {
	f := func(path, wanted string, below, want bool) {
		t.Helper()
		if got := within(path, wanted, below); got != want {
			t.Errorf("%q within %q, below %v: %v", path, wanted, below, got)
		}
	}
	f(`D:\a\B.txt`, `d:\A\b.txt`, false, true)
	f(`\??\D:\a\b.txt:stream`, `D:\a\b.txt`, false, true)
	f(`D:\a\b`, `D:\a`, true, true)
	f(`D:\a\b`, `D:\a`, false, false)
	f(`D:\ab`, `D:\a`, true, false)
	f(`D:`, `D:\a`, true, false)
	// Capitals of another length in bytes, and what records are erased by a search.
	f("D:\\\u2c6f\\b", "D:\\\u0250", true, true)
	f("D:\\\u212a.txt", `D:\k.txt`, false, true)
}
