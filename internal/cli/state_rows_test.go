package cli

import (
	"context"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/akashi-audit/akashi/internal/account"
	"github.com/akashi-audit/akashi/internal/engine"
	"github.com/akashi-audit/akashi/internal/job"
	"github.com/akashi-audit/akashi/internal/saved"
	"github.com/akashi-audit/akashi/internal/seal"
	"github.com/akashi-audit/akashi/internal/state"
	"github.com/akashi-audit/akashi/internal/verify"
)

// unsealedTables are those of state.sqlite that no leaf tells of, and why not.
var unsealedTables = map[string]string{
	"sessions": "who is logged in now; gone with the next log-in",
	"devices":  "browsers that were used before; only counts failures apart",
	"tries":    "failures of log-in; counted anew",
	"changes":  "rows on their way; one counts only when its leaf is there",
	"known":    "what can be found out again, and hints that somebody closed",
	"answers":  "answers under an Idempotency-Key; they are given again for a day and decide nothing",
}

// unsealedColumns of sealed tables, and why not.
var unsealedColumns = map[string]bool{
	// what a person chooses for himself, and what log-in counts
	"people.lang": true, "people.zone": true, "people.dense": true, "people.epoch": true, "people.step": true, "people.last_login": true,
	"tokens.used": true,
	// how far a job is, and what it tells
	"jobs.state": true, "jobs.started": true, "jobs.ended": true, "jobs.attempt": true, "jobs.done": true, "jobs.whole": true, "jobs.unit": true,
	"jobs.messages": true, "jobs.detail": true, "jobs.removed": true,
}

// rowsFolder is a folder with a row in every table that people change.
func rowsFolder(t *testing.T) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "d")
	e, err := engine.Open(t.Context(), dir, engine.Options{Create: true})
	if err != nil {
		t.Fatal(err)
	}
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	book, err := e.People(t.Context())
	must(err)
	p, err := book.Add(t.Context(), account.Actor{Name: "t"}, account.NewPerson{Name: "suzuki", Roles: []account.Role{account.Admin}, Password: "correct horse battery 1"})
	must(err)
	_, _, err = book.AddToken(t.Context(), p.ID, "tool", account.See, time.Hour)
	must(err)
	_, err = book.Propose(t.Context(), account.Actor{ID: p.ID, Name: p.Name, Ground: "g"}, "hold", `{"case":"c"}`)
	must(err)
	db, err := e.State(t.Context())
	must(err)
	rows, err := e.SealedRows(seal.KindSaved)
	must(err)
	must(saved.New(db, rows).Add(t.Context(), saved.Search{Owner: "suzuki", Name: "人事", URL: "/search?q=a", Shared: true, Made: time.Now()}))
	jobs, err := e.SealedRows(seal.KindJob)
	must(err)
	r, err := job.Open(t.Context(), job.Options{DB: db, Dir: dir, Rows: jobs, Kinds: []job.Kind{{Name: "export", Run: func(ctx context.Context, x *job.Task) error {
		w, err := x.Create("a.csv")
		if err == nil {
			_, err = io.WriteString(w, "1")
		}
		if err == nil {
			_, err = w.Close(ctx)
		}
		return err
	}}}})
	must(err)
	_, err = r.Submit(t.Context(), &account.Visitor{ID: p.ID, Name: p.Name, Rights: account.See}, job.Request{Kind: "export", Params: 1, About: "x"})
	must(err)
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	go r.Run(ctx)
	for n := 0; n == 0; {
		must(db.QueryRowContext(ctx, "SELECT count(*) FROM jobs WHERE state = 'done'").Scan(&n))
	}
	time.Sleep(50 * time.Millisecond)
	cancel()
	must(e.Close())
	return dir
}

func stateFindings(t *testing.T, dir string) []verify.Finding {
	t.Helper()
	l, err := seal.Read(dir)
	if err != nil {
		t.Fatal(err)
	}
	a, rows, err := compareState(t.Context(), dir, l)
	if err != nil {
		t.Fatal(err)
	}
	var out []verify.Finding
	for _, d := range a {
		out = append(out, verify.Finding{What: d.What, Part: fmt.Sprintf("%s %d", d.Kind, d.ID)})
	}
	for _, d := range rows {
		out = append(out, verify.Finding{What: d.What, Part: d.Kind + " " + d.ID})
	}
	return out
}

