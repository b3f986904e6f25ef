package account

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"time"

	"github.com/alexedwards/scs/v2"
)

// Credentials are what somebody shows to prove who he is.
type Credentials struct{ Name, Password string }

// Prover is a way to prove who one is. Passwords are built; passkeys, OIDC and a
// directory (LDAP) are further ones. Prove MUST return ErrWrong, and take as long, for
// people who do not exist or cannot log in; it MUST NOT return a person who is not
// active.
type Prover interface {
	Prove(ctx context.Context, c Credentials) (*Person, error)
}

// DeskOptions say how people log in.
type DeskOptions struct {
	Prover Prover // nil = passwords of the book
	// Secure is true behind TLS; Port tells several akashi on one machine apart, whose
	// cookies a browser would mix.
	Secure bool
	Port   string
	Idle   time.Duration // without a request; 0 = 30 minutes
	Life   time.Duration // in all; 0 = 12 hours
	// Demo lets everybody look at the folder without an account, with all rights.
	Demo bool
	// Tokens says for which requests an API token counts; nil = for none.
	Tokens func(*http.Request) bool
	// Polls says which requests a page makes by itself; they keep no session alive.
	Polls func(*http.Request) bool
	// Failed is told of every refused log-in: the name when there is such a person, and
	// why. nil = nobody.
	Failed func(ctx context.Context, name, reason string)
	Log    *slog.Logger // nil = no log
}

// Desk is where people log in.
type Desk struct {
	book     *Book
	opt      DeskOptions
	sessions *scs.SessionManager
	throttle *throttle
	first    firstCode
}

// NewDesk makes the desk of a book.
func NewDesk(b *Book, opt DeskOptions) *Desk {
	if opt.Idle == 0 {
		opt.Idle = 30 * time.Minute
	}
	if opt.Life == 0 {
		opt.Life = 12 * time.Hour
	}
	if opt.Log == nil {
		opt.Log = slog.New(slog.DiscardHandler)
	}
	if opt.Prover == nil {
		opt.Prover = passwords{b}
	}
	m := scs.New()
	m.Store = &sessionStore{db: b.db, now: b.opt.Now, known: map[string]stored{}}
	m.HashTokenInStore = true
	m.Codec = codec{}
	m.IdleTimeout, m.Lifetime = opt.Idle, opt.Life
	m.Cookie.Persist = false // gone with the browser
	m.Cookie.Secure = opt.Secure
	m.Cookie.Name = cookieName("akashi", opt)
	m.ErrorFunc = func(w http.ResponseWriter, r *http.Request, err error) {
		opt.Log.ErrorContext(r.Context(), "session", slog.Any("error", err))
		http.Error(w, "the session could not be kept", http.StatusServiceUnavailable)
	}
	return &Desk{book: b, opt: opt, sessions: m, throttle: &throttle{now: b.opt.Now, m: map[string]*tries{}}}
}

// Book is the people of the desk.
func (d *Desk) Book() *Book { return d.book }

// Demo reports whether everybody may look at the folder.
func (d *Desk) Demo() bool { return d.opt.Demo }

func cookieName(base string, opt DeskOptions) string {
	switch {
	case opt.Secure:
		return "__Host-" + base
	case opt.Port != "":
		return base + "_" + opt.Port
	}
	return base
}

// The values of a session.
const (
	keyPerson = "person" // who has logged in
	keyEpoch  = "epoch"  // of the person at that time
	keyRoles  = "roles"  // likewise
	keyDemo   = "demo"
	keyHalf   = "half"   // who has given the password and owes a code
	keyHalfAt = "halfat" // when, Unix seconds
	keySecret = "secret" // of one-time codes that are being set up
)

// halfLife is how long a password waits for its code.
const halfLife = 5 * time.Minute

// Handler finds the visitor of each request: the person of the session, the owner of
// the API token, or nobody. Pages and API ask account.From.
func (d *Desk) Handler(next http.Handler) http.Handler {
	person := d.sessions.LoadAndSave(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		v, err := d.visitor(r.Context())
		if err != nil {
			d.sessions.ErrorFunc(w, r, err)
			return
		}
		if v != nil {
			r = r.WithContext(With(r.Context(), v))
		}
		next.ServeHTTP(w, r)
	}))
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ctx := withOrigin(r.Context(), r.RemoteAddr)
		if given, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer "); ok && d.opt.Tokens != nil && d.opt.Tokens(r) {
			v, err := d.token(ctx, given)
			if v != nil {
				ctx = With(ctx, v)
			} else if err != nil {
				d.opt.Log.ErrorContext(ctx, "API token", slog.Any("error", err))
			}
			next.ServeHTTP(w, r.WithContext(ctx))
			return
		}
		if d.opt.Polls != nil && d.opt.Polls(r) {
			ctx = quiet(ctx)
		}
		person.ServeHTTP(w, r.WithContext(ctx))
	})
}

// token finds the visitor of an API token, nil for none.
func (d *Desk) token(ctx context.Context, plain string) (*Visitor, error) {
	v, err := d.book.TokenVisitor(ctx, plain)
	if errors.Is(err, ErrWrong) {
		if strings.HasPrefix(plain, TokenPrefix) {
			d.failed(ctx, "", "token")
		}
		return nil, nil
	}
	return v, err
}

func (d *Desk) failed(ctx context.Context, name, reason string) {
	if d.opt.Failed != nil {
		d.opt.Failed(ctx, name, reason)
	}
}

