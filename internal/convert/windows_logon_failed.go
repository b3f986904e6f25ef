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
	{0xC000006E, "account restriction"}, {0xC000005E, "no logon server"}, {0xC00000DC, "wrong server state"},
}

// kerberosWords are the reasons of 4771 by Kerberos error (RFC 4120 7.5.9).
var kerberosWords = [...]struct {
	code uint32
	word string
}{
	{0x6, "no such user"}, {0xC, "workstation or hours not allowed"}, {0x12, "account disabled, expired or locked"},
	{0x17, "password expired"}, {0x18, "wrong password"}, {0x25, "clocks differ"},
}

// logonFailed handles 4625, 4771 and 4776: L3.
func (c *Converter) logonFailed(e *event.Event) {
	status := uint32(e.Get(event.Status).Uint())
	if e.ID == 4776 && status == 0 || e.ID == 4771 && status == 0 {
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
	case 4771:
		a.SID = nullSID(text(e.Get(event.TargetSid)))
		a.detail("authentication", "Kerberos")
	case 4776:
		a.Client = clientName(text(e.Get(event.Workstation)))
		a.detail("authentication", "NTLM")
	}
	a.detail("status", "0x"+hex(uint64(code)))
	a.detail("reason", reasonOf(e.ID, code))
	c.due(a, a.Time+sec)
}

func reasonOf(id, code uint32) string {
	if id == 4771 {
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
