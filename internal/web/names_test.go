package web

import (
	"os"
	"path/filepath"
	"regexp"
	"testing"
)

// TestOneNameOfAPage: a page has the title that the navigation calls it, and pages below
// it have others.
func TestOneNameOfAPage(t *testing.T) {
	below := map[string]bool{"web.who.one": true, "web.imp.result": true} // of one person, of one import
	key := map[string]string{}
	var walk func(l []place)
	walk = func(l []place) {
		for _, p := range l {
			key[p.url] = p.key
			walk(p.under)
		}
	}
	walk(places())
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	call := regexp.MustCompile(`s\.frame\(rq, "(/(?:settings[^"]*|approvals|trail))", "([^"]+)"`)
	found := map[string]bool{}
	for _, f := range files {
		b, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range call.FindAllStringSubmatch(string(b), -1) {
			if below[m[2]] {
				continue
			}
			found[m[1]] = true
			if key[m[1]] != m[2] {
				t.Errorf("%s: %s has the title %s and is called %s in the navigation", f, m[1], m[2], key[m[1]])
			}
		}
	}
	if len(found) < 10 {
		t.Errorf("only %d pages were found: %v", len(found), found)
	}
}
