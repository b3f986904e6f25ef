package account

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/akashi-audit/akashi/internal/seal"
)

// The decisions on a proposal.
const (
	Approved = "approved"
	Rejected = "rejected"
)

// KindGrant is the kind of proposals to make somebody an officer; the subject is a
// GrantProposal. Other kinds belong to those who propose and carry them out.
const KindGrant = "grant"

// GrantProposal is the subject of a proposal of KindGrant.
type GrantProposal struct {
	Person int64  `json:"person"`
	Name   string `json:"name"`
	Grant
}

// Proposal is what one person wants and another decides on.
type Proposal struct {
	ID            int64
	Kind          string
	Subject       string // JSON, as the kind's owner wrote it
	Ground        string
	By            int64
	ByName        string
	Created       int64  // Unix seconds
	Decision      string // "", Approved, Rejected
	DecidedBy     int64
	DecidedName   string
	DecidedGround string
	Decided       int64 // Unix seconds
	Foreign       bool  // not as the seal says; it cannot be decided
}

const proposalColumns = "id, kind, subject, ground, by_id, by_name, created, decision, decided_id, decided_name, decided_ground, decided"

func (b *Book) scanProposal(row scanner) (*Proposal, error) {
	x := &Proposal{}
	err := row.Scan(&x.ID, &x.Kind, &x.Subject, &x.Ground, &x.By, &x.ByName, &x.Created, &x.Decision, &x.DecidedBy, &x.DecidedName, &x.DecidedGround, &x.Decided)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, ErrNotFound
	}
	if err != nil {
		return nil, fmt.Errorf("read a proposal: %w", err)
	}
	h, err := x.meaning()
	x.Foreign = b.foreign(Object{seal.KindProposal, x.ID}, h, err)
	return x, nil
}

// Propose puts something forward that another person must approve. The subject is
// written as JSON.
func (b *Book) Propose(ctx context.Context, by Actor, kind string, subject any) (*Proposal, error) {
	text, err := json.Marshal(subject)
	if err != nil {
		return nil, fmt.Errorf("encode a proposal: %w", err)
	}
	if strings.TrimSpace(by.Ground) == "" {
		return nil, ErrGround
	}
	x := &Proposal{Kind: kind, Subject: string(text), Ground: by.Ground, By: by.ID, ByName: by.Name, Created: b.opt.Now().Unix()}
	err = b.do(ctx, func(tx *sql.Tx) error {
		r, err := tx.ExecContext(ctx, "INSERT INTO proposals (kind, subject, ground, by_id, by_name, created) VALUES (?,?,?,?,?,?)", x.Kind, x.Subject, x.Ground, x.By, x.ByName, x.Created)
		if err != nil {
			return fmt.Errorf("keep a proposal: %w", err)
		}
		if x.ID, err = r.LastInsertId(); err != nil {
			return fmt.Errorf("keep a proposal: %w", err)
		}
		leaf, h, err := x.leaf("propose")
		if err != nil {
			return err
		}
		return b.record(by, Object{seal.KindProposal, x.ID}, leaf, h)
	})
	if err != nil {
		return nil, err
	}
	return x, nil
}

// Proposals lists the proposals, those that wait first, then newest first; kind ""
// = of all kinds.
func (b *Book) Proposals(ctx context.Context, kind string) (l []*Proposal, err error) {
	rows, err := b.db.QueryContext(ctx, "SELECT "+proposalColumns+" FROM proposals WHERE ? IN ('', kind) ORDER BY decision != '', id DESC LIMIT 200", kind)
	if err != nil {
		return nil, fmt.Errorf("list proposals: %w", err)
	}
	return b.scanProposals(rows)
}

// Proposal is one proposal, or ErrNotFound.
func (b *Book) Proposal(ctx context.Context, id int64) (*Proposal, error) {
	return b.scanProposal(b.db.QueryRowContext(ctx, "SELECT "+proposalColumns+" FROM proposals WHERE id = ?", id))
}

// Decide approves or rejects a proposal. It needs the right Approve and another
// person than the one who proposed, who can only take it back (reject it). What was
// approved of KindGrant is done here; other kinds are done by whoever asked for the
// decision.
func (b *Book) Decide(ctx context.Context, v *Visitor, id int64, approve bool, ground string) (*Proposal, error) {
	by := ActorOf(v, ground)
	var x *Proposal
	var g GrantProposal
	decide := func(tx *sql.Tx) (err error) {
		if x, err = b.scanProposal(tx.QueryRowContext(ctx, "SELECT "+proposalColumns+" FROM proposals WHERE id = ?", id)); err != nil {
			return err
		}
		own := x.By == by.ID && strings.EqualFold(x.ByName, by.Name)
		switch {
		case x.Decision != "":
			return ErrDecided
		case x.Foreign:
			return ErrNotFound
		case own && approve:
			return ErrOwn
		case !own && (!v.May(Approve) || v.Token != ""):
			return ErrRight
		}
		if approve && x.Kind == KindGrant {
			if err := json.Unmarshal([]byte(x.Subject), &g); err != nil {
				return fmt.Errorf("read a proposal: %w", err)
			}
			if g.Person == by.ID {
				return ErrOwn
			}
		}
		x.Decision, x.DecidedBy, x.DecidedName, x.DecidedGround, x.Decided = Rejected, by.ID, by.Name, by.Ground, b.opt.Now().Unix()
		if approve {
			x.Decision = Approved
		}
		_, err = tx.ExecContext(ctx, "UPDATE proposals SET decision = ?, decided_id = ?, decided_name = ?, decided_ground = ?, decided = ? WHERE id = ?",
			x.Decision, x.DecidedBy, x.DecidedName, x.DecidedGround, x.Decided, id)
		if err != nil {
			return fmt.Errorf("keep a decision: %w", err)
		}
		leaf, h, err := x.leaf(x.Decision)
		if err != nil {
			return err
		}
		return b.record(by, Object{seal.KindProposal, id}, leaf, h)
	}
	if err := b.do(ctx, decide); err != nil {
		return nil, err
	}
	if x.Kind != KindGrant || x.Decision != Approved {
		return x, nil
	}
	_, err := b.setGrant(ctx, by, g.Person, g.Grant, "", true)
	return x, err
}
