package web

import (
	"errors"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/akashi-audit/akashi/internal/care"
)

// maxOrders is how many orders of terms of classes the page names.
const maxOrders = 200

// termView is a term in words.
type termView struct {
	Text, By, When, Ground string
}

// retentionView is the page of retention.
type retentionView struct {
	dataFrame
	InForce, Waiting []termView
	Due              []DueMonth
	Kept             []keptView
	Classes          []classView
	ClassGoes        int   // lines of Classes that would go
	ClassRecords     int64 // of them
	Orders           []orderView
	KeptGoes         int  // lines of Kept that would go
	KeptInForce      bool // a term of the archive or of kept files is confirmed
	Own              bool // the visitor proposed something of what waits
	Known            []string
	Wrong            string
	Given            url.Values
	Goes, Stays      int // months of Due
	Records, Bytes   int64
}

// lengthText says how long a term is.
func lengthText(rq *request, t *Term) string {
	s := rq.p.T("web.retention.forever")
	switch {
	case t.Months > 0 && t.Months%12 == 0:
		s = rq.p.T("web.retention.years", "n", t.Months/12)
	case t.Months > 0:
		s = rq.p.T("web.retention.months", "n", t.Months)
	}
	if t.Months > 0 && t.Year {
		s += rq.p.T("web.retention.year_end")
	}
	return s
}

func termText(rq *request, t *Term) string {
	who := rq.p.T("web.retention.all_servers")
	if t.Server != "" {
		who = visible(t.Server)
	}
	if t.Class != "" {
		who = classText(rq, t.Class) + ", " + who
		if t.Class == "originals" {
			who = classText(rq, t.Class)
		}
	}
	return rq.p.T("web.retention.term", "server", who, "term", lengthText(rq, t))
}

func termViews(rq *request, l []Term) (out []termView) {
	for i := range l {
		out = append(out, termView{termText(rq, &l[i]), visible(l[i].By), clock(l[i].Time, rq.zone), visible(l[i].Ground)})
	}
	return out
}

// retentionPage shows the terms, what waits, and what would go.
func (s *site) retentionPage(rq *request) error {
	return s.retention(rq, url.Values{"n": {"7"}, "unit": {"y"}}, "")
}

func (s *site) retention(rq *request, given url.Values, wrong string) error {
	data, err := s.careData()
	if err != nil {
		return err
	}
	r, err := data.Retention(rq.r.Context())
	if err != nil {
		return dataError(err)
	}
	v := retentionView{
		dataFrame: s.dataFrame(rq, "retention", "web.retention.title"), InForce: termViews(rq, r.InForce), Waiting: termViews(rq, r.Waiting), Due: r.Due,
		Wrong: wrong, Given: given, Kept: keptViews(rq, r.Kept),
		Classes: classViews(rq, r.Classes), Orders: orderViews(rq, r.Taken[:min(len(r.Taken), maxOrders)]),
	}
	for _, c := range r.Classes {
		if c.Stays == "" {
			v.ClassGoes, v.ClassRecords = v.ClassGoes+1, v.ClassRecords+c.Records
		}
	}
	for _, k := range r.Kept {
		if k.Stays == "" {
			v.KeptGoes++
		}
	}
	for _, t := range r.InForce {
		v.KeptInForce = v.KeptInForce || t.Class == "archive" || t.Class == "originals"
	}
	v.Own = r.Own(rq.who)
	for _, d := range r.Due {
		if v.Stays++; d.Archived && len(d.Held) == 0 {
			v.Goes, v.Stays = v.Goes+1, v.Stays-1
			v.Records, v.Bytes = v.Records+d.Records, v.Bytes+d.Bytes
		}
	}
	for _, x := range rq.status.Servers {
		v.Known = append(v.Known, x.Name)
	}
	code := http.StatusOK
	if wrong != "" {
		code = http.StatusUnprocessableEntity
	}
	return s.render(rq, code, "retention", v)
}

