package web

import (
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/akashi-audit/akashi/internal/account"
)

// whoView is the page of people and roles.
type whoView struct {
	frame
	People    []whoRow
	Roles     []roleRow
	Proposals []proposalRow
	Form      whoForm
	Remark    *remark
	Password  string // made for a person, told once
	For       string // whose
}

// whoRow is a person of the list.
type whoRow struct {
	*account.Person
	URL, Last string
	Own       bool
}

// roleRow is what a role may do.
type roleRow struct {
	Role   string
	Rights []string
	On     bool
	N      int // people who have it
}

// whoForm is what was typed to make or change a person.
type whoForm struct {
	Name, Shown, Servers, Folders, Ground string
	Roles                                 []account.Role
}

// Has reports whether the role is chosen, for the template.
func (f whoForm) Has(r string) bool {
	for _, x := range f.Roles {
		if string(x) == r {
			return true
		}
	}
	return false
}

func (s *site) whoView(rq *request) (*whoView, error) {
	ctx := rq.r.Context()
	book := s.cfg.Desk.Book()
	v := &whoView{frame: s.frame(rq, "/settings/people", "web.nav.roles")}
	l, err := book.People(ctx)
	if err != nil {
		return nil, err
	}
	n := map[account.Role]int{}
	for _, p := range l {
		v.People = append(v.People, whoRow{p, whoURL(p.ID), seconds(p.LastLogin, rq.zone), rq.who.ID == p.ID})
		for _, r := range p.Roles {
			if p.Active() {
				n[r]++
			}
		}
	}
	v.Roles = roleRows(n)
	v.Proposals, err = s.proposals(rq, true)
	return v, err
}

func roleRows(n map[account.Role]int) []roleRow {
	var l []roleRow
	for _, r := range account.Roles() {
		l = append(l, roleRow{Role: string(r), Rights: r.Rights().Names(), N: n[r]})
	}
	return l
}

func whoURL(id int64) string { return "/settings/people/" + strconv.FormatInt(id, 10) }

// who lists the people, and what the roles may do.
func (s *site) who(rq *request) error {
	v, err := s.whoView(rq)
	if err != nil {
		return err
	}
	if rq.r.URL.Query().Get("proposed") != "" {
		v.Remark = &remark{Key: "web.who.proposed", Good: true}
	}
	return s.render(rq, http.StatusOK, "who-page", v)
}

// whoForm reads the form.
func (s *site) readWho(rq *request) whoForm {
	f := rq.r.PostForm
	x := whoForm{
		Name: strings.TrimSpace(f.Get("name")), Shown: f.Get("shown"), Servers: f.Get("servers"), Folders: f.Get("folders"), Ground: f.Get("ground"),
	}
	for _, r := range f["role"] {
		if role, ok := account.ParseRole(r); ok {
			x.Roles = append(x.Roles, role)
		}
	}
	return x
}

func (f whoForm) scope() account.Scope {
	return account.Scope{Servers: lines(f.Servers), Folders: lines(f.Folders)}
}

// whoAdd makes a person with a password that is told once.
func (s *site) whoAdd(rq *request) error {
	ctx := rq.r.Context()
	x := s.readWho(rq)
	password := account.NewPassword()
	actor := account.ActorOf(rq.who, x.Ground)
	p, err := s.cfg.Desk.Book().Add(ctx, actor, account.NewPerson{
		Name: x.Name, Shown: x.Shown, Roles: x.Roles, Scope: x.scope(), Password: password, Must: true,
	})
	var problem *remark
	if err != nil {
		if problem, err = problemOf(err); err != nil {
			return err
		}
	} else if err := s.note(rq, "people.add", p.Name+" "+rolesOf(p)); err != nil {
		return err
	}
	v, err := s.whoView(rq)
	if err != nil {
		return err
	}
	if v.Remark = problem; problem == nil {
		v.Remark, v.Password, v.For = &remark{Key: "web.who.added", Args: []any{"name", p.Display()}, Good: true}, password, p.Name
	} else {
		v.Form = x
	}
	return s.render(rq, statusOf(v.Remark), "who-page", v)
}

func rolesOf(p *account.Person) string {
	var l []string
	for _, r := range p.Roles {
		l = append(l, string(r))
	}
	if !p.Scope.All() {
		b, err := json.Marshal(p.Scope)
		if err == nil {
			l = append(l, string(b))
		}
	}
	return strings.Join(l, ",")
}

// oneView is the page of one person.
type oneView struct {
	frame
	P          *account.Person
	Own        bool
	Form       whoForm
	Roles      []roleRow
	Tokens     []tokenRow
	Created    string
	Last       string
	MustSecond bool
	Remark     *remark
	Password   string
}

// asked is the person of the address.
func (s *site) asked(rq *request) (*account.Person, error) {
	id, err := strconv.ParseInt(rq.r.PathValue("id"), 10, 64)
	if err != nil {
		return nil, errPage{http.StatusNotFound, "web.who.gone"}
	}
	p, err := s.cfg.Desk.Book().Person(rq.r.Context(), id)
	if err != nil {
		return nil, s.notThere(err)
	}
	return p, nil
}

// notThere words what is gone.
func (s *site) notThere(err error) error {
	if errors.Is(err, account.ErrNotFound) {
		return errPage{http.StatusNotFound, "web.who.gone"}
	}
	return err
}

