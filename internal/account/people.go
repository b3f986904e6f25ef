package account

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
)

// NewPerson is what a person begins with.
type NewPerson struct {
	Name, Shown string
	Roles       []Role
	Scope       Scope
	Password    string
	Must        bool // another person chose the password
}

// Add makes a person.
func (b *Book) Add(ctx context.Context, by Actor, n NewPerson) (*Person, error) {
	p := &Person{Name: n.Name, Shown: n.Shown, Roles: n.Roles, Scope: n.Scope, Must: n.Must, Created: b.opt.Now().Unix(), CreatedBy: by.Name, epoch: 1}
	if err := p.check(); err != nil {
		return nil, err
	}
	if err := CheckPassword(n.Password, n.Name); err != nil {
		return nil, err
	}
	var err error
	if p.password, err = b.hash.hash(ctx, n.Password); err != nil {
		return nil, err
	}
	if by.Token != "" && p.powerful() {
		return nil, ErrRight
	}
	err = b.do(ctx, func(tx *sql.Tx) error {
		var n int
		if err := tx.QueryRowContext(ctx, "SELECT count(*) FROM people WHERE name = ?", p.Name).Scan(&n); err != nil {
			return fmt.Errorf("look for the name: %w", err)
		}
		if n > 0 {
			return ErrTaken
		}
		if p.Has(Officer) {
			if err := b.needsOther(ctx, tx, by); err != nil {
				return err
			}
		}
		if err := tx.QueryRowContext(ctx, "SELECT coalesce(max(id), 0) + 1 FROM people").Scan(&p.ID); err != nil {
			return fmt.Errorf("number a person: %w", err)
		}
		return b.seal(ctx, tx, by, p, "add")
	})
	if err != nil {
		return nil, err
	}
	return b.Person(ctx, p.ID)
}

// needsOther fails when the role 責任者 cannot be given by one person alone: as
// soon as there is an officer, another one agrees (Propose). The owner of the
// machine needs nobody.
func (b *Book) needsOther(ctx context.Context, tx *sql.Tx, by Actor) error {
	if by.ID == 0 {
		return nil
	}
	l, err := b.people(ctx, tx)
	if err != nil {
		return err
	}
	if slices.ContainsFunc(l, func(p *Person) bool { return p.Active() && p.Has(Officer) }) {
		return ErrNeedsOther
	}
	return nil
}

// Grant is what a person may from now on.
type Grant struct {
	Roles []Role `json:"roles"`
	Scope Scope  `json:"scope"`
}

// SetGrant changes roles and restriction. Nobody changes his own; making somebody an
// officer gives ErrNeedsOther while there is one who can agree.
func (b *Book) SetGrant(ctx context.Context, by Actor, id int64, g Grant) (*Person, error) {
	return b.setGrant(ctx, by, id, g, "", false)
}

// Ask is SetGrant, or, when another person must agree, puts it forward: then there is
// a proposal, and the person is as before. seen is Person.Mark of what was looked at, ""
// = whatever is there; a person who is another one by now gives ErrChanged.
func (b *Book) Ask(ctx context.Context, by Actor, id int64, g Grant, seen string) (*Person, *Proposal, error) {
	p, err := b.setGrant(ctx, by, id, g, seen, false)
	if !errors.Is(err, ErrNeedsOther) {
		return p, nil, err
	}
	if p, err = b.Person(ctx, id); err != nil {
		return nil, nil, err
	}
	wanted := *p
	wanted.Roles, wanted.Scope = slices.Clone(g.Roles), g.Scope
	if err := wanted.check(); err != nil {
		return nil, nil, err
	}
	x, err := b.Propose(ctx, by, KindGrant, GrantProposal{Person: p.ID, Name: p.Name, Grant: Grant{wanted.Roles, wanted.Scope}})
	return p, x, err
}

// powerful reports whether the person runs akashi or approves what others propose.
func (p *Person) powerful() bool { return p.Has(Officer) || p.Has(Admin) }

func (b *Book) setGrant(ctx context.Context, by Actor, id int64, g Grant, seen string, approved bool) (*Person, error) {
	return b.change(ctx, by, id, func(tx *sql.Tx, p *Person) (string, error) {
		if by.ID != 0 && by.ID == p.ID {
			return "", ErrOwn
		}
		if seen != "" && seen != p.Mark() {
			return "", ErrChanged
		}
		before := p.Has(Officer)
		admin := p.Has(Admin)
		p.Roles, p.Scope = slices.Clone(g.Roles), g.Scope
		if by.Token != "" && (p.Has(Officer) && !before || p.Has(Admin) && !admin) {
			return "", ErrRight
		}
		if p.Has(Officer) && !before && !approved {
			if err := b.needsOther(ctx, tx, by); err != nil {
				return "", err
			}
		}
		return "roles", nil
	})
}

