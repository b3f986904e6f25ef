package server

import (
	"net/http"
	"net/url"
	"regexp"
	"testing"
	"time"

	"github.com/pquerna/otp/totp"
)

// TestSecondFactorAsksForThePassword: whoever finds a session open sets up no one-time
// codes, though the page shows the secret of the session.
func TestSecondFactorAsksForThePassword(t *testing.T) {
	e, at, first := runFirst(t)
	cookie := firstAdmin(t, at, first)
	status, body := ask{method: "GET", path: "/me", header: []string{"Cookie", cookie}}.do(t, at)
	m := regexp.MustCompile(`<code>([A-Z2-7]{32})</code>`).FindStringSubmatch(body)
	if status != http.StatusOK || m == nil {
		t.Fatalf("the own page: %d, secret %v", status, m)
	}
	book, err := e.People(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		password string
		want     int
		second   bool
	}{{"", 422, false}, {"wrong password", 422, false}, {testPassword, 200, true}} {
		code, err := totp.GenerateCode(m[1], time.Now())
		if err != nil {
			t.Fatal(err)
		}
		res := post(t, at, "/me/second", url.Values{"code": {code}, "old": {c.password}}, cookie)
		p, err := book.Named(t.Context(), "boss")
		if err != nil {
			t.Fatal(err)
		}
		if res.StatusCode != c.want || p.Second != c.second {
			t.Errorf("password %q: status %d, codes are set up: %v; want %d, %v", c.password, res.StatusCode, p.Second, c.want, c.second)
		}
	}
}