func (s *site) oneView(rq *request, p *account.Person) (*oneView, error) {
	v := &oneView{
		frame: s.frame(rq, "/settings/people", "web.who.one", "name", p.Display()), P: p, Own: p.ID == rq.who.ID,
		Created: seconds(p.Created, rq.zone), Last: seconds(p.LastLogin, rq.zone), MustSecond: s.cfg.Desk.Book().NeedsSecond(p), Roles: roleRows(nil),
		Form: whoForm{Shown: p.Shown, Servers: strings.Join(p.Scope.Servers, "\n"), Folders: strings.Join(p.Scope.Folders, "\n"), Roles: p.Roles},
	}
	v.Crumbs = []crumb{{rq.p.T("web.nav.settings"), "/settings"}, {rq.p.T("web.who.title"), "/settings/people"}, {p.Display(), ""}}
	l, err := s.cfg.Desk.Book().Tokens(rq.r.Context(), p.ID)
	if err != nil {
		return nil, err
	}
	v.Tokens = tokenRows(l, rq)
	return v, nil
}

// whoOne shows a person.
func (s *site) whoOne(rq *request) error {
	p, err := s.asked(rq)
	if err != nil {
		return err
	}
	v, err := s.oneView(rq, p)
	if err != nil {
		return err
	}
	if rq.r.URL.Query().Get("saved") != "" {
		v.Remark = &remark{Key: "web.me.saved", Good: true}
	}
	return s.render(rq, http.StatusOK, "who-one", v)
}

// oneAgain shows the person after a form that did not go through, or goes on.
func (s *site) oneAgain(rq *request, p *account.Person, x *whoForm, err error) error {
	if err == nil {
		return s.redirect(rq, whoURL(p.ID)+"?saved=1")
	}
	problem, err := problemOf(err)
	if err != nil {
		return err
	}
	v, err := s.oneView(rq, p)
	if err != nil {
		return err
	}
	if v.Remark = problem; x != nil {
		v.Form = *x
	}
	return s.render(rq, statusOf(problem), "who-one", v)
}

// whoGrant changes roles, restriction and shown name. What needs another person's
// approval becomes a proposal.
func (s *site) whoGrant(rq *request) error {
	p, err := s.asked(rq)
	if err != nil {
		return err
	}
	ctx := rq.r.Context()
	book := s.cfg.Desk.Book()
	x := s.readWho(rq)
	actor := account.ActorOf(rq.who, x.Ground)
	grant := account.Grant{Roles: x.Roles, Scope: x.scope()}
	q, proposal, err := book.Ask(ctx, actor, p.ID, grant, "")
	if err == nil && proposal != nil {
		if err := s.note(rq, "proposal.propose", p.Name); err != nil {
			return err
		}
		return s.redirect(rq, "/settings/people?"+url.Values{"proposed": {"1"}}.Encode())
	}
	if err == nil {
		_, err = book.SetShown(ctx, actor, p.ID, x.Shown)
	}
	if err == nil {
		err = s.noteGround(rq, "people.roles", q.Name+" "+rolesOf(q), x.Ground)
	}
	return s.oneAgain(rq, p, &x, err)
}

func (s *site) whoDisable(rq *request) error { return s.setDisabled(rq, true) }
func (s *site) whoEnable(rq *request) error  { return s.setDisabled(rq, false) }

func (s *site) setDisabled(rq *request, disabled bool) error {
	p, err := s.asked(rq)
	if err != nil {
		return err
	}
	ground := rq.r.PostForm.Get("ground")
	_, err = s.cfg.Desk.Book().Disable(rq.r.Context(), account.ActorOf(rq.who, ground), p.ID, disabled)
	if err == nil {
		action := "people.enable"
		if disabled {
			action = "people.disable"
		}
		err = s.noteGround(rq, action, p.Name, ground)
	}
	return s.oneAgain(rq, p, nil, err)
}

// whoReset gives a person a new password, which is told once.
func (s *site) whoReset(rq *request) error {
	p, err := s.asked(rq)
	if err != nil {
		return err
	}
	password := account.NewPassword()
	q, err := s.cfg.Desk.Reset(rq.r.Context(), account.ActorOf(rq.who, rq.r.PostForm.Get("ground")), p.ID, password, rq.r.PostForm.Get("second") != "")
	if err != nil {
		return s.oneAgain(rq, p, nil, err)
	}
	if err := s.noteGround(rq, "people.reset", p.Name, rq.r.PostForm.Get("ground")); err != nil {
		return err
	}
	v, err := s.oneView(rq, q)
	if err != nil {
		return err
	}
	v.Remark, v.Password = &remark{Key: "web.who.reset", Good: true}, password
	return s.render(rq, http.StatusOK, "who-one", v)
}

// whoRevoke ends a token of another person.
func (s *site) whoRevoke(rq *request) error {
	p, err := s.asked(rq)
	if err != nil {
		return err
	}
	id, err := strconv.ParseInt(rq.r.PathValue("token"), 10, 64)
	if err != nil {
		return errPage{http.StatusNotFound, "web.who.gone"}
	}
	if err := s.cfg.Desk.Book().Revoke(rq.r.Context(), account.ActorOf(rq.who, ""), id, true); err != nil {
		return s.notThere(err)
	}
	return s.oneAgain(rq, p, nil, s.note(rq, "token.revoke", p.Name+" "+strconv.FormatInt(id, 10)))
}