// SetShown changes the name on pages.
func (b *Book) SetShown(ctx context.Context, by Actor, id int64, shown string) (*Person, error) {
	return b.change(ctx, by, id, func(_ *sql.Tx, p *Person) (string, error) {
		if p.Shown == tidy(shown, maxShown) && !p.Foreign {
			return "", nil
		}
		p.Shown = shown
		return "show", nil
	})
}

// Disable keeps a person from logging in, or lets him again, and ends his sessions
// and tokens' use. Nobody disables himself.
func (b *Book) Disable(ctx context.Context, by Actor, id int64, disabled bool) (*Person, error) {
	return b.change(ctx, by, id, func(_ *sql.Tx, p *Person) (string, error) {
		if by.ID != 0 && by.ID == p.ID {
			return "", ErrOwn
		}
		if p.Disabled == disabled && !p.Foreign {
			return "", nil
		}
		p.Disabled = disabled
		p.epoch++
		if disabled {
			return "disable", nil
		}
		return "enable", nil
	})
}

// Reset sets a password for another person, who must change it at the next log-in.
// It takes away the one-time codes when second is set, ends all sessions, and makes a
// row of a person that is not as the seal says count again as it stands.
func (b *Book) Reset(ctx context.Context, by Actor, id int64, password string, second bool) (*Person, error) {
	if by.Token != "" {
		return nil, ErrRight
	}
	p, err := b.Person(ctx, id)
	if err != nil {
		return nil, err
	}
	if err := CheckPassword(password, p.Name); err != nil {
		return nil, err
	}
	phc, err := b.hash.hash(ctx, password)
	if err != nil {
		return nil, err
	}
	return b.change(ctx, by, id, func(_ *sql.Tx, p *Person) (string, error) {
		if by.ID != 0 && by.ID == p.ID {
			return "", ErrOwn
		}
		p.password, p.Must = phc, true
		p.epoch++
		if second {
			p.totp, p.codes, p.step = "", nil, 0
		}
		return "password", nil
	})
}

// SetPassword changes the own password after the old one was given, and ends all
// sessions of before. A wrong old password gives ErrWrong.
func (b *Book) SetPassword(ctx context.Context, id int64, old, password string) (*Person, error) {
	p, err := b.Person(ctx, id)
	if err != nil {
		return nil, err
	}
	ok, _, err := b.hash.verify(ctx, old, p.password)
	if err != nil {
		return nil, err
	}
	if !ok {
		return nil, ErrWrong
	}
	if err := CheckPassword(password, p.Name); err != nil {
		return nil, err
	}
	if old == password {
		return nil, ErrTrivial
	}
	phc, err := b.hash.hash(ctx, password)
	if err != nil {
		return nil, err
	}
	return b.change(ctx, Actor{ID: p.ID, Name: p.Name}, id, func(_ *sql.Tx, q *Person) (string, error) {
		if q.Foreign || q.password != p.password {
			return "", ErrWrong
		}
		q.password, q.Must = phc, false
		q.epoch++
		return "password", nil
	})
}

// Prefer keeps what a person chooses for himself: by is the person, or his token.
func (b *Book) Prefer(ctx context.Context, by Actor, x Preferences) error {
	if err := x.check(); err != nil {
		return err
	}
	p, err := b.Person(ctx, by.ID)
	if err != nil {
		return err
	}
	if x.Shown != p.Shown && !p.Foreign { // the name on pages is what others see: sealed
		if _, err := b.SetShown(ctx, by, p.ID, x.Shown); err != nil {
			return err
		}
	}
	if _, err := b.db.ExecContext(ctx, "UPDATE people SET lang = ?, zone = ?, dense = ? WHERE id = ?", x.Lang, x.Zone, x.Dense, p.ID); err != nil {
		return fmt.Errorf("keep preferences: %w", err)
	}
	return nil
}

// rehash stores the password at today's cost.
func (b *Book) rehash(ctx context.Context, p *Person, password string) error {
	phc, err := b.hash.hash(ctx, password)
	if err != nil {
		return err
	}
	_, err = b.change(ctx, Actor{ID: p.ID, Name: p.Name}, p.ID, func(_ *sql.Tx, q *Person) (string, error) {
		if q.password != p.password {
			return "", nil
		}
		q.password = phc
		return "password", nil
	})
	if errors.Is(err, ErrNotFound) {
		return nil
	}
	return err
}
