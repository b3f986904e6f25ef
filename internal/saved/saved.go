package saved

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/akashi-audit/akashi/internal/state"
)

// Bounds of what is kept.
const (
	MaxName   = 100   // characters
	MaxURL    = 8_192 // bytes
	MaxSearch = 500   // searches of one person
)

// Errors that callers tell apart.
var (
	// ErrName: the name is empty or too long.
	ErrName = errors.New("the name of a saved search must have 1 to 100 characters")
	// ErrURL: the address is none of a search or too long.
	ErrURL = errors.New("the address of a saved search must be that of a page of this server, at most 8192 bytes long")
	// ErrFull: the person has as many as one may have.
	ErrFull = errors.New("this person has 500 saved searches already")
	// ErrNotFound: there is no such search, or it is another person's.
	ErrNotFound = errors.New("no such saved search")
)

// Search is one saved search.
type Search struct {
	ID     int64
	Owner  string // log-in name
	Name   string
	URL    string // path and query
	Shared bool
	Made   time.Time
}

// Store keeps searches in the state of a data folder.
type Store struct {
	db   *state.DB
	rows *state.Rows
}

// New returns the store of a database. Every change is sealed in rows before it is made;
// nil = nowhere.
func New(db *state.DB, rows *state.Rows) *Store { return &Store{db, rows} }

// List is what a person sees: the own ones and those that others share, by name.
func (s *Store) List(ctx context.Context, owner string) (l []Search, err error) {
	rows, err := s.db.QueryContext(ctx, `SELECT id, owner, name, url, shared, made FROM saved_searches
		WHERE owner = ?1 COLLATE NOCASE OR shared = 1 ORDER BY owner <> ?1 COLLATE NOCASE, name, id`, owner)
	if err != nil {
		return nil, fmt.Errorf("list saved searches: %w", err)
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		var x Search
		var made int64
		if err := rows.Scan(&x.ID, &x.Owner, &x.Name, &x.URL, &x.Shared, &made); err != nil {
			return nil, fmt.Errorf("read saved search: %w", err)
		}
		x.Made = time.Unix(made, 0).UTC()
		l = append(l, x)
	}
	return l, rows.Err()
}

// Add keeps a search. One of the same owner and name is replaced.
func (s *Store) Add(ctx context.Context, x Search) error {
	x.Name = strings.TrimSpace(x.Name)
	if n := utf8.RuneCountInString(x.Name); n == 0 || n > MaxName || !utf8.ValidString(x.Name) {
		return ErrName
	}
	if len(x.URL) > MaxURL || !strings.HasPrefix(x.URL, "/") || strings.HasPrefix(x.URL, "//") || strings.HasPrefix(x.URL, `/\`) {
		return ErrURL
	}
	return s.db.Do(ctx, func(tx *sql.Tx) error {
		var n int
		if err := tx.QueryRowContext(ctx, "SELECT count(*) FROM saved_searches WHERE owner = ? COLLATE NOCASE AND name <> ?", x.Owner, x.Name).Scan(&n); err != nil {
			return fmt.Errorf("count saved searches: %w", err)
		}
		if n >= MaxSearch {
			return ErrFull
		}
		_, err := tx.ExecContext(ctx, `INSERT INTO saved_searches (owner, name, url, shared, made) VALUES (?, ?, ?, ?, ?)
			ON CONFLICT (owner, name) DO UPDATE SET url = excluded.url, shared = excluded.shared, made = excluded.made`,
			x.Owner, x.Name, x.URL, x.Shared, x.Made.Unix())
		if err != nil {
			return fmt.Errorf("keep saved search: %w", err)
		}
		return s.seal(ctx, tx, "save", x.Owner, "owner = ? COLLATE NOCASE AND name = ?", x.Owner, x.Name)
	})
}

// Share shows a search to others, or no longer. owner "" is who may change the
// searches of all.
func (s *Store) Share(ctx context.Context, id int64, owner string, shared bool) error {
	return s.db.Do(ctx, func(tx *sql.Tx) error {
		if err := change(ctx, tx, "UPDATE saved_searches SET shared = ?3 WHERE id = ?1 AND (?2 = '' OR owner = ?2 COLLATE NOCASE)", id, owner, shared); err != nil {
			return err
		}
		return s.seal(ctx, tx, "share", owner, "id = ?", id)
	})
}

// Remove forgets a search. owner "" is who may change the searches of all.
func (s *Store) Remove(ctx context.Context, id int64, owner string) error {
	return s.db.Do(ctx, func(tx *sql.Tx) error {
		if err := change(ctx, tx, "DELETE FROM saved_searches WHERE id = ?1 AND (?2 = '' OR owner = ?2 COLLATE NOCASE)", id, owner); err != nil {
			return err
		}
		return s.rows.Seal(ctx, state.Row{ID: strconv.FormatInt(id, 10)}, "remove", owner)
	})
}

func change(ctx context.Context, tx *sql.Tx, text string, args ...any) error {
	r, err := tx.ExecContext(ctx, text, args...)
	if err != nil {
		return fmt.Errorf("change saved search: %w", err)
	}
	n, err := r.RowsAffected()
	if err == nil && n == 0 {
		err = ErrNotFound
	}
	return err
}
