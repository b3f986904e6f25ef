package convert

import (
	"flag"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/akashi-audit/akashi/internal/collect"
	"github.com/akashi-audit/akashi/internal/event"
	"github.com/akashi-audit/akashi/internal/record"
)

var update = flag.Bool("update", false, "write the golden files of the shared corpus anew")

const corpus = shared + "/corpus"

// golden compares text with a file below testdata/corpus.
func golden(t *testing.T, name, got string) {
	t.Helper()
	name = filepath.Join("testdata", "corpus", name)
	if *update {
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(strings.Split(string(want), "\n"), strings.Split(got, "\n")); d != "" {
		t.Errorf("%s (-want +got):\n%s", name, d)
	}
}

// goldenLine is a record without its id.
func goldenLine(r record.Record) string {
	s := fmt.Sprintf("%s %s %s %s", time.Unix(0, r.Time).UTC().Format("2006-01-02T15:04:05.0000000Z"), r.User, r.Op, r.Path)
	if r.NewPath != "" {
		s += " -> " + r.NewPath
	}
	if r.Result != record.Success {
		s += " " + r.Result.String()
	}
	return fmt.Sprintf("%s count=%d %s", s, r.Count, r.Rule)
}

// corpusRecords converts one log of the shared corpus.
func corpusRecords(t *testing.T, file string) []record.Record {
	t.Helper()
	var rs []record.Record
	for _, events := range loadEVTX(t, file) {
		rs = append(rs, convertServer(events)...)
	}
	return sorted(rs)
}

// TestRefusedCopy: the 19 tries of one copy over a file without the rights are
// one refusal (windows-events.md sections 7.2 and 11).
func TestRefusedCopy(t *testing.T) {
	file := filepath.Join(corpus, "file-audit/ID4656-Failed_sethc_replacement_by_CMD.evtx")
	if _, err := os.Stat(file); err != nil {
		t.Skip("the shared corpus is not beside the repository; TestRefusals asserts the same")
	}
	var b strings.Builder
	for _, r := range corpusRecords(t, file) {
		if r.Result == record.Denied {
			fmt.Fprintf(&b, "%s %s\n", goldenLine(r), r.Get("denied_rights"))
		}
	}
	golden(t, "refused-copy.txt", b.String())
}

// fileActs are the operations on files and folders (issue: "shows it" 2).
func fileAct(r *record.Record) bool {
	if r.Class != record.ClassUser || r.Object != record.ObjectFile && r.Object != record.ObjectDirectory {
		return false
	}
	switch r.Op {
	case record.OpRead, record.OpWrite, record.OpCreate, record.OpDelete, record.OpRename, record.OpMove, record.OpCopy, record.OpLink,
		record.OpList, record.OpExecute, record.OpSetAttributes, record.OpSetPermissions, record.OpSetOwner, record.OpSetAudit:
		return true
	}
	return false
}

// TestShareSamples: logs with share accesses only give the acts of a person and
// not each of the accesses. Every act is listed in the golden file.
func TestShareSamples(t *testing.T) {
	files, _ := filepath.Glob(filepath.Join(corpus, "share-audit/*.evtx"))
	if len(files) == 0 {
		t.Skip("the shared corpus is not beside the repository; TestBrowse asserts the same")
	}
	var b strings.Builder
	for _, f := range files {
		fmt.Fprintf(&b, "# %s\n", filepath.Base(f))
		n := 0
		for _, r := range corpusRecords(t, f) {
			if fileAct(&r) {
				n++
				fmt.Fprintln(&b, goldenLine(r))
			}
		}
		if n > 25 {
			t.Errorf("%s: %d acts of persons on files, want at most 25", filepath.Base(f), n)
		}
	}
	golden(t, "share-samples.txt", b.String())
}

// corpusEvents reads logs of any form, in merge order, by server.
func corpusEvents(t *testing.T, file string) map[string][]*event.Event {
	t.Helper()
	set, err := collect.OpenSet(t.Context(), []string{file}, collect.SetOptions{})
	if err != nil {
		t.Fatalf("open %s: %v", file, err)
	}
	defer set.Close()
	by := map[string][]*event.Event{}
	for _, server := range set.Servers() {
		err := set.Events(t.Context(), server, func(e *event.Event) error {
			by[server] = append(by[server], e.Clone())
			return nil
		})
		if err != nil {
			t.Fatalf("read %s: %v", file, err)
		}
	}
	return by
}

// pairs follows the handles of files in the events of one server.
type pairs struct{ opened, joined, aliases, open int }

func (p *pairs) follow(server string, events []*event.Event) []record.Record {
	c := New(server, Options{})
	for _, e := range events {
		k := keyOf(e)
		before := c.s.Handles.get(k)
		c.Add(e)
		switch {
		case e.Provider != "Microsoft-Windows-Security-Auditing":
		case e.ID == 4656 && c.s.Handles.get(k) != nil && c.s.Handles.get(k) != before:
			p.opened++
		case e.ID == 4658 && before != nil && c.s.Handles.get(k) == nil:
			p.joined++
		case e.ID == 4690:
			to := handleKey{e.Get(event.TargetProcessId).Uint(), e.Get(event.TargetHandleId).Uint()}
			if h := c.s.Handles.get(to); h != nil && h.Open == tick(e.Time) {
				p.aliases++
			}
		}
	}
	p.open = c.s.Handles.len()
	return append(c.Take(), c.Tail()...)
}

// TestHandlePairs: the opens and closes of real logs join by their handle.
func TestHandlePairs(t *testing.T) {
	files, _ := filepath.Glob(filepath.Join(corpus, "otrf-json/*.gz"))
	if len(files) == 0 {
		t.Skip("the shared corpus is not beside the repository; TestRules asserts the same")
	}
	var b strings.Builder
	for _, f := range files {
		fmt.Fprintf(&b, "# %s\n", filepath.Base(f))
		by := corpusEvents(t, f)
		for _, server := range slices.Sorted(maps.Keys(by)) {
			var p pairs
			rs := p.follow(server, by[server])
			fmt.Fprintf(&b, "%s: opened=%d joined=%d open=%d aliases=%d\n", server, p.opened, p.joined, p.open, p.aliases)
			for _, r := range sorted(rs) {
				if r.Object == record.ObjectFile || r.Object == record.ObjectDirectory {
					fmt.Fprintf(&b, "  %s %s\n", r.Class, goldenLine(r))
				}
			}
		}
	}
	golden(t, "handle-pairs.txt", b.String())
}

// TestCorpus: the records of every real log, counted by class, kind and rule.
func TestCorpus(t *testing.T) {
	files, _ := filepath.Glob(filepath.Join(corpus, "*/*"))
	if len(files) == 0 {
		t.Skip("the shared corpus is not beside the repository; TestRules asserts rules on logs of its own")
	}
	var b strings.Builder
	for _, f := range files {
		if strings.Contains(f, "hostile") {
			continue
		}
		n := map[string]int{}
		for _, events := range corpusEvents(t, f) {
			for _, r := range convertServer(events) {
				n[fmt.Sprintf("%s %s %s %s %s %s", r.Class, r.Object, r.Op, r.Result, r.Rule, r.Confidence)]++
			}
		}
		name, _ := filepath.Rel(corpus, f)
		fmt.Fprintf(&b, "# %s\n", filepath.ToSlash(name))
		for _, k := range slices.Sorted(maps.Keys(n)) {
			fmt.Fprintf(&b, "%d %s\n", n[k], k)
		}
	}
	golden(t, "summary.txt", b.String())
}
