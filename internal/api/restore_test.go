package api

import (
	"slices"
	"strings"
	"testing"

	"github.com/akashi-audit/akashi/internal/account"
)

// Restoring is ordered for a period, noted, and refused to who is restricted.
func TestRestoreOrders(t *testing.T) {
	m := many(1)
	c := newClient(t, m)
	w := c.do("POST", Prefix+"/archive/restore", `{"servers":["FS"],"from":"2026-11-01","to":"2026-11-07"}`)
	if w.Code != 202 || w.Header().Get("Location") != Prefix+"/jobs/r1" || len(m.kept.restored) != 1 {
		t.Fatalf("%d %s %+v", w.Code, w.Body, m.kept.restored)
	}
	if o := m.kept.restored[0]; o.Release || !slices.Equal(o.Servers, []string{"FS"}) || o.From != "2026-11-01" || o.To != "2026-11-07" {
		t.Errorf("%+v", o)
	}
	if w := c.do("POST", Prefix+"/archive/release", `{}`); w.Code != 202 || !m.kept.restored[1].Release {
		t.Errorf("release: %d %s", w.Code, w.Body)
	}
	if !slices.ContainsFunc(m.notes, func(s string) bool { return strings.HasPrefix(s, "restore FS 2026-11-01") }) || !slices.ContainsFunc(m.notes, func(s string) bool { return strings.HasPrefix(s, "release_days") }) {
		t.Errorf("notes %q", m.notes)
	}
	for _, bad := range []string{``, `[]`, `{"from":"yesterday"}`, `{"to":"2026-13-01"}`, `{"days":3}`} {
		if w := c.do("POST", Prefix+"/archive/restore", bad); w.Code != 400 {
			t.Errorf("%s: %d", bad, w.Code)
		}
	}
	c.v = &account.Visitor{Rights: account.AllRights, Scope: account.Scope{Servers: []string{"FS"}}}
	if w := c.do("POST", Prefix+"/archive/restore", `{}`); w.Code != 403 {
		t.Errorf("who is restricted: %d", w.Code)
	}
	if len(m.kept.restored) != 2 {
		t.Errorf("%d orders", len(m.kept.restored))
	}
}
