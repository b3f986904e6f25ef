package account

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"errors"
	"strings"
	"sync"
	"time"
)

// The one-time code of the first start.
const (
	firstLife  = 24 * time.Hour
	firstTries = 10
)

// ErrFirst refuses a code of the first start: wrong, used, too old, tried too often,
// or there are people already.
var ErrFirst = errors.New("this code does not hold (any more): start akashi again for a new one")

// firstCode lets one person make the first administrator. It lives in memory only.
type firstCode struct {
	mu    sync.Mutex // guards the fields below
	hash  [sha256.Size]byte
	until time.Time
	left  int // wrong tries
}

// FirstCode makes the code of this start, "" when there are people already. A code of
// before no longer holds.
func (d *Desk) FirstCode(ctx context.Context) (string, error) {
	empty, err := d.book.Empty(ctx)
	if err != nil || !empty {
		return "", err
	}
	code := rand.Text()
	d.first.mu.Lock()
	defer d.first.mu.Unlock()
	d.first.hash, d.first.until, d.first.left = sha256.Sum256([]byte(code)), d.book.opt.Now().Add(firstLife), firstTries
	return code, nil
}

// CheckFirst reports by ErrFirst whether the code holds; wrong ones are counted.
func (d *Desk) CheckFirst(ctx context.Context, code string) error {
	empty, err := d.book.Empty(ctx)
	if err != nil {
		return err
	}
	if !empty {
		return ErrFirst
	}
	d.first.mu.Lock()
	defer d.first.mu.Unlock()
	return d.first.check(code, d.book.opt.Now())
}

func (f *firstCode) check(code string, now time.Time) error {
	given := sha256.Sum256([]byte(strings.ToUpper(strings.TrimSpace(code))))
	same := subtle.ConstantTimeCompare(given[:], f.hash[:]) == 1
	if f.left <= 0 || !now.Before(f.until) {
		return ErrFirst
	}
	if !same {
		f.left--
		return ErrFirst
	}
	return nil
}

// First makes the first administrator, logs him in, and ends the code. On an error
// that is not ErrFirst the code holds on.
func (d *Desk) First(ctx context.Context, code string, n NewPerson) (*Person, error) {
	if err := d.CheckFirst(ctx, code); err != nil {
		return nil, err
	}
	d.first.mu.Lock() // two browsers with the code make one administrator
	defer d.first.mu.Unlock()
	if err := d.first.check(code, d.book.opt.Now()); err != nil {
		return nil, err
	}
	n.Roles, n.Scope, n.Must = []Role{Admin}, Scope{}, false
	p, err := d.book.Add(ctx, Actor{Name: strings.TrimSpace(n.Name), Ground: "first start"}, n)
	if err != nil {
		return nil, err
	}
	d.first.left = 0
	return p, d.Enter(ctx, p.ID)
}
