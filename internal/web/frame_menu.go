package web

import (
	"net/http"
	"net/url"
	"strings"

	"github.com/akashi-audit/akashi/internal/account"
)

// place is one entry of the navigation: where it leads and the right that its
// page needs. Entries whose page this build does not have are left out.
type place struct {
	url, key string
	need     account.Right
	under    []place
}

// places is the navigation in its order.
func places() []place {
	return []place{
		{url: "/", key: "web.nav.home", need: account.See},
		{url: "/people", key: "web.nav.people", need: account.See},
		{url: "/files", key: "web.nav.files", need: account.See},
		{url: "/search", key: "web.nav.search", need: account.See},
		{url: "/data", key: "web.nav.data", need: account.See},
		{url: "/settings", key: "web.nav.settings", under: []place{
			{url: "/settings/import", key: "web.nav.import", need: account.Import},
			{url: "/settings/filters", key: "web.nav.filters", need: account.Settings},
			{url: "/settings/folders", key: "web.nav.folders", need: account.Settings},
			{url: "/settings/calendar", key: "web.nav.calendar", need: account.Settings},
			{url: "/settings/people", key: "web.nav.roles", need: account.People},
			{url: "/settings/retention", key: "web.nav.retention", need: account.Manage},
			{url: "/settings/keys", key: "web.nav.keys", need: account.Settings},
			{url: "/settings/display", key: "web.nav.display", need: account.Settings},
			{url: "/settings/file", key: "web.nav.file", need: account.Settings},
			{url: "/approvals", key: "web.nav.approvals", need: account.Approve},
			{url: "/trail", key: "web.nav.trail", need: account.Trail},
		}},
	}
}

// menuEntry is one line of the navigation on a page.
type menuEntry struct {
	URL, Key string
	Current  bool        // the page itself, or one below it
	Open     bool        // the page is one below it
	Under    []menuEntry // what the visitor may open below it
}

// crumb is one step of the way to a page; the last has no URL.
type crumb struct{ Text, URL string }

// menu is what the visitor may open, with nav marked as current.
func (s *site) menu(who *account.Visitor, nav string) []menuEntry {
	var build func(l []place) []menuEntry
	build = func(l []place) []menuEntry {
		var out []menuEntry
		for _, p := range l {
			if !who.May(p.need) || !s.gets[p.url] {
				continue
			}
			e := menuEntry{URL: p.url, Key: p.key, Current: p.url == nav, Under: build(p.under)}
			if len(p.under) > 0 && len(e.Under) == 0 {
				continue
			}
			for _, u := range e.Under {
				e.Open = e.Open || u.Current
			}
			if e.Current && len(e.Under) > 0 {
				e.Open = true
			}
			e.Current = e.Current || e.Open
			out = append(out, e)
		}
		return out
	}
	if who == nil {
		return nil
	}
	return build(places())
}

// crumbs is the way to a page that lies below an entry of the navigation.
func crumbs(rq *request, menu []menuEntry, nav, title string) []crumb {
	for _, e := range menu {
		for _, u := range e.Under {
			if u.Current && u.URL == nav {
				return []crumb{{rq.p.T(e.Key), e.URL}, {title, ""}}
			}
		}
	}
	return nil
}

// patterns are the addresses of a table of routes that answer to the method.
func patterns(l []route, method string) map[string]bool {
	m := map[string]bool{}
	for _, rt := range l {
		if p, ok := strings.CutPrefix(rt.pattern, method+" "); ok {
			m[strings.TrimSuffix(p, "{$}")] = true
		}
	}
	return m
}

// frameRoutes are those of the frame itself, and of the page that shows all parts.
func (s *site) frameRoutes() []route {
	return []route{
		{pattern: "POST /look", open: true, serve: s.look},
		{pattern: "GET /kit", serve: s.kit},
	}
}

const (
	themeCookie = "akashi_theme"
	rowsCookie  = "akashi_rows"
)

// theme is "light", "dark", or "" for that of the system.
func theme(r *http.Request) string {
	if c, err := r.Cookie(themeCookie); err == nil && (c.Value == "light" || c.Value == "dark") {
		return c.Value
	}
	return ""
}

// dense reports whether rows are narrow: the browser's choice, else the person's.
func dense(rq *request) bool {
	if c, err := rq.r.Cookie(rowsCookie); err == nil {
		return c.Value == "dense"
	}
	return rq.who != nil && rq.who.Dense
}

// look is POST /look: how pages look in this browser. It goes back to the page
// where it was chosen.
func (s *site) look(rq *request) error {
	if _, err := posted(rq); err != nil {
		return err
	}
	choose := func(name, field string, allowed ...string) {
		v := rq.r.PostForm.Get(field)
		for _, a := range allowed {
			if v == a {
				http.SetCookie(rq.w, &http.Cookie{
					Name: name, Value: v, Path: "/", MaxAge: 365 * 24 * 3600, HttpOnly: true,
					Secure: rq.r.TLS != nil, SameSite: http.SameSiteLaxMode,
				})
			}
		}
	}
	choose(themeCookie, "theme", "system", "light", "dark")
	choose(rowsCookie, "rows", "wide", "dense")
	http.Redirect(rq.w, rq.r, backURL(rq.r.PostForm.Get("back")), http.StatusSeeOther)
	return nil
}

// backURL is the path and query of an address, never another host; "/" for none.
func backURL(s string) string {
	u, err := url.Parse(s)
	if err != nil || u.Host != "" || u.Scheme != "" || u.Opaque != "" {
		return "/"
	}
	return localURL(u)
}
