package once

import (
	"context"
	"crypto/rand"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/akashi-audit/akashi/internal/state"
)

// The bounds of what is kept.
const (
	Life      = 24 * time.Hour // of a key, since its request began
	MaxKey    = 255            // bytes of a key
	MaxBody   = 1 << 20        // bytes of an answer; the content of a longer one is not kept
	maxKeys   = 10_000         // of one person at a time
	longest   = 15 * time.Minute
	maxHeader = 4 << 10 // bytes of a header
)

// Errors that callers tell apart.
var (
	// ErrOther: the key was given with another request before.
	ErrOther = errors.New("the key belongs to another request")
	// ErrRunning: the request with this key has not ended yet.
	ErrRunning = errors.New("the request with this key is still running")
	// ErrUnknown: the request with this key was begun and never ended.
	ErrUnknown = errors.New("whether the request with this key was done is not known")
	// ErrScope: the asker may see something else by now than when he asked.
	ErrScope = errors.New("the asker may see something else by now")
	// ErrFull: the person has given too many keys.
	ErrFull = errors.New("too many keys within a day")
)

// UnknownError is ErrUnknown with the time at which the request was begun: what came of it
// is in the trail and in the lists since then.
type UnknownError struct{ Begun time.Time }

func (e *UnknownError) Error() string { return ErrUnknown.Error() }

// Is reports whether the target is ErrUnknown.
func (e *UnknownError) Is(target error) bool { return target == ErrUnknown }

// Key is the key of a request and who gave it. Each token has keys of its own.
type Key struct {
	Person int64
	Name   string // log-in name
	Token  string // name of the API token, "" = a session
	Key    string
}

// Request is what is asked under a key.
type Request struct {
	Print string // of all that was sent
	Scope string // of what the asker may see and do
}

// Answer is the first answer to a request.
type Answer struct {
	Status int
	Header map[string]string
	Body   []byte
	Kept   bool // false = the content is told once, or too long
}

// Book is the answers of a data folder.
type Book struct {
	db  *state.DB
	now func() time.Time
	run string // of this process
}

// New keeps answers in db; now nil = time.Now.
func New(db *state.DB, now func() time.Time) *Book {
	if now == nil {
		now = time.Now
	}
	return &Book{db: db, now: now, run: rand.Text()}
}

// Begin takes a key. nil is a request that goes on: End or Drop MUST follow. An Answer is
// that of the request that was first.
func (b *Book) Begin(ctx context.Context, k Key, r Request) (a *Answer, err error) {
	now := b.now().UnixNano()
	tx, err := b.db.BeginTx(ctx, nil)
	if err != nil {
		return nil, fmt.Errorf("take a key: %w", err)
	}
	defer func() {
		if e := tx.Rollback(); e != nil && !errors.Is(e, sql.ErrTxDone) {
			err = errors.Join(err, fmt.Errorf("take a key: %w", e))
		}
	}()
	if _, err := tx.ExecContext(ctx, "DELETE FROM answers WHERE begun <= ?", now-int64(Life)); err != nil {
		return nil, fmt.Errorf("forget old keys: %w", err)
	}
	a, err = b.earlier(ctx, tx, k, r, now)
	if a != nil || err != nil {
		return a, err
	}
	var n int
	if err := tx.QueryRowContext(ctx, "SELECT count(*) FROM answers WHERE person = ? AND name = ?", k.Person, k.Name).Scan(&n); err != nil {
		return nil, fmt.Errorf("count keys: %w", err)
	}
	if n >= maxKeys {
		return nil, ErrFull
	}
	_, err = tx.ExecContext(ctx, "INSERT INTO answers (person, name, token, key, print, scope, run, begun) VALUES (?,?,?,?,?,?,?,?)",
		k.Person, k.Name, k.Token, k.Key, r.Print, r.Scope, b.run, now)
	if err == nil {
		err = tx.Commit()
	}
	if err != nil {
		return nil, fmt.Errorf("take a key: %w", err)
	}
	return nil, nil
}

// earlier is the answer of an earlier request with the key; nil, nil = there was none.
func (b *Book) earlier(ctx context.Context, tx *sql.Tx, k Key, r Request, now int64) (*Answer, error) {
	var was Request
	var run, header string
	var begun, ended int64
	a := &Answer{}
	err := tx.QueryRowContext(ctx, "SELECT print, scope, run, begun, ended, status, header, body, kept FROM answers WHERE person = ? AND name = ? AND token = ? AND key = ?", k.Person, k.Name, k.Token, k.Key).
		Scan(&was.Print, &was.Scope, &run, &begun, &ended, &a.Status, &header, &a.Body, &a.Kept)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return nil, nil
	case err != nil:
		return nil, fmt.Errorf("look for a key: %w", err)
	case was.Print != r.Print:
		return nil, ErrOther
	case ended == 0 && run == b.run && now-begun < int64(longest):
		return nil, ErrRunning
	case ended == 0:
		return nil, &UnknownError{Begun: time.Unix(0, begun)}
	case was.Scope != r.Scope:
		return nil, ErrScope
	}
	if err := json.Unmarshal([]byte(header), &a.Header); err != nil {
		return nil, fmt.Errorf("read an answer: %w", err)
	}
	return a, nil
}

// End keeps the answer of a request that was begun.
func (b *Book) End(ctx context.Context, k Key, a *Answer) error {
	header, err := json.Marshal(a.Header)
	if err != nil {
		return fmt.Errorf("keep an answer: %w", err)
	}
	body, kept := a.Body, a.Kept
	if !kept || len(body) > MaxBody || len(header) > maxHeader {
		body, kept = nil, false
	}
	if len(header) > maxHeader {
		header = []byte("{}")
	}
	_, err = b.db.ExecContext(ctx, "UPDATE answers SET ended = ?, status = ?, header = ?, body = ?, kept = ? WHERE person = ? AND name = ? AND token = ? AND key = ? AND run = ?",
		b.now().UnixNano(), a.Status, string(header), append([]byte{}, body...), kept, k.Person, k.Name, k.Token, k.Key, b.run)
	if err != nil {
		return fmt.Errorf("keep an answer: %w", err)
	}
	return nil
}

// Drop gives the key of a request back that was refused before anything was done.
func (b *Book) Drop(ctx context.Context, k Key) error {
	_, err := b.db.ExecContext(ctx, "DELETE FROM answers WHERE person = ? AND name = ? AND token = ? AND key = ? AND run = ? AND ended = 0", k.Person, k.Name, k.Token, k.Key, b.run)
	if err != nil {
		return fmt.Errorf("give a key back: %w", err)
	}
	return nil
}
