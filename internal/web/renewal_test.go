package web

import (
	"net/http"
	"strings"
	"testing"

	"github.com/akashi-audit/akashi/internal/account"
)

// TestHashAlgorithms: the page of seal and keys says which algorithm protects what, and
// whoever may not begin a renewal gets no button for it.
func TestHashAlgorithms(t *testing.T) {
	h := healthy()
	page := func(rights account.Right) string {
		t.Helper()
		k := newDataKit(t)
		site := dashSite(t, &asked{memory: company(20)}, h, func(c *Config) {
			c.Data, c.Jobs, c.Settings = k.data, k.jobs, nil
			c.Visitor = func(*http.Request) *account.Visitor { return &account.Visitor{Name: "t", Rights: rights} }
		})
		res, body := get(t, site, "/settings/keys", "Accept-Language", "en")
		if res.StatusCode != http.StatusOK {
			t.Fatalf("status %d", res.StatusCode)
		}
		checkHTML(t, "keys", body)
		return body
	}
	f := func(name, body string, want ...string) {
		t.Helper()
		for _, w := range want {
			not := strings.HasPrefix(w, "!")
			if w = strings.TrimPrefix(w, "!"); strings.Contains(body, w) == not {
				t.Errorf("%s: %q is there: %v", name, w, !not)
			}
		}
	}
	f("new", page(account.AllRights), "SHA-256", "Ed25519", `name="what" value="renew"`, `value="sha512">SHA-512`, "!not carried over", "!since 20")
	f("who may not", page(account.See|account.Settings), "akashi seal renew --data", "!value=\"renew\"")
	h.seal.Again, h.seal.AgainAt, h.seal.AgainBroken, h.seal.AgainBegun = "sha512", testNow().UnixNano(), 2, "sha384"
	f("renewed", page(account.AllRights), "everything, since 20", "2 things not carried over", "SHA-384", "being computed")
}
