package state_test

import (
	"context"
	"database/sql"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/akashi-audit/akashi/internal/state"
)

func TestOpenTwice(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "a folder #1 with % and ?")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	ctx := t.Context()
	for range 2 {
		db, err := state.Open(ctx, dir)
		if err != nil {
			t.Fatal(err)
		}
		add(ctx, t, db, "x")
		if err := db.Close(); err != nil {
			t.Fatal(err)
		}
	}
	db, err := state.Open(ctx, dir)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if n := count(ctx, t, db); n != 2 {
		t.Errorf("%d rows after three openings, want 2", n)
	}
}

func TestDoTakesBack(t *testing.T) {
	ctx := t.Context()
	db, err := state.Open(ctx, t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	want := errors.New("no")
	err = db.Do(ctx, func(tx *sql.Tx) error {
		if _, err := tx.ExecContext(ctx, "INSERT INTO migrations (name) VALUES ('t-gone')"); err != nil {
			return err
		}
		return want
	})
	if !errors.Is(err, want) {
		t.Fatalf("error %v, want %v", err, want)
	}
	if n := count(ctx, t, db); n != 0 {
		t.Errorf("%d rows stayed", n)
	}
}

func TestCopy(t *testing.T) {
	ctx := t.Context()
	db, err := state.Open(ctx, t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	add(ctx, t, db, "kept")
	to := t.TempDir()
	if err := db.Copy(ctx, filepath.Join(to, state.FileName)); err != nil {
		t.Fatal(err)
	}
	c, err := state.Open(ctx, to)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if n := count(ctx, t, c); n != 1 {
		t.Errorf("%d rows in the copy, want 1", n)
	}
}

func add(ctx context.Context, t *testing.T, db *state.DB, name string) {
	t.Helper()
	if _, err := db.ExecContext(ctx, "INSERT INTO migrations (name) VALUES ('t-' || ? || random())", name); err != nil {
		t.Fatal(err)
	}
}

func count(ctx context.Context, t *testing.T, db *state.DB) (n int) {
	t.Helper()
	if err := db.QueryRowContext(ctx, "SELECT count(*) FROM migrations WHERE name LIKE 't-%'").Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}
