package convert

import (
	hexa "encoding/hex"
	"net/netip"
	"strings"

	"github.com/akashi-audit/akashi/internal/event"
	"github.com/akashi-audit/akashi/internal/record"
)

// smbWindow is how far apart the Security log and the SMB server tell of the
// same refusal.
const smbWindow = 3 * sec

// smbServer handles SMBServer/Security (section 3.6): 551 and 1009 are refused
// sessions (L4), 1006 and 1007 refused shares (F3). What the Security log has
// told as well is one record, that of the Security log.
func (c *Converter) smbServer(e *event.Event) {
	switch e.ID {
	case 551, 1009:
		c.smbLogonFailed(e)
	case 1006, 1007:
		c.smbDenied(e)
	default:
		c.unused(e, ReasonNoRule)
	}
}

const anonymousSID = "S-1-5-7"

func (c *Converter) smbLogonFailed(e *event.Event) {
	ip, client := socketAddress(field(e, "ClientAddress")), clientName(text(field(e, "ClientName")))
	if ip == "" {
		ip, client = c.clientNamed(client)
	}
	user := text(field(e, "UserName"))
	if e.ID == 551 {
		if a := c.refusedLogon(user, ip, tick(e.Time), ruleL3, 0); a != nil {
			if a.IP == "" {
				a.IP = ip
			}
			if a.Client == "" {
				a.Client = client
			}
			return
		}
	}
	a := c.newAct(e, nil, record.OpLogonFailed, ruleL4)
	a.Result, a.Certain, a.Object, a.User, a.IP, a.Client = record.Failure, true, record.ObjectSession, user, ip, client
	if e.ID == 1009 {
		a.SID = anonymousSID
		a.detail("reason", "anonymous sessions are not allowed")
	}
	if code := uint32(field(e, "Status").Uint()); code != 0 {
		a.detail("status", "0x"+hex(uint64(code)))
		if e.ID == 551 {
			a.detail("reason", reasonOf(4625, code))
		}
	}
	c.s.Refused = push(c.s.Refused, a.Seq, 64)
	c.due(a, a.Time+smbWindow)
}

// clientNamed splits what the server calls a client: \\192.0.2.7 or a name.
func (c *Converter) clientNamed(client string) (ip, name string) {
	if ip = address(client); ip != "" {
		return ip, ""
	}
	return "", client
}

// refusedLogon finds the act of the same refused logon that one of these rules
// or events made.
func (c *Converter) refusedLogon(user, ip string, now tick, rule ruleID, event uint32) *act {
	for i := len(c.s.Refused) - 1; i >= 0; i-- {
		a := c.s.Acts.get(c.s.Refused[i])
		if a == nil || a.Rule != rule || event != 0 && a.Event != event || a.SID == anonymousSID || now-a.Time > smbWindow || a.Time-now > smbWindow {
			continue
		}
		if a.User != "" && sameName(a.User, user) || (user == "" || a.User == "") && ip != "" && ip == a.IP {
			c.s.Refused = without(c.s.Refused, a.Seq)
			return a
		}
	}
	return nil
}

// sameRefusal joins what several events tell of one refused logon: 4625, 4776
// for its NTLM part and 551 of the SMB server. It returns the act that stays.
func (c *Converter) sameRefusal(e *event.Event, a *act) *act {
	a.Event = e.ID
	if e.ID == 4625 {
		if b := c.refusedLogon(a.User, a.IP, a.Time, ruleL4, 0); b != nil {
			c.joinRefusal(a, b)
		}
		if b := c.refusedLogon(a.User, a.IP, a.Time, ruleL3, 4776); b != nil {
			c.joinRefusal(a, b)
			a.Event = refusalJoined
		}
	} else if b := c.refusedLogon(a.User, a.IP, a.Time, ruleL3, 4625); e.ID == 4776 && b != nil {
		c.joinRefusal(b, a)
		b.Event = refusalJoined
		c.s.Refused = push(c.s.Refused, b.Seq, 64)
		return b
	}
	c.s.Refused = push(c.s.Refused, a.Seq, 64)
	return a
}

// refusalJoined marks a 4625 that has its 4776.
const refusalJoined = 1

