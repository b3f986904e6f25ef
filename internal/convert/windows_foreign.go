package convert

import (
	"strings"

	"github.com/akashi-audit/akashi/internal/event"
	"github.com/akashi-audit/akashi/internal/record"
)

// Sighting says that a domain controller saw an account at an address (section
// 9, step 6). Two machines' clocks agree to minutes only (Kerberos allows
// five), so that is its grain.
type Sighting struct {
	Minute int64  // Unix time in minutes
	Who    string // SID, or name@domain, folded, with the first label of the domain
	Where  string // client address, normalised
}

// SightingAge is how long a sighting holds, in minutes: the life of a ticket,
// after which a client must ask again (default of Windows: 10 hours).
const SightingAge = 600

// Sightings are what an event proves: a ticket that was given (4768, 4769) to
// an account of a person at an address that is not the machine's own.
func Sightings(e *event.Event) []Sighting {
	if !MaySight(e) || e.Get(event.Status).Uint() != 0 {
		return nil
	}
	ip := address(text(e.Get(event.IpAddress)))
	name, realm, _ := strings.Cut(text(e.Get(event.TargetUserName)), "@")
	if realm == "" {
		realm = text(e.Get(event.TargetDomainName))
	}
	if ip == "" || ip == localClient || name == "" || name == "-" || strings.HasSuffix(name, "$") {
		return nil
	}
	minute := e.Time.UnixNano() / 60e9
	l := []Sighting{{minute, whoName(name, realm), ip}}
	if sid := text(e.Get(event.TargetSid)); person(sid) {
		l = append(l, Sighting{minute, sid, ip})
	}
	return l
}

// ticket handles 4769: no record, but it may tell where somebody is.
func (c *Converter) ticket(e *event.Event) {
	if len(Sightings(e)) == 0 {
		c.unused(e, ReasonNoRule)
	}
}

func whoName(name, domain string) string { return fold(name) + "@" + fold(hostOf(domain)) }

// person reports whether a SID is that of a domain's or machine's account.
func person(sid string) bool { return strings.HasPrefix(sid, "S-1-5-21-") }

// Locator gives records the address of their client where only the log of
// another machine has it.
type Locator struct {
	opt Options
	// Last is the newest sighting of who at or before a minute, at most
	// SightingAge old; where is "" when there are several in that minute.
	last func(who string, minute int64) (seen int64, where string, ok bool)
}

// NewLocator makes a locator over sightings.
func NewLocator(b Background, last func(who string, minute int64) (seen int64, where string, ok bool)) *Locator {
	return &Locator{opt: Options{Background: b}.withDefaults(), last: last}
}

// The details of a record whose address another machine's log gave. The address
// is inferred, however certain the act is.
const (
	addressSource     = "client_ip_source"
	addressConfidence = "client_ip_confidence"
	fromKerberos      = "kerberos"
)

// Wanting reports whether a record has no address by its own server's log and
// stands for a session that may have come from another machine.
func Wanting(r *record.Record) bool {
	return (r.ClientIP == "" || r.Get(addressSource) == fromKerberos) && r.Session != 0 && !wellKnownLogon(r.Session) &&
		r.Class != record.ClassSystem && r.Op != record.OpLogonFailed && person(r.SID)
}

// Where is the address that the sightings give a record that is Wanting, or "".
func (l *Locator) Where(r *record.Record) string {
	minute := r.Time / 60e9
	domain, name, ok := strings.Cut(r.User, `\`)
	if !ok {
		name, domain = r.User, ""
	}
	at, where, found := l.last(r.SID, minute)
	if at2, where2, ok := l.last(whoName(name, domain), minute); ok {
		switch {
		case !found || at2 > at:
			where = where2
		case at2 == at && where2 != where:
			where = ""
		}
	}
	return where
}

// Locate sets the address of a record that is Wanting.
func (l *Locator) Locate(r *record.Record) {
	ip := l.Where(r)
	if ip == "" {
		return
	}
	r.ClientIP = ip
	r.Set(addressSource, fromKerberos)
	r.Set(addressConfidence, inferred.String())
	if r.Class == record.ClassUser && l.opt.backgroundAddress(ip) {
		r.Class = record.ClassBackground
	}
}
