package convert

import (
	"github.com/akashi-audit/akashi/internal/event"
	"github.com/akashi-audit/akashi/internal/record"
)

// failureWords are the reasons of 4625 and 4776 by NTSTATUS (section 3.3).
var failureWords = [...]struct {
	code uint32
	word string
}{
	{0xC0000064, "no such user"}, {0xC000006A, "wrong password"}, {0xC0000234, "account locked"}, {0xC0000072, "account disabled"},
	{0xC000006F, "outside allowed hours"}, {0xC0000070, "workstation not allowed"}, {0xC0000071, "password expired"},
	{0xC0000193, "account expired"}, {0xC0000224, "password must be changed"}, {0xC000015B, "logon type not granted"},
	{0xC0000133, "clocks differ"}, {0xC000006D, "wrong name or password"}, {0xC0000413, "authentication firewall"},
	{0xC0000192, "logon service not started"}, {0xC00002EE, "error during logon"}, {0xC0000225, "not found"}, {0xC000018C, "no trust to the domain"},
	{0xC000018D, "no trust of the workstation"}, {0xC0000199, "domain trust account"}, {0xC00000BB, "not supported"}, {0xC000009A, "no resources"},
	{0xC0000022, "access denied"}, {0xC0000388, "downgrade of the authentication"}, {0xC000006B, "bad password form"}, {0xC000006C, "password restriction"},
	{0xC000006E, "account restriction"}, {0xC000005E, "no logon server"}, {0xC00000DC, "wrong server state"},
}

// kerberosWords are the reasons of 4768 and 4771 by Kerberos error (RFC 4120 7.5.9).
var kerberosWords = [...]struct {
	code uint32
	word string
}{
	{0x6, "no such user"}, {0xC, "workstation or hours not allowed"}, {0x12, "account disabled, expired or locked"},
	{0x17, "password expired"}, {0x18, "wrong password"}, {0x25, "clocks differ"}, {0x1, "account expired"}, {0x2, "service expired"},
	{0x7, "no such service"}, {0x9, "account without key"}, {0xA, "start time not allowed"}, {0xB, "start after end"},
	{0xD, "option not allowed"}, {0xE, "encryption not supported"}, {0x10, "smart card not possible"}, {0x13, "service disabled or locked"},
	{0x14, "ticket withdrawn"}, {0x15, "account not valid yet"}, {0x16, "service not valid yet"}, {preauthRequired, "pre-authentication required"},
	{0x1F, "integrity check failed"}, {0x20, "ticket expired"}, {0x21, "ticket not valid yet"}, {0x22, "request repeated"},
	{0x29, "message modified"}, {0x3C, "generic error"}, {0x3E, "certificate not trusted"}, {0x42, "certificate does not fit"}, {0x44, "other realm"},
	{0x4D, "certificate of wrong use"},
}

// preauthRequired is the KDC's first answer to every client: no failure.
const preauthRequired = 0x19

// logonFailed handles 4625, 4768 and 4771 (Kerberos) and 4776 (NTLM): L3.
func (c *Converter) logonFailed(e *event.Event) {
	n, known := e.Get(event.Status).Number()
	status := uint32(n)
	failed := e.ID == 4625 || known && status != 0 || !known && (e.ID == 4771 || e.Failed())
	if !failed || e.ID == 4768 && status == preauthRequired {
		if len(Sightings(e)) == 0 {
			c.unused(e, ReasonNoRule)
		}
		return
	}
	a := c.newAct(e, nil, record.OpLogonFailed, ruleL3)
	a.Result, a.Certain, a.Object = record.Failure, true, record.ObjectSession
	name, domain := text(e.Get(event.TargetUserName)), text(e.Get(event.TargetDomainName))
	a.User = c.userName(domain, name)
	a.IP = address(text(e.Get(event.IpAddress)))
	code := status
	switch e.ID {
	case 4625:
		if sub := uint32(e.Get(event.SubStatus).Uint()); sub != 0 {
			code = sub
		}
		a.SID = nullSID(text(e.Get(event.TargetUserSid)))
		a.Client = clientName(text(e.Get(event.WorkstationName)))
		a.detail("logon_type", e.Get(event.LogonType).Text())
		a.Process = text(e.Get(event.ProcessName))
	case 4768, 4771:
		a.SID = nullSID(text(e.Get(event.TargetSid)))
		a.detail("authentication", "Kerberos")
	case 4776:
		a.Client = clientName(text(e.Get(event.Workstation)))
		a.detail("authentication", "NTLM")
	}
	if code != 0 {
		a.detail("status", "0x"+hex(uint64(code)))
		a.detail("reason", reasonOf(e.ID, code))
	}
	if c.sameRefusal(e, a) == a {
		c.due(a, a.Time+smbWindow)
	}
}

func reasonOf(id, code uint32) string {
	if id == 4771 || id == 4768 {
		for _, w := range kerberosWords {
			if w.code == code {
				return w.word
			}
		}
		return "Kerberos error 0x" + hex(uint64(code))
	}
	for _, w := range failureWords {
		if w.code == code {
			return w.word
		}
	}
	return "status 0x" + hex(uint64(code))
}

func nullSID(s string) string {
	if s == "S-1-0-0" {
		return ""
	}
	return s
}
