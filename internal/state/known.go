package state

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"
)

// Known reads what Keep kept under the name into v, and tells of which version
// and when it was; ok is false when there is nothing.
func (db *DB) Known(ctx context.Context, name string, v any) (version string, at time.Time, ok bool, err error) {
	var text string
	var seconds int64
	err = db.QueryRowContext(ctx, "SELECT version, at, value FROM known WHERE name = ?", name).Scan(&version, &seconds, &text)
	if errors.Is(err, sql.ErrNoRows) {
		return "", time.Time{}, false, nil
	}
	if err == nil {
		err = json.Unmarshal([]byte(text), v)
	}
	if err != nil {
		return "", time.Time{}, false, fmt.Errorf("read %s: %w", name, err)
	}
	return version, time.Unix(seconds, 0), true, nil
}

// Keep keeps v under the name, in place of what was there.
func (db *DB) Keep(ctx context.Context, name, version string, at time.Time, v any) error {
	b, err := json.Marshal(v)
	if err == nil {
		_, err = db.ExecContext(ctx, "INSERT OR REPLACE INTO known (name, version, at, value) VALUES (?, ?, ?, ?)", name, version, at.Unix(), string(b))
	}
	if err != nil {
		return fmt.Errorf("keep %s: %w", name, err)
	}
	return nil
}
