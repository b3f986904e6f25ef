package account

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"time"

	"github.com/akashi-audit/akashi/internal/state"
)

// How failures of log-in are slowed down. The first few are free; each further one
// waits twice as long as the one before, up to lockMax, and everything is forgotten
// lockForget after the last one. The failures of a name count only for browsers from
// which that person has not logged in before: whoever tries names from elsewhere
// locks the elsewhere, and not the person's own browser.
const (
	freeName    = 5  // tries of a name from unknown browsers
	freeDevice  = 10 // tries from a browser that is known for this person
	freeAddress = 30 // tries from an address, whatever the name
	lockFirst   = 10 * time.Second
	lockMax     = 15 * time.Minute
	lockForget  = time.Hour
	maxTries    = 20_000 // keys
)

// WaitError says that log-in is refused for a while, whatever is typed.
type WaitError struct{ Wait time.Duration }

func (e *WaitError) Error() string {
	return fmt.Sprintf("too many failures: wait %s", e.Wait.Round(time.Second))
}

// throttle counts tries by key, in memory and in the state database, so that a restart
// forgets none. What the database does not take is counted in memory alone: a full disk
// locks nobody out.
type throttle struct {
	now func() time.Time
	db  *state.DB // nil = in memory only
	log *slog.Logger

	mu     sync.Mutex // guards the fields below
	loaded bool
	m      map[string]*tries // by the hash of the key
}

type tries struct {
	n     int
	last  time.Time
	until time.Time
}

type limit struct {
	key  string
	free int
}

// sane takes a clock that was wrong out of what was counted: nobody waits longer than
// lockMax from now.
func (x *tries) sane(now time.Time) {
	if x.last.After(now) {
		x.last = now
	}
	if most := now.Add(lockMax); x.until.After(most) {
		x.until = most
	}
}

// load reads what was counted before the start; t.mu is held.
func (t *throttle) load(ctx context.Context, now time.Time) error {
	if t.loaded || t.db == nil {
		return nil
	}
	if _, err := t.db.ExecContext(ctx, "DELETE FROM tries WHERE last < ?", now.Add(-lockForget).Unix()); err != nil {
		return fmt.Errorf("forget old failures of log-in: %w", err)
	}
	if _, err := t.db.ExecContext(ctx, "DELETE FROM tries WHERE key NOT IN (SELECT key FROM tries ORDER BY last DESC LIMIT ?)", maxTries); err != nil {
		return fmt.Errorf("keep failures of log-in few: %w", err)
	}
	rows, err := t.db.QueryContext(ctx, "SELECT key, n, last, until FROM tries")
	if err != nil {
		return fmt.Errorf("read failures of log-in: %w", err)
	}
	for rows.Next() {
		var key string
		var n int
		var last, until int64
		if err := rows.Scan(&key, &n, &last, &until); err != nil {
			return errors.Join(fmt.Errorf("read failures of log-in: %w", err), rows.Close())
		}
		x := &tries{n: n, last: time.Unix(last, 0)}
		if until > 0 {
			x.until = time.Unix(until, 0)
		}
		x.sane(now)
		t.m[key] = x
	}
	if err := errors.Join(rows.Err(), rows.Close()); err != nil {
		return fmt.Errorf("read failures of log-in: %w", err)
	}
	t.loaded = true
	return nil
}

// keep writes what is counted of keys now; t.mu is held.
func (t *throttle) keep(ctx context.Context, keys ...string) {
	if t.db == nil {
		return
	}
	err := t.db.Do(context.WithoutCancel(ctx), func(tx *sql.Tx) error {
		for _, k := range keys {
			x := t.m[k]
			if x == nil {
				if _, err := tx.ExecContext(ctx, "DELETE FROM tries WHERE key = ?", k); err != nil {
					return err
				}
				continue
			}
			until := int64(0)
			if !x.until.IsZero() {
				until = x.until.Add(time.Second - 1).Unix() // a part of a second is waited too
			}
			if _, err := tx.ExecContext(ctx, "INSERT OR REPLACE INTO tries (key, n, last, until) VALUES (?,?,?,?)", k, x.n, x.last.Unix(), until); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.log.ErrorContext(ctx, "failures of log-in are counted in memory only", slog.Any("error", err))
	}
}

// begin counts a try of all keys, as if it failed: tries side by side all count. It
// returns a *WaitError, and counts nothing, when one of the keys must wait.
func (t *throttle) begin(ctx context.Context, limits ...limit) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	now := t.now()
	if err := t.load(ctx, now); err != nil {
		t.log.ErrorContext(ctx, "failures of log-in are counted in memory only", slog.Any("error", err))
	}
	var wait time.Duration
	for _, l := range limits {
		if x := t.m[sum(l.key)]; x != nil {
			x.sane(now)
			wait = max(wait, x.until.Sub(now))
		}
	}
	if wait > 0 {
		return &WaitError{wait}
	}
	var changed []string
	for _, l := range limits {
		key := sum(l.key)
		x := t.m[key]
		if x == nil || now.Sub(x.last) > lockForget {
			changed = append(changed, t.room(now)...)
			x = &tries{}
			t.m[key] = x
		}
		x.n++
		x.last = now
		if x.n >= l.free {
			x.until = now.Add(min(lockFirst<<min(x.n-l.free, 20), lockMax))
		}
		changed = append(changed, key)
	}
	t.keep(ctx, changed...)
	return nil
}

// succeed forgets the tries of the first key and takes the one that begin counted
// off the others: an address does not become clean by one good log-in.
func (t *throttle) succeed(ctx context.Context, limits ...limit) {
	t.mu.Lock()
	defer t.mu.Unlock()
	var changed []string
	for i, l := range limits {
		key := sum(l.key)
		x := t.m[key]
		switch {
		case x == nil:
			continue
		case i == 0 || x.n <= 1:
			delete(t.m, key)
		default:
			x.n--
			x.until = time.Time{}
		}
		changed = append(changed, key)
	}
	t.keep(ctx, changed...)
}

// forget drops keys.
func (t *throttle) forget(ctx context.Context, keys ...string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	hashed := make([]string, len(keys))
	for i, k := range keys {
		hashed[i] = sum(k)
		delete(t.m, hashed[i])
	}
	t.keep(ctx, hashed...)
}

// resetKeys are the keys of a person that a reset of the password forgets.
func resetKeys(id int64, name string) []string {
	return []string{"n:" + strings.ToLower(name), fmt.Sprintf("s:%d", id)}
}

// room keeps the map bounded, and returns what goes: what is over, and when nothing is
// over, the oldest that waits for nothing.
func (t *throttle) room(now time.Time) (gone []string) {
	if len(t.m) < maxTries {
		return nil
	}
	oldest, at := "", now
	for k, x := range t.m {
		if now.Sub(x.last) > lockForget {
			delete(t.m, k)
			gone = append(gone, k)
		} else if x.until.Before(now) && x.last.Before(at) {
			oldest, at = k, x.last
		}
	}
	if len(t.m) >= maxTries && oldest != "" {
		delete(t.m, oldest)
		gone = append(gone, oldest)
	}
	if len(t.m) >= maxTries { // all wait: any one goes
		for k := range t.m {
			delete(t.m, k)
			return append(gone, k)
		}
	}
	return gone
}
