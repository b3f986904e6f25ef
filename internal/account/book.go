package account

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/akashi-audit/akashi/internal/seal"
	"github.com/akashi-audit/akashi/internal/state"
)

// Options of Open.
type Options struct {
	Seal    seal.Recorder
	Entries iter.Seq2[seal.Leaf, error] // of the kinds person, token and proposal, oldest first; others are left out
	Now     func() time.Time            // nil = time.Now
	// Second are the roles whose people must set up one-time codes.
	Second []Role
	// Cost is what new passwords cost; zero = what RFC 9106 leads to (password.go). Tests
	// that are not about passwords lower it.
	Cost Cost
}

// Book is the people of a data folder.
type Book struct {
	db   *state.DB
	opt  Options
	hash *hasher

	changing sync.Mutex        // held by the change that runs: check, leaf, commit
	plan     *planned          // what it found out; guarded by changing
	owed     atomic.Bool       // a sealed change is not in its row yet
	watch    func(step string) // of tests; nil = nobody

	mu     sync.Mutex           // guards sealed
	sealed map[Object]seal.Hash // what the last leaf of each row says
}

// Open reads what the seal says of the people in db.
func Open(db *state.DB, opt Options) (*Book, error) {
	if opt.Now == nil {
		opt.Now = time.Now
	}
	b := &Book{db: db, opt: opt, hash: newHasher(opt.Cost), sealed: map[Object]seal.Hash{}}
	if opt.Entries == nil {
		return b, nil
	}
	for leaf, err := range opt.Entries {
		if err != nil {
			return nil, fmt.Errorf("read the people of the seal: %w", err)
		}
		if o, ok := objectOf(leaf.Entry); ok {
			b.sealed[o] = leaf.Entry.Hash
		}
	}
	return b, nil
}

// foreign reports whether a row is not as its last leaf says.
func (b *Book) foreign(o Object, h seal.Hash, err error) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	want, ok := b.sealed[o]
	return err != nil || !ok || want != h
}

// record says which leaf a change makes; do makes it.
func (b *Book) record(by Actor, o Object, subject any, h seal.Hash) error {
	text, err := json.Marshal(subject)
	if err != nil {
		return fmt.Errorf("encode leaf: %w", err)
	}
	name := by.Name
	if by.ID == 0 {
		name = strings.TrimSpace(name)
	}
	e := seal.Entry{Kind: o.Kind, Subject: string(text), By: name, Ground: by.Ground, Time: b.opt.Now().UnixNano(), Hash: h}
	b.plan = &planned{Object: o, entry: e}
	return nil
}

const personColumns = `id, name, shown, roles, servers, folders, password, totp, lang, zone, dense, disabled, created, created_by, epoch, step, codes, must_change, last_login`

type scanner interface{ Scan(dest ...any) error }

func (b *Book) scanPerson(row scanner) (*Person, error) {
	p := &Person{}
	var roles, servers, folders, codes string
	err := row.Scan(&p.ID, &p.Name, &p.Shown, &roles, &servers, &folders, &p.password, &p.totp, &p.Lang, &p.Zone, &p.Dense, &p.Disabled,
		&p.Created, &p.CreatedBy, &p.epoch, &p.step, &codes, &p.Must, &p.LastLogin)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, ErrNotFound
	}
	if err != nil {
		return nil, fmt.Errorf("read a person: %w", err)
	}
	for r := range strings.SplitSeq(roles, ",") {
		p.Roles = append(p.Roles, Role(r))
	}
	err = errors.Join(json.Unmarshal([]byte(servers), &p.Scope.Servers), json.Unmarshal([]byte(folders), &p.Scope.Folders), json.Unmarshal([]byte(codes), &p.codes))
	p.Second, p.Codes = p.totp != "", len(p.codes)
	h, herr := p.meaning()
	p.Foreign = b.foreign(Object{seal.KindPerson, p.ID}, h, errors.Join(err, herr))
	return p, nil
}

type queryer interface {
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

func (b *Book) person(ctx context.Context, q queryer, id int64) (*Person, error) {
	return b.scanPerson(q.QueryRowContext(ctx, "SELECT "+personColumns+" FROM people WHERE id = ?", id))
}

// Person is the person with this number, or ErrNotFound.
func (b *Book) Person(ctx context.Context, id int64) (*Person, error) { return b.person(ctx, b.db, id) }

// Named is the person with this log-in name, compared without case, or ErrNotFound.
func (b *Book) Named(ctx context.Context, name string) (*Person, error) {
	return b.scanPerson(b.db.QueryRowContext(ctx, "SELECT "+personColumns+" FROM people WHERE name = ?", name))
}

// People lists everybody by name, disabled people too.
func (b *Book) People(ctx context.Context) ([]*Person, error) { return b.people(ctx, b.db) }

type lister interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
}

