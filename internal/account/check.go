package account

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/akashi-audit/akashi/internal/seal"
	"github.com/akashi-audit/akashi/internal/state"
)

// The ways in which the database differs from the seal.
const (
	DiffChanged  = "changed"  // a row says something else than its last leaf
	DiffMissing  = "missing"  // a leaf tells of a row that is not there
	DiffUnsealed = "unsealed" // a row that no leaf tells of
)

// Difference is a row that is not as the seal says.
type Difference struct {
	Object
	What string
	Name string // of the person, token or kind of proposal, "" when the row is gone
}

// Check compares the people, tokens and proposals of a database with the entries of a
// seal, oldest first.
func Check(ctx context.Context, db *state.DB, entries []seal.Entry) ([]Difference, error) {
	b := &Book{db: db, sealed: map[Object]seal.Hash{}}
	for _, e := range entries {
		if o, ok := objectOf(e); ok {
			b.sealed[o] = e.Hash
		}
	}
	left := map[Object]bool{}
	for o := range b.sealed {
		left[o] = true
	}
	var out []Difference
	row := func(o Object, name string, foreign bool) {
		known := left[o]
		delete(left, o)
		switch {
		case !known:
			out = append(out, Difference{o, DiffUnsealed, name})
		case foreign:
			out = append(out, Difference{o, DiffChanged, name})
		}
	}
	people, err := b.People(ctx)
	if err != nil {
		return nil, err
	}
	for _, p := range people {
		row(Object{seal.KindPerson, p.ID}, p.Name, p.Foreign)
	}
	tokens, err := b.Tokens(ctx, 0)
	if err != nil {
		return nil, err
	}
	for _, t := range tokens {
		row(Object{seal.KindToken, t.ID}, t.Name, t.Foreign)
	}
	proposals, err := b.allProposals(ctx)
	if err != nil {
		return nil, err
	}
	for _, x := range proposals {
		row(Object{seal.KindProposal, x.ID}, x.Kind, x.Foreign)
	}
	for o := range left {
		out = append(out, Difference{o, DiffMissing, ""})
	}
	slices.SortFunc(out, func(a, b Difference) int {
		if d := strings.Compare(a.Kind, b.Kind); d != 0 {
			return d
		}
		return int(min(max(a.ID-b.ID, -1), 1))
	})
	return out, nil
}

func (b *Book) allProposals(ctx context.Context) (l []*Proposal, err error) {
	rows, err := b.db.QueryContext(ctx, "SELECT "+proposalColumns+" FROM proposals ORDER BY id")
	if err != nil {
		return nil, fmt.Errorf("list proposals: %w", err)
	}
	return b.scanProposals(rows)
}

func (b *Book) scanProposals(rows *sql.Rows) (l []*Proposal, err error) {
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		x, err := b.scanProposal(rows)
		if err != nil {
			return nil, err
		}
		l = append(l, x)
	}
	return l, rows.Err()
}
