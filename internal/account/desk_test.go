package account

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/pquerna/otp/totp"
)

// browser asks a desk as a browser does: it keeps cookies.
type browser struct {
	t       *testing.T
	h       http.Handler
	addr    string
	cookies map[string]string
	device  string
}

// desk is a desk with routes that do one thing each.
func (w *world) desk(opt DeskOptions) (*Desk, http.Handler) {
	d := NewDesk(w.Book, opt)
	mux := http.NewServeMux()
	show := func(w http.ResponseWriter, err error) {
		if err != nil {
			http.Error(w, err.Error(), http.StatusForbidden)
		}
	}
	mux.HandleFunc("/who", func(w http.ResponseWriter, r *http.Request) {
		v := From(r.Context())
		if v == nil {
			fmt.Fprint(w, "nobody")
			return
		}
		fmt.Fprintf(w, "%s %v %s", v.Name, v.Rights.Names(), v.Needs)
	})
	mux.HandleFunc("/api/who", func(w http.ResponseWriter, r *http.Request) {
		if v := From(r.Context()); v != nil {
			fmt.Fprint(w, v.Name+"/"+v.Token)
		}
	})
	mux.HandleFunc("/login", func(w http.ResponseWriter, r *http.Request) {
		res, err := d.LogIn(r.Context(), Credentials{r.FormValue("name"), r.FormValue("password")}, r.Header.Get("Device"))
		if res.Device != "" {
			w.Header().Set("Device", res.Device)
		}
		if res.Second {
			w.Header().Set("Second", "1")
		}
		show(w, err)
	})
	mux.HandleFunc("/code", func(w http.ResponseWriter, r *http.Request) {
		res, err := d.SecondStep(r.Context(), r.FormValue("code"), r.Header.Get("Device"))
		if res.Device != "" {
			w.Header().Set("Device", res.Device)
		}
		show(w, err)
	})
	mux.HandleFunc("/demo", func(w http.ResponseWriter, r *http.Request) { show(w, d.EnterDemo(r.Context())) })
	mux.HandleFunc("/out", func(w http.ResponseWriter, r *http.Request) { show(w, d.LogOut(r.Context())) })
	mux.HandleFunc("/password", func(w http.ResponseWriter, r *http.Request) {
		show(w, d.ChangePassword(r.Context(), From(r.Context()).ID, r.FormValue("old"), r.FormValue("new")))
	})
	mux.HandleFunc("/first", func(w http.ResponseWriter, r *http.Request) {
		_, err := d.First(r.Context(), r.FormValue("code"), NewPerson{Name: r.FormValue("name"), Password: r.FormValue("password")})
		show(w, err)
	})
	return d, d.Handler(mux)
}

func newBrowser(t *testing.T, h http.Handler, addr string) *browser {
	return &browser{t: t, h: h, addr: addr, cookies: map[string]string{}}
}

func (b *browser) get(target string, header ...string) (int, string) {
	b.t.Helper()
	r := httptest.NewRequestWithContext(b.t.Context(), http.MethodGet, target, nil)
	r.RemoteAddr = b.addr + ":1234"
	for k, v := range b.cookies {
		r.AddCookie(&http.Cookie{Name: k, Value: v})
	}
	r.Header.Set("Device", b.device)
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	b.h.ServeHTTP(w, r)
	for _, c := range w.Result().Cookies() {
		if c.MaxAge < 0 {
			delete(b.cookies, c.Name)
		} else {
			b.cookies[c.Name] = c.Value
		}
		if !c.HttpOnly || c.SameSite != http.SameSiteLaxMode || c.Path != "/" || c.Domain != "" {
			b.t.Errorf("cookie %v", c)
		}
	}
	if d := w.Header().Get("Device"); d != "" {
		b.device = d
	}
	return w.Code, w.Body.String()
}

func (b *browser) login(name, password string) int {
	b.t.Helper()
	code, _ := b.get("/login?" + url.Values{"name": {name}, "password": {password}}.Encode())
	return code
}

func (b *browser) is(want string) {
	b.t.Helper()
	if _, got := b.get("/who"); !strings.HasPrefix(got, want) {
		b.t.Errorf("the visitor is %q, want %q", got, want)
	}
}

