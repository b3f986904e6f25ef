package account

import (
	"context"
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
	return &Desk{book: b, opt: opt, sessions: m, throttle: &throttle{now: b.opt.Now, db: b.db, log: opt.Log, m: map[string]*tries{}}}
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
