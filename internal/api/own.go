package api

import (
	"net/http"

	"github.com/akashi-audit/akashi/internal/account"
	"github.com/akashi-audit/akashi/internal/care"
)

// ownRoutes are those of the asker's own account. A person whose password or second factor
// is owed has no right yet, so what sets them up needs none.
func (s *server) ownRoutes() []route {
	noDesk := s.cfg.Desk == nil
	return []route{
		{method: "GET", path: "/me/preferences", serve: s.preferences, absent: noDesk},
		{method: "PUT", path: "/me/preferences", serve: s.prefer, absent: noDesk},
		{method: "POST", path: "/me/password", key: noKey, serve: s.ownPassword, absent: noDesk},
		{method: "GET", path: "/me/second-factor", serve: s.second, absent: noDesk},
		{method: "POST", path: "/me/second-factor", key: noKey, serve: s.setSecond, absent: noDesk},
		{method: "POST", path: "/me/second-factor/secret", key: noKey, serve: s.secondSecret, absent: noDesk},
		{method: "POST", path: "/me/second-factor/off", key: noKey, serve: s.dropSecond, absent: noDesk},
		{method: "POST", path: "/me/second-factor/recovery-codes", key: noKey, serve: s.newRecovery, absent: noDesk},
		{method: "GET", path: "/me/tokens", need: account.See, serve: s.tokens, absent: noDesk},
		{method: "POST", path: "/me/tokens", key: tellsOnce, need: account.See, serve: s.addToken, absent: noDesk},
		{method: "DELETE", path: "/me/tokens/{token}", need: account.See, serve: s.revoke, absent: noDesk},
	}
}

// issuer is what a telephone shows beside the codes.
const issuer = "akashi"

// preferences is account.Preferences as clients get and give it.
type preferences struct {
	Shown    string `json:"shown"`    // "" = the log-in name
	Language string `json:"language"` // "" = as the browser asks
	Zone     string `json:"zone"`     // IANA, "" = that of the data folder
	Dense    bool   `json:"dense"`
}

// oneself is the person who asks, or for whom a token does; nobody in a demonstration.
func (s *server) oneself(rq *request) (*account.Person, error) {
	if rq.who.ID == 0 {
		return nil, account.ErrNotFound
	}
	return s.book().Person(rq.r.Context(), rq.who.ID)
}

// preferences answers with what the asker chose for himself.
func (s *server) preferences(rq *request) error {
	if err := known(rq.r.URL.Query()); err != nil {
		return err
	}
	return s.preferencesNow(rq)
}

func (s *server) preferencesNow(rq *request) error {
	p, err := s.oneself(rq)
	if err != nil {
		return err
	}
	x := p.Preferences()
	tag(rq, care.Mark(x))
	return s.json(rq, preferences{x.Shown, x.Lang, x.Zone, x.Dense})
}

// prefer changes it. A token may: it opens nothing, and the name on pages is sealed with
// the token that changed it.
func (s *server) prefer(rq *request) error {
	var in preferences
	if err := s.read(rq, &in, "shown", "language", "zone", "dense"); err != nil {
		return err
	}
	given, err := seen(rq)
	if err != nil {
		return err
	}
	p, err := s.oneself(rq)
	if err != nil {
		return err
	}
	if given != "" && given != care.Mark(p.Preferences()) {
		return care.ErrChanged
	}
	x := account.Preferences{Shown: in.Shown, Lang: in.Language, Zone: in.Zone, Dense: in.Dense}
	if err := s.book().Prefer(rq.r.Context(), account.ActorOf(rq.who, ""), x); err != nil {
		return err
	}
	if err := s.note(rq, "me.preferences", "", ""); err != nil {
		return err
	}
	return s.preferencesNow(rq)
}