func (b *Book) people(ctx context.Context, q lister) (l []*Person, err error) {
	rows, err := q.QueryContext(ctx, "SELECT "+personColumns+" FROM people ORDER BY name")
	if err != nil {
		return nil, fmt.Errorf("list people: %w", err)
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		p, err := b.scanPerson(rows)
		if err != nil {
			return nil, err
		}
		l = append(l, p)
	}
	return l, rows.Err()
}

// Empty reports whether the folder has no people yet. A folder whose seal knows
// people is not empty, whatever the database says.
func (b *Book) Empty(ctx context.Context) (bool, error) {
	b.mu.Lock()
	for o := range b.sealed {
		if o.Kind == seal.KindPerson && o.ID > 0 {
			b.mu.Unlock()
			return false, nil
		}
	}
	b.mu.Unlock()
	var n int
	if err := b.db.QueryRowContext(ctx, "SELECT count(*) FROM people").Scan(&n); err != nil {
		return false, fmt.Errorf("count people: %w", err)
	}
	return n == 0, nil
}

// write stores all columns of a person whose change was sealed.
func (p *Person) write(ctx context.Context, tx *sql.Tx) error {
	enc := func(l []string) string {
		b, err := json.Marshal(append([]string{}, l...))
		if err != nil {
			return "[]" // a list of texts is always JSON
		}
		return string(b)
	}
	roles := make([]string, len(p.Roles))
	for i, r := range p.Roles {
		roles[i] = string(r)
	}
	_, err := tx.ExecContext(ctx, `INSERT INTO people (`+personColumns+`) VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)
ON CONFLICT (id) DO UPDATE SET name=excluded.name, shown=excluded.shown, roles=excluded.roles, servers=excluded.servers, folders=excluded.folders,
password=excluded.password, totp=excluded.totp, disabled=excluded.disabled, epoch=excluded.epoch, step=excluded.step, codes=excluded.codes, must_change=excluded.must_change`,
		p.ID, p.Name, p.Shown, strings.Join(roles, ","), enc(p.Scope.Servers), enc(p.Scope.Folders), p.password, p.totp, p.Lang, p.Zone, p.Dense, p.Disabled,
		p.Created, p.CreatedBy, p.epoch, p.step, enc(p.codes), p.Must, p.LastLogin)
	if err != nil {
		return fmt.Errorf("write a person: %w", err)
	}
	return nil
}

// change loads a person, lets fn change it, seals what it is then, and stores it. fn
// returns what was done ("" = nothing) and runs inside the transaction.
func (b *Book) change(ctx context.Context, by Actor, id int64, fn func(tx *sql.Tx, p *Person) (act string, err error)) (p *Person, err error) {
	err = b.do(ctx, func(tx *sql.Tx) error {
		if p, err = b.person(ctx, tx, id); err != nil {
			return err
		}
		act, err := fn(tx, p)
		if err != nil || act == "" {
			return err
		}
		if err := p.check(); err != nil {
			return err
		}
		return b.seal(ctx, tx, by, p, act)
	})
	if err != nil {
		return nil, err
	}
	return b.Person(ctx, id)
}

// do works a change out in a transaction that is taken back, and then carries it out. Once
// begun it is not cancelled: a browser that goes away must not leave a leaf without its
// row. A change without a leaf (record) is committed as it is.
func (b *Book) do(ctx context.Context, fn func(*sql.Tx) error) error {
	b.changing.Lock()
	defer b.changing.Unlock()
	if err := ctx.Err(); err != nil {
		return err
	}
	ctx = context.WithoutCancel(ctx)
	if b.owed.Load() {
		_ = b.settle(ctx) // what still cannot be written stays owed, and keeps nobody else's change up
	}
	b.plan = nil
	err := b.db.Do(ctx, func(tx *sql.Tx) (err error) {
		if err = fn(tx); err != nil || b.plan == nil {
			return err
		}
		if b.plan.row, err = rowOf(ctx, tx, b.plan.Object); err != nil {
			return err
		}
		return errPlanned
	})
	if !errors.Is(err, errPlanned) {
		return err
	}
	return b.carryOut(ctx, b.plan)
}

// seal writes the row of a person and says which leaf it has. The row is written first,
// so that a database that refuses leaves no leaf behind.
func (b *Book) seal(ctx context.Context, tx *sql.Tx, by Actor, p *Person, act string) error {
	if err := p.write(ctx, tx); err != nil {
		return err
	}
	if err := b.keepAdmin(ctx, tx); err != nil {
		return err
	}
	subject, h, err := p.leaf(act)
	if err != nil {
		return err
	}
	return b.record(by, Object{seal.KindPerson, p.ID}, subject, h)
}

// keepAdmin fails when no active administrator would be left.
func (b *Book) keepAdmin(ctx context.Context, tx *sql.Tx) error {
	l, err := b.people(ctx, tx)
	if err != nil {
		return err
	}
	if !slices.ContainsFunc(l, func(p *Person) bool { return !p.Disabled && p.Has(Admin) && p.Scope.All() }) {
		return ErrLastAdmin
	}
	return nil
}
