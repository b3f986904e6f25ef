package api

import (
	"encoding/json"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/akashi-audit/akashi/internal/account"
)

// member is account.Person as clients get it.
type member struct {
	ID        int64          `json:"id"`
	Name      string         `json:"name"`
	Shown     string         `json:"shown"`
	Roles     []account.Role `json:"roles"`
	Servers   []string       `json:"servers"`
	Folders   []Text         `json:"folders"`
	Disabled  bool           `json:"disabled"`
	Second    bool           `json:"second_factor"`
	Must      bool           `json:"must_change_password"`
	Foreign   bool           `json:"not_as_sealed"`
	Created   Time           `json:"created"`
	CreatedBy string         `json:"created_by"`
	LastLogin Time           `json:"last_login"`
	// Password was made for the person, who must change it; told once.
	Password string `json:"password,omitempty"`
}

func memberOf(p *account.Person) member {
	return member{
		ID: p.ID, Name: p.Name, Shown: p.Display(), Roles: append([]account.Role{}, p.Roles...), Servers: append([]string{}, p.Scope.Servers...), Folders: textsOf(p.Scope.Folders),
		Disabled: p.Disabled, Second: p.Second, Must: p.Must, Foreign: p.Foreign, Created: seconds(p.Created), CreatedBy: p.CreatedBy, LastLogin: seconds(p.LastLogin),
	}
}

// seconds is a time of state.sqlite.
func seconds(s int64) Time { return Time(s * int64(time.Second)) }

func (s *server) book() *account.Book { return s.cfg.Desk.Book() }

// people lists everybody.
func (s *server) people(rq *request) error {
	if err := known(rq.r.URL.Query()); err != nil {
		return err
	}
	l, err := s.book().People(rq.r.Context())
	if err != nil {
		return err
	}
	out := []member{}
	for _, p := range l {
		out = append(out, memberOf(p))
	}
	return s.json(rq, struct {
		People []member `json:"people"`
	}{out})
}

// asked is the person of the address.
func (s *server) asked(rq *request) (*account.Person, error) {
	id, err := idOf(rq, "id")
	if err != nil {
		return nil, err
	}
	return s.book().Person(rq.r.Context(), id)
}

// member answers with a person. Its ETag names what he is now.
func (s *server) member(rq *request) error {
	if err := known(rq.r.URL.Query()); err != nil {
		return err
	}
	p, err := s.asked(rq)
	if err != nil {
		return err
	}
	return s.memberNow(rq, http.StatusOK, p, "")
}

func (s *server) memberNow(rq *request, status int, p *account.Person, password string) error {
	m := memberOf(p)
	m.Password = password
	tag(rq, p.Mark())
	return s.answer(rq, status, m)
}

// said names roles and restriction for the trail.
func said(p *account.Person) string {
	l := make([]string, 0, len(p.Roles)+1)
	for _, r := range p.Roles {
		l = append(l, string(r))
	}
	if !p.Scope.All() {
		if b, err := json.Marshal(p.Scope); err == nil {
			l = append(l, string(b))
		}
	}
	return p.Name + " " + strings.Join(l, ",")
}

// addPerson makes a person with a password that is told once.
func (s *server) addPerson(rq *request) error {
	var in struct {
		Name    string         `json:"name"`
		Shown   string         `json:"shown"`
		Roles   []account.Role `json:"roles"`
		Servers []string       `json:"servers"`
		Folders []string       `json:"folders"`
		Ground  string         `json:"ground"`
	}
	if err := s.read(rq, &in, "name", "roles"); err != nil {
		return err
	}
	password := account.NewPassword()
	p, err := s.book().Add(rq.r.Context(), account.ActorOf(rq.who, in.Ground), account.NewPerson{
		Name: tidied(in.Name), Shown: in.Shown, Roles: in.Roles, Scope: account.Scope{Servers: in.Servers, Folders: in.Folders}, Password: password, Must: true,
	})
	if err != nil {
		return err
	}
	if err := s.note(rq, "people.add", said(p), in.Ground); err != nil {
		return err
	}
	rq.w.Header().Set("Location", Prefix+"/people/"+strconv.FormatInt(p.ID, 10))
	return s.memberNow(rq, http.StatusCreated, p, password)
}