// ownPassword changes the own password. The other sessions of the person are over; this
// one goes on under a new cookie, which the answer sets.
func (s *server) ownPassword(rq *request) error {
	var in struct {
		Password string `json:"password"`
		New      string `json:"new_password"`
	}
	if err := s.read(rq, &in, "password", "new_password"); err != nil {
		return err
	}
	if err := personOnly(rq); err != nil {
		return err
	}
	err := s.cfg.Desk.ChangePassword(rq.r.Context(), rq.who.ID, in.Password, in.New)
	if f := care.Refused(err); f != nil && f.Field == "password" && f.Key != "web.login.wrong" {
		f.Field = "new_password"
		return f
	}
	if err != nil {
		return err
	}
	if err := s.note(rq, "people.password", rq.who.Name, ""); err != nil {
		return err
	}
	return s.none(rq)
}

// second tells of the asker's second factor, never its secret.
func (s *server) second(rq *request) error {
	if err := known(rq.r.URL.Query()); err != nil {
		return err
	}
	p, err := s.oneself(rq)
	if err != nil {
		return err
	}
	return s.json(rq, struct {
		On       bool `json:"on"`
		Demanded bool `json:"demanded"` // by a role
		Codes    int  `json:"recovery_codes"`
	}{p.Second, s.book().NeedsSecond(p), p.Codes})
}

// withPassword reads a body with the present password into in and asks for it again.
func (s *server) withPassword(rq *request, in any, password *string, needed ...string) error {
	if err := s.read(rq, in, append(needed, "password")...); err != nil {
		return err
	}
	if err := personOnly(rq); err != nil {
		return err
	}
	return s.cfg.Desk.Confirm(rq.r.Context(), rq.who.ID, *password)
}

// onlyPassword is the body of what asks for nothing else.
type onlyPassword struct {
	Password string `json:"password"`
}

// secondSecret begins to set up one-time codes: the secret is the session's until a code
// has shown that the telephone knows it.
func (s *server) secondSecret(rq *request) error {
	var in onlyPassword
	if err := s.withPassword(rq, &in, &in.Password); err != nil {
		return err
	}
	p, err := s.oneself(rq)
	if err != nil {
		return err
	}
	if p.Second {
		return account.ErrSecond
	}
	secret := s.cfg.Desk.Secret(rq.r.Context())
	return s.json(rq, struct {
		Secret string `json:"secret"`
		URL    string `json:"url"`
	}{secret, account.SecretURL(secret, p.Name, issuer)})
}

// setSecond sets one-time codes up and tells the recovery codes.
func (s *server) setSecond(rq *request) error {
	var in struct {
		Password string `json:"password"`
		Code     string `json:"code"`
	}
	if err := s.withPassword(rq, &in, &in.Password, "code"); err != nil {
		return err
	}
	codes, err := s.cfg.Desk.SetSecond(rq.r.Context(), rq.who.ID, in.Code)
	if f := care.Refused(err); f != nil && f.Key == "web.login.wrong" {
		f.Field = "code"
		return f
	}
	if err != nil {
		return err
	}
	if err := s.note(rq, "people.second", rq.who.Name, ""); err != nil {
		return err
	}
	return s.recovery(rq, codes)
}

// recovery tells recovery codes, once.
func (s *server) recovery(rq *request, codes []string) error {
	return s.answer(rq, http.StatusCreated, struct {
		Codes []string `json:"recovery_codes"`
	}{codes})
}

// dropSecond takes one-time codes away, unless a role demands them.
func (s *server) dropSecond(rq *request) error {
	var in onlyPassword
	if err := s.withPassword(rq, &in, &in.Password); err != nil {
		return err
	}
	if err := s.book().DropSecond(rq.r.Context(), rq.who.ID); err != nil {
		return err
	}
	if err := s.note(rq, "people.second_off", rq.who.Name, ""); err != nil {
		return err
	}
	return s.none(rq)
}

// newRecovery makes new recovery codes for those of before.
func (s *server) newRecovery(rq *request) error {
	var in onlyPassword
	if err := s.withPassword(rq, &in, &in.Password); err != nil {
		return err
	}
	codes, err := s.book().NewRecovery(rq.r.Context(), rq.who.ID)
	if err != nil {
		return err
	}
	if err := s.note(rq, "people.recovery", rq.who.Name, ""); err != nil {
		return err
	}
	return s.recovery(rq, codes)
}
