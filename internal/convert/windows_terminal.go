package convert

import (
	"slices"
	"strings"

	"github.com/akashi-audit/akashi/internal/event"
	"github.com/akashi-audit/akashi/internal/record"
)

// terminalWindow is how far apart the Security log and the session manager tell
// of the same start or end of a session.
const terminalWindow = 10 * sec

// Kinds of starts and ends of an interactive session, in detail "kind".
const (
	kindLogon        = "logon"
	kindReconnected  = "reconnected"
	kindLogoff       = "logoff"
	kindDisconnected = "disconnected"
)

// terminalSign is what one event tells of an interactive session.
type terminalSign struct {
	Kind, User, Session, Addr string
	Logon                     *session // when the event names the logon id
}

// terminal handles the session manager's events (section 3.6): L5 and L6. They
// name the user, not the logon id.
func (c *Converter) terminal(e *event.Event) {
	t := terminalSign{User: text(field(e, "User")), Session: field(e, "SessionID").Text(), Addr: address(text(field(e, "Address")))}
	switch e.ID {
	case 21:
		t.Kind = kindLogon
	case 23:
		t.Kind = kindLogoff
	case 24:
		t.Kind = kindDisconnected
	case 25:
		t.Kind = kindReconnected
	case 39:
		t.Kind, t.Session = kindDisconnected, field(e, "TargetSession").Text()
	case 40:
		t.Kind, t.Session = kindDisconnected, field(e, "Session").Text()
	default: // 22, the shell started, follows 21
		c.unused(e, ReasonNoRule)
		return
	}
	if t.Session == "" && t.User == "" {
		return
	}
	switch {
	case t.User == "":
		t.User = c.s.Terminals[t.Session]
	case t.Session != "":
		if len(c.s.Terminals) >= 1024 {
			clear(c.s.Terminals)
		}
		c.s.Terminals[t.Session] = t.User
	}
	a := c.terminalAct(e, t)
	if a == nil {
		return
	}
	switch e.ID {
	case 39:
		a.detail("by_session", field(e, "Source").Text())
	case 40:
		n := field(e, "Reason").Uint()
		a.detail("code", itoa(n))
		if n < uint64(len(disconnectReasons)) {
			a.detail("reason", disconnectReasons[n])
		}
	}
}

// disconnectReasons are the reason codes of event 40, those of
// ExtendedDisconnectReasonCode (the remote desktop client's interface).
var disconnectReasons = [...]string{
	1: "an administrator disconnected it", 2: "an administrator logged it off", 3: "idle for too long", 4: "connected for too long",
	5: "replaced by another connection", 6: "out of memory", 7: "the server refused the connection", 9: "missing rights",
	11: "the user disconnected", 12: "the user logged off",
}

// reconnect handles 4778 and 4779: a session was connected again or
// disconnected.
func (c *Converter) reconnect(e *event.Event) {
	s := c.session(e.Get(event.RDPLogonID).Uint())
	user := c.userName(text(e.Get(event.AccountDomain)), text(e.Get(event.AccountName)))
	if s.User == "" {
		s.User = user
	}
	t := terminalSign{Kind: kindReconnected, User: user, Addr: address(text(e.Get(event.ClientAddress))), Logon: s}
	if e.ID == 4779 {
		t.Kind = kindDisconnected
	}
	if a := c.terminalAct(e, t); a != nil {
		if n := clientName(text(e.Get(event.ClientName))); n != "" {
			a.Client = n
		}
	}
}

// interactive reports logon types that begin or unlock a session at a screen.
func interactive(logonType int32) bool {
	switch logonType {
	case 2, 7, 10, 11, 12, 13:
		return true
	}
	return false
}

// sameName compares accounts whose domains may be written in two ways.
func sameName(a, b string) bool {
	return a != "" && strings.EqualFold(a[strings.LastIndexByte(a, '\\')+1:], b[strings.LastIndexByte(b, '\\')+1:])
}

