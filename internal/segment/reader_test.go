package segment

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/akashi-audit/akashi/internal/query"
)

// TestIndependentReader compares with docs/reader/segment.mjs, which was written
// from docs/FORMAT.md alone.
func TestIndependentReader(t *testing.T) {
	node, err := exec.LookPath("node")
	if err != nil {
		t.Skip("node is not installed")
	}
	reader := filepath.Join("..", "..", "docs", "reader")
	if _, err := os.Stat(filepath.Join(reader, "node_modules", "fzstd")); err != nil {
		t.Skip("its npm package is not installed: npm ci in docs/reader")
	}
	run := func(name string) []string {
		cmd := exec.Command(node, filepath.Join(reader, "segment.mjs"), name)
		var stderr bytes.Buffer
		cmd.Stderr = &stderr
		out, err := cmd.Output()
		if err != nil {
			t.Fatalf("%v: %s", err, stderr.String())
		}
		return sortedLines(string(out))
	}
	golden, err := os.ReadFile(filepath.Join("testdata", "v1.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	compareLines(t, "golden", run(filepath.Join("testdata", "v1.segment")), sortedLines(string(golden)))
	for i, superseded := range []bool{false, true} {
		rows := testRecords(uint64(77+i), 20_000, superseded)
		_, data := buildSegment(t, rows, superseded)
		name := filepath.Join(t.TempDir(), "made.aks")
		if err := os.WriteFile(name, data, 0o600); err != nil {
			t.Fatal(err)
		}
		var want []byte
		for _, w := range naive(rows, query.Query{Classes: query.AllClasses()}, View{}, nil) {
			want = append(w.r.AppendJSON(want), '\n')
		}
		compareLines(t, "made", run(name), sortedLines(string(want)))
	}
}

// sortedLines are the lines in one order; the two ways to write U+FFFD, for a
// byte that is no text and for itself, become one.
func sortedLines(s string) []string {
	l := strings.Split(strings.TrimSuffix(strings.ReplaceAll(s, `\ufffd`, "\uFFFD"), "\n"), "\n")
	slices.Sort(l)
	return l
}

func compareLines(t *testing.T, name string, got, want []string) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("%s: %d lines, want %d", name, len(got), len(want))
	}
	for i := range want {
		if got[i] != want[i] {
			t.Fatalf("%s, line %d:\n got %s\nwant %s", name, i, got[i], want[i])
		}
	}
}
