package account

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"strings"
)

// Result is what a good log-in leads to.
type Result struct {
	Person *Person
	Second bool   // a code is owed: SecondStep
	Device string // to be kept in the cookie DeviceCookie, "" = as before
}

// LogIn tries a name and a password. device is the value of the cookie DeviceCookie.
// Errors that are the person's: ErrWrong, ErrBusy, a *WaitError.
func (d *Desk) LogIn(ctx context.Context, c Credentials, device string) (Result, error) {
	c.Name = strings.TrimSpace(c.Name)
	if d.book.owed.Load() { // it may be this person's row that is not written yet
		if err := d.book.Settle(ctx); err != nil {
			d.opt.Log.ErrorContext(ctx, "people are not all as the seal says", slog.Any("error", err))
		}
	}
	known, err := d.knownDevice(ctx, c.Name, device)
	if err != nil {
		return Result{}, err
	}
	limits := []limit{{"n:" + strings.ToLower(c.Name), freeName}, {"a:" + network(Origin(ctx)), freeAddress}}
	if known {
		limits[0] = limit{"d:" + sum(device), freeDevice}
	}
	name := d.realName(ctx, c.Name)
	if err := d.throttle.begin(ctx, limits...); err != nil {
		d.failed(ctx, name, "wait")
		return Result{}, err
	}
	p, err := d.opt.Prover.Prove(ctx, c)
	if err != nil {
		if errors.Is(err, ErrWrong) {
			d.failed(ctx, name, "password")
		}
		return Result{}, err
	}
	d.throttle.succeed(ctx, limits...)
	if err := d.sessions.RenewToken(ctx); err != nil {
		return Result{}, fmt.Errorf("renew a session: %w", err)
	}
	d.clear(ctx)
	if p.Second {
		d.sessions.Put(ctx, keyHalf, p.ID)
		d.sessions.Put(ctx, keyHalfAt, d.book.opt.Now().Unix())
		return Result{Person: p, Second: true}, nil
	}
	return d.enter(ctx, p, known)
}

// Half reports whether a code is owed for a password that was right.
func (d *Desk) Half(ctx context.Context) bool {
	return d.sessions.GetInt64(ctx, keyHalf) != 0 && d.book.opt.Now().Unix()-d.sessions.GetInt64(ctx, keyHalfAt) < int64(halfLife.Seconds())
}

// SecondStep takes the code that a log-in owes. A recovery code counts too.
func (d *Desk) SecondStep(ctx context.Context, code, device string) (Result, error) {
	if !d.Half(ctx) {
		d.clear(ctx)
		return Result{}, ErrWrong
	}
	p, err := d.book.Person(ctx, d.sessions.GetInt64(ctx, keyHalf))
	if err != nil || !p.Active() || !p.Second {
		d.clear(ctx)
		return Result{}, errors.Join(ErrWrong, err)
	}
	known, err := d.knownDevice(ctx, p.Name, device)
	if err != nil {
		return Result{}, err
	}
	limits := []limit{{fmt.Sprintf("s:%d", p.ID), freeName}, {"a:" + network(Origin(ctx)), freeAddress}}
	if known {
		limits[0] = limit{"sd:" + sum(device), freeDevice}
	}
	if err := d.throttle.begin(ctx, limits...); err != nil {
		d.failed(ctx, p.Name, "wait")
		return Result{}, err
	}
	if _, err := d.book.useCode(ctx, p, code); err != nil {
		if errors.Is(err, ErrWrong) {
			d.failed(ctx, p.Name, "code")
		}
		return Result{}, err
	}
	d.throttle.succeed(ctx, limits...)
	if err := d.sessions.RenewToken(ctx); err != nil {
		return Result{}, fmt.Errorf("renew a session: %w", err)
	}
	d.clear(ctx)
	return d.enter(ctx, p, known)
}

// enter makes the session that of the person.
func (d *Desk) enter(ctx context.Context, p *Person, known bool) (Result, error) {
	d.sessions.Put(ctx, keyPerson, p.ID)
	d.sessions.Put(ctx, keyEpoch, p.epoch)
	d.sessions.Put(ctx, keyRoles, rolesText(p))
	now := d.book.opt.Now().Unix()
	if _, err := d.book.db.ExecContext(ctx, "UPDATE people SET last_login = ? WHERE id = ?", now, p.ID); err != nil {
		return Result{}, fmt.Errorf("note the log-in: %w", err)
	}
	r := Result{Person: p}
	if known {
		return r, nil
	}
	r.Device = rand.Text()
	if _, err := d.book.db.ExecContext(ctx, "INSERT INTO devices (hash, person, seen) VALUES (?,?,?)", sum(r.Device), p.ID, now); err != nil {
		return Result{}, fmt.Errorf("keep a device: %w", err)
	}
	_, err := d.book.db.ExecContext(ctx, "DELETE FROM devices WHERE person = ? AND hash NOT IN (SELECT hash FROM devices WHERE person = ? ORDER BY seen DESC, rowid DESC LIMIT 20)", p.ID, p.ID)
	if err != nil {
		return Result{}, fmt.Errorf("keep devices few: %w", err)
	}
	return r, nil
}

// Enter goes on with the session of a person whose password was just changed or who
// was just made: the old sessions are over, this one is his.
func (d *Desk) Enter(ctx context.Context, id int64) error {
	p, err := d.book.Person(ctx, id)
	if err != nil {
		return err
	}
	if err := d.sessions.RenewToken(ctx); err != nil {
		return fmt.Errorf("renew a session: %w", err)
	}
	d.clear(ctx)
	_, err = d.enter(ctx, p, true)
	return err
}

// EnterDemo lets the visitor of a demonstration in.
func (d *Desk) EnterDemo(ctx context.Context) error {
	if !d.opt.Demo {
		return ErrRight
	}
	if err := d.sessions.RenewToken(ctx); err != nil {
		return fmt.Errorf("renew a session: %w", err)
	}
	d.clear(ctx)
	d.sessions.Put(ctx, keyDemo, true)
	return nil
}

// LogOut ends the session.
func (d *Desk) LogOut(ctx context.Context) error {
	if err := d.sessions.Destroy(ctx); err != nil {
		return fmt.Errorf("end a session: %w", err)
	}
	return nil
}

// DeviceCookie is the name of the cookie that tells a known browser.
func (d *Desk) DeviceCookie() string { return cookieName("akashi_device", d.opt) }

// Secure reports whether cookies travel by TLS only.
func (d *Desk) Secure() bool { return d.opt.Secure }

func (d *Desk) knownDevice(ctx context.Context, name, device string) (bool, error) {
	if device == "" || len(device) > 100 {
		return false, nil
	}
	var n int
	err := d.book.db.QueryRowContext(ctx, "SELECT count(*) FROM devices d JOIN people p ON p.id = d.person WHERE d.hash = ? AND p.name = ?", sum(device), name).Scan(&n)
	if err != nil {
		return false, fmt.Errorf("look for a device: %w", err)
	}
	return n > 0, nil
}

// realName is the name when there is such a person: what else was typed there, such
// as a password in the wrong field, is written down nowhere.
func (d *Desk) realName(ctx context.Context, name string) string {
	p, err := d.book.Named(ctx, name)
	if err != nil {
		return ""
	}
	return p.Name
}

func sum(s string) string {
	h := sha256.Sum256([]byte(s))
	return hex.EncodeToString(h[:])
}
