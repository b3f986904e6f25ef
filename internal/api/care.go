package api

import (
	"net/http"
	"net/url"

	"github.com/akashi-audit/akashi/internal/account"
	"github.com/akashi-audit/akashi/internal/care"
	"github.com/akashi-audit/akashi/internal/job"
	"github.com/akashi-audit/akashi/internal/query"
)

// heldBody is the body of POST /holds.
type heldBody struct {
	Case    string   `json:"case"`
	Servers []string `json:"servers"`
	Query   string   `json:"q"`
	From    string   `json:"from"`
	To      string   `json:"to"`
	All     bool     `json:"all"`
	Ground  string   `json:"ground"`
}

// addHold puts a legal hold in force.
func (s *server) addHold(rq *request) error {
	var in heldBody
	if err := s.read(rq, &in, "case", "ground"); err != nil {
		return err
	}
	h := care.Hold{Case: tidied(in.Case), Servers: tidiedList(in.Servers), Query: tidied(in.Query), Ground: tidied(in.Ground)}
	for k, at := range map[string]*int64{"from": &h.From, "to": &h.To} {
		t, err := s.moment(map[string]string{"from": in.From, "to": in.To}[k], k)
		if err != nil {
			return err
		}
		if !t.IsZero() {
			*at = t.UnixNano()
		}
	}
	if err := h.Check(in.All, query.Clock{Now: s.cfg.Now(), Zone: s.cfg.Zone}); err != nil {
		return err
	}
	if !care.SeesAll(rq.who) {
		return care.ErrRestricted
	}
	if err := s.note(rq, "hold", h.Case, h.Ground); err != nil {
		return err
	}
	if err := s.cfg.Care.AddHold(rq.r.Context(), h); err != nil {
		return err
	}
	return s.holdsOf(rq, http.StatusCreated, h.Case)
}

// releaseHold ends the holds of a case.
func (s *server) releaseHold(rq *request) error {
	var in struct {
		Ground string `json:"ground"`
	}
	if err := s.read(rq, &in, "ground"); err != nil {
		return err
	}
	name, ground := rq.r.PathValue("case"), tidied(in.Ground)
	if err := care.CheckRelease(name, ground); err != nil {
		return err
	}
	if !care.SeesAll(rq.who) {
		return care.ErrRestricted
	}
	if err := s.note(rq, "hold_release", name, ground); err != nil {
		return err
	}
	if err := s.cfg.Care.ReleaseHold(rq.r.Context(), name, ground); err != nil {
		return err
	}
	return s.holdsOf(rq, http.StatusOK, name)
}

// holdsOf answers with the holds of a case.
func (s *server) holdsOf(rq *request, status int, name string) error {
	l, damaged, err := s.cfg.Keeping.Holds(rq.r.Context())
	if err != nil {
		return err
	}
	out := []Hold{}
	for _, h := range l {
		if h.Case == name {
			out = append(out, h)
		}
	}
	return s.answer(rq, status, struct {
		Holds   []Hold `json:"holds"`
		Damaged bool   `json:"damaged"`
	}{out, damaged})
}

// term is care.Term as clients get it.
type term struct {
	Class  string `json:"class"`  // "" = records and raw events of the store, archive, originals, marked, background, logon, system
	Server string `json:"server"` // "" = all
	Months int    `json:"months"` // 0 = for ever
	Year   bool   `json:"year"`
	By     string `json:"by"`
	Ground Text   `json:"ground"`
	Time   Time   `json:"time"`
}

// due is care.DueMonth as clients get it.
type due struct {
	Server    string   `json:"server"`
	Month     string   `json:"month"`
	Records   int64    `json:"records"`
	RawEvents int64    `json:"raw_events"`
	Bytes     int64    `json:"bytes"`
	Archived  bool     `json:"archived"`
	Held      []string `json:"held"`
}

// keptMonth is care.KeptMonth as clients get it.
type keptMonth struct {
	Server    string   `json:"server"`
	Month     string   `json:"month"`
	Things    int      `json:"things"` // days, or files
	Records   int64    `json:"records"`
	RawEvents int64    `json:"raw_events"`
	Bytes     int64    `json:"bytes"`
	Stays     string   `json:"stays"` // why it stays, "" = it would go
	Held      []string `json:"held"`
	Until     Time     `json:"until"`
	Reason    Text     `json:"reason"`
}

// retention answers with the terms, what waits, and what they would delete. Its ETag
// names what waits.
func (s *server) retention(rq *request) error {
	if err := known(rq.r.URL.Query()); err != nil {
		return err
	}
	return s.terms(rq, http.StatusOK)
}

