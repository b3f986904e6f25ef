package web

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/akashi-audit/akashi/internal/account"
	"github.com/akashi-audit/akashi/internal/care"
)

// Folders of kept: one entry is refused, the list is remembered.
func (k *kept) Folders() []string { return k.folders }

func (k *kept) SetFolders(_ context.Context, by care.Author, l []string) ([]SettingProblem, error) {
	if k.busy {
		return nil, care.ErrBusy
	}
	if i := slices.IndexFunc(l, func(s string) bool { return strings.Contains(s, "*") }); i >= 0 {
		return []SettingProblem{{Key: "my_number.folders", Index: i}}, nil
	}
	k.folders, k.by = l, by.Name
	return nil, nil
}

func (k *kept) FoldersHistory(context.Context) ([]FolderChange, error) {
	return []FolderChange{{By: hostile, Time: 1.7e18, Sealed: true, Added: []string{hostile}}}, nil
}

func TestFoldersPage(t *testing.T) {
	k := &kept{lang: "ja", folders: []string{`D:\共有\人事`}}
	f := newFinder(t, 300, func(c *Config) { c.Settings = k })
	_, body := get(t, f, "/settings/folders", "Accept-Language", "ja")
	checkHTML(t, "folders", body)
	if !strings.Contains(body, `D:\共有\人事`) || !strings.Contains(body, "<h1>特定個人情報</h1>") || !strings.Contains(body, `href="/settings/folders"`) {
		t.Errorf("%.2000s", body)
	}
	save := func(text, do string) (int, string) {
		t.Helper()
		r := f.post(t, "/settings/folders", url.Values{"folders": {text}, "do": {do}})
		return r.StatusCode, r.Header.Get("Location")
	}
	if code, to := save("特定個人情報\n\n x \n", "save"); code != http.StatusSeeOther || to != "/settings/folders?done=saved" || !slices.Equal(k.folders, []string{"特定個人情報", "x"}) || k.by != "t" {
		t.Errorf("%d %s %q", code, to, k.folders)
	}
	if n := *f.notes; !slices.Contains(n, "settings my_number.folders: 特定個人情報; x") {
		t.Errorf("notes %q", n)
	}
	if _, to := save("特定個人情報\nx", "save"); to != "/settings/folders?done=same" {
		t.Error(to)
	}
	if code, _ := save("a\nb*\n", "save"); code != http.StatusUnprocessableEntity || len(k.folders) != 2 {
		t.Errorf("%d %q", code, k.folders)
	}
	if code, _ := save("特定個人情報\nzz-none", "preview"); code != http.StatusOK || len(k.folders) != 2 {
		t.Errorf("%d %q", code, k.folders)
	}
	k.busy = true
	if code, _ := save("a", "save"); code != http.StatusConflict {
		t.Errorf("%d", code)
	}
}

// TestFoldersOfARestrictedVisitor: the entries can be folders that he may not see.
func TestFoldersOfARestrictedVisitor(t *testing.T) {
	k := &kept{lang: "ja", folders: []string{`D:\共有\人事`}}
	f := newFinder(t, 10, func(c *Config) {
		c.Settings = k
		c.Visitor = func(*http.Request) *account.Visitor {
			return &account.Visitor{Name: "t", Rights: account.AllRights, Scope: account.Scope{Folders: []string{`D:\x`}}}
		}
	})
	if r, body := get(t, f, "/settings/folders"); r.StatusCode != http.StatusForbidden || strings.Contains(body, "人事") {
		t.Errorf("%d", r.StatusCode)
	}
	if r := f.post(t, "/settings/folders", url.Values{"folders": {"x"}, "do": {"save"}}); r.StatusCode != http.StatusForbidden || len(k.folders) != 1 || k.folders[0] == "x" {
		t.Errorf("%d %q", r.StatusCode, k.folders)
	}
}

// TestMarkedOnTheDashboard: folders with specific personal information have the first
// card.
func TestMarkedOnTheDashboard(t *testing.T) {
	with := func(marked func(string) bool) string {
		f := newFinder(t, 300, func(c *Config) { c.Marked = marked; c.Now = testNow })
		get(t, f, "/") // counts
		for range 100 {
			if _, body := get(t, f, "/", "Accept-Language", "ja"); !strings.Contains(body, "web-counting") && strings.Contains(body, "件") {
				return body
			}
		}
		return ""
	}
	if body := with(func(string) bool { return true }); !strings.Contains(body, "特定個人情報のフォルダー") || !strings.Contains(body, "個のフォルダーで") {
		t.Error("no card")
	}
	if body := with(func(string) bool { return false }); strings.Contains(body, "個のフォルダーで") {
		t.Error("a card of nothing")
	}
}

// TestMarkedTree: the sum of marked folders stands above the tree, of several servers
// too, and not when no folder is registered.
func TestMarkedTree(t *testing.T) {
	k := &kept{lang: "ja", folders: []string{"x"}}
	f := newFinder(t, 300, func(c *Config) { c.Settings, c.Marked = k, func(string) bool { return true } })
	tree := func() string {
		_, body := get(t, f, "/files/tree?page=/files&noise=1", "Accept-Language", "ja")
		return body
	}
	if body := tree(); !strings.Contains(body, `class="marked"`) {
		t.Errorf("%.600s", body)
	}
	if k.folders = nil; strings.Contains(tree(), "特定個人情報") {
		t.Error("marked without a registered folder")
	}
}