func TestLogIn(t *testing.T) {
	w := newWorld(t)
	w.add(t, "boss", Admin)
	var failed []string
	_, h := w.desk(DeskOptions{Port: "8730", Failed: func(_ context.Context, name, reason string) { failed = append(failed, name+":"+reason) }})
	b := newBrowser(t, h, "192.0.2.1")
	b.is("nobody")
	if len(b.cookies) != 0 {
		t.Errorf("a visitor without a session got cookies %v", b.cookies)
	}
	b.cookies["akashi_8730"] = "fixed-by-an-attacker"
	if b.login("boss", "a wrong password") != 403 {
		t.Error("a wrong password logs in")
	}
	b.is("nobody")
	if b.login("BOSS", good) != 200 {
		t.Error("no log-in")
	}
	if b.cookies["akashi_8730"] == "fixed-by-an-attacker" || b.cookies["akashi_8730"] == "" {
		t.Errorf("cookies %v: the session was fixed before", b.cookies)
	}
	b.is("boss [see")
	var n int
	if err := w.db.QueryRowContext(t.Context(), "SELECT count(*) FROM sessions WHERE token = ?", b.cookies["akashi_8730"]).Scan(&n); err != nil || n != 0 {
		t.Errorf("the token is kept as it is: %d, %v", n, err)
	}
	stolen := b.cookies["akashi_8730"]
	if b.login("boss", good) != 200 || b.cookies["akashi_8730"] == stolen {
		t.Error("a log-in keeps the token")
	}
	if b.login("my secret password", "x") != 403 || b.login("nobody", good) != 403 {
		t.Error("nobody logged in")
	}
	b.get("/out")
	b.is("nobody")
	if strings.Join(failed, " ") != "boss:password :password :password" {
		t.Errorf("failures %q", failed)
	}
	// A request that was under way at log-out does not bring the session back.
	b.cookies["akashi_8730"] = stolen
	b.is("nobody")
}

func TestSessionsEnd(t *testing.T) {
	w := newWorld(t)
	ctx := t.Context()
	w.add(t, "boss", Admin)
	p := w.add(t, "p", Viewer)
	_, h := w.desk(DeskOptions{Idle: 30 * time.Minute, Life: 12 * time.Hour, Polls: func(r *http.Request) bool { return r.URL.Query().Has("poll") }})
	enter := func(name string) *browser {
		t.Helper()
		b := newBrowser(t, h, "192.0.2.1")
		if b.login(name, good) != 200 {
			t.Fatalf("%s does not log in", name)
		}
		b.is(name)
		return b
	}
	a, c := enter("p"), enter("p")
	if _, err := w.SetGrant(ctx, owner(), p.ID, Grant{Roles: []Role{Viewer, Reviewer}}); err != nil {
		t.Fatal(err)
	}
	before := a.cookies["akashi"]
	a.is("p [see export trail]")
	if a.cookies["akashi"] == before {
		t.Error("a change of rights keeps the token")
	}
	if code, body := a.get("/password?old=x&new=" + strings.ReplaceAll(good+" 2", " ", "+")); code != 403 {
		t.Errorf("password changed without the old one: %s", body)
	}
	if code, body := a.get("/password?old=" + strings.ReplaceAll(good, " ", "+") + "&new=" + strings.ReplaceAll(good+" 2", " ", "+")); code != 200 {
		t.Fatalf("password not changed: %s", body)
	}
	a.is("p [")
	c.is("nobody")
	if _, err := w.Disable(ctx, owner(), p.ID, true); err != nil {
		t.Fatal(err)
	}
	a.is("nobody")
	if a.login("p", good+" 2") != 403 {
		t.Error("a disabled person logs in")
	}
	if _, err := w.Disable(ctx, owner(), p.ID, false); err != nil {
		t.Fatal(err)
	}
	a.is("nobody")
	if _, err := w.Reset(ctx, owner(), p.ID, good, false); err != nil {
		t.Fatal(err)
	}
	a.login("p", good)
	a.is("p [] password") // must change it first
}

func TestTimeLimits(t *testing.T) {
	w := newWorld(t)
	w.add(t, "boss", Admin)
	w.clock.t = time.Now() // scs asks for the time itself
	_, h := w.desk(DeskOptions{Idle: 30 * time.Minute, Life: 12 * time.Hour, Polls: func(r *http.Request) bool { return r.URL.Query().Has("poll") }})
	b := newBrowser(t, h, "192.0.2.1")
	b.login("boss", good)
	b.is("boss")
	expiry := func() (ns int64) {
		if err := w.db.QueryRowContext(t.Context(), "SELECT max(expiry) FROM sessions").Scan(&ns); err != nil {
			t.Fatal(err)
		}
		return ns
	}
	end := time.Unix(0, expiry())
	if d := time.Until(end); d < 29*time.Minute || d > 31*time.Minute {
		t.Errorf("an idle session ends in %s", d)
	}
	if _, err := w.db.ExecContext(t.Context(), "UPDATE sessions SET expiry = expiry - ?", int64(10*time.Minute)); err != nil {
		t.Fatal(err)
	}
	early := expiry()
	b.get("/who?poll=1")
	if expiry() != early {
		t.Error("a request that the page makes by itself keeps the session alive")
	}
	b.is("boss")
	if expiry() <= early {
		t.Error("a request does not keep the session alive")
	}
	w.clock.add(31 * time.Minute)
	b.is("nobody")
}

