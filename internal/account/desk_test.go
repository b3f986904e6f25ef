package account

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"
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