// termOf reads the form of a proposal.
func termOf(v url.Values) (t Term, ok bool) {
	t = Term{Class: v.Get("keep"), Server: clean(v.Get("server")), Year: v.Get("year") == "1", Ground: clean(v.Get("reason"))}
	if t.Class != "" && t.Class != "archive" && t.Class != "originals" && t.Class != "marked" && !ofRecords(t.Class) || t.Class == "originals" && t.Server != "" {
		return t, false
	}
	if v.Get("unit") == "none" {
		t.Year = false
		return t, t.Check() == nil
	}
	n, err := strconv.Atoi(clean(v.Get("n")))
	t.Months = n
	if v.Get("unit") == "y" {
		t.Months = n * 12
	}
	return t, err == nil && n >= 1 && n <= 1200 && t.Check() == nil
}

// retentionPropose asks, and then puts a term forward.
func (s *site) retentionPropose(rq *request) error {
	data, v, err := s.careForm(rq)
	if err != nil {
		return err
	}
	t, ok := termOf(v)
	if !ok {
		return s.retention(rq, v, "web.retention.bad_term")
	}
	if !certain(v) {
		return s.ask(rq, sure{
			dataFrame: s.dataFrame(rq, "retention", "web.retention.propose_title"), Words: strings.Split(rq.p.T("web.retention.sure"), "\n"),
			Button: "web.retention.propose", Back: "/data/retention", Facts: []fact{{"web.retention.proposal", termText(rq, &t)}},
		}, v)
	}
	if err := s.noteGround(rq, "retention_propose", t.String(), t.Ground); err != nil {
		return err
	}
	if err := data.ProposeRetention(rq.r.Context(), t); err != nil {
		return dataError(err)
	}
	return seeOther(rq, "/data/retention?done=proposal")
}

// retentionConfirm asks for a reason, and then puts in force what another person
// proposed.
func (s *site) retentionConfirm(rq *request) error {
	data, v, err := s.careForm(rq)
	if err != nil {
		return err
	}
	r, err := data.Retention(rq.r.Context())
	if err != nil {
		return dataError(err)
	}
	may := r.MayConfirm(rq.who, v.Get("seen"))
	if may != nil && !errors.Is(may, care.ErrChanged) {
		return confirmError(may)
	}
	ground, seen := clean(v.Get("ground")), r.Mark()
	if !certain(v) || care.CheckGround(ground) != nil || may != nil {
		q := sure{
			dataFrame: s.dataFrame(rq, "retention", "web.retention.confirm_title"), Words: strings.Split(rq.p.T("web.retention.sure_confirm"), "\n"),
			Button: "web.retention.confirm", Back: "/data/retention", Grave: true, Ground: true, Due: r.Due, Kept: keptViews(rq, r.Kept), Classes: classViews(rq, r.Classes),
		}
		switch {
		case certain(v) && may != nil:
			q.Wrong = "web.retention.changed"
		case certain(v):
			q.Wrong = "web.holds.needs_ground"
		}
		for i := range r.Waiting {
			q.Facts = append(q.Facts, fact{"web.retention.proposal", termText(rq, &r.Waiting[i]) + " – " + visible(r.Waiting[i].By)})
		}
		return s.ask(rq, q, url.Values{"seen": {seen}})
	}
	if err := s.noteGround(rq, "retention_confirm", seen, ground); err != nil {
		return err
	}
	if err := data.ConfirmRetention(rq.r.Context(), seen, ground); err != nil {
		return confirmError(err)
	}
	return seeOther(rq, "/data/retention?done=confirmed")
}

// confirmError words why what waits was not confirmed.
func confirmError(err error) error {
	switch {
	case errors.Is(err, care.ErrNoProposal):
		return errPage{http.StatusConflict, "web.retention.no_proposal"}
	case errors.Is(err, care.ErrOwnProposal):
		return errPage{http.StatusForbidden, "web.retention.own"}
	case errors.Is(err, care.ErrChanged):
		return errPage{http.StatusConflict, "web.retention.changed"}
	}
	return dataError(err)
}
