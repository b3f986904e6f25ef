package api

import (
	"encoding/json"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/akashi-audit/akashi/internal/account"
)

// token is account.Token as clients get it.
type token struct {
	ID      int64    `json:"id"`
	Name    string   `json:"name"`
	Rights  []string `json:"rights"`
	Created Time     `json:"created"`
	Expires Time     `json:"expires"`
	Used    Time     `json:"used"`
	State   string   `json:"state"` // valid, expired, revoked, foreign
	// Token is what the program must send; told once.
	Token string `json:"token,omitempty"`
}

func (s *server) tokenOf(t *account.Token) token {
	return token{t.ID, t.Name, t.Rights.Names(), seconds(t.Created), seconds(t.Expires), seconds(t.Used), t.State(s.cfg.Now()), ""}
}

func (s *server) tokensOf(rq *request, person int64) error {
	l, err := s.book().Tokens(rq.r.Context(), person)
	if err != nil {
		return err
	}
	out := []token{}
	for _, t := range l {
		out = append(out, s.tokenOf(t))
	}
	return s.json(rq, struct {
		Tokens []token `json:"tokens"`
	}{out})
}

// tokens lists the visitor's own tokens.
func (s *server) tokens(rq *request) error {
	if err := known(rq.r.URL.Query()); err != nil {
		return err
	}
	if err := personOnly(rq); err != nil {
		return err
	}
	return s.tokensOf(rq, rq.who.ID)
}

// addToken makes a token of the visitor, which is told once. Only a person makes one.
func (s *server) addToken(rq *request) error {
	var in struct {
		Name   string   `json:"name"`
		Rights []string `json:"rights"`
		Days   int      `json:"days"`
	}
	if err := s.read(rq, &in, "name", "rights", "days"); err != nil {
		return err
	}
	if err := personOnly(rq); err != nil {
		return err
	}
	var rights account.Right
	for i, n := range in.Rights {
		r := account.RightNamed(n)
		if r == 0 {
			return wrong("rights["+strconv.Itoa(i)+"]", "value")
		}
		rights |= r
	}
	plain, t, err := s.book().AddToken(rq.r.Context(), rq.who.ID, in.Name, rights, time.Duration(min(max(in.Days, 0), 400))*24*time.Hour)
	if err != nil {
		return err
	}
	if err := s.note(rq, "token.add", t.Name, ""); err != nil {
		return err
	}
	out := s.tokenOf(t)
	out.Token = plain
	return s.answer(rq, http.StatusCreated, out)
}

// revoke ends an own token. A token can end tokens of its person too, itself as well.
func (s *server) revoke(rq *request) error {
	if err := known(rq.r.URL.Query()); err != nil {
		return err
	}
	id, err := idOf(rq, "token")
	if err != nil {
		return err
	}
	if err := s.book().Revoke(rq.r.Context(), account.ActorOf(rq.who, ""), id, false); err != nil {
		return err
	}
	if err := s.note(rq, "token.revoke", strconv.FormatInt(id, 10), ""); err != nil {
		return err
	}
	return s.none(rq)
}

// memberTokens lists the tokens of a person.
func (s *server) memberTokens(rq *request) error {
	if err := known(rq.r.URL.Query()); err != nil {
		return err
	}
	p, err := s.asked(rq)
	if err != nil {
		return err
	}
	return s.tokensOf(rq, p.ID)
}

// revokeOf ends a token of another person.
func (s *server) revokeOf(rq *request) error {
	if err := known(rq.r.URL.Query()); err != nil {
		return err
	}
	p, err := s.asked(rq)
	if err != nil {
		return err
	}
	id, err := idOf(rq, "token")
	if err != nil {
		return err
	}
	if err := s.book().Revoke(rq.r.Context(), account.ActorOf(rq.who, ""), id, true); err != nil {
		return err
	}
	if err := s.note(rq, "token.revoke", p.Name+" "+strconv.FormatInt(id, 10), ""); err != nil {
		return err
	}
	return s.none(rq)
}

// proposal is account.Proposal as clients get it.
type proposal struct {
	ID       int64           `json:"id"`
	Kind     string          `json:"kind"`
	Subject  json.RawMessage `json:"subject"`
	Ground   Text            `json:"ground"`
	By       string          `json:"by"`
	Created  Time            `json:"created"`
	Decision string          `json:"decision"` // "", approved, rejected
	Decided  Time            `json:"decided"`
	Decider  string          `json:"decided_by"`
	Reason   Text            `json:"decided_ground"`
	Foreign  bool            `json:"not_as_sealed"`
	Own      bool            `json:"own"`
}

func (s *server) proposalOf(rq *request, x *account.Proposal) proposal {
	subject := json.RawMessage(x.Subject)
	if !json.Valid(subject) {
		subject = json.RawMessage("null")
	}
	return proposal{
		x.ID, x.Kind, subject, Text(s.cfg.Source.Mask(x.Ground)), x.ByName, seconds(x.Created), x.Decision, seconds(x.Decided), x.DecidedName,
		Text(s.cfg.Source.Mask(x.DecidedGround)), x.Foreign, x.By == rq.who.ID && strings.EqualFold(x.ByName, rq.who.Name),
	}
}

// proposals lists what waits for another person and what was decided, to those who
// decide and those who look after people.
func (s *server) proposals(rq *request) error {
	if err := known(rq.r.URL.Query()); err != nil {
		return err
	}
	if !rq.who.May(account.Approve) && !rq.who.May(account.People) {
		return &Problem{Status: http.StatusForbidden, Code: "no_right"}
	}
	l, err := s.book().Proposals(rq.r.Context(), "")
	if err != nil {
		return err
	}
	out := []proposal{}
	for _, x := range l {
		out = append(out, s.proposalOf(rq, x))
	}
	return s.json(rq, struct {
		Proposals []proposal `json:"proposals"`
	}{out})
}

// decide approves or rejects a proposal; who made it can only take it back.
func (s *server) decide(rq *request) error {
	var in struct {
		Decision string `json:"decision"`
		Ground   string `json:"ground"`
	}
	if err := s.read(rq, &in, "decision"); err != nil {
		return err
	}
	if in.Decision != account.Approved && in.Decision != account.Rejected {
		return wrong("decision", "value")
	}
	id, err := idOf(rq, "id")
	if err != nil {
		return err
	}
	x, err := s.book().Decide(rq.r.Context(), rq.who, id, in.Decision == account.Approved, in.Ground)
	if err != nil {
		return err
	}
	if err := s.note(rq, "proposal."+x.Decision, x.Subject, in.Ground); err != nil {
		return err
	}
	return s.json(rq, s.proposalOf(rq, x))
}
