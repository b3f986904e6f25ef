package web

import (
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/akashi-audit/akashi/internal/account"
)

// meView is the page of one's own account.
type meView struct {
	frame
	Person      *account.Person // nil for the visitor of a demonstration
	Roles       []string
	Needs       string
	MustSecond  bool // a role demands one-time codes
	Secret      string
	Codes       []string // recovery codes, told once
	Tokens      []tokenRow
	TokenRights []string
	NewToken    string // told once
	Remark      *remark
	Section     string // where the remark belongs: preferences, password, second, tokens
	Zones       []string
}

// tokenRow is one API token of a list.
type tokenRow struct {
	ID                     int64
	Name                   string
	Rights                 []string
	Created, Expires, Used string
	State                  string // valid, expired, revoked, foreign
}

// issuer is what a telephone shows beside the codes.
const issuer = "akashi"

func (s *site) meView(rq *request) (*meView, error) {
	v := &meView{frame: s.frame(rq, "/me", "web.me.title"), Needs: rq.who.Needs, Zones: zones()}
	for _, r := range rq.who.Roles {
		v.Roles = append(v.Roles, string(r))
	}
	if rq.who.ID == 0 {
		return v, nil
	}
	ctx := rq.r.Context()
	book := s.cfg.Desk.Book()
	var err error
	if v.Person, err = book.Person(ctx, rq.who.ID); err != nil {
		return nil, err
	}
	v.MustSecond = book.NeedsSecond(v.Person)
	if !v.Person.Second {
		v.Secret = s.cfg.Desk.Secret(ctx)
	}
	v.TokenRights = account.TokenRights(v.Person.Rights()).Names()
	l, err := book.Tokens(ctx, rq.who.ID)
	if err != nil {
		return nil, err
	}
	v.Tokens = tokenRows(l, rq)
	return v, nil
}

func tokenRows(l []*account.Token, rq *request) []tokenRow {
	var out []tokenRow
	for _, t := range l {
		r := tokenRow{
			ID: t.ID, Name: t.Name, Rights: t.Rights.Names(), Created: seconds(t.Created, rq.zone), Expires: seconds(t.Expires, rq.zone),
			Used: seconds(t.Used, rq.zone), State: t.State(rq.now),
		}
		out = append(out, r)
	}
	return out
}

// seconds writes a time of state.sqlite for people, "–" for none.
func seconds(s int64, zone *time.Location) string { return clock(s*1e9, zone) }

// me shows the own account.
func (s *site) me(rq *request) error {
	v, err := s.meView(rq)
	if err != nil {
		return err
	}
	if rq.r.URL.Query().Get("saved") != "" {
		v.Remark, v.Section = &remark{Key: "web.me.saved", Good: true}, rq.r.URL.Query().Get("saved")
	}
	return s.render(rq, http.StatusOK, "me", v)
}

// own is the person of the visitor; the visitor of a demonstration has no account.
func (s *site) own(rq *request) (int64, error) {
	if rq.who.ID == 0 || rq.who.Token != "" {
		return 0, errPage{http.StatusNotFound, "web.error.no_page"}
	}
	return rq.who.ID, nil
}

// meAgain shows the page with what went wrong in one of its forms, or goes on.
func (s *site) meAgain(rq *request, section string, err error) error {
	if err == nil {
		return s.redirect(rq, "/me?"+url.Values{"saved": {section}}.Encode()+"#"+section)
	}
	problem, err := problemOf(err)
	if err != nil {
		return err
	}
	return s.meShow(rq, section, problem, nil)
}

// meShow shows the page after a form, with what is told once.
func (s *site) meShow(rq *request, section string, r *remark, change func(*meView)) error {
	v, err := s.meView(rq)
	if err != nil {
		return err
	}
	v.Remark, v.Section = r, section
	if change != nil {
		change(v)
	}
	return s.render(rq, statusOf(r), "me", v)
}

// mePrefer keeps name, language, zone and density.
func (s *site) mePrefer(rq *request) error {
	if _, err := s.own(rq); err != nil {
		return err
	}
	f := rq.r.PostForm
	x := account.Preferences{Shown: f.Get("shown"), Lang: f.Get("lang"), Zone: f.Get("zone"), Dense: f.Get("dense") != ""}
	if err := s.cfg.Desk.Book().Prefer(rq.r.Context(), account.ActorOf(rq.who, ""), x); err != nil {
		return errPage{http.StatusBadRequest, "web.error.form"}
	}
	keepLanguage(rq.w, rq.r, x.Lang)
	http.SetCookie(rq.w, &http.Cookie{Name: rowsCookie, Path: "/", MaxAge: -1, HttpOnly: true, Secure: rq.r.TLS != nil, SameSite: http.SameSiteLaxMode}) // the person's choice holds again
	return s.meAgain(rq, "preferences", s.note(rq, "me.preferences", ""))
}

// mePassword changes the own password. The other sessions are over.
func (s *site) mePassword(rq *request) error {
	id, err := s.own(rq)
	if err != nil {
		return err
	}
	f := rq.r.PostForm
	if f.Get("password") != f.Get("again") {
		return s.meShow(rq, "password", &remark{Key: "web.login.differ"}, nil)
	}
	ctx := rq.r.Context()
	if err := s.cfg.Desk.ChangePassword(ctx, id, f.Get("old"), f.Get("password")); err != nil {
		return s.meAgain(rq, "password", err)
	}
	return s.meAgain(rq, "password", s.note(rq, "people.password", rq.who.Name))
}

