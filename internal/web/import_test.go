package web

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"mime/multipart"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/akashi-audit/akashi/internal/account"
)

// parts makes the body of an upload.
func parts(t *testing.T, files map[string]string) (string, *bytes.Buffer) {
	t.Helper()
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	if err := w.WriteField("keep", "1"); err != nil {
		t.Fatal(err)
	}
	for name, text := range files {
		p, err := w.CreateFormFile("files", name)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(p, text); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return w.FormDataContentType(), &b
}

func TestUpload(t *testing.T) {
	b := newBench(t, account.AllRights)
	kind, body := parts(t, map[string]string{"../../etc/passwd.evtx": "ElfFile", `C:\logs\Security.evtx`: "ElfFile2", "CON.evtx": "x", "a\u202eb.evtx": "y", "photo.jpg": "jpg"})
	res, page := postBody(t, b, "/settings/import", kind, body)
	if res.Header.Get("Location") != "/settings/import/abc" {
		t.Fatalf("status %d: %s", res.StatusCode, page)
	}
	raw, err := os.ReadFile(filepath.Join(b.spool.dir, UploadList))
	if err != nil {
		t.Fatal(err)
	}
	var up Uploaded
	if err := json.Unmarshal(raw, &up); err != nil {
		t.Fatal(err)
	}
	if len(up.Files) != 4 || up.LeftN != 1 || up.Left[0] != "photo.jpg" || !up.KeepOriginal {
		t.Errorf("uploaded %+v", up)
	}
	found := 0
	err = filepath.WalkDir(b.spool.dir, func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() || d.Name() == UploadList {
			return err
		}
		found++
		rel, err := filepath.Rel(b.spool.dir, path)
		if err == nil && !slices.Contains(up.Files, filepath.ToSlash(rel)) {
			t.Errorf("%s is not listed", rel)
		}
		if spoolName(d.Name()) != d.Name() {
			t.Errorf("%q is not safe", d.Name())
		}
		return err
	})
	if err != nil || found != 4 {
		t.Errorf("%d files, %v", found, err)
	}
	if !slices.Contains(b.notes, "import upload") {
		t.Errorf("notes %q", b.notes)
	}
}

func TestUploadRefused(t *testing.T) {
	f := func(name string, code int, words string, files map[string]string, change func(*workbench)) {
		t.Helper()
		b := newBench(t, account.AllRights)
		if change != nil {
			change(b)
		}
		kind, body := parts(t, files)
		res, page := postBody(t, b, "/settings/import", kind, body)
		if res.StatusCode != code || !strings.Contains(page, words) || b.spool.filled {
			t.Errorf("%s: status %d, filled %v, words %v", name, res.StatusCode, b.spool.filled, strings.Contains(page, words))
		}
		checkHTML(t, name, page)
	}
	f("too big", http.StatusRequestEntityTooLarge, "more than one upload may hold", map[string]string{"a.evtx": strings.Repeat("x", 900_000), "b.evtx": strings.Repeat("x", 900_000)}, nil)
	f("no room", http.StatusInsufficientStorage, "has no room", map[string]string{"a.evtx": "x"}, func(b *workbench) { b.spool.free = 1 << 20 })
	f("no logs", http.StatusUnprocessableEntity, "Choose log files", map[string]string{"a.jpg": "x"}, nil)
	b := newBench(t, account.AllRights)
	if res, _ := postBody(t, b, "/settings/import", "text/plain", strings.NewReader("x")); res.StatusCode != http.StatusBadRequest {
		t.Errorf("no form: status %d", res.StatusCode)
	}
	// The visitor goes away in the middle.
	kind, body := parts(t, map[string]string{"a.evtx": strings.Repeat("x", 500_000)})
	res, _ := postBody(t, b, "/settings/import", kind, io.MultiReader(io.LimitReader(body, 300_000), failing{}))
	if res.StatusCode != http.StatusBadRequest || b.spool.filled {
		t.Errorf("cut off: status %d, filled %v", res.StatusCode, b.spool.filled)
	}
}

type failing struct{}

func (failing) Read([]byte) (int, error) { return 0, errors.New("connection reset") }

func TestImportPath(t *testing.T) {
	b := newBench(t, account.AllRights)
	for _, path := range []string{"", "/etc", "/logs/../etc", "logs/a", hostile} {
		res, page := postBody(t, b, "/settings/import/path", "application/x-www-form-urlencoded", strings.NewReader(url.Values{"path": {path}}.Encode()))
		if res.StatusCode != http.StatusUnprocessableEntity || len(b.notes) > 0 {
			t.Errorf("%q: status %d", path, res.StatusCode)
		}
		checkHTML(t, path, page)
	}
	if res := postForm(t, b, "/settings/import/path", "path=%2Flogs%2Fa&keep=1"); res.StatusCode != http.StatusSeeOther || b.spool.last.Params.(ImportRequest).Paths[0] != "/logs/a" || b.notes[0] != "import /logs/a" {
		t.Errorf("status %d, %+v, %q", res.StatusCode, b.spool.last, b.notes)
	}
}

func TestSpoolName(t *testing.T) {
	f := func(in, want string) {
		t.Helper()
		if got := spoolName(in); got != want {
			t.Errorf("spoolName(%q) = %q, want %q", in, got, want)
		}
	}
	f("Security.evtx", "Security.evtx")
	f(`C:\a\Security.evtx`, "Security.evtx")
	f("../../x.evtx", "x.evtx")
	f("..", "log")
	f("", "log")
	f("a/", "log")
	f("nul.evtx", "_nul.evtx")
	f("COM1.evtx", "_COM1.evtx")
	f("COMPANY.evtx", "COMPANY.evtx")
	f("a:b*?.evtx", "a_b__.evtx")
	f("a\x00\u202e\xff.evtx", "a___.evtx")
	f("監査 ログ.evtx", "監査 ログ.evtx")
	f(" .evtx. ", "evtx")
	if got := spoolName(strings.Repeat("あ", 200) + ".evtx"); len(got) > 120 || !strings.HasSuffix(got, "あ.evtx") {
		t.Errorf("a long name became %q", got)
	}
}
