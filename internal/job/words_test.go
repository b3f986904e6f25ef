package job_test

import (
	"fmt"
	"testing"

	"github.com/akashi-audit/akashi/internal/account"
	"github.com/akashi-audit/akashi/internal/job"
)

// TestWords: what a job works on is told in the words of whoever reads; that of a job of an
// earlier version stays as it was written.
func TestWords(t *testing.T) {
	f := newFolder(t)
	r := f.open(job.Kind{Name: "a", Run: writes})
	v := &account.Visitor{ID: 1, Name: "t", Rights: account.AllRights}
	words := []job.Word{{Key: "format", Args: []string{"n", "3"}}, {Text: " – <b>"}}
	j, err := r.Submit(t.Context(), v, job.Request{Kind: "a", Words: words, About: "old"})
	if err != nil {
		t.Fatal(err)
	}
	say := func(key string, args ...any) string { return fmt.Sprint(key, args) }
	if j, err = r.Get(t.Context(), v, j.ID); err != nil || j.Say(say) != "format[n 3] – <b>" {
		t.Errorf("%+v, %v", j, err)
	}
	if j, err = r.Get(t.Context(), v, f.submit(r, v, "a").ID); err != nil || j.Say(say) != "x" {
		t.Errorf("%+v, %v", j, err)
	}
}