// meSecondPicture is the QR code of the secret that is being set up.
func (s *site) meSecondPicture(rq *request) error {
	if _, err := s.own(rq); err != nil {
		return err
	}
	b, err := account.SecretPicture(account.SecretURL(s.cfg.Desk.Secret(rq.r.Context()), rq.who.Name, issuer))
	if err != nil {
		return err
	}
	rq.w.Header().Set("Content-Type", "image/svg+xml")
	_, _ = rq.w.Write(b) // the browser may have gone
	return nil
}

// meSecond sets up one-time codes after a code has shown that the telephone knows the
// secret; the password is asked for again, so that nobody does it at a session that was
// left open.
func (s *site) meSecond(rq *request) error {
	return s.withPassword(rq, func(id int64) error {
		codes, err := s.cfg.Desk.SetSecond(rq.r.Context(), id, rq.r.PostForm.Get("code"))
		if err != nil {
			return s.meAgain(rq, "second", err)
		}
		if err := s.note(rq, "people.second", rq.who.Name); err != nil {
			return err
		}
		return s.meShow(rq, "second", &remark{Key: "web.me.second_on", Good: true}, func(v *meView) { v.Codes, v.Needs = codes, "" })
	})
}

// meRecovery makes new recovery codes; the password is asked for again.
func (s *site) meRecovery(rq *request) error {
	return s.withPassword(rq, func(id int64) error {
		codes, err := s.cfg.Desk.Book().NewRecovery(rq.r.Context(), id)
		if err != nil {
			return s.meAgain(rq, "second", err)
		}
		if err := s.note(rq, "people.recovery", rq.who.Name); err != nil {
			return err
		}
		return s.meShow(rq, "second", &remark{Key: "web.me.codes_new", Good: true}, func(v *meView) { v.Codes = codes })
	})
}

// meDropSecond takes one-time codes away; the password is asked for again.
func (s *site) meDropSecond(rq *request) error {
	return s.withPassword(rq, func(id int64) error {
		if err := s.cfg.Desk.Book().DropSecond(rq.r.Context(), id); err != nil {
			return s.meAgain(rq, "second", err)
		}
		return s.meAgain(rq, "second", s.note(rq, "people.second_off", rq.who.Name))
	})
}

// withPassword goes on when the own password was given with the form.
func (s *site) withPassword(rq *request, fn func(id int64) error) error {
	id, err := s.own(rq)
	if err != nil {
		return err
	}
	if err := s.cfg.Desk.Confirm(rq.r.Context(), id, rq.r.PostForm.Get("old")); err != nil {
		return s.meAgain(rq, "second", err)
	}
	return fn(id)
}

// tokenDays are the lives that a token can have.
func tokenDays() []int { return []int{7, 30, 90, 365} }

// meToken makes an API token and tells it once.
func (s *site) meToken(rq *request) error {
	id, err := s.own(rq)
	if err != nil {
		return err
	}
	f := rq.r.PostForm
	var rights account.Right
	for _, n := range f["right"] {
		rights |= account.RightNamed(n)
	}
	days, err := strconv.Atoi(f.Get("days"))
	if err != nil || days < 1 || days > 365 {
		return s.meAgain(rq, "tokens", account.ErrToken)
	}
	plain, t, err := s.cfg.Desk.Book().AddToken(rq.r.Context(), id, f.Get("name"), rights, time.Duration(days)*24*time.Hour)
	if err != nil {
		return s.meAgain(rq, "tokens", err)
	}
	if err := s.note(rq, "token.add", t.Name); err != nil {
		return err
	}
	return s.meShow(rq, "tokens", &remark{Key: "web.me.token_made", Good: true}, func(v *meView) { v.NewToken = plain })
}

// meRevoke ends an own token.
func (s *site) meRevoke(rq *request) error {
	if _, err := s.own(rq); err != nil {
		return err
	}
	id, err := strconv.ParseInt(rq.r.PathValue("id"), 10, 64)
	if err != nil {
		return errPage{http.StatusNotFound, "web.error.no_page"}
	}
	if err := s.cfg.Desk.Book().Revoke(rq.r.Context(), account.ActorOf(rq.who, ""), id, false); err != nil {
		return s.notThere(err)
	}
	return s.meAgain(rq, "tokens", s.note(rq, "token.revoke", strconv.FormatInt(id, 10)))
}

// zones offers the zones that people of a Japanese company choose; any other IANA name
// can be typed.
func zones() []string {
	return []string{
		"Asia/Tokyo", "UTC", "Asia/Seoul", "Asia/Shanghai", "Asia/Taipei", "Asia/Hong_Kong", "Asia/Singapore", "Asia/Bangkok", "Asia/Jakarta",
		"Asia/Kolkata", "Europe/London", "Europe/Paris", "Europe/Berlin", "America/New_York", "America/Chicago", "America/Los_Angeles", "Australia/Sydney",
	}
}
