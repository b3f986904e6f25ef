package web

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
)

// shelf is Saved in memory.
type shelf struct{ l []SavedSearch }

func (s *shelf) List(context.Context, string) ([]SavedSearch, error) { return s.l, nil }

func (s *shelf) Add(_ context.Context, x SavedSearch) error {
	if x.Name == "" {
		return ErrSaved
	}
	x.ID = int64(len(s.l) + 1)
	s.l = append(s.l, x)
	return nil
}

func (s *shelf) Share(_ context.Context, id int64, owner string, shared bool) error {
	for i := range s.l {
		if s.l[i].ID == id && (owner == "" || owner == s.l[i].Owner) {
			s.l[i].Shared = shared
			return nil
		}
	}
	return ErrNotYours
}

func (s *shelf) Remove(_ context.Context, id int64, owner string) error {
	n := len(s.l)
	s.l = slices.DeleteFunc(s.l, func(x SavedSearch) bool { return x.ID == id && (owner == "" || owner == x.Owner) })
	if len(s.l) == n {
		return ErrNotYours
	}
	return nil
}

func TestSavedSearches(t *testing.T) {
	f := newFinder(t, 50)
	f2 := func(url_, name string, want int) {
		t.Helper()
		if res := f.post(t, "/saved", url.Values{"url": {url_}, "name": {name}, "shared": {"1"}}); res.StatusCode != want {
			t.Errorf("save %q as %q: status %d, want %d", url_, name, res.StatusCode, want)
		}
	}
	f2("/search?op=delete&cursor=x&junk=<b>", "<script>", http.StatusSeeOther)
	f2("/search?op=delete", "", http.StatusUnprocessableEntity)
	f2("https://evil.example/search", "x", http.StatusBadRequest)
	f2("//evil.example/search", "x", http.StatusBadRequest)
	f2("/settings", "x", http.StatusBadRequest)
	f2("/search?from=x", "x", http.StatusBadRequest)
	if len(f.shelf.l) != 1 || f.shelf.l[0].URL != "/search?op=delete" || f.shelf.l[0].Owner != "t" || !f.shelf.l[0].Shared {
		t.Errorf("kept %+v", f.shelf.l)
	}
	_, body := get(t, f, "/saved", "Accept-Language", "en")
	if !strings.Contains(body, "&lt;script&gt;") || !strings.Contains(body, "op:delete") {
		t.Error("the saved search is not listed")
	}
	f.shelf.l[0].Owner = "other"
	for _, do := range []string{"share", "unshare", "remove"} {
		if res := f.post(t, "/saved/change", url.Values{"id": {"1"}, "do": {do}}); res.StatusCode != http.StatusNotFound {
			t.Errorf("%s of another person's: status %d", do, res.StatusCode)
		}
	}
	f.shelf.l[0].Owner = "t"
	if res := f.post(t, "/saved/change", url.Values{"id": {"1"}, "do": {"remove"}}); res.StatusCode != http.StatusSeeOther || len(f.shelf.l) != 0 {
		t.Errorf("remove: status %d, left %v", res.StatusCode, f.shelf.l)
	}
}
