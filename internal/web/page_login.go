package web

import (
	"net/http"
	"strings"

	"github.com/akashi-audit/akashi/internal/account"
)

// loginView is the page of log-in and of the first start.
type loginView struct {
	frame
	Name, Shown string
	Next        string
	Code        bool // the password was right, a one-time code is owed
	DemoOpen    bool // everybody may look
	NoPeople    bool
	First       string // code of the first start
	Remark      *remark
}

func (s *site) loginView(rq *request) (*loginView, error) {
	empty, err := s.cfg.Desk.Book().Empty(rq.r.Context())
	if err != nil {
		return nil, err
	}
	return &loginView{
		frame: s.frame(rq, "", "web.login.title"), Next: safeNext(rq.r.FormValue("next")), Name: strings.TrimSpace(rq.r.PostFormValue("name")),
		Code: s.cfg.Desk.Half(rq.r.Context()), DemoOpen: s.cfg.Desk.Demo(), NoPeople: empty,
	}, nil
}

// login is the page where people log in. Who is logged in goes on.
func (s *site) login(rq *request) error {
	if rq.who != nil {
		return s.redirect(rq, safeNext(rq.r.FormValue("next")))
	}
	v, err := s.loginView(rq)
	if err != nil {
		return err
	}
	if rq.r.FormValue("again") != "" { // another person, instead of the code
		v.Code = false
	}
	return s.render(rq, http.StatusOK, "login", v)
}

// logIn takes a name and a password.
func (s *site) logIn(rq *request) error {
	f := rq.r.PostForm
	res, err := s.cfg.Desk.LogIn(rq.r.Context(), account.Credentials{Name: f.Get("name"), Password: f.Get("password")}, s.device(rq))
	return s.logInResult(rq, res, err)
}

// logInCode takes the code that follows.
func (s *site) logInCode(rq *request) error {
	res, err := s.cfg.Desk.SecondStep(rq.r.Context(), rq.r.PostForm.Get("code"), s.device(rq))
	return s.logInResult(rq, res, err)
}

func (s *site) logInResult(rq *request, res account.Result, err error) error {
	if err != nil {
		problem, err := problemOf(err)
		if err != nil {
			return err
		}
		v, err := s.loginView(rq)
		if err != nil {
			return err
		}
		v.Remark = problem
		return s.render(rq, statusOf(problem), "login", v)
	}
	if res.Second {
		v, err := s.loginView(rq)
		if err != nil {
			return err
		}
		v.Code = true
		return s.render(rq, http.StatusOK, "login", v)
	}
	if res.Device != "" {
		http.SetCookie(rq.w, &http.Cookie{
			Name: s.cfg.Desk.DeviceCookie(), Value: res.Device, Path: "/", MaxAge: 400 * 24 * 3600,
			HttpOnly: true, Secure: s.cfg.Desk.Secure(), SameSite: http.SameSiteLaxMode,
		})
	}
	if res.Person.Lang != "" {
		keepLanguage(rq.w, rq.r, res.Person.Lang)
	}
	if s.cfg.NoteAs != nil {
		if err := s.cfg.NoteAs(rq.r.Context(), res.Person, "login", ""); err != nil {
			return err
		}
	}
	return s.redirect(rq, safeNext(rq.r.PostForm.Get("next")))
}

// logInDemo lets a visitor look at the demonstration.
func (s *site) logInDemo(rq *request) error {
	if err := s.cfg.Desk.EnterDemo(rq.r.Context()); err != nil {
		return errPage{http.StatusNotFound, "web.error.no_page"}
	}
	if s.cfg.NoteAs != nil {
		v := account.DemoVisitor()
		if err := s.cfg.NoteAs(rq.r.Context(), &account.Person{Name: v.Name}, "login", ""); err != nil {
			return err
		}
	}
	return s.redirect(rq, safeNext(rq.r.PostForm.Get("next")))
}

// logOut ends the session.
func (s *site) logOut(rq *request) error {
	if err := s.note(rq, "logout", ""); err != nil {
		return err
	}
	if err := s.cfg.Desk.LogOut(rq.r.Context()); err != nil {
		return err
	}
	return s.redirect(rq, "/login")
}

// device is the cookie of a known browser.
func (s *site) device(rq *request) string {
	c, err := rq.r.Cookie(s.cfg.Desk.DeviceCookie())
	if err != nil {
		return ""
	}
	return c.Value
}

// firstPage is where the first administrator is made.
func (s *site) firstPage(rq *request) error {
	v, err := s.loginView(rq)
	if err != nil {
		return err
	}
	v.Title = rq.p.T("web.founder.title")
	code := rq.r.FormValue("code")
	if err := s.cfg.Desk.CheckFirst(rq.r.Context(), code); err != nil {
		if v.Remark, err = problemOf(err); err != nil {
			return err
		}
		return s.render(rq, http.StatusForbidden, "start", v)
	}
	v.First = code
	return s.render(rq, http.StatusOK, "start", v)
}

// firstMake makes him, logs him in and, when he wants, goes on to one-time codes.
func (s *site) firstMake(rq *request) error {
	f := rq.r.PostForm
	n := account.NewPerson{Name: strings.TrimSpace(f.Get("name")), Shown: f.Get("shown"), Password: f.Get("password")}
	var p *account.Person
	var problem *remark
	var err error
	if f.Get("password") != f.Get("again") {
		problem = &remark{Key: "web.login.differ"}
	} else if p, err = s.cfg.Desk.First(rq.r.Context(), f.Get("code"), n); err != nil {
		if problem, err = problemOf(err); err != nil {
			return err
		}
	}
	if problem != nil {
		v, err := s.loginView(rq)
		if err != nil {
			return err
		}
		v.Title, v.Remark, v.Shown = rq.p.T("web.founder.title"), problem, n.Shown
		if problem.Key != "web.founder.code" {
			v.First = f.Get("code")
		}
		return s.render(rq, statusOf(problem), "start", v)
	}
	if s.cfg.NoteAs != nil {
		if err := s.cfg.NoteAs(rq.r.Context(), p, "first", p.Name); err != nil {
			return err
		}
	}
	if f.Get("second") != "" {
		return s.redirect(rq, "/me#second")
	}
	return s.redirect(rq, "/")
}