// grant changes roles and restriction. What another person must approve becomes a
// proposal.
func (s *server) grant(rq *request) error {
	var in struct {
		Roles   []account.Role `json:"roles"`
		Servers []string       `json:"servers"`
		Folders []string       `json:"folders"`
		Ground  string         `json:"ground"`
	}
	if err := s.read(rq, &in, "roles", "servers", "folders"); err != nil {
		return err
	}
	mark, err := seen(rq)
	if err != nil {
		return err
	}
	p, err := s.asked(rq)
	if err != nil {
		return err
	}
	g := account.Grant{Roles: in.Roles, Scope: account.Scope{Servers: in.Servers, Folders: in.Folders}}
	q, proposal, err := s.book().Ask(rq.r.Context(), account.ActorOf(rq.who, in.Ground), p.ID, g, mark)
	if err != nil {
		return err
	}
	if proposal != nil {
		if err := s.note(rq, "proposal.propose", p.Name, in.Ground); err != nil {
			return err
		}
		return s.answer(rq, http.StatusAccepted, s.proposalOf(rq, proposal))
	}
	if err := s.note(rq, "people.roles", said(q), in.Ground); err != nil {
		return err
	}
	return s.memberNow(rq, http.StatusOK, q, "")
}

// rename changes the name on pages.
func (s *server) rename(rq *request) error {
	var in struct {
		Shown string `json:"shown"`
	}
	if err := s.read(rq, &in, "shown"); err != nil {
		return err
	}
	return s.changePerson(rq, "people.show", "", func(a account.Actor, id int64) (*account.Person, error) {
		return s.book().SetShown(rq.r.Context(), a, id, in.Shown)
	})
}

func (s *server) disable(rq *request) error { return s.setDisabled(rq, true) }
func (s *server) enable(rq *request) error  { return s.setDisabled(rq, false) }

// setDisabled keeps a person from logging in, or lets him again.
func (s *server) setDisabled(rq *request, disabled bool) error {
	var in struct {
		Ground string `json:"ground"`
	}
	if err := s.read(rq, &in); err != nil {
		return err
	}
	action := "people.enable"
	if disabled {
		action = "people.disable"
	}
	return s.changePerson(rq, action, in.Ground, func(a account.Actor, id int64) (*account.Person, error) {
		return s.book().Disable(rq.r.Context(), a, id, disabled)
	})
}

// changePerson changes the person of the address.
func (s *server) changePerson(rq *request, action, ground string, do func(account.Actor, int64) (*account.Person, error)) error {
	p, err := s.asked(rq)
	if err == nil {
		p, err = do(account.ActorOf(rq.who, ground), p.ID)
	}
	if err != nil {
		return err
	}
	if err := s.note(rq, action, p.Name, ground); err != nil {
		return err
	}
	return s.memberNow(rq, http.StatusOK, p, "")
}

// reset gives a person a new password, which is told once. A token cannot.
func (s *server) reset(rq *request) error {
	var in struct {
		Second bool   `json:"second_factor"`
		Ground string `json:"ground"`
	}
	if err := s.read(rq, &in); err != nil {
		return err
	}
	p, err := s.asked(rq)
	if err != nil {
		return err
	}
	password := account.NewPassword()
	if p, err = s.cfg.Desk.Reset(rq.r.Context(), account.ActorOf(rq.who, in.Ground), p.ID, password, in.Second); err != nil {
		return err
	}
	if err := s.note(rq, "people.reset", p.Name, in.Ground); err != nil {
		return err
	}
	return s.memberNow(rq, http.StatusOK, p, password)
}
