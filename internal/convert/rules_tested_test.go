package convert

import (
	"os"
	"path/filepath"
	"regexp"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/akashi-audit/akashi/internal/record"
)

// TestEveryRuleIsTested: each rule id stands in a test, of this package or, for
// what no event says, of the engine.
func TestEveryRuleIsTested(t *testing.T) {
	var sources []byte
	for _, dir := range []string{".", "../engine"} {
		names, err := filepath.Glob(filepath.Join(dir, "*_test.go"))
		if err != nil || len(names) == 0 {
			t.Fatalf("tests of %s: %v", dir, err)
		}
		for _, name := range names {
			b, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			sources = append(sources, b...)
		}
	}
	for _, r := range Rules() {
		if !regexp.MustCompile(`(\b|Test\w*)` + r.ID + `(\b|[A-Z])`).Match(sources) {
			t.Errorf("no test names rule %s", r.ID)
		}
	}
}

// TestB3: a list just after a change of the same session in the folder is the
// program's look at its work, one that stands alone is a person's.
func TestB3(t *testing.T) {
	f := func(name string, wait int, want string) {
		t.Helper()
		b := newLog()
		b.list(`x`).wait(60_000).write(`x\a.txt`).wait(wait).list(`x`)
		var got []string
		for _, r := range convertAll(b.events) {
			if r.Op == record.OpList && r.Time > b.events[0].Time.UnixNano()+1e9 {
				got = append(got, r.Class.String()+" "+r.Rule+" "+r.Confidence.String())
			}
		}
		if d := cmp.Diff([]string{want}, got); d != "" {
			t.Errorf("%s: %s", name, d)
		}
	}
	f("refresh", 100, "background B3 inferred")
	f("later", 20_000, "user B1 certain")
}

// TestZ1: a change of the background lists is one record that holds both lists;
// from it the lists that are valid can be read again.
func TestZ1(t *testing.T) {
	before := Background{}.Text()
	after := Background{Accounts: []string{`CORP\Backup`}, Addresses: []string{"192.0.2.0/24"}}.Text()
	r := BackgroundChange(before, after, 1, 1_700_000_000_000_000_000)
	if r.Rule != "Z1" || r.Class != record.ClassSystem || r.Op != record.OpAuditPolicyChanged || r.Get("old") != "(none)" || r.Get("new") != after {
		t.Errorf("record %s", r.AppendJSON(nil))
	}
	if got := ChangedBackground(&r); got != after {
		t.Errorf("lists %q, want %q", got, after)
	}
	if r = BackgroundChange(after, before, 2, 0); ChangedBackground(&r) != "" {
		t.Errorf("lists %q after they were emptied", ChangedBackground(&r))
	}
}