func (c *Converter) joinRefusal(a, b *act) {
	if a.Client == "" {
		a.Client = b.Client
	}
	for _, d := range b.Detail {
		if d.Key == "authentication" {
			a.fill(d.Key, d.Value)
		}
	}
	c.absorb(a, b)
}

// smbDenied handles 1006 and 1007. It waits for the Security log's word of the
// same refusal (5140 or 5145): see settleDenied.
func (c *Converter) smbDenied(e *event.Event) {
	name, client := text(field(e, "ShareName")), clientName(text(field(e, "ClientName")))
	if pipeShare(name) {
		return
	}
	a := c.newAct(e, nil, record.OpRead, ruleF3)
	a.Result, a.Certain, a.Object = record.Denied, true, record.ObjectShare
	a.User, a.Client = text(field(e, "UserName")), client
	if a.IP = socketAddress(field(e, "ClientAddress")); a.IP == "" {
		a.IP, a.Client = c.clientNamed(client)
	}
	if e.ID == 1007 {
		a.SID = anonymousSID
		a.detail("reason", "anonymous access to the share is not allowed")
	}
	if p := text(field(e, "SharePath")); p != "" {
		if l := c.path(p); !l.Drop {
			a.Path, a.Key = l.Path, l.Key
		}
	}
	share := name[strings.LastIndexByte(name, '\\')+1:]
	if a.Path == "" && share != "" {
		a.Path = `\\` + c.host + `\` + share
		a.Key = fold(a.Path)
	}
	a.detail("share_name", share)
	if n, ok := field(e, "MappedAccess").Number(); ok && n != 0 {
		a.Mask = mapGeneric(uint32(n))
		a.detail("denied_rights", rightsText(a.Mask&^mapGeneric(uint32(field(e, "GrantedAccess").Uint()))))
	}
	if code := uint32(field(e, "Status").Uint()); code != 0 {
		a.detail("status", "0x"+hex(uint64(code)))
	}
	c.due(a, a.Time+smbWindow+denyWindow)
}

// denial names a refusal at a share: who and where.
func denial(user, share string) string {
	return fold(user[strings.LastIndexByte(user, '\\')+1:] + "\x00" + share[strings.LastIndexByte(share, '\\')+1:])
}

// maxDenials bounds the refusals that are remembered.
const maxDenials = 1024

// noteDenial remembers that the Security log told of a refusal at a share.
func (c *Converter) noteDenial(a *act, r *record.Record) {
	if len(c.s.Denials) >= maxDenials-maxDenials/8 {
		c.s.Crowded++
	}
	if len(c.s.Denials) >= maxDenials {
		clear(c.s.Denials)
	}
	if r.Share != "" {
		c.s.Denials[denial(r.User, r.Share)] = a.Time
	} else { // 5140: the share itself
		c.s.Denials[denial(r.User, "")+a.Key] = a.Time
	}
}

// toldDenial reports whether the Security log has told of what the SMB server
// says here.
func (c *Converter) toldDenial(a *act) bool {
	for _, k := range [...]string{denial(a.User, a.Get("share_name")), denial(a.User, "") + a.Key} {
		at, ok := c.s.Denials[k]
		if ok && a.Time-at <= smbWindow+denyWindow && at-a.Time <= smbWindow+denyWindow {
			return true
		}
	}
	return false
}

// socketAddress reads a client address: a SOCKADDR (family, port, IPv4 or flow
// and IPv6; winsock), as bytes or hexadecimal text, or an address as text.
func socketAddress(v event.Value) string {
	b := v.Str
	if v.Kind != event.KindBinary {
		s := text(v)
		if len(s) < 16 || strings.ContainsAny(s, ".:") {
			return address(s)
		}
		raw, err := hexa.DecodeString(s)
		if err != nil {
			return address(s)
		}
		b = string(raw)
	}
	if len(b) < 2 {
		return ""
	}
	var a netip.Addr
	switch family := uint16(b[0]) | uint16(b[1])<<8; {
	case family == 2 && len(b) >= 8:
		a, _ = netip.AddrFromSlice([]byte(b[4:8]))
	case family == 23 && len(b) >= 24:
		a, _ = netip.AddrFromSlice([]byte(b[8:24]))
	default:
		return ""
	}
	return address(a.String())
}
