package server

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/akashi-audit/akashi/internal/config"
	"github.com/akashi-audit/akashi/internal/store"
)

func TestMarked(t *testing.T) {
	cfg := config.Default()
	now, asked := time.Unix(1, 0), 0
	var fail error
	m := &marked{
		config: func() config.Config { return cfg }, ctx: t.Context(), now: func() time.Time { return now },
		complete: func(_ context.Context, typed string) ([]store.PathHit, error) {
			asked++
			return []store.PathHit{
				{Server: "FS01.example.jp", Path: `E:\data\人事\給与`, UNC: `\\FS01\人事\給与`, Folder: true}, {Path: `E:\data\人事\給与\x`, UNC: `\\FS01\人事\給与\x`, Folder: true},
				{Path: `E:\file`, UNC: `\\FS01\人事\給与`},
			}, fail
		},
	}
	f := func(path string, want bool) {
		t.Helper()
		if m.is(path) != want {
			t.Errorf("%q: %v", path, !want)
		}
	}
	f(`D:\共有\人事`, false)
	cfg.MyNumber.Folders = []string{`D:\共有\人事\`, "特定個人情報", "/srv/hr"}
	for path, want := range map[string]bool{
		`D:\共有\人事`: true, `d:\共有\人事\x\y.pdf`: true, `D:\共有\人事部`: false, `D:\共有`: false, "D:/共有/人事/x": true, `E:\x\特定個人情報\y`: true, `E:\特定個人情報`: true, `E:\特定個人情報保護`: false,
		`/srv/hr/a`: true, `/srv/hrx`: false, "": false,
	} {
		f(path, want)
	}
	if asked != 0 {
		t.Errorf("local paths asked for UNC places %d times", asked)
	}
	cfg.MyNumber.Folders = []string{`\\fs01.example.jp\人事\給与`}
	f(`E:\data\人事\給与\a.xlsx`, true)
	f(`\\FS01.example.jp\人事\給与\a`, true)
	f(`E:\data\人事`, false)
	f(`E:\file`, false)
	if asked != 1 {
		t.Errorf("asked %d times", asked)
	}
	fail, now = errors.New("x"), now.Add(2*markedFresh)
	f(`\\fs01.example.jp\人事\給与\a`, true)
	if asked != 2 {
		t.Errorf("asked %d times", asked)
	}
}

// TestFoldersOfSettings changes the list on the page, and finds it in akashi.toml and
// in the sealed history.
func TestFoldersOfSettings(t *testing.T) {
	e, at, first := runFirst(t)
	cookie := firstAdmin(t, at, first)
	set := func(text string) *http.Response {
		return post(t, at, "/settings/folders", url.Values{"folders": {text}, "do": {"save"}}, cookie)
	}
	if res := set("特定個人情報\n\n" + `D:\共有\人事` + "\n"); res.StatusCode != http.StatusSeeOther || res.Header.Get("Location") != "/settings/folders?done=saved" {
		t.Fatalf("%d %s", res.StatusCode, res.Header.Get("Location"))
	}
	if res := set("特定個人情報\n*\n"); res.StatusCode != http.StatusUnprocessableEntity {
		t.Errorf("a star: %d", res.StatusCode)
	}
	b, err := os.ReadFile(filepath.Join(e.Dir(), config.FileName))
	if err != nil || !strings.Contains(string(b), `'特定個人情報', 'D:\共有\人事'`) {
		t.Errorf("%v %s", err, b)
	}
	if m := newMarked(t.Context(), e); !m.is(`E:\特定個人情報\x`) || m.is(`E:\x`) {
		t.Error("the folders are not marked")
	}
	if res := set(`D:\共有\人事`); res.StatusCode != http.StatusSeeOther {
		t.Errorf("%d", res.StatusCode)
	}
	l, err := newSettings(Config{Engine: e}).FoldersHistory(t.Context())
	if err != nil || len(l) != 2 || l[0].By != "boss" || len(l[0].Removed) != 1 || l[0].Removed[0] != "特定個人情報" || len(l[1].Added) != 2 || !l[0].Sealed {
		t.Errorf("%v %+v", err, l)
	}
}