func TestLockOut(t *testing.T) {
	w := newWorld(t)
	w.add(t, "boss", Admin)
	_, h := w.desk(DeskOptions{})
	own := newBrowser(t, h, "192.0.2.1")
	if own.login("boss", good) != 200 {
		t.Fatal("no log-in")
	}
	evil := newBrowser(t, h, "198.51.100.7")
	wait := func(b *browser) bool {
		_, body := b.get("/login?name=boss&password=wrong")
		return strings.Contains(body, "too many failures")
	}
	tries := 0
	for !wait(evil) {
		if tries++; tries > freeName {
			t.Fatalf("%d tries without waiting", tries)
		}
	}
	if evil.login("boss", good) != 403 {
		t.Error("the right password counts while waiting: it can be guessed")
	}
	if other := newBrowser(t, h, "203.0.113.9"); other.login("boss", good) != 403 {
		t.Error("another address tries the same name at once")
	}
	// The person's own browser is not kept out, however long the others try.
	for range 40 {
		w.clock.add(lockMax)
		wait(evil)
	}
	own.get("/out")
	if own.login("boss", good) != 200 {
		t.Error("the administrator is locked out of his own browser")
	}
	w.clock.add(lockMax + time.Second)
	if evil.login("boss", good) != 200 {
		t.Error("the lock never ends")
	}
	// An address that tries many names waits too.
	spray := newBrowser(t, h, "2001:db8:1:2::1")
	n := 0
	for ; n < 2*freeAddress; n++ {
		spray.addr = fmt.Sprintf("[2001:db8:1:2::%x]", n+1) // one network
		if _, body := spray.get(fmt.Sprintf("/login?name=n%d&password=x", n)); strings.Contains(body, "too many failures") {
			break
		}
	}
	if n > freeAddress {
		t.Errorf("%d names from one network", n)
	}
}

func TestThrottleIsBounded(t *testing.T) {
	c := newClock()
	x := &throttle{now: c.now, m: map[string]*tries{}}
	for i := range maxTries + 500 {
		if err := x.begin(t.Context(), limit{fmt.Sprint(i), 1}); err != nil {
			t.Fatal(err)
		}
	}
	if len(x.m) > maxTries {
		t.Errorf("%d keys", len(x.m))
	}
	var wait *WaitError
	for range 30 {
		if err := x.begin(t.Context(), limit{"one", 1}); errors.As(err, &wait) {
			if wait.Wait > lockMax {
				t.Fatalf("waits %s", wait.Wait)
			}
			c.add(wait.Wait)
		}
	}
}

