package web

import (
	"net/http"
	"net/url"
	"strings"

	"github.com/akashi-audit/akashi/internal/account"
	"github.com/akashi-audit/akashi/internal/job"
)

// sure is a page that says what will happen before it does.
type sure struct {
	dataFrame
	Words  []string // paragraphs
	Facts  []fact
	Due    []DueMonth
	Kept   []keptView
	Fields url.Values // that go along
	Action string     // where the answer goes
	Button string     // key
	Grave  bool       // it cannot be undone
	Ground bool       // a reason is asked for
	Wrong  string     // key
	Back   string
}

// fact is a line of a list of facts.
type fact struct{ Key, Value string }

// posted reads a form.
func posted(rq *request) (url.Values, error) {
	rq.r.Body = http.MaxBytesReader(rq.w, rq.r.Body, maxForm)
	if err := rq.r.ParseForm(); err != nil {
		return nil, errPage{http.StatusBadRequest, "web.data.bad_form"}
	}
	return rq.r.PostForm, nil
}

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

// careKind is a job that data care starts.
type careKind struct {
	kind  string
	back  string
	grave bool
}

// careKindOf finds what a form asks for.
func careKindOf(what string) (careKind, bool) {
	switch what {
	case "archive", "verify", "check":
		return careKind{what, "/data", false}, true
	case "coverage":
		return careKind{what, "/data/server", false}, true
	case "expire", "expire_kept":
		return careKind{what, "/data/retention", true}, true
	case "heal", "scrub", "drain", "replace", "tier":
		return careKind{what, "/data/pool", false}, true
	case "remove":
		return careKind{what, "/data/pool", true}, true
	}
	return careKind{}, false
}

// dataCare asks, and then starts, a job that looks after the folder.
func (s *site) dataCare(rq *request) error {
	data, v, err := s.careForm(rq)
	if err != nil {
		return err
	}
	k, ok := careKindOf(v.Get("what"))
	server, volume, with := v.Get("server"), v.Get("volume"), v.Get("with")
	ofVolume := k.kind == "drain" || k.kind == "remove" || k.kind == "replace"
	if !ok || k.kind == "coverage" && server == "" || ofVolume && volume == "" || (k.kind == "replace") != (with != "") {
		return errPage{http.StatusBadRequest, "web.data.bad_form"}
	}
	if k.kind != "coverage" && !seesAll(rq.who) {
		return errPage{http.StatusForbidden, "web.data.restricted"}
	}
	if k.kind == "coverage" {
		k.back = serverURL(server, 0)
	}
	if !certain(v) {
		q := sure{
			dataFrame: s.dataFrame(rq, "days", "web.job.kind."+k.kind), Words: strings.Split(rq.p.T("web.data.sure."+k.kind), "\n"),
			Button: "web.data.go." + k.kind, Grave: k.grave, Back: k.back,
		}
		if server != "" {
			q.Facts = append(q.Facts, fact{"web.field.server", visible(server)})
		}
		if volume != "" {
			q.Facts = append(q.Facts, fact{"web.pool.volume", visible(volume)})
		}
		if with != "" {
			q.Facts = append(q.Facts, fact{"web.vol.with", visible(with)})
		}
		if k.kind == "expire" {
			r, err := data.Retention(rq.r.Context())
			if err != nil {
				return dataError(err)
			}
			if len(r.InForce) == 0 {
				return errPage{http.StatusConflict, "web.retention.none"}
			}
			q.Due = r.Due
		}
		if k.kind == "expire_kept" {
			r, err := data.Retention(rq.r.Context())
			if err != nil {
				return dataError(err)
			}
			q.Kept = keptViews(rq, r.Kept)
		}
		return s.ask(rq, q, v)
	}
	about := server + volume
	if with != "" {
		about += " → " + with
	}
	if err := s.note(rq, k.kind, about); err != nil {
		return err
	}
	return s.submit(rq, job.Request{Kind: k.kind, Params: CareRequest{Server: server, Volume: volume, With: with, Lang: rq.lang}, About: about, Need: account.See | account.Manage})
}
