package convert

import (
	"strings"

	"github.com/akashi-audit/akashi/internal/event"
	"github.com/akashi-audit/akashi/internal/record"
)

// field finds a value by the last element of its name: UserData payloads name
// their values with the path of the element.
func field(e *event.Event, name string) event.Value {
	if e.Schema == nil {
		return event.Value{}
	}
	for i, n := range e.Schema.Names {
		if i < len(e.Values) && lastOf(n) == name {
			return e.Values[i]
		}
	}
	return event.Value{}
}

// systemAct makes an act of class system that is due at once.
func (c *Converter) systemAct(e *event.Event, s *session, op record.Op, rule ruleID) *act {
	a := c.newAct(e, s, op, rule)
	a.Certain, a.Class, a.Object = true, record.ClassSystem, record.ObjectSystem
	c.due(a, a.Time+sec)
	return a
}

// eventlog handles the log service's own events (section 3.5).
func (c *Converter) eventlog(e *event.Event) {
	switch e.ID {
	case 1102, 104:
		logon := field(e, "SubjectLogonId").Uint()
		s := c.session(logon)
		if name := text(field(e, "SubjectUserName")); name != "" {
			sid := text(field(e, "SubjectUserSid"))
			if sid != "" {
				s.SID, s.sid = sid, rawText{}
			}
			s.User = c.userName(text(field(e, "SubjectDomainName")), name)
			if sid == "" && logon == 0 {
				s.SID, s.sid = e.UserID, rawText{}
			}
		}
		a := c.newAct(e, s, record.OpLogCleared, ruleV1)
		a.Certain, a.Object = true, record.ObjectSystem
		a.Class = record.ClassUser
		a.Path = e.Channel
		if ch := text(field(e, "Channel")); ch != "" {
			a.Path = ch
		}
		a.detail("backup", text(field(e, "BackupPath")))
		c.due(a, a.Time+sec)
		if logon == 0 {
			c.s.Sessions.drop(0)
			c.near = nil
		}
	case 1101, 1104, 1108:
		a := c.systemAct(e, nil, record.OpRecordsLost, ruleV2)
		a.Path = e.Channel
		switch e.ID {
		case 1101:
			a.detail("reason", "events were dropped by the transport")
			a.detail("code", text(field(e, "Reason")))
		case 1104:
			a.detail("reason", "the log is full")
		case 1108:
			a.detail("reason", "an event could not be written")
			a.detail("event", strings.TrimSpace(text(field(e, "PublisherName"))+" "+text(field(e, "EventID"))))
			a.detail("code", text(field(e, "ErrorCode")))
		}
	case 1105:
		a := c.systemAct(e, nil, record.OpLogCleared, ruleV8)
		a.Path = e.Channel
		if ch := text(field(e, "Channel")); ch != "" {
			a.Path = ch
		}
		a.detail("kind", "archived")
		a.detail("backup", text(field(e, "BackupPath")))
		a.detail("reason", "the log was full and became a file; give that file too")
	case 1100:
		c.stopped(e)
	default:
		c.unused(e, ReasonNoRule)
	}
}

// auditPolicy handles 4719.
func (c *Converter) auditPolicy(e *event.Event) {
	s := c.subject(e)
	a := c.newAct(e, s, record.OpAuditPolicyChanged, ruleV3)
	a.Certain, a.Object = true, record.ObjectPolicy
	a.detail("subcategory", strings.ToUpper(text(e.Get(event.SubcategoryGuid))))
	name := auditName(text(e.Get(event.SubcategoryGuid)))
	a.detail("subcategory_name", name)
	a.detail("category", text(e.Get(event.CategoryId)))
	var l []string
	changes := text(e.Get(event.AuditPolicyChanges))
	for _, w := range [...]struct{ code, word string }{
		{"%%8448", "success removed"}, {"%%8449", "success added"}, {"%%8450", "failure removed"}, {"%%8451", "failure added"},
	} {
		if strings.Contains(changes, w.code) {
			l = append(l, w.word)
		}
	}
	a.detail("change", strings.Join(l, ", "))
	if strings.Contains(changes, "%%8448") || strings.Contains(changes, "%%8450") {
		a.detail("auditing", "reduced")
	}
	if machineAccount(a.User, a.SID) {
		a.Class = record.ClassSystem // by group policy or at boot
	} else {
		a.Class = record.ClassUser
	}
	c.due(a, a.Time+sec)
}
