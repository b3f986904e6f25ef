package server

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"

	"github.com/akashi-audit/akashi/internal/account"
	"github.com/akashi-audit/akashi/internal/once"
	"github.com/akashi-audit/akashi/internal/trail"
)

// door is who may come in, and the trail of what they do.
type door struct {
	desk  *account.Desk
	trail *trail.Log
	once  *once.Book
	mask  func(string) string // no My Number is written into the trail
	log   *slog.Logger
}

// newDoor opens the people and the trail of the folder. Local is a server that only
// this machine reaches.
func newDoor(ctx context.Context, cfg Config, local, secure bool, port string) (*door, error) {
	book, err := cfg.Engine.People(ctx)
	if err != nil {
		return nil, fmt.Errorf("open the people: %w", err)
	}
	d := &door{log: cfg.Log, mask: cfg.Engine.Mask}
	if d.trail, err = cfg.Engine.Trail(ctx); err != nil {
		return nil, fmt.Errorf("open the trail: %w", err)
	}
	db, err := cfg.Engine.State(ctx)
	if err != nil {
		return nil, fmt.Errorf("open the answers: %w", err)
	}
	d.once = once.New(db, nil)
	c := cfg.Engine.Config()
	d.desk = account.NewDesk(book, account.DeskOptions{
		Secure: secure, Port: port, Idle: c.Serve.IdleTime(), Life: c.Serve.SessionTime(), Demo: c.Demo && local, Log: cfg.Log,
		Tokens: byToken,
		Polls:  func(r *http.Request) bool { return r.URL.Path == "/status-line" },
		Failed: d.failed,
	})
	return d, nil
}

// entry is what the visitor of ctx does.
func (d *door) entry(ctx context.Context, action, object, ground, result string) trail.Entry {
	e := trail.Entry{From: account.Origin(ctx), Action: action, Object: d.mask(object), Ground: d.mask(ground), Result: result}
	if v := account.From(ctx); v != nil {
		e.Who, e.ID, e.Token = v.Name, v.ID, v.Token
	}
	return e
}

// note takes what a visitor does into the trail.
func (d *door) note(ctx context.Context, action, object, ground string) error {
	return d.trail.Note(ctx, d.entry(ctx, action, object, ground, trail.OK))
}

// noteAs is note for somebody who is not the visitor of ctx yet: at his log-in.
func (d *door) noteAs(ctx context.Context, p *account.Person, action, object string) error {
	e := d.entry(ctx, action, object, "", trail.OK)
	if p != nil {
		e.Who, e.ID, e.Token = p.Name, p.ID, ""
	}
	return d.trail.Note(ctx, e)
}

// refused takes what a visitor may not do into the trail.
func (d *door) refused(ctx context.Context, action, object string) {
	if err := d.trail.NoteMerged(ctx, d.entry(ctx, action, object, "", trail.Refused)); err != nil {
		d.log.ErrorContext(ctx, "note in the trail", slog.Any("error", err))
	}
}

// failed takes a refused log-in into the trail.
func (d *door) failed(ctx context.Context, name, reason string) {
	e := d.entry(ctx, "login", reason, "", trail.Failed)
	e.Who = name
	if err := d.trail.NoteMerged(ctx, e); err != nil {
		d.log.ErrorContext(ctx, "note in the trail", slog.Any("error", err))
	}
}