func TestSecondStep(t *testing.T) {
	w := newWorld(t, Admin)
	ctx := t.Context()
	p := w.add(t, "boss", Admin)
	_, h := w.desk(DeskOptions{})
	b := newBrowser(t, h, "192.0.2.1")
	b.login("boss", good)
	b.is("boss [] second") // the role demands it
	secret := NewSecret()
	code := func() string {
		w.clock.add(30 * time.Second)
		c, err := totp.GenerateCode(secret, w.clock.now())
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	codes, err := w.SetSecond(ctx, p.ID, secret, code())
	if err != nil {
		t.Fatal(err)
	}
	b.is("boss [see")
	b.get("/out")
	if b.login("boss", good) != 200 {
		t.Fatal("no first step")
	}
	b.is("nobody")
	if c, _ := b.get("/code?code=123456"); c != 403 {
		t.Error("a wrong code logs in")
	}
	half := b.cookies["akashi"]
	if c, body := b.get("/code?code=" + code()); c != 200 {
		t.Errorf("the code does not log in: %s", body)
	}
	b.is("boss [see")
	if b.cookies["akashi"] == half {
		t.Error("the second step keeps the token")
	}
	b.get("/out")
	b.login("boss", good)
	w.clock.add(halfLife + time.Second)
	if c, _ := b.get("/code?code=" + code()); c != 403 {
		t.Error("a code counts long after the password")
	}
	if c, _ := newBrowser(t, h, "192.0.2.1").get("/code?code=" + code()); c != 403 {
		t.Error("a code counts without a password")
	}
	b.login("boss", good)
	if c, body := b.get("/code?code=" + codes[0]); c != 200 {
		t.Errorf("a recovery code: %s", body)
	}
	guess := newBrowser(t, h, "198.51.100.7") // knows the password
	guess.login("boss", good)
	n := 0
	for ; n < 100; n++ {
		if _, body := guess.get(fmt.Sprintf("/code?code=%06d", n)); strings.Contains(body, "too many failures") {
			break
		}
	}
	if n > freeName {
		t.Errorf("%d codes tried without waiting", n)
	}
}

func TestFirstStart(t *testing.T) {
	w := newWorld(t)
	ctx := t.Context()
	d, h := w.desk(DeskOptions{})
	if err := d.CheckFirst(ctx, ""); !errors.Is(err, ErrFirst) {
		t.Errorf("no code was made, and the empty one gives %v", err)
	}
	code, err := d.FirstCode(ctx)
	if err != nil || len(code) < 20 {
		t.Fatalf("code %q, %v", code, err)
	}
	b := newBrowser(t, h, "127.0.0.1")
	first := func(code, name, password string) int {
		c, _ := b.get("/first?code=" + code + "&name=" + name + "&password=" + strings.ReplaceAll(password, " ", "+"))
		return c
	}
	if first("wrong", "boss", good) != 403 || first(code, "boss", "short") != 403 {
		t.Error("a wrong code or password was taken")
	}
	w.clock.add(firstLife + time.Second)
	if first(code, "boss", good) != 403 {
		t.Error("an old code was taken")
	}
	w.clock.add(-firstLife - time.Second) // sessions go by the real time
	if code, err = d.FirstCode(ctx); err != nil {
		t.Fatal(err)
	}
	for range firstTries {
		first("wrong", "boss", good)
	}
	if first(code, "boss", good) != 403 {
		t.Error("a code that was tried too often was taken")
	}
	if code, err = d.FirstCode(ctx); err != nil {
		t.Fatal(err)
	}
	if first(strings.ToLower(code), "boss", good) != 200 {
		t.Error("the code was refused")
	}
	b.is("boss [see export hold trail import manage settings people]")
	if first(code, "second", good) != 403 {
		t.Error("a code was taken twice")
	}
	if code, err = d.FirstCode(ctx); err != nil || code != "" {
		t.Errorf("a code although there are people: %q, %v", code, err)
	}
}

func TestDemo(t *testing.T) {
	w := newWorld(t)
	_, h := w.desk(DeskOptions{})
	b := newBrowser(t, h, "127.0.0.1")
	if c, _ := b.get("/demo"); c != 403 {
		t.Error("a folder that is no demonstration lets everybody in")
	}
	_, open := w.desk(DeskOptions{Demo: true})
	d := newBrowser(t, open, "127.0.0.1")
	d.is("nobody")
	d.get("/demo")
	d.is("demo [see export unmask hold approve")
	// The same session at a desk that is not open any more.
	d.h = h
	d.is("nobody")
}

func TestTokensAtTheDesk(t *testing.T) {
	w := newWorld(t)
	w.add(t, "boss", Admin)
	p := w.add(t, "p", Viewer)
	plain, _, err := w.AddToken(t.Context(), p.ID, "script", See, time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	var failed []string
	_, h := w.desk(DeskOptions{
		Tokens: func(r *http.Request) bool { return strings.HasPrefix(r.URL.Path, "/api/") },
		Failed: func(_ context.Context, _, reason string) { failed = append(failed, reason) },
	})
	b := newBrowser(t, h, "192.0.2.1")
	if _, body := b.get("/api/who", "Authorization", "Bearer "+plain); body != "p/script" {
		t.Errorf("API with a token: %q", body)
	}
	if _, body := b.get("/who", "Authorization", "Bearer "+plain); body != "nobody" {
		t.Errorf("a page with a token: %q", body)
	}
	if _, body := b.get("/api/who", "Authorization", "Bearer akashi_wrong"); body != "" || len(failed) != 1 {
		t.Errorf("API with a wrong token: %q, failures %v", body, failed)
	}
	if len(b.cookies) > 0 {
		t.Errorf("a token got cookies %v", b.cookies)
	}
	b.login("boss", good)
	if _, body := b.get("/api/who", "Authorization", "Bearer akashi_wrong"); body != "" {
		t.Errorf("a wrong token falls back to the session: %q", body)
	}
}

func TestSecureCookies(t *testing.T) {
	w := newWorld(t)
	w.add(t, "boss", Admin)
	d, h := w.desk(DeskOptions{Secure: true, Port: "443"})
	b := newBrowser(t, h, "192.0.2.1")
	b.login("boss", good)
	if b.cookies["__Host-akashi"] == "" || d.DeviceCookie() != "__Host-akashi_device" {
		t.Errorf("cookies %v, %s", b.cookies, d.DeviceCookie())
	}
}
