package state

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	_ "modernc.org/sqlite" // the driver "sqlite"
)

// FileName is the database in a data folder. SQLite keeps FileName+"-wal" and
// FileName+"-shm" beside it while it is open.
const FileName = "state.sqlite"

//go:embed migrations/*.sql
var migrations embed.FS

// DB is the open database.
type DB struct{ *sql.DB }

// Open opens or makes the database of the data folder and brings its tables up
// to date.
func Open(ctx context.Context, dir string) (*DB, error) {
	f, err := os.OpenFile(filepath.Join(dir, FileName), os.O_RDWR|os.O_CREATE, 0o600) // SQLite would make it for others to read
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", FileName, err)
	}
	if err := f.Close(); err != nil {
		return nil, fmt.Errorf("open %s: %w", FileName, err)
	}
	db, err := connect(dir)
	if err != nil {
		return nil, err
	}
	if err := db.migrate(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("open %s: %w", FileName, err), db.Close())
	}
	return db, nil
}

func connect(dir string) (*DB, error) {
	v := url.Values{"_pragma": {"journal_mode(WAL)", "synchronous(FULL)", "foreign_keys(1)", "busy_timeout(10000)"}, "_txlock": {"immediate"}}
	path, err := filepath.Abs(filepath.Join(dir, FileName))
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", FileName, err)
	}
	u := url.URL{Scheme: "file", Path: "/" + strings.TrimPrefix(filepath.ToSlash(path), "/"), RawQuery: v.Encode()}
	d, err := sql.Open("sqlite", u.String())
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", FileName, err)
	}
	return &DB{d}, nil
}

// Existing opens the database of a folder as it is, without bringing its tables up to
// date. ok is false when there is none.
func Existing(dir string) (db *DB, ok bool, err error) {
	if _, err := os.Stat(filepath.Join(dir, FileName)); err != nil {
		if errors.Is(err, fs.ErrNotExist) {
			return nil, false, nil
		}
		return nil, false, fmt.Errorf("open %s: %w", FileName, err)
	}
	db, err = connect(dir)
	return db, err == nil, err
}

// CopyOf copies the database of a folder into another one, also while another process
// has it open. ok is false when there is none.
func CopyOf(ctx context.Context, dir, dest string) (ok bool, err error) {
	db, ok, err := Existing(dir)
	if err != nil || !ok {
		return false, err
	}
	to := filepath.Join(dest, FileName)
	err = errors.Join(db.Copy(ctx, to), db.Close())
	if err == nil {
		err = os.Chmod(to, 0o600)
	}
	return err == nil, err
}

// migrate runs the migrations that this file has not seen, in the order of
// their names, each in a transaction of its own.
func (db *DB) migrate(ctx context.Context) error {
	if _, err := db.ExecContext(ctx, `CREATE TABLE IF NOT EXISTS migrations (name TEXT PRIMARY KEY, at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%SZ','now'))) STRICT`); err != nil {
		return err
	}
	names, err := fs.Glob(migrations, "migrations/*.sql")
	if err != nil {
		return err
	}
	for _, path := range names {
		b, err := migrations.ReadFile(path)
		if err != nil {
			return err
		}
		name := strings.TrimSuffix(filepath.Base(path), ".sql")
		err = db.Do(ctx, func(tx *sql.Tx) error {
			var n int
			if err := tx.QueryRowContext(ctx, "SELECT count(*) FROM migrations WHERE name = ?", name).Scan(&n); err != nil || n > 0 {
				return err
			}
			if _, err := tx.ExecContext(ctx, string(b)); err != nil {
				return err
			}
			_, err := tx.ExecContext(ctx, "INSERT INTO migrations (name) VALUES (?)", name)
			return err
		})
		if err != nil {
			return fmt.Errorf("migration %s: %w", name, err)
		}
	}
	return nil
}

// Do runs fn in a transaction that is committed when fn returns nil and taken
// back otherwise.
func (db *DB) Do(ctx context.Context, fn func(*sql.Tx) error) error {
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	if err := fn(tx); err != nil {
		return errors.Join(err, tx.Rollback())
	}
	return tx.Commit()
}

// Copy writes a consistent copy of the database, as it is now, to a new file.
func (db *DB) Copy(ctx context.Context, to string) error {
	if _, err := db.ExecContext(ctx, "VACUUM INTO ?", to); err != nil {
		return fmt.Errorf("copy %s: %w", FileName, err)
	}
	return nil
}