// visitor is who the session belongs to, nil for nobody.
func (d *Desk) visitor(ctx context.Context) (*Visitor, error) {
	if d.sessions.GetBool(ctx, keyDemo) {
		if d.opt.Demo {
			return DemoVisitor(), nil
		}
		return nil, d.sessions.Destroy(ctx)
	}
	id := d.sessions.GetInt64(ctx, keyPerson)
	if id == 0 {
		return nil, nil
	}
	p, err := d.book.Person(ctx, id)
	if err != nil && !errors.Is(err, ErrNotFound) {
		return nil, err
	}
	if err != nil || !p.Active() || p.epoch != d.sessions.GetInt64(ctx, keyEpoch) {
		return nil, d.sessions.Destroy(ctx)
	}
	if now := rolesText(p); now != d.sessions.GetString(ctx, keyRoles) {
		if err := d.sessions.RenewToken(ctx); err != nil {
			return nil, fmt.Errorf("renew a session: %w", err)
		}
		d.sessions.Put(ctx, keyRoles, now)
	}
	v := p.Visitor()
	switch {
	case p.Must:
		v.Needs = NeedsPassword
	case d.book.NeedsSecond(p) && !p.Second:
		v.Needs = NeedsSecond
	}
	if v.Needs != "" {
		v.Rights = 0
	}
	return v, nil
}

// DemoVisitor is who looks at a demonstration.
func DemoVisitor() *Visitor {
	return &Visitor{Name: "demo", Roles: Roles(), Rights: AllRights}
}

func rolesText(p *Person) string {
	s := make([]string, len(p.Roles))
	for i, r := range p.Roles {
		s[i] = string(r)
	}
	return strings.Join(s, ",") + fmt.Sprintf("|%q%q", p.Scope.Servers, p.Scope.Folders)
}

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
	known, err := d.knownDevice(ctx, c.Name, device)
	if err != nil {
		return Result{}, err
	}
	limits := []limit{{"n:" + strings.ToLower(c.Name), freeName}, {"a:" + network(Origin(ctx)), freeAddress}}
	if known {
		limits[0] = limit{"d:" + sum(device), freeDevice}
	}
	name := d.realName(ctx, c.Name)
	if err := d.throttle.begin(limits...); err != nil {
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
	d.throttle.succeed(limits...)
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
	if err := d.throttle.begin(limits...); err != nil {
		d.failed(ctx, p.Name, "wait")
		return Result{}, err
	}
	if _, err := d.book.useCode(ctx, p, code); err != nil {
		if errors.Is(err, ErrWrong) {
			d.failed(ctx, p.Name, "code")
		}
		return Result{}, err
	}
	d.throttle.succeed(limits...)
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

// Secret is the secret of one-time codes that this session is setting up. It is made
// when it is first asked for.
func (d *Desk) Secret(ctx context.Context) string {
	s := d.sessions.GetString(ctx, keySecret)
	if s == "" {
		s = NewSecret()
		d.sessions.Put(ctx, keySecret, s)
	}
	return s
}

func (d *Desk) clear(ctx context.Context) {
	for _, k := range []string{keyPerson, keyEpoch, keyRoles, keyDemo, keyHalf, keyHalfAt, keySecret} {
		d.sessions.Remove(ctx, k)
	}
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

// passwords proves by the password of the book.
type passwords struct{ b *Book }

func (x passwords) Prove(ctx context.Context, c Credentials) (*Person, error) {
	p, err := x.b.Named(ctx, c.Name)
	if err != nil && !errors.Is(err, ErrNotFound) {
		return nil, err
	}
	phc := ""
	if err == nil && p.Active() {
		phc = p.password
	}
	if len(c.Password) > maxPassword {
		c.Password = ""
	}
	ok, old, err := x.b.hash.verify(ctx, c.Password, phc)
	if err != nil {
		return nil, err
	}
	if !ok {
		return nil, ErrWrong
	}
	if old {
		if err := x.b.rehash(ctx, p, c.Password); err != nil {
			return nil, err
		}
		return x.b.Person(ctx, p.ID)
	}
	return p, nil
}

type originKey struct{}

// withOrigin keeps the address that a request comes from.
func withOrigin(ctx context.Context, remote string) context.Context {
	host, _, err := net.SplitHostPort(remote)
	if err != nil {
		host = remote
	}
	return context.WithValue(ctx, originKey{}, host)
}

// Origin is the address that the request of ctx comes from, "" for none.
func Origin(ctx context.Context) string {
	s, _ := ctx.Value(originKey{}).(string)
	return s
}

// Confirm asks for the password of a person who is logged in once more. Tries are
// counted as those of log-in are.
func (d *Desk) Confirm(ctx context.Context, id int64, password string) error {
	p, err := d.book.Person(ctx, id)
	if err != nil {
		return err
	}
	l := limit{fmt.Sprintf("c:%d", id), freeName}
	if err := d.throttle.begin(l); err != nil {
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
	d.throttle.succeed(l)
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
	if err := d.throttle.begin(l); err != nil {
		return nil, err
	}
	codes, err := d.book.SetSecond(ctx, id, d.Secret(ctx), code)
	if err != nil {
		return nil, err
	}
	d.throttle.succeed(l)
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
	d.throttle.forget("n:" + strings.ToLower(p.Name))
	d.throttle.forget(fmt.Sprintf("s:%d", id))
	return p, nil
}

// Run is Book.Run with what Reset does.
func (d *Desk) Run(ctx context.Context, c Command) (*Answer, error) {
	a, err := d.book.Run(ctx, c)
	if err == nil && c.Act == "reset" {
		d.throttle.forget("n:" + strings.ToLower(c.Name))
	}
	return a, err
}
