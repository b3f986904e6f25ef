package web

import (
	"errors"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/akashi-audit/akashi/internal/account"
	"github.com/akashi-audit/akashi/internal/care"
	"github.com/akashi-audit/akashi/internal/job"
)

// sure is a page that says what will happen before it does.
type sure struct {
	dataFrame
	Words   []string // paragraphs
	Facts   []fact
	Due     []DueMonth
	Kept    []keptView
	Classes []classView
	Fields  url.Values // that go along
	Action  string     // where the answer goes
	Button  string     // key
	Grave   bool       // it cannot be undone
	Ground  bool       // a reason is asked for
	Wrong   string     // key
	Back    string
}

// fact is a line of a list of facts.
type fact struct{ Key, Value string }

// careForm is the seam and the posted form of an action on the folder.
func (s *site) careForm(rq *request) (Data, url.Values, error) {
	data, err := s.careData()
	if err != nil {
		return nil, nil, err
	}
	v, err := posted(rq)
	return data, v, err
}

// certain reports whether the visitor has said yes on the page that ask draws.
func certain(v url.Values) bool { return v.Get("sure") == "1" }

// ask draws the page. The fields of the form go along.
func (s *site) ask(rq *request, q sure, v url.Values) error {
	q.Fields = cloneValues(v)
	q.Fields.Del("sure")
	q.Fields.Del("ground")
	q.Action = rq.r.URL.Path
	code := http.StatusOK
	if q.Wrong != "" {
		code = http.StatusUnprocessableEntity
	}
	return s.render(rq, code, "sure", q)
}

// dataCare asks, and then starts, a job that looks after the folder.
func (s *site) dataCare(rq *request) error {
	data, v, err := s.careForm(rq)
	if err != nil {
		return err
	}
	x := CareRequest{Server: v.Get("server"), Volume: v.Get("volume"), With: v.Get("with"), Lang: rq.lang}
	if v.Get("what") == "renew" {
		x.Hash = v.Get("hash")
		if rate := strings.TrimSpace(v.Get("rate")); rate != "" {
			if x.Rate, err = strconv.ParseInt(rate, 10, 64); err != nil || x.Rate == 0 {
				x.Rate = -1 // Check says so
			}
		}
	}
	k, err := x.Check(v.Get("what"), rq.who)
	if faultKey(err) != "" {
		return errPage{http.StatusBadRequest, faultKey(err)}
	}
	if err != nil {
		return dataError(err)
	}
	back := k.Page
	if k.Kind == "coverage" {
		back = serverURL(x.Server, 0)
	}
	if !certain(v) {
		q := sure{
			dataFrame: s.dataFrame(rq, "days", "web.job.kind."+k.Kind), Words: strings.Split(rq.p.T("web.data.sure."+k.Kind), "\n"),
			Button: "web.data.go." + k.Kind, Grave: k.Grave, Back: back,
		}
		if x.Server != "" {
			q.Facts = append(q.Facts, fact{"web.field.server", visible(x.Server)})
		}
		if x.Volume != "" {
			q.Facts = append(q.Facts, fact{"web.pool.volume", visible(x.Volume)})
		}
		if x.With != "" {
			q.Facts = append(q.Facts, fact{"web.vol.with", visible(x.With)})
		}
		if x.Hash != "" {
			q.Facts = append(q.Facts, fact{"web.again.hash", care.HashName(x.Hash)})
		}
		if x.Rate > 0 {
			q.Facts = append(q.Facts, fact{"web.again.speed", rq.p.T("web.again.mb", "n", x.Rate)})
		}
		if k.Kind == "expire" {
			r, err := data.Retention(rq.r.Context())
			if err != nil {
				return dataError(err)
			}
			if len(r.InForce) == 0 {
				return errPage{http.StatusConflict, "web.retention.none"}
			}
			q.Due, q.Classes = r.Due, classViews(rq, r.Classes)
		}
		if k.Kind == "expire_kept" {
			r, err := data.Retention(rq.r.Context())
			if err != nil {
				return dataError(err)
			}
			q.Kept = keptViews(rq, r.Kept)
		}
		return s.ask(rq, q, v)
	}
	about := x.About()
	if err := s.note(rq, k.Kind, about); err != nil {
		return err
	}
	return s.submit(rq, job.Request{Kind: k.Kind, Params: x, About: about, Need: account.See | account.Manage})
}

// faultKey is what is wrong with what was asked for, "" when nothing is, or when the
// error is no fault of a field.
func faultKey(err error) string {
	var f *care.Fault
	if errors.As(err, &f) {
		return f.Key
	}
	return ""
}
