package saved

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strconv"

	"github.com/akashi-audit/akashi/internal/seal"
	"github.com/akashi-audit/akashi/internal/state"
)

// querier is a database or a transaction.
type querier interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
}

// sealedRows are the rows as the seal knows them. Others may use a shared search, so all of
// it is sealed.
func sealedRows(ctx context.Context, q querier, where string, args ...any) (l []state.Row, err error) {
	rows, err := q.QueryContext(ctx, "SELECT id, owner, name, url, shared, made FROM saved_searches WHERE "+where, args...)
	if err != nil {
		return nil, fmt.Errorf("read saved searches: %w", err)
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		var x struct {
			ID     int64  `json:"id"`
			Owner  string `json:"owner"`
			Name   string `json:"name"`
			URL    string `json:"url"`
			Shared bool   `json:"shared"`
			Made   int64  `json:"made"`
		}
		if err := rows.Scan(&x.ID, &x.Owner, &x.Name, &x.URL, &x.Shared, &x.Made); err != nil {
			return nil, fmt.Errorf("read saved search: %w", err)
		}
		h, err := state.HashOf(x)
		if err != nil {
			return nil, err
		}
		l = append(l, state.Row{ID: strconv.FormatInt(x.ID, 10), Hash: h})
	}
	return l, rows.Err()
}

// seal seals the rows that were changed.
func (s *Store) seal(ctx context.Context, tx *sql.Tx, act, by, where string, args ...any) error {
	if s.rows == nil {
		return nil
	}
	l, err := sealedRows(ctx, tx, where, args...)
	if err != nil {
		return err
	}
	for _, x := range l {
		if err := s.rows.Seal(ctx, x, act, by); err != nil {
			return err
		}
	}
	return nil
}

// Settle brings the seal to what is there when the folder is opened, see state.Rows.
func (s *Store) Settle(ctx context.Context) error {
	l, err := sealedRows(ctx, s.db, "1")
	if err != nil || s.rows == nil {
		return err
	}
	return s.rows.Settle(ctx, l, false)
}

// Check compares the saved searches of a database with the entries of a seal.
func Check(ctx context.Context, db *state.DB, entries []seal.Entry) ([]state.Difference, error) {
	l, err := sealedRows(ctx, db, "1")
	if err != nil {
		return nil, err
	}
	return state.CheckRows(seal.KindSaved, entries, l, false), nil
}
