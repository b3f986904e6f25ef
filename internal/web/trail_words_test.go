package web

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/akashi-audit/akashi/internal/care"
	"github.com/akashi-audit/akashi/internal/i18n"
)

// Every action that a page or the API writes into the trail has words.
func TestTrailActionsHaveWords(t *testing.T) {
	noted := regexp.MustCompile(`(?:\.note|\.noteGround|\.NoteAs|\.Note)\([^"\n]*?"([a-z_. ]+)"`)
	actions := []string{"saved share", "saved unshare", "saved remove", "reconvert", "reconvert try", "proposal.approved", "proposal.rejected", "people.disable", "people.enable"}
	for _, j := range care.Jobs() {
		actions = append(actions, j.Kind)
	}
	for _, dir := range []string{".", "../api"} {
		files, err := filepath.Glob(filepath.Join(dir, "*.go"))
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range files {
			if strings.HasSuffix(f, "_test.go") {
				continue
			}
			b, err := os.ReadFile(f)
			if err != nil {
				t.Fatal(err)
			}
			for _, m := range noted.FindAllStringSubmatch(string(b), -1) {
				if !strings.HasSuffix(m[1], ".") && !strings.HasSuffix(m[1], " ") { // else the rest is put to it
					actions = append(actions, m[1])
				}
			}
		}
	}
	if len(actions) < 40 {
		t.Fatalf("only %d actions were found", len(actions))
	}
	for _, lang := range []string{"ja", "en"} {
		p := i18n.For(lang)
		for _, a := range actions {
			if trailWord(p, a) == a {
				t.Errorf("%s: the action %q has no words", lang, a)
			}
		}
	}
}

func TestTrailDetail(t *testing.T) {
	p := i18n.For("en")
	for _, c := range []struct{ action, object, want string }{
		{"search", `people file:"D:\a b.txt"`, `Find people: file:"D:\a b.txt"`},
		{"search", "search", "Search the log"},
		{"search", "around FS01:Security:0:1:2 person", "Records before and after (same person): FS01:Security:0:1:2"},
		{"search", "around FS01:Security:0:1:2 other", "around FS01:Security:0:1:2 other"},
		{"search", "op:delete", "op:delete"},
		{"settings", "calendar: off=1", "Business calendar: off=1"},
		{"settings", "my_number.folders: D:\\x", "Specific personal information: D:\\x"},
		{"settings", "else: x", "else: x"},
		{"import", "upload", "files sent from the page"},
		{"import", `D:\logs`, `D:\logs`},
		{"login", "password", "wrong password"},
		{"record", "people x", "people x"},
	} {
		if got := trailDetail(p, c.action, c.object); !strings.EqualFold(got, c.want) {
			t.Errorf("trailDetail(%q, %q) = %q, want %q", c.action, c.object, got, c.want)
		}
	}
}