// terminalAct returns the act of a sign: one start or end of a session is one
// record, whichever logs tell of it. It is nil when the Security log's own record
// of it tells all; the sign then gives only its address.
func (c *Converter) terminalAct(e *event.Event, t terminalSign) *act {
	now := tick(e.Time)
	starts := t.Kind == kindLogon || t.Kind == kindReconnected
	s := t.Logon
	if s == nil {
		s = c.screenOf(t.User)
	}
	if s != nil && starts {
		c.screenMoved(s, now, t.Addr)
	}
	if a := c.signOf(t, now); a != nil {
		c.evidence(a, e)
		if a.IP == "" {
			a.IP = t.Addr
		}
		if t.Kind == kindLogoff {
			a.detail("kind", kindLogoff)
		}
		if t.Logon != nil && a.Logon == 0 {
			a.User = t.User
		}
		a.fill("terminal", t.Session)
		return a
	}
	if s != nil && starts && s.Started != 0 && now-s.Started <= terminalWindow && s.Started-now <= terminalWindow && t.Logon == nil {
		if a := c.s.Acts.get(s.LogonAct); a != nil && t.Kind == kindReconnected {
			a.detail("kind", kindReconnected)
		}
		return nil
	}
	if s != nil && t.Kind == kindLogoff && c.s.Acts.get(s.LogoffAct) != nil {
		return nil
	}
	op, rule := record.OpLogon, ruleL5
	if !starts {
		op, rule = record.OpLogoff, ruleL6
	}
	a := c.newAct(e, s, op, rule)
	a.Object, a.Certain, a.IP = record.ObjectSession, true, t.Addr
	if s == nil {
		a.User = t.User
	}
	a.detail("kind", t.Kind)
	a.detail("terminal", t.Session)
	c.s.Screens = push(c.s.Screens, a.Seq, 64)
	c.due(a, now+terminalWindow)
	return a
}

// signOf finds the act of the same start or end. A logoff takes the 40 that
// announced it.
func (c *Converter) signOf(t terminalSign, now tick) *act {
	for _, seq := range slices.Backward(c.s.Screens) {
		a := c.s.Acts.get(seq)
		if a == nil || now-a.Time > terminalWindow || a.Time-now > terminalWindow {
			continue
		}
		kind := a.Get("kind")
		if kind != t.Kind && (t.Kind != kindLogoff || kind != kindDisconnected || a.Get("code") == "") {
			continue
		}
		if id := a.Get("terminal"); id != "" && t.Session != "" && id != t.Session {
			continue
		} else if id != "" && id == t.Session || sameName(a.User, t.User) {
			return a
		}
	}
	return nil
}

// screenOf is the newest interactive session of a user, or nil.
func (c *Converter) screenOf(user string) *session {
	var best *session
	c.trace.add(traceName(user))
	for _, s := range c.s.Sessions.all() {
		if interactive(s.Type) && sameName(s.User, user) &&
			(best == nil || s.Started > best.Started || s.Started == best.Started && s.Logon > best.Logon) {
			best = s
		}
	}
	return best
}

// takeScreen gives a record of the Security log what the session manager told
// of the same start or end before.
func (c *Converter) takeScreen(a *act, s *session, kind string) {
	if len(c.s.Screens) == 0 || !interactive(s.Type) {
		return
	}
	kinds := []string{kind}
	if kind == kindLogon {
		kinds = append(kinds, kindReconnected)
	}
	for _, k := range kinds {
		b := c.signOf(terminalSign{Kind: k, User: a.User}, a.Time)
		if b == nil || b.Logon != 0 && b.Logon != s.Logon || b.Get("kind") != k {
			continue
		}
		c.screenMoved(s, b.Time, b.IP)
		if a.IP == "" {
			a.IP = b.IP
		}
		if k == kindReconnected {
			a.detail("kind", k)
		}
		c.s.Screens = without(c.s.Screens, b.Seq)
		c.forget(b)
	}
}
