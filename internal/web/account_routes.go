package web

import (
	"errors"
	"net/http"
	"net/url"
	"strings"
	"unicode"

	"github.com/akashi-audit/akashi/internal/account"
	"github.com/akashi-audit/akashi/internal/care"
)

// accountRoutes are log-in, the own account, people and roles, approvals, and the
// trail.
func (s *site) accountRoutes() []route {
	return []route{
		{pattern: "GET /login", open: true, serve: s.withDesk(s.login)},
		{pattern: "POST /login", open: true, serve: s.withDesk(s.logIn)},
		{pattern: "POST /login/code", open: true, serve: s.withDesk(s.logInCode)},
		{pattern: "POST /login/demo", open: true, serve: s.withDesk(s.logInDemo)},
		{pattern: "POST /logout", serve: s.withDesk(s.logOut)},
		{pattern: "GET /first", open: true, serve: s.withDesk(s.firstPage)},
		{pattern: "POST /first", open: true, serve: s.withDesk(s.firstMake)},

		{pattern: "GET /me", serve: s.withDesk(s.me)},
		{pattern: "POST /me/preferences", serve: s.withDesk(s.mePrefer)},
		{pattern: "POST /me/password", serve: s.withDesk(s.mePassword)},
		{pattern: "GET /me/second.svg", serve: s.withDesk(s.meSecondPicture)},
		{pattern: "POST /me/second", serve: s.withDesk(s.meSecond)},
		{pattern: "POST /me/second/recovery", serve: s.withDesk(s.meRecovery)},
		{pattern: "POST /me/second/drop", serve: s.withDesk(s.meDropSecond)},
		{pattern: "POST /me/tokens", need: account.See, serve: s.withDesk(s.meToken)},
		{pattern: "POST /me/tokens/{id}/revoke", serve: s.withDesk(s.meRevoke)},

		{pattern: "GET /settings/people", need: account.People, serve: s.withDesk(s.who)},
		{pattern: "POST /settings/people", need: account.People, serve: s.withDesk(s.whoAdd)},
		{pattern: "GET /settings/people/{id}", need: account.People, serve: s.withDesk(s.whoOne)},
		{pattern: "POST /settings/people/{id}/grant", need: account.People, serve: s.withDesk(s.whoGrant)},
		{pattern: "POST /settings/people/{id}/disable", need: account.People, serve: s.withDesk(s.whoDisable)},
		{pattern: "POST /settings/people/{id}/enable", need: account.People, serve: s.withDesk(s.whoEnable)},
		{pattern: "POST /settings/people/{id}/reset", need: account.People, serve: s.withDesk(s.whoReset)},
		{pattern: "POST /settings/people/{id}/tokens/{token}/revoke", need: account.People, serve: s.withDesk(s.whoRevoke)},

		{pattern: "GET /approvals", need: account.Approve, serve: s.withDesk(s.approvals)},
		{pattern: "POST /approvals/{id}", need: account.See, serve: s.withDesk(s.decide)},
		{pattern: "GET /trail", need: account.Trail, serve: s.trailPage},
	}
}

// withDesk is a page that is there only where people log in.
func (s *site) withDesk(serve func(*request) error) func(*request) error {
	return func(rq *request) error {
		if s.cfg.Desk == nil {
			return errPage{http.StatusNotFound, "web.error.no_page"}
		}
		if rq.r.Method == http.MethodPost {
			if _, err := posted(rq); err != nil {
				return err
			}
		}
		return serve(rq)
	}
}

// redirect goes on to another page of this server.
func (s *site) redirect(rq *request, to string) error {
	if rq.r.Header.Get("HX-Request") == "true" { // a part of a page cannot be the log-in
		rq.w.Header().Set("HX-Redirect", to)
		rq.w.WriteHeader(http.StatusUnauthorized)
		return nil
	}
	http.Redirect(rq.w, rq.r, to, http.StatusSeeOther)
	return nil
}

// askToLogIn sends to the log-in, from where a page that was asked for is reached
// again.
func (s *site) askToLogIn(rq *request) error {
	if s.cfg.Desk == nil {
		return errPage{http.StatusUnauthorized, "web.error.log_in"}
	}
	next := ""
	switch {
	case rq.r.Header.Get("HX-Request") == "true":
		if u, err := url.Parse(rq.r.Header.Get("HX-Current-URL")); err == nil {
			next = localURL(u)
		}
	case rq.r.Method == http.MethodGet:
		next = localURL(rq.r.URL)
	}
	return s.redirect(rq, loginURL(next))
}

func loginURL(next string) string {
	if next = safeNext(next); next == "/" {
		return "/login"
	}
	return "/login?" + url.Values{"next": {next}}.Encode()
}

// safeNext is next when it is a page of this server, else "/". A browser takes "//x"
// and "/\x" for another host, and drops control characters before it looks.
func safeNext(next string) string {
	u, err := url.Parse(next)
	if err != nil || len(next) > 40_000 || !strings.HasPrefix(next, "/") || u.Host != "" || u.Scheme != "" || u.User != nil ||
		strings.ContainsFunc(next, func(r rune) bool { return unicode.IsControl(r) || r == '\\' || unicode.IsSpace(r) }) {
		return "/"
	}
	switch p := strings.TrimRight(u.Path, "/"); {
	case strings.HasPrefix(u.Path, "//"), p == "/login", p == "/logout", p == "/first", strings.HasPrefix(p, "/login/"):
		return "/"
	}
	return localURL(u)
}

// remark is what happened at the last step of a form.
type remark struct {
	Key  string
	Args []any
	Good bool
}

// problemOf words the errors that a person can mend; others stay errors.
func problemOf(err error) (*remark, error) {
	if f := care.Refused(err); f != nil {
		return &remark{Key: f.Key}, nil
	}
	var wait *account.WaitError
	if errors.As(err, &wait) {
		return &remark{Key: "web.login.wait", Args: []any{"wait", wait.Wait}}, nil
	}
	return nil, err
}

// statusOf is the status of a page that shows a form again.
func statusOf(r *remark) int {
	switch {
	case r == nil || r.Good:
		return http.StatusOK
	case r.Key == "web.login.wait" || r.Key == "web.login.busy":
		return http.StatusTooManyRequests
	}
	return http.StatusUnprocessableEntity
}
