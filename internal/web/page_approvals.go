package web

import (
	"encoding/json"
	"net/http"
	"strconv"
	"strings"

	"github.com/akashi-audit/akashi/internal/account"
)

// proposalRow is a proposal of a list.
type proposalRow struct {
	*account.Proposal
	What    string // in words, or the subject as it is
	When    string
	Settled string // when it was decided, "–"
	Own     bool
	May     bool // this visitor can approve it
}

// approvalsView is the page of what waits for another person.
type approvalsView struct {
	frame
	Waiting, Done []proposalRow
	Remark        *remark
}

// proposals lists the proposals, those that wait only when waiting is set.
func (s *site) proposals(rq *request, waiting bool) ([]proposalRow, error) {
	l, err := s.cfg.Desk.Book().Proposals(rq.r.Context(), "")
	if err != nil {
		return nil, err
	}
	var out []proposalRow
	for _, x := range l {
		if waiting && x.Decision != "" {
			continue
		}
		own := x.By == rq.who.ID && strings.EqualFold(x.ByName, rq.who.Name)
		out = append(out, proposalRow{
			Proposal: x, What: what(rq, x), When: seconds(x.Created, rq.zone), Settled: seconds(x.Decided, rq.zone), Own: own,
			May: !own && !x.Foreign && rq.who.May(account.Approve),
		})
	}
	return out, nil
}

// what words a proposal.
func what(rq *request, x *account.Proposal) string {
	var g account.GrantProposal
	if x.Kind != account.KindGrant || json.Unmarshal([]byte(x.Subject), &g) != nil {
		return x.Subject
	}
	var roles []string
	for _, r := range g.Roles {
		roles = append(roles, rq.p.T("web.role."+string(r)))
	}
	text := rq.p.T("web.approve.grant", "name", g.Name, "roles", strings.Join(roles, rq.p.T("web.list")))
	if len(g.Scope.Servers) > 0 {
		text += " " + rq.p.T("web.approve.servers", "servers", strings.Join(g.Scope.Servers, ", "))
	}
	if len(g.Scope.Folders) > 0 {
		text += " " + rq.p.T("web.approve.folders", "folders", strings.Join(g.Scope.Folders, ", "))
	}
	return text
}

// approvals lists what waits and what was decided.
func (s *site) approvals(rq *request) error { return s.approvalsWith(rq, nil) }

func (s *site) approvalsWith(rq *request, r *remark) error {
	v := &approvalsView{frame: s.frame(rq, "/approvals", "web.nav.approvals"), Remark: r}
	l, err := s.proposals(rq, false)
	if err != nil {
		return err
	}
	for _, x := range l {
		if x.Decision == "" {
			v.Waiting = append(v.Waiting, x)
		} else {
			v.Done = append(v.Done, x)
		}
	}
	return s.render(rq, statusOf(r), "approvals", v)
}

// decide approves or rejects; who proposed can only take it back.
func (s *site) decide(rq *request) error {
	id, err := strconv.ParseInt(rq.r.PathValue("id"), 10, 64)
	if err != nil {
		return errPage{http.StatusNotFound, "web.error.no_page"}
	}
	f := rq.r.PostForm
	approve := f.Get("decision") == "approve"
	if !approve && f.Get("decision") != "reject" {
		return errPage{http.StatusBadRequest, "web.error.form"}
	}
	x, err := s.cfg.Desk.Book().Decide(rq.r.Context(), rq.who, id, approve, f.Get("ground"))
	if err == nil {
		err = s.noteGround(rq, "proposal."+x.Decision, what(rq, x), f.Get("ground"))
	}
	back := "/approvals"
	if !rq.who.May(account.Approve) {
		back = "/settings/people"
	}
	if err == nil {
		return s.redirect(rq, back)
	}
	problem, err := problemOf(s.notThere(err))
	if err != nil {
		return err
	}
	if !rq.who.May(account.Approve) {
		return errPage{http.StatusForbidden, problem.Key}
	}
	return s.approvalsWith(rq, problem)
}
