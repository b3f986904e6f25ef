package account

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/akashi-audit/akashi/internal/seal"
)

// planned is a change on its way. Its steps, each durable before the next: the row as it
// will be is put down beside its table, the leaf is made, the row is written. When the
// power fails after the leaf, the next start completes the row; before, it forgets what
// was put down. Only a row that is as the last leaf says is ever completed, so what
// somebody writes there himself gives nobody a right.
type planned struct {
	Object
	entry seal.Entry
	row   map[string]any // columns and values
}

// errPlanned ends the transaction in which a change is worked out.
var errPlanned = errors.New("the change is worked out")

// sealedTable is where the rows of a kind stand, and the columns that no leaf tells of:
// the person chooses them, or they are counted.
func sealedTable(kind string) (table string, free []string) {
	switch kind {
	case seal.KindPerson:
		return "people", []string{"lang", "zone", "dense", "last_login"}
	case seal.KindToken:
		return "tokens", []string{"used"}
	}
	return "proposals", nil
}

// rowOf reads a row with all its columns.
func rowOf(ctx context.Context, tx *sql.Tx, o Object) (row map[string]any, err error) {
	table, _ := sealedTable(o.Kind)
	rows, err := tx.QueryContext(ctx, "SELECT * FROM "+table+" WHERE id = ?", o.ID)
	if err != nil {
		return nil, fmt.Errorf("read a row of %s: %w", table, err)
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	cols, err := rows.Columns()
	if err != nil {
		return nil, fmt.Errorf("read a row of %s: %w", table, err)
	}
	if !rows.Next() {
		return nil, errors.Join(ErrNotFound, rows.Err())
	}
	values, at := make([]any, len(cols)), make([]any, len(cols))
	for i := range values {
		at[i] = &values[i]
	}
	if err := rows.Scan(at...); err != nil {
		return nil, fmt.Errorf("read a row of %s: %w", table, err)
	}
	row = make(map[string]any, len(cols))
	for i, c := range cols {
		row[c] = values[i]
	}
	return row, rows.Err()
}

// put writes a row. A person who gets a password together with a new epoch is one whose
// browsers are not known any more; one who must change it then need not wait because of
// failures of before, either.
func put(ctx context.Context, tx *sql.Tx, o Object, row map[string]any) error {
	table, free := sealedTable(o.Kind)
	if o.Kind == seal.KindPerson {
		if err := forgetBrowsers(ctx, tx, o.ID, row); err != nil {
			return err
		}
	}
	var set []string
	cols := slices.Sorted(maps.Keys(row))
	values := make([]any, len(cols))
	for i, c := range cols {
		if strings.ContainsFunc(c, func(r rune) bool { return r != '_' && (r < 'a' || r > 'z') }) {
			return fmt.Errorf("column %.40q of %s", c, table)
		}
		if values[i] = row[c]; !slices.Contains(free, c) && c != "id" {
			set = append(set, c+"=excluded."+c)
		}
	}
	marks := strings.TrimSuffix(strings.Repeat("?,", len(cols)), ",")
	text := "INSERT INTO " + table + " (" + strings.Join(cols, ", ") + ") VALUES (" + marks + ") ON CONFLICT (id) DO UPDATE SET " + strings.Join(set, ", ")
	if _, err := tx.ExecContext(ctx, text, values...); err != nil {
		return fmt.Errorf("write a row of %s: %w", table, err)
	}
	if _, err := tx.ExecContext(ctx, "DELETE FROM changes WHERE kind = ? AND id = ?", o.Kind, o.ID); err != nil {
		return fmt.Errorf("forget a change: %w", err)
	}
	return nil
}

// forgetBrowsers is what a change of a password brings about beside the row.
func forgetBrowsers(ctx context.Context, tx *sql.Tx, id int64, row map[string]any) error {
	before, err := rowOf(ctx, tx, Object{seal.KindPerson, id})
	if errors.Is(err, ErrNotFound) {
		return nil
	}
	if err != nil || before["password"] == row["password"] || before["epoch"] == row["epoch"] {
		return err
	}
	if _, err := tx.ExecContext(ctx, "DELETE FROM devices WHERE person = ?", id); err != nil {
		return fmt.Errorf("forget devices: %w", err)
	}
	if name, ok := row["name"].(string); ok && row["must_change"] == int64(1) {
		for _, key := range resetKeys(id, name) {
			if _, err := tx.ExecContext(ctx, "DELETE FROM tries WHERE key = ?", sum(key)); err != nil {
				return fmt.Errorf("forget failures of log-in: %w", err)
			}
		}
	}
	return nil
}

// reached tells a test which step of a change is durable.
func (b *Book) reached(step string) {
	if b.watch != nil {
		b.watch(step)
	}
}

// carryOut puts a change down, seals it and writes its row.
func (b *Book) carryOut(ctx context.Context, p *planned) error {
	text, err := json.Marshal(p.row)
	if err != nil {
		return fmt.Errorf("put a change down: %w", err)
	}
	b.reached("begin")
	if _, err := b.db.ExecContext(ctx, "INSERT OR REPLACE INTO changes (kind, id, row) VALUES (?,?,?)", p.Kind, p.ID, string(text)); err != nil {
		return fmt.Errorf("put a change down: %w", err)
	}
	b.reached("down")
	if err := b.opt.Seal.Record(ctx, p.entry); err != nil { // what was put down stays: whether the leaf is there, the next start knows
		return fmt.Errorf("write down what is to be done: %w", err)
	}
	b.reached("sealed")
	b.mu.Lock()
	b.sealed[p.Object] = p.entry.Hash
	b.mu.Unlock()
	err = b.db.Do(ctx, func(tx *sql.Tx) error { return put(ctx, tx, p.Object, p.row) })
	b.owed.Store(err != nil)
	b.reached("done")
	return err
}

// Settle completes the changes whose leaf was made and whose row was not, and forgets
// those that have no leaf. It belongs behind Open. A change that could not be completed
// is an error and is tried again before the next one; the others go on.
func (b *Book) Settle(ctx context.Context) error {
	b.changing.Lock()
	defer b.changing.Unlock()
	return b.settle(ctx)
}

func (b *Book) settle(ctx context.Context) error {
	l, err := b.pending(ctx)
	if err != nil {
		return err
	}
	b.owed.Store(false)
	var errs []error
	for _, p := range l {
		err := b.db.Do(ctx, func(tx *sql.Tx) error {
			if b.asSealed(ctx, tx, p.Object) == nil {
				return errUnsealed // the row is right as it is
			}
			if err := put(ctx, tx, p.Object, p.row); err != nil {
				return err
			}
			return b.asSealed(ctx, tx, p.Object)
		})
		if errors.Is(err, errUnsealed) {
			_, err = b.db.ExecContext(ctx, "DELETE FROM changes WHERE kind = ? AND id = ?", p.Kind, p.ID)
		}
		if err != nil {
			b.owed.Store(true)
			errs = append(errs, fmt.Errorf("complete a change of %s %d: %w", p.Kind, p.ID, err))
		}
	}
	return errors.Join(errs...)
}

// errUnsealed: the row would not be as its last leaf says.
var errUnsealed = errors.New("no leaf tells of the change")

// asSealed is errUnsealed of a row that is not as its last leaf says.
func (b *Book) asSealed(ctx context.Context, tx *sql.Tx, o Object) (err error) {
	foreign := false
	switch o.Kind {
	case seal.KindPerson:
		var p *Person
		if p, err = b.person(ctx, tx, o.ID); err == nil {
			foreign = p.Foreign
		}
	case seal.KindToken:
		var t *Token
		if t, err = b.scanToken(tx.QueryRowContext(ctx, "SELECT "+tokenColumns+" FROM tokens WHERE id = ?", o.ID)); err == nil {
			foreign = t.Foreign
		}
	default:
		var x *Proposal
		if x, err = b.scanProposal(tx.QueryRowContext(ctx, "SELECT "+proposalColumns+" FROM proposals WHERE id = ?", o.ID)); err == nil {
			foreign = x.Foreign
		}
	}
	if err == nil && foreign {
		return errUnsealed
	}
	return err
}

// pending reads what was put down. A text that is none of ours is left out: it is
// forgotten with the next change of the row.
func (b *Book) pending(ctx context.Context) (l []planned, err error) {
	rows, err := b.db.QueryContext(ctx, "SELECT kind, id, row FROM changes ORDER BY kind, id")
	if err != nil {
		return nil, fmt.Errorf("read changes: %w", err)
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		var p planned
		var text []byte
		if err := rows.Scan(&p.Kind, &p.ID, &text); err != nil {
			return nil, fmt.Errorf("read a change: %w", err)
		}
		d := json.NewDecoder(bytes.NewReader(text))
		d.UseNumber()
		if d.Decode(&p.row) != nil {
			continue
		}
		if n, ok := p.row["id"].(json.Number); !ok || n.String() != fmt.Sprint(p.ID) {
			continue
		}
		for c, v := range p.row {
			if n, ok := v.(json.Number); ok {
				if p.row[c], err = n.Int64(); err != nil {
					return nil, fmt.Errorf("read a change: %w", err)
				}
			}
		}
		l = append(l, p)
	}
	return l, rows.Err()
}
