package convert

import (
	"slices"
	"strings"

	"github.com/akashi-audit/akashi/internal/event"
)

// uacWords are the bits of UserAccountControl in the order of their message
// numbers: %%2048+n says that bit n was taken away, %%2080+n that it was set
// ([MS-SAMR] 2.2.1.12; bit 0 is the other way round: enabled, disabled).
var uacWords = [...]string{
	"account disabled", "home folder required", "no password required", "temporary duplicate", "normal account", "MNS logon account",
	"interdomain trust account", "workstation trust account", "server trust account", "password never expires", "locked out",
	"password stored reversibly", "smart card required", "trusted for delegation", "must not be delegated", "DES encryption only",
	"no Kerberos pre-authentication", "password expired", "trusted to authenticate for delegation", "no authorization information", "partial secrets account",
	"AES keys only",
}

// uacText puts the codes of UserAccountControl into words: "+set, -taken away".
func uacText(s string) string {
	var l []string
	for w := range strings.FieldsSeq(s) {
		n, ok := event.String(strings.TrimPrefix(w, "%%")).Number()
		switch {
		case !ok:
		case n >= 2080 && n < 2080+uint64(len(uacWords)):
			l = append(l, "+"+uacWords[n-2080])
		case n >= 2048 && n < 2048+uint64(len(uacWords)):
			l = append(l, "-"+uacWords[n-2048])
		}
	}
	return strings.Join(l, ", ")
}

// notChanges are values of an account event that say who and what, not what
// became different.
var notChanges = []string{
	"Dummy", "TargetUserName", "TargetDomainName", "TargetSid", "SubjectUserSid", "SubjectUserName", "SubjectDomainName", "SubjectLogonId",
	"PrivilegeList", "OldUacValue", "NewUacValue", "ComputerAccountChange", "DomainName", "DomainSid", "DomainPolicyChanged",
}

// changes notes what an event of a change (4735, 4737, 4738, 4739, 4742, 4755 …)
// made different: "-" means unchanged (section 3.4).
func (a *act) changes(e *event.Event) {
	if e.Schema == nil {
		return
	}
	var l []string
	for i, n := range e.Schema.Names {
		if i < len(e.Values) && n != "" && text(e.Values[i]) != "" && !slices.Contains(notChanges, n) {
			l = append(l, n)
		}
	}
	a.detail("changed", strings.Join(l, ", "))
	a.detail("account_control", uacText(text(field(e, "UserAccountControl"))))
}

// maxAccounts bounds the accounts whose SIDs are known from account events.
const maxAccounts = 4096

// learnAccount notes whose SID it is.
func (c *Converter) learnAccount(sid, user string) {
	if sid == "" || user == "" || c.s.Accounts[sid] == user {
		return
	}
	if len(c.s.Accounts) >= maxAccounts {
		clear(c.s.Accounts)
	}
	c.s.Accounts[sid] = user
}

// accountOf names an account by its SID: from account events, then from the
// sessions; "" when the log has not named it.
func (c *Converter) accountOf(sid string) string {
	if sid == "" {
		return ""
	}
	if u := c.s.Accounts[sid]; u != "" {
		return u
	}
	var best *session
	c.trace.add(traceText("s" + sid))
	for _, s := range c.s.Sessions.all() {
		if s.SID == sid && s.User != "" && (best == nil || s.Last > best.Last || s.Last == best.Last && s.Logon > best.Logon) {
			best = s
		}
	}
	if best == nil {
		return ""
	}
	return c.shortUser(best.User, sid)
}
