package account

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/akashi-audit/akashi/internal/seal"
)

// TokenPrefix begins every API token, so that a search for leaked ones finds it.
const TokenPrefix = "akashi_"

// Bounds of tokens.
const (
	maxTokens   = 50 // of one person, in force
	MaxTokenAge = 366 * 24 * time.Hour
	usedEvery   = 60 // seconds between two notes of the last use
)

// tokenRights are those that a token can have: all but Approve, because a program
// does not agree for a person. With People it makes nobody an administrator or an
// officer and sets no password (Actor.Token), so that whoever finds a token gets no
// further right by it.
const tokenRights = AllRights &^ Approve

// ErrToken refuses a token that is to be made.
var ErrToken = errors.New("a token needs a name, rights of its owner and an end within a year")

// Token is an API token. The token itself is told once and not kept.
type Token struct {
	ID      int64
	Person  int64
	Name    string
	Rights  Right
	Created int64 // Unix seconds
	Expires int64 // Unix seconds
	Used    int64 // Unix seconds, 0 = never
	Revoked bool
	Foreign bool // not as the seal says; it gives no right

	hash string
}

// Valid reports whether the token is in force at that time.
func (t *Token) Valid(now time.Time) bool { return !t.Revoked && !t.Foreign && now.Unix() < t.Expires }

// State is valid, expired, revoked, or foreign: not as the seal says.
func (t *Token) State(now time.Time) string {
	switch {
	case t.Foreign:
		return "foreign"
	case t.Revoked:
		return "revoked"
	case now.Unix() >= t.Expires:
		return "expired"
	}
	return "valid"
}

// TokenRights are the rights that a token of a person with these can have.
func TokenRights(r Right) Right { return r & tokenRights }

const tokenColumns = "id, person, name, hash, rights, created, expires, used, revoked"

func (b *Book) scanToken(row scanner) (*Token, error) {
	t := &Token{}
	var rights string
	err := row.Scan(&t.ID, &t.Person, &t.Name, &t.hash, &rights, &t.Created, &t.Expires, &t.Used, &t.Revoked)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, ErrNotFound
	}
	if err != nil {
		return nil, fmt.Errorf("read a token: %w", err)
	}
	t.Rights = ParseRights(rights)
	h, err := t.meaning()
	t.Foreign = b.foreign(Object{seal.KindToken, t.ID}, h, err)
	return t, nil
}

// Tokens lists the tokens of a person, newest first; 0 = of everybody.
func (b *Book) Tokens(ctx context.Context, person int64) (l []*Token, err error) {
	rows, err := b.db.QueryContext(ctx, "SELECT "+tokenColumns+" FROM tokens WHERE ? IN (0, person) ORDER BY id DESC", person)
	if err != nil {
		return nil, fmt.Errorf("list tokens: %w", err)
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		t, err := b.scanToken(rows)
		if err != nil {
			return nil, err
		}
		l = append(l, t)
	}
	return l, rows.Err()
}

// AddToken makes a token of the person with some of his rights, and returns what the
// program must send, which is told once.
func (b *Book) AddToken(ctx context.Context, person int64, name string, rights Right, life time.Duration) (plain string, t *Token, err error) {
	p, err := b.Person(ctx, person)
	if err != nil {
		return "", nil, err
	}
	name = tidy(name, maxShown)
	if name == "" || rights == 0 || !TokenRights(p.Rights()).Has(rights) || life <= 0 || life > MaxTokenAge || !p.Active() {
		return "", nil, ErrToken
	}
	now := b.opt.Now()
	plain = TokenPrefix + strings.ToLower(rand.Text()) + strings.ToLower(rand.Text())[:8]
	t = &Token{Person: person, Name: name, Rights: rights, Created: now.Unix(), Expires: now.Add(life).Unix(), hash: tokenHash(plain)}
	err = b.do(ctx, func(tx *sql.Tx) error {
		var n int
		if err := tx.QueryRowContext(ctx, "SELECT count(*) FROM tokens WHERE person = ? AND revoked = 0 AND expires > ?", person, now.Unix()).Scan(&n); err != nil {
			return fmt.Errorf("count tokens: %w", err)
		}
		if n >= maxTokens {
			return ErrToken
		}
		r, err := tx.ExecContext(ctx, "INSERT INTO tokens (person, name, hash, rights, created, expires) VALUES (?,?,?,?,?,?)",
			t.Person, t.Name, t.hash, strings.Join(t.Rights.Names(), ","), t.Created, t.Expires)
		if err != nil {
			return fmt.Errorf("keep a token: %w", err)
		}
		if t.ID, err = r.LastInsertId(); err != nil {
			return fmt.Errorf("keep a token: %w", err)
		}
		subject, h, err := t.leaf("add", p.Name)
		if err != nil {
			return err
		}
		return b.record(Actor{ID: p.ID, Name: p.Name}, Object{seal.KindToken, t.ID}, subject, h)
	})
	if err != nil {
		return "", nil, err
	}
	return plain, t, nil
}

// Revoke ends a token. A person ends his own; people with the right People end
// those of others (any = true).
func (b *Book) Revoke(ctx context.Context, by Actor, id int64, any bool) error {
	return b.do(ctx, func(tx *sql.Tx) error {
		t, err := b.scanToken(tx.QueryRowContext(ctx, "SELECT "+tokenColumns+" FROM tokens WHERE id = ?", id))
		if err != nil {
			return err
		}
		if !any && t.Person != by.ID {
			return ErrNotFound
		}
		if t.Revoked {
			return nil
		}
		p, err := b.person(ctx, tx, t.Person)
		if err != nil {
			return err
		}
		t.Revoked = true
		if _, err := tx.ExecContext(ctx, "UPDATE tokens SET revoked = 1 WHERE id = ?", id); err != nil {
			return fmt.Errorf("end a token: %w", err)
		}
		subject, h, err := t.leaf("revoke", p.Name)
		if err != nil {
			return err
		}
		return b.record(by, Object{seal.KindToken, id}, subject, h)
	})
}

// TokenVisitor is the visitor that a program with this token is; ErrWrong when it
// gives no right now: unknown, ended, or its owner cannot log in. Its rights are
// those that its owner still has.
func (b *Book) TokenVisitor(ctx context.Context, plain string) (*Visitor, error) {
	if !strings.HasPrefix(plain, TokenPrefix) || len(plain) > 200 {
		return nil, ErrWrong
	}
	t, err := b.scanToken(b.db.QueryRowContext(ctx, "SELECT "+tokenColumns+" FROM tokens WHERE hash = ?", tokenHash(plain)))
	if errors.Is(err, ErrNotFound) {
		return nil, ErrWrong
	}
	if err != nil {
		return nil, err
	}
	now := b.opt.Now()
	if !t.Valid(now) {
		return nil, ErrWrong
	}
	p, err := b.Person(ctx, t.Person)
	if errors.Is(err, ErrNotFound) || err == nil && !p.Active() {
		return nil, ErrWrong
	}
	if err != nil {
		return nil, err
	}
	if now.Unix()-t.Used >= usedEvery {
		if _, err := b.db.ExecContext(ctx, "UPDATE tokens SET used = ? WHERE id = ?", now.Unix(), t.ID); err != nil {
			return nil, fmt.Errorf("note the use of a token: %w", err)
		}
	}
	v := p.Visitor()
	v.Rights &= t.Rights & tokenRights
	v.Token = t.Name
	return v, nil
}

func tokenHash(plain string) string {
	h := sha256.Sum256([]byte(plain))
	return hex.EncodeToString(h[:])
}
