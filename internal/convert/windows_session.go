package convert

import (
	"cmp"
	"math"
	"net/netip"
	"slices"
	"strings"

	"github.com/akashi-audit/akashi/internal/event"
	"github.com/akashi-audit/akashi/internal/record"
)

func compareUint(a, b uint64) int { return cmp.Compare(a, b) }

func compareHandles(a, b handleKey) int {
	return cmp.Or(cmp.Compare(a.PID, b.PID), cmp.Compare(a.Handle, b.Handle))
}

// hostOf is the first label of a computer name.
func hostOf(server string) string {
	h, _, _ := strings.Cut(server, ".")
	return h
}

// userName is DOMAIN\name, kept once.
func (c *Converter) userName(domain, name string) string {
	if domain == "-" {
		domain = ""
	}
	if name == "-" {
		name = ""
	}
	if domain == "" || name == "" {
		return name
	}
	k := nameKey{domain, name}
	if s, ok := c.names[k]; ok {
		return s
	}
	if len(c.names) >= 1<<16 {
		clear(c.names)
	}
	s := domain + `\` + name
	c.names[k] = s
	return s
}

// session returns the session of a logon id, made when it is new.
func (c *Converter) session(logon uint64) *session {
	s := c.near
	if s == nil || s.Logon != logon {
		if s = c.s.Sessions.get(logon); s == nil {
			s = &session{Logon: logon, Type: -1}
			s.Reads = s.few[:0]
			c.s.Sessions.put(logon, s)
		} else {
			fetchAll(s)
		}
		c.near = s
	}
	s.Last = c.s.Now
	return s
}

// subject returns the session of an event's subject and brings its names up to
// date.
func (c *Converter) subject(e *event.Event) *session {
	s := c.session(e.Get(event.SubjectLogonId).Uint())
	if s.Named && s.sid.is(e, event.SubjectUserSid) {
		return s
	}
	sid, name := c.textOf(e, event.SubjectUserSid), c.textOf(e, event.SubjectUserName)
	if s.Named && s.SID == sid {
		s.sid.learn(e, event.SubjectUserSid)
		return s
	}
	if name == "" {
		return s
	}
	domain := c.textOf(e, event.SubjectDomainName)
	s.SID, s.sid = sid, rawText{}
	s.sid.learn(e, event.SubjectUserSid)
	if !strings.Contains(domain, ".") {
		c.learnDomain(sid, domain)
		s.Named = true
	}
	s.User = c.userName(domain, name)
	return s
}

// learnDomain notes the NetBIOS name of a domain: 4624 of Kerberos names the
// DNS domain, all later events the NetBIOS one.
func (c *Converter) learnDomain(sid, domain string) {
	n := strings.LastIndexByte(sid, '-')
	if n < 0 || domain == "" || !strings.HasPrefix(sid, "S-1-5-21-") {
		return
	}
	if _, ok := c.s.Domains[sid[:n]]; !ok {
		if len(c.s.Domains) >= 1024 {
			clear(c.s.Domains)
		}
		c.s.Domains[sid[:n]] = domain
	}
}

// account is what the name of an account says of it. It is derived.
type account struct {
	known     bool
	user, sid string
	dns       bool // the domain may be a DNS name
	machine   bool // machineAccount
}

// named returns what the name of an act's person says, which is nearly always the same.
func (s *session) named(user, sid string) *account {
	p := &s.account
	if !p.known || p.user != user || p.sid != sid {
		*p = account{true, user, sid, strings.IndexByte(user, '.') >= 0, machineAccount(user, sid)}
	}
	p.user, p.sid = user, sid // the same text at one place compares at once
	return p
}

// shortUser replaces a DNS domain by its NetBIOS name when that is known.
func (c *Converter) shortUser(user, sid string) string {
	domain, name, ok := strings.Cut(user, `\`)
	n := strings.LastIndexByte(sid, '-')
	if !ok || n < 0 || !strings.Contains(domain, ".") {
		return user
	}
	if d := c.s.Domains[sid[:n]]; d != "" {
		return c.userName(d, name)
	}
	return user
}

// logonType is the type of a session that an event names, -1 when it names none:
// 0 is a type of its own, that of the system's start.
func logonType(e *event.Event) int32 {
	if n, ok := e.Get(event.LogonType).Number(); ok && n <= math.MaxInt32 {
		return int32(n)
	}
	return -1
}

// logon begins a session (4624).
func (c *Converter) logon(e *event.Event) {
	id := e.Get(event.TargetLogonId).Uint()
	now := tick(e.Time)
	if old := c.s.Sessions.get(id); old != nil && (old.Started != 0 || old.Ended) && !wellKnownLogon(id) {
		c.endSession(old) // logon ids are used again after a boot
	}
	s := c.session(id)
	s.SID, s.sid = text(e.Get(event.TargetUserSid)), rawText{}
	domain, name := text(e.Get(event.TargetDomainName)), text(e.Get(event.TargetUserName))
	if !strings.Contains(domain, ".") {
		c.learnDomain(s.SID, domain)
	}
	s.User = c.userName(domain, name)
	s.Type = logonType(e)
	c.link(s, e.Get(event.TargetLinkedLogonId).Uint())
	s.LogonIP = address(text(e.Get(event.IpAddress)))
	s.Client = clientName(text(e.Get(event.WorkstationName)))
	s.Started = now
	s.Background = s.Type == 4 || s.Type == 5 || s.Type == 0 || machineAccount(s.User, s.SID)
	if s.Type == 10 && strings.EqualFold(s.Client, c.host) {
		s.Client = "" // a remote desktop logon names the server itself
	}
	if l := c.otherHalf(s); l != nil && now-l.Started <= sec && l.User == s.User {
		if a := c.s.Acts.get(l.LogonAct); a != nil { // the other half of a split administrator token
			c.evidence(a, e)
			s.LogonAct = a.Seq
			return
		}
	}
	a := c.newAct(e, s, record.OpLogon, ruleL1)
	a.Object, a.Certain = record.ObjectSession, true
	a.IP = s.LogonIP
	if s.Type >= 0 {
		a.detail("logon_type", itoa(uint64(s.Type)))
	}
	a.detail("authentication", strings.TrimSpace(text(e.Get(event.AuthenticationPackageName))))
	if s.Type != 3 {
		a.detail("process", strings.TrimSpace(text(e.Get(event.ProcessName))))
	}
	s.LogonAct = a.Seq
	c.takeScreen(a, s, kindLogon)
	c.due(a, now+5*sec)
}

// privileged notes that a session has administrator's rights (4672).
func (c *Converter) privileged(e *event.Event) {
	s := c.subject(e)
	if a := c.s.Acts.get(s.LogonAct); a != nil && tick(e.Time)-a.Time <= 2*sec {
		c.evidence(a, e)
		a.detail("elevated", "yes")
	}
}

// logoff ends a session (4634, 4647). Its acts are finished two seconds later:
// the last handles close around it.
func (c *Converter) logoff(e *event.Event) {
	id := e.Get(event.TargetLogonId).Uint()
	if wellKnownLogon(id) {
		return
	}
	s := c.session(id)
	if s.User == "" {
		s.SID, s.sid = text(e.Get(event.TargetUserSid)), rawText{}
		s.User = c.userName(text(e.Get(event.TargetDomainName)), text(e.Get(event.TargetUserName)))
	}
	if domain := text(e.Get(event.TargetDomainName)); !strings.Contains(domain, ".") {
		c.learnDomain(text(e.Get(event.TargetUserSid)), domain)
	}
	for _, l := range [...]*session{s, c.otherHalf(s)} {
		if l == nil {
			continue
		}
		if a := c.s.Acts.get(l.LogoffAct); a != nil {
			c.evidence(a, e)
			s.LogoffAct = a.Seq
			c.endLater(s)
			return
		}
	}
	if s.Type < 0 {
		s.Type = logonType(e)
		s.Background = s.Background || s.Type == 4 || s.Type == 5
	}
	a := c.newAct(e, s, record.OpLogoff, ruleL2)
	a.Object, a.Certain = record.ObjectSession, true
	if s.Type >= 0 {
		a.detail("logon_type", itoa(uint64(s.Type)))
	}
	s.LogoffAct = a.Seq
	c.takeScreen(a, s, kindLogoff)
	c.due(a, tick(e.Time)+5*sec)
	c.endLater(s)
}

// sessionRest is how long a session is remembered after its end: as long as the
// longest rule waits.
const sessionRest = 70 * sec

func (c *Converter) endLater(s *session) {
	if !s.Ended {
		s.Ended = true
		c.s.setTimer(timer{Due: c.s.Now + sessionRest, Kind: timeSession, Seq: s.Logon})
	}
}

// endSession finishes what a session has under way and forgets it.
func (c *Converter) endSession(s *session) {
	if s == nil {
		return
	}
	if s.Pending > 0 {
		var seqs []uint64
		for q, a := range c.s.Acts.all() {
			if a.Logon == s.Logon {
				seqs = append(seqs, q)
			}
		}
		slices.Sort(seqs)
		for _, q := range seqs {
			if a := c.s.Acts.get(q); a != nil {
				a.Held = true
				c.settle(a)
			}
		}
	}
	if s.Edits > 0 {
		c.editsEnded(s.Logon)
	}
	c.s.Sessions.drop(s.Logon)
	c.near = nil
}

// moved notes that a session's client has this address from now on.
func (s *session) moved(at tick, ip string) {
	if ip == "" || ip == s.newest {
		return
	}
	s.newest = ip
	if n := len(s.IPs); n > 0 && s.IPs[n-1].IP == ip {
		return
	}
	if len(s.IPs) >= 16 {
		s.IPs = append(s.IPs[:0], s.IPs[8:]...)
	}
	s.IPs = append(s.IPs, ipAt{at, ip})
}

// clientOf finds the client's address for an act (section 9, steps 3 to 5).
func (c *Converter) clientOf(s *session, at tick) string {
	for i := len(s.IPs) - 1; i >= 0; i-- {
		if s.IPs[i].At <= at {
			return s.IPs[i].IP
		}
	}
	if s.LogonIP != "" {
		return s.LogonIP
	}
	if len(s.IPs) > 0 && s.IPs[0].At-at <= 5*sec {
		return s.IPs[0].IP
	}
	kind := s.Type
	if l := c.otherHalf(s); l != nil {
		if l.LogonIP != "" {
			return l.LogonIP
		}
		if kind < 0 {
			kind = l.Type
		}
	}
	switch kind {
	case 0, 2, 4, 5, 7, 11, 13:
		return localClient
	}
	if wellKnownLogon(s.Logon) && s.Logon != logonAnon {
		return localClient
	}
	return ""
}

const localClient = "local"

// address is the client's address that an event names; that of the event before
// is remembered.
func (c *Converter) address(e *event.Event, s *session) string {
	if !s.at.is(e, event.IpAddress) {
		if raw := c.textOf(e, event.IpAddress); raw != s.rawIP || raw == "" {
			s.rawIP, s.ip, s.at = raw, address(raw), rawText{}
		}
		s.at.learn(e, event.IpAddress)
	}
	return s.ip
}

// address normalises a client address (section 9): "" unknown, "local".
func address(s string) string {
	s = strings.TrimPrefix(strings.TrimSpace(s), `\\`)
	if strings.HasPrefix(s, "[") {
		if n := strings.IndexByte(s, ']'); n > 0 {
			s = s[1:n]
		}
	}
	switch {
	case s == "" || s == "-":
		return ""
	case strings.EqualFold(s, "LOCAL"):
		return localClient
	}
	a, err := netip.ParseAddr(s)
	if err != nil {
		return ""
	}
	a = a.Unmap().WithZone("")
	switch {
	case a.IsLoopback():
		return localClient
	case a.IsUnspecified():
		return ""
	}
	return a.String()
}

// clientName normalises a workstation name.
func clientName(s string) string {
	s = strings.TrimPrefix(strings.TrimSpace(s), `\\`)
	if s == "-" {
		return ""
	}
	return s
}
