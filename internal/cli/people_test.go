package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/akashi-audit/akashi/internal/account"
	"github.com/akashi-audit/akashi/internal/engine"
	"github.com/akashi-audit/akashi/internal/state"
	"github.com/akashi-audit/akashi/internal/trail"
	"github.com/akashi-audit/akashi/internal/verify"
)

// run runs a command line and returns its output.
func run(t *testing.T, want int, args ...string) string {
	t.Helper()
	var out, errs bytes.Buffer
	code := Run(t.Context(), Env{Stdout: &out, Stderr: &errs, Getenv: func(string) string { return "" }, Args: args})
	if code != want {
		t.Fatalf("akashi %s: exit code %d, want %d\n%s%s", strings.Join(args, " "), code, want, out.String(), errs.String())
	}
	return out.String()
}

// newFolder is a data folder with people, a token and a trail.
func newFolder(t *testing.T) (dir string) {
	t.Helper()
	dir = filepath.Join(t.TempDir(), "data")
	e, err := engine.Open(t.Context(), dir, engine.Options{Create: true})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := e.Close(); err != nil {
			t.Fatal(err)
		}
	}()
	book, err := e.People(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	by := account.Actor{Name: "test"}
	if _, err = book.Add(t.Context(), by, account.NewPerson{Name: "boss", Roles: []account.Role{account.Admin}, Password: "correct horse battery"}); err != nil {
		t.Fatal(err)
	}
	p, err := book.Add(t.Context(), by, account.NewPerson{Name: "viewer", Roles: []account.Role{account.Viewer}, Password: "correct horse battery"})
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := book.AddToken(t.Context(), p.ID, "script", account.See, 1e15); err != nil {
		t.Fatal(err)
	}
	log, err := e.Trail(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, a := range []string{"login", "search", "export", "search"} {
		if err := log.Note(t.Context(), trail.Entry{Who: "viewer", Action: a, Object: "給与", Result: trail.OK}); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func findings(t *testing.T, code int, dir string) []verify.Finding {
	t.Helper()
	var r verify.Report
	if err := json.Unmarshal([]byte(run(t, code, "verify", "--json", dir)), &r); err != nil {
		t.Fatal(err)
	}
	return r.Findings
}

func has(l []verify.Finding, what, part string) bool {
	for _, f := range l {
		if f.What == what && strings.Contains(f.Part, part) {
			return true
		}
	}
	return false
}

func sql(t *testing.T, dir, q string) {
	t.Helper()
	db, err := state.Open(context.Background(), dir)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := db.ExecContext(t.Context(), q); err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
}

// TestVerifyPeopleAndTrail changes a closed folder in every way that the seal must
// show.
func TestVerifyPeopleAndTrail(t *testing.T) {
	dir := newFolder(t)
	if l := findings(t, 0, dir); len(l) > 0 {
		t.Errorf("an untouched folder: %+v", l)
	}
	sql(t, dir, "UPDATE people SET lang = 'en', last_login = 7") // gives nobody a right
	if l := findings(t, 0, dir); len(l) > 0 {
		t.Errorf("a choice of a person counts as damage: %+v", l)
	}
	for _, c := range []struct{ set, back, what, part string }{
		{"UPDATE people SET roles = 'admin' WHERE name = 'viewer'", "UPDATE people SET roles = 'viewer' WHERE name = 'viewer'", "state_changed", "person 2"},
		{"UPDATE tokens SET expires = expires + 1", "UPDATE tokens SET expires = expires - 1", "state_changed", "token 1"},
		{"INSERT INTO people (id, name, roles, password, created, created_by) VALUES (9, 'ghost', 'admin', 'x', 1, 'x')", "DELETE FROM people WHERE id = 9", "state_unsealed", "person 9"},
		{"PRAGMA foreign_keys = 0; UPDATE tokens SET id = 7", "UPDATE tokens SET id = 1", "state_gone", "token 1"},
	} {
		sql(t, dir, c.set)
		if l := findings(t, exitDamage, dir); !has(l, c.what, c.part) {
			t.Errorf("%s: %+v, want %s of %s", c.set, l, c.what, c.part)
		}
		sql(t, dir, c.back)
		if l := findings(t, 0, dir); len(l) > 0 {
			t.Errorf("%s: %+v", c.back, l)
		}
	}
	files, err := trail.Files(dir)
	if err != nil || len(files) != 1 {
		t.Fatal(files, err)
	}
	name := filepath.Join(dir, files[0])
	b, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	write := func(b []byte) {
		t.Helper()
		if err := os.WriteFile(name, b, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	other := bytes.Replace(b, []byte("export"), []byte("search"), 1)
	write(other)
	if l := findings(t, exitDamage, dir); !has(l, "trail", "bytes 0-") || len(l) != 1 {
		t.Errorf("a changed entry: %+v", l)
	}
	write(b[:len(b)-1])
	if l := findings(t, exitDamage, dir); !has(l, "trail", "bytes ") {
		t.Errorf("a cut trail: %+v", l)
	}
	write(append(bytes.Clone(b), "{}\n"...))
	if l := findings(t, 0, dir); !has(l, "trail_unsealed", "bytes ") {
		t.Errorf("something behind the end: %+v", l)
	}
	if err := os.Remove(name); err != nil {
		t.Fatal(err)
	}
	if l := findings(t, exitDamage, dir); !has(l, "trail_missing", "bytes ") {
		t.Errorf("a missing trail: %+v", l)
	}
	write(b)
	if err := os.WriteFile(filepath.Join(dir, "trail", "2000-01.jsonl"), []byte("{}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if l := findings(t, exitDamage, dir); !has(l, "extra", "") {
		t.Errorf("a forged month: %+v", l)
	}
	if err := errors.Join(os.Remove(filepath.Join(dir, "trail", "2000-01.jsonl")), os.Remove(filepath.Join(dir, state.FileName))); err != nil {
		t.Fatal(err)
	}
	if l := findings(t, exitDamage, dir); !has(l, "state_missing", "") {
		t.Errorf("a missing database: %+v", l)
	}
}

// TestSnapshotTakesPeopleAndTrail: the copy verifies by itself, and has no private key
// of a server.
func TestSnapshotTakesPeopleAndTrail(t *testing.T) {
	dir := newFolder(t)
	if err := errors.Join(os.MkdirAll(filepath.Join(dir, "tls"), 0o700), os.WriteFile(filepath.Join(dir, "tls", "key.pem"), []byte("secret"), 0o600)); err != nil {
		t.Fatal(err)
	}
	if l := findings(t, 0, dir); len(l) > 0 {
		t.Errorf("the certificate of a server counts: %+v", l)
	}
	to := filepath.Join(t.TempDir(), "copy")
	run(t, 0, "store", "snapshot", "--data", dir, to)
	for _, f := range findings(t, 0, to) {
		if f.State != verify.Note {
			t.Errorf("the copy: %+v", f)
		}
	}
	if _, err := os.Stat(filepath.Join(to, "tls")); !errors.Is(err, os.ErrNotExist) {
		t.Error("the snapshot took the key of the server")
	}
	if st, err := os.Stat(filepath.Join(to, state.FileName)); err != nil || st.Mode().Perm() != 0o600 {
		t.Errorf("%s of the copy: %v, %v", state.FileName, st, err)
	}
	if out := run(t, 0, "people", "list", "--data", to); !strings.Contains(out, "boss") || !strings.Contains(out, "viewer") {
		t.Errorf("people of the copy: %s", out)
	}
}

func TestPeopleCommands(t *testing.T) {
	dir := newFolder(t)
	p := func(code int, args ...string) string {
		t.Helper()
		return run(t, code, append([]string{"people"}, append(args, "--data", dir)...)...)
	}
	if out := p(0, "add", "sato", "--role", "reviewer,viewer", "--folder", `D:\共有\人事`, "--shown", "佐藤 健"); !strings.Contains(out, "sato") || len(out) < 40 {
		t.Errorf("add: %s", out)
	}
	if out := p(0, "list"); !strings.Contains(out, "sato") || !strings.Contains(out, `D:\共有\人事`) || !strings.Contains(out, "reviewer") {
		t.Errorf("list: %s", out)
	}
	var a account.Answer
	if err := json.Unmarshal([]byte(p(0, "reset", "SATO", "--json")), &a); err != nil || a.Password == "" {
		t.Errorf("reset: %+v, %v", a, err)
	}
	p(0, "disable", "sato")
	p(0, "enable", "sato")
	p(0, "roles", "sato", "--role", "officer")
	p(exitUsage, "disable", "boss")
	p(exitUsage, "add", "sato", "--role", "viewer")
	p(exitUsage, "add", "x", "--role", "root")
	p(exitUsage, "add", "x")
	p(exitUsage, "reset")
	p(exitNotFound, "reset", "nobody")
	if l := findings(t, 0, dir); len(l) > 0 {
		t.Errorf("after the commands: %+v", l)
	}
	files, err := trail.Files(dir)
	if err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile(filepath.Join(dir, files[len(files)-1]))
	if err != nil || !strings.Contains(string(b), `"action":"people.roles","object":"sato"`) || strings.Contains(string(b), a.Password) {
		t.Errorf("trail %s, %v", b, err)
	}
}