func (s *server) terms(rq *request, status int) error {
	r, err := s.cfg.Care.Retention(rq.r.Context())
	if err != nil {
		return err
	}
	out := struct {
		InForce []term `json:"in_force"`
		Waiting []term `json:"waiting"`
		Due     []due  `json:"due"`
		// Kept is what is past its term of the archive and of kept files.
		Kept     []keptMonth `json:"kept"`
		Classes  []classDue  `json:"classes"`
		TakenOut []taken     `json:"taken_out"`
	}{s.termsOf(r.InForce), s.termsOf(r.Waiting), []due{}, []keptMonth{}, classesOf(r.Classes), takenOut(r.Taken)}
	for _, k := range r.Kept {
		out.Kept = append(out.Kept, keptMonth{k.Server, k.Month, k.Things, k.Records, k.Events, k.Bytes, k.Stays, append([]string{}, k.Cases...), Time(k.Until), Text(k.Reason)})
	}
	for i := range out.TakenOut {
		out.TakenOut[i].Ground = Text(s.cfg.Source.Mask(string(out.TakenOut[i].Ground)))
	}
	for _, d := range r.Due {
		out.Due = append(out.Due, due{d.Server, d.Month, d.Records, d.Events, d.Bytes, d.Archived, append([]string{}, d.Held...)})
	}
	tag(rq, care.Mark(r.Mark()))
	return s.answer(rq, status, out)
}

func (s *server) termsOf(l []care.Term) []term {
	out := []term{}
	for _, t := range l {
		out = append(out, term{t.Class, t.Server, t.Months, t.Year, t.By, Text(s.cfg.Source.Mask(t.Ground)), Time(t.Time)})
	}
	return out
}

// proposeTerm puts a term forward.
func (s *server) proposeTerm(rq *request) error {
	var in struct {
		Class  string `json:"class"`
		Server string `json:"server"`
		Months int    `json:"months"`
		Year   bool   `json:"year"`
		Ground string `json:"ground"`
	}
	if err := s.read(rq, &in, "months"); err != nil {
		return err
	}
	t := care.Term{Class: in.Class, Server: tidied(in.Server), Months: in.Months, Year: in.Year, Ground: tidied(in.Ground)}
	if err := t.Check(); err != nil {
		return err
	}
	if !care.SeesAll(rq.who) {
		return care.ErrRestricted
	}
	if err := s.note(rq, "retention_propose", t.String(), t.Ground); err != nil {
		return err
	}
	if err := s.cfg.Care.ProposeRetention(rq.r.Context(), t); err != nil {
		return err
	}
	return s.terms(rq, http.StatusCreated)
}

// confirmTerms puts in force what another person proposed and the client has seen.
func (s *server) confirmTerms(rq *request) error {
	var in struct {
		Ground string `json:"ground"`
	}
	if err := s.read(rq, &in, "ground"); err != nil {
		return err
	}
	ground := tidied(in.Ground)
	if err := care.CheckGround(ground); err != nil {
		return err
	}
	given, err := seen(rq)
	if err != nil {
		return err
	}
	r, err := s.cfg.Care.Retention(rq.r.Context())
	if err != nil {
		return err
	}
	mark := r.Mark()
	if care.Mark(mark) != given { // whoever confirms must have seen what: * is not enough
		mark = ""
	}
	if err := r.MayConfirm(rq.who, mark); err != nil {
		return err
	}
	if err := s.note(rq, "retention_confirm", mark, ground); err != nil {
		return err
	}
	if err := s.cfg.Care.ConfirmRetention(rq.r.Context(), mark, ground); err != nil {
		return err
	}
	return s.terms(rq, http.StatusOK)
}

// startCare starts a job that looks after the folder.
func (s *server) startCare(rq *request) error {
	var in struct {
		Kind   string `json:"kind"`
		Server string `json:"server"`
		Volume string `json:"volume"`
		With   string `json:"with"`
		Hash   string `json:"hash"`
		Rate   int64  `json:"rate"`
	}
	if err := s.read(rq, &in, "kind"); err != nil {
		return err
	}
	x := care.Request{Server: in.Server, Volume: in.Volume, With: in.With, Hash: in.Hash, Rate: in.Rate, Lang: rq.p.Lang()}
	k, err := x.Check(in.Kind, rq.who)
	if err != nil {
		return err
	}
	return s.start(rq, k.Kind, job.Request{Kind: k.Kind, Params: x, About: x.About(), Need: account.See | account.Manage})
}

// reconvert makes the records again under the settings of now, or tells what that would
// change.
func (s *server) reconvert(rq *request) error {
	var in struct {
		DryRun bool `json:"dry_run"`
	}
	if err := s.read(rq, &in, "dry_run"); err != nil {
		return err
	}
	about, note := "web.flt.about_do", "reconvert"
	if in.DryRun {
		about, note = "web.flt.about_try", "reconvert try"
	}
	return s.start(rq, note, job.Request{Kind: "reconvert", Params: care.Reconversion{DryRun: in.DryRun}, Words: []job.Word{{Key: about}}})
}

// start notes and starts a job, and answers with it.
func (s *server) start(rq *request, action string, q job.Request) error {
	if err := s.note(rq, action, q.About, ""); err != nil {
		return err
	}
	j, err := s.cfg.Jobs.Submit(rq.r.Context(), rq.who, q)
	if err != nil {
		return jobError(err)
	}
	rq.w.Header().Set("Location", Prefix+"/jobs/"+url.PathEscape(j.ID))
	return s.answer(rq, http.StatusAccepted, s.task(rq, j))
}
