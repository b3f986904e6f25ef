package account

import (
	"context"
	"fmt"
)

// Confirm asks for the password of a person who is logged in once more. Tries are
// counted as those of log-in are.
func (d *Desk) Confirm(ctx context.Context, id int64, password string) error {
	p, err := d.book.Person(ctx, id)
	if err != nil {
		return err
	}
	l := limit{fmt.Sprintf("c:%d", id), freeName}
	if err := d.throttle.begin(ctx, l); err != nil {
		d.failed(ctx, p.Name, "wait")
		return err
	}
	ok, _, err := d.book.hash.verify(ctx, password, p.password)
	if err != nil {
		return err
	}
	if !ok {
		d.failed(ctx, p.Name, "confirm")
		return ErrWrong
	}
	d.throttle.succeed(ctx, l)
	return nil
}

// ChangePassword changes the own password. The session goes on under a new token, all
// others of the person are over.
func (d *Desk) ChangePassword(ctx context.Context, id int64, old, password string) error {
	if err := d.Confirm(ctx, id, old); err != nil {
		return err
	}
	if _, err := d.book.SetPassword(ctx, id, old, password); err != nil {
		return err
	}
	return d.Enter(ctx, id)
}

// SetSecond sets up the one-time codes that this session is setting up, see
// Book.SetSecond.
func (d *Desk) SetSecond(ctx context.Context, id int64, code string) ([]string, error) {
	l := limit{fmt.Sprintf("c:%d", id), freeName}
	if err := d.throttle.begin(ctx, l); err != nil {
		return nil, err
	}
	codes, err := d.book.SetSecond(ctx, id, d.Secret(ctx), code)
	if err != nil {
		return nil, err
	}
	d.throttle.succeed(ctx, l)
	d.sessions.Remove(ctx, keySecret)
	if err := d.sessions.RenewToken(ctx); err != nil {
		return nil, fmt.Errorf("renew a session: %w", err)
	}
	return codes, nil
}

// Reset is Book.Reset; whoever waited because of failures need not wait any more.
func (d *Desk) Reset(ctx context.Context, by Actor, id int64, password string, second bool) (*Person, error) {
	p, err := d.book.Reset(ctx, by, id, password, second)
	if err != nil {
		return nil, err
	}
	d.throttle.forget(ctx, resetKeys(id, p.Name)...)
	return p, nil
}

// Run is Book.Run with what Reset does.
func (d *Desk) Run(ctx context.Context, c Command) (*Answer, error) {
	a, err := d.book.Run(ctx, c)
	if err != nil || c.Act != "reset" {
		return a, err
	}
	p, err := d.book.Named(ctx, c.Name)
	if err == nil {
		d.throttle.forget(ctx, resetKeys(p.ID, p.Name)...)
	}
	return a, err
}
