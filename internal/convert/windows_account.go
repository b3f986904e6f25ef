package convert

import (
	"strconv"

	"github.com/akashi-audit/akashi/internal/event"
	"github.com/akashi-audit/akashi/internal/record"
)

func hex(n uint64) string { return strconv.FormatUint(n, 16) }

// accountChange is what an account or group event says (section 3.4).
func accountChange(id uint32) (op record.Op, what string) {
	const acc, grp = record.OpAccountChanged, record.OpGroupChanged
	switch id {
	case 4720:
		return acc, "created"
	case 4722:
		return acc, "enabled"
	case 4723:
		return acc, "password changed"
	case 4724:
		return acc, "password reset"
	case 4725:
		return acc, "disabled"
	case 4726:
		return acc, "deleted"
	case 4738:
		return acc, "changed"
	case 4740:
		return acc, "locked out"
	case 4767:
		return acc, "unlocked"
	case 4781:
		return acc, "renamed"
	case 4741:
		return acc, "computer account created"
	case 4742:
		return acc, "computer account changed"
	case 4743:
		return acc, "computer account deleted"
	case 4765:
		return acc, "SID history added"
	case 4766:
		return acc, "SID history refused"
	case 4739:
		return acc, "domain policy changed"
	case 4727, 4731, 4754, 4744, 4749, 4759:
		return grp, "created"
	case 4728, 4732, 4756, 4746, 4751, 4761:
		return grp, "member added"
	case 4729, 4733, 4757, 4747, 4752, 4762:
		return grp, "member removed"
	case 4730, 4734, 4758, 4748, 4753, 4763:
		return grp, "deleted"
	case 4735, 4737, 4755, 4745, 4750, 4760:
		return grp, "changed"
	case 4764:
		return grp, "type changed"
	}
	return 0, ""
}

// account handles changes of accounts and groups: G1 and G2.
func (c *Converter) account(e *event.Event) {
	op, what := accountChange(e.ID)
	if op == 0 {
		c.unused(e, ReasonNoRule)
		return
	}
	s := c.subject(e)
	rule := ruleG1
	if op == record.OpGroupChanged {
		rule = ruleG2
	}
	a := c.newAct(e, s, op, rule)
	a.Certain, a.Object = true, record.ObjectAccount
	domain, name := text(e.Get(event.TargetDomainName)), text(e.Get(event.TargetUserName))
	if e.ID == 4740 {
		a.Client, domain = clientName(domain), "" // the caller's computer stands in its place
	}
	if e.ID == 4781 {
		name = text(e.Get(event.OldTargetUserName))
		a.NewPath = c.userName(domain, text(e.Get(event.NewTargetUserName)))
	}
	a.Path = c.userName(domain, name)
	a.detail("change", what)
	a.detail("target_sid", text(e.Get(event.TargetSid)))
	member, memberSID := text(e.Get(event.MemberName)), text(e.Get(event.MemberSid))
	a.detail("member", member)
	a.detail("member_sid", memberSID)
	a.detail("member_account", c.accountOf(memberSID))
	switch {
	case what == "changed" || e.ID == 4739 || e.ID == 4742:
		a.changes(e)
	case e.ID == 4764:
		a.detail("group_type", text(field(e, "GroupTypeChange")))
	case e.ID == 4765 || e.ID == 4766:
		a.detail("source", text(field(e, "SourceUserName")))
		a.detail("source_sid", text(field(e, "SourceSid")))
	}
	if e.ID == 4739 {
		a.Path, a.Object = text(field(e, "DomainName")), record.ObjectPolicy
	}
	switch e.ID {
	case 4726, 4740, 4743:
	case 4781:
		c.learnAccount(text(e.Get(event.TargetSid)), a.NewPath)
	default:
		c.learnAccount(text(e.Get(event.TargetSid)), a.Path)
	}
	if e.ID == 4740 || machineAccount(a.User, a.SID) && (e.ID == 4742 || e.ID == 4738) {
		a.Class = record.ClassSystem
	}
	if e.Failed() || e.ID == 4766 {
		a.Result = record.Failure
	}
	c.due(a, a.Time+sec)
}
