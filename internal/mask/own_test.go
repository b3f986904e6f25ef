package mask

import (
	"strings"
	"testing"
)

// Names that akashi gives are shown as they are, also when their digits could be a
// number; the same digits in anything else, paths of users first, are masked.
func TestOwnNames(t *testing.T) {
	const n, hex = "983205673214", "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
	if !Valid(n) {
		t.Fatal("the sample is none")
	}
	m, g := New([]byte("k")), NewTagger([]byte("k"))
	for _, s := range []string{
		"stamps/" + n + ".tsr", "seal/stamps/" + n + ".tsq", "stamps/" + n + ".chain.pem", "seal/folder/" + n + ".json",
		"seal/again/sha512." + n + "-" + n + ".tsr", "_log/" + n + "-" + n + ".log." + hex + ".jsonl", "archive/_log/checkpoint." + n + "." + hex + ".txt",
		"_log/again.sha512.head." + n + "-" + n + "." + hex + ".txt", "_log/again.sha384." + n + "-" + n + ".list." + hex + ".jsonl",
	} {
		if got, commits := m.Text(s); got != s || len(commits) > 0 {
			t.Errorf("%s became %s", s, got)
		}
		if got := g.Text(s); got != s {
			t.Errorf("%s became %s", s, got)
		}
	}
	for _, s := range []string{
		n, "202611271545", `D:\stamps\` + n + ".tsr", `\\FS\seal\stamps\` + n + ".tsr", "/srv/stamps/" + n + ".tsr", "my stamps/" + n + ".tsr", "stamps/" + n,
		"stamps/" + n + ".tsr ", "stamps/x" + n + ".tsr", "stamps/" + n + ".xlsx", "stamps/" + n + "/" + n + ".tsr", "folder/" + n + ".tsr", "stamps/" + n + "-" + n,
		"_log/" + n + "-" + n + ".log." + hex[1:] + ".jsonl", "_log/" + n + ".log", "again/sha1." + n + ".tsr", "people/" + n + ".json",
	} {
		if len(s) >= 12 && s[:4] == "2026" && !Valid(s) {
			continue
		}
		got, commits := m.Text(s)
		if len(commits) == 0 || strings.Contains(got, n) || g.Text(s) == s {
			t.Errorf("%s became %s: it should be masked", s, got)
		}
	}
}