// Every column of every table that people change: another value in a row is named, and so
// is a row that is added or, where rows stay, removed. A new table or column must be
// sealed, or named above.
func TestEveryRowIsCompared(t *testing.T) {
	dir := rowsFolder(t)
	if l := stateFindings(t, dir); len(l) > 0 {
		t.Fatalf("nothing was changed: %+v", l)
	}
	kinds := map[string]string{"people": "person", "tokens": "token", "proposals": "proposal", "saved_searches": "saved", "jobs": "job", "job_files": "job"}
	db, err := state.Open(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	exec := func(text string, args ...any) {
		t.Helper()
		if _, err := db.ExecContext(t.Context(), text, args...); err != nil {
			t.Fatalf("%s: %v", text, err)
		}
	}
	db.SetMaxOpenConns(1) // temporary tables are of one connection
	exec("PRAGMA foreign_keys = OFF")
	texts := func(text string) (l []string) {
		t.Helper()
		rows, err := db.QueryContext(t.Context(), text)
		if err != nil {
			t.Fatal(err)
		}
		defer rows.Close()
		for rows.Next() {
			var s string
			if err := rows.Scan(&s); err != nil {
				t.Fatal(err)
			}
			l = append(l, s)
		}
		return l
	}
	named := func(kind string) bool {
		return slices.ContainsFunc(stateFindings(t, dir), func(f verify.Finding) bool { return strings.HasPrefix(f.Part, kind+" ") })
	}
	for _, table := range texts("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'") {
		kind, ok := kinds[table]
		if !ok {
			if unsealedTables[table] == "" && table != "migrations" && table != "schema" {
				t.Errorf("table %s is neither sealed nor named as one that need not be", table)
			}
			continue
		}
		for _, column := range texts("SELECT name FROM pragma_table_info('" + table + "')") {
			if column == "id" || table == "job_files" && column == "job" || unsealedColumns[table+"."+column] {
				continue
			}
			exec("CREATE TEMP TABLE keep AS SELECT * FROM " + table)
			exec("UPDATE " + table + " SET " + column + " = " + other(table, column))
			if !named(kind) {
				t.Errorf("%s.%s was changed, and nothing says so", table, column)
			}
			exec("DELETE FROM " + table)
			exec("INSERT INTO " + table + " SELECT * FROM keep")
			exec("DROP TABLE keep")
		}
		if l := stateFindings(t, dir); len(l) > 0 {
			t.Fatalf("%s as it was: %+v", table, l)
		}
		if kind != "job" {
			exec("CREATE TEMP TABLE keep AS SELECT * FROM " + table)
			exec("DELETE FROM " + table)
			if !named(kind) {
				t.Errorf("a row of %s was removed, and nothing says so", table)
			}
			exec("INSERT INTO " + table + " SELECT * FROM keep")
			exec("DROP TABLE keep")
		}
	}
	exec("INSERT INTO saved_searches (owner, name, url, made) VALUES ('x', 'y', '/z', 1)")
	exec("INSERT INTO jobs (id, kind, by_id, by_name, visitor, need, about, params, state, created) VALUES ('j', 'export', 0, 'x', '{}', 0, '', '1', 'waiting', 1)")
	for _, kind := range []string{"saved", "job"} {
		if !named(kind) {
			t.Errorf("a row was added (%s), and nothing says so", kind)
		}
	}
	// A server that is started does not run the job that somebody wrote.
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	e, err := engine.Open(t.Context(), dir, engine.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	edb, err := e.State(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	rows, err := e.SealedRows(seal.KindJob)
	if err != nil {
		t.Fatal(err)
	}
	r, err := job.Open(t.Context(), job.Options{DB: edb, Dir: dir, Rows: rows, Kinds: []job.Kind{{Name: "export", Run: func(context.Context, *job.Task) error {
		t.Error("the job ran")
		return nil
	}}}})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	go r.Run(ctx)
	for s := ""; s != "failed" && ctx.Err() == nil; {
		if err := edb.QueryRowContext(t.Context(), "SELECT state FROM jobs WHERE id = 'j'").Scan(&s); err != nil {
			t.Fatal(err)
		}
	}
	cancel()
}

// other is another value of a column, of a form that can be read.
func other(table, column string) string {
	switch table + "." + column {
	case "people.roles":
		return "'viewer'"
	case "people.servers", "people.folders", "people.codes":
		return `'["x"]'`
	case "tokens.rights":
		return "'export'"
	case "proposals.decision":
		return "'approved'"
	case "jobs.visitor":
		return `'{"ID":1,"Name":"x"}'`
	case "jobs.params":
		return "'2'"
	}
	return "CASE typeof(" + column + ") WHEN 'integer' THEN 1 - " + column + " ELSE 'x' || " + column + " END"
}
