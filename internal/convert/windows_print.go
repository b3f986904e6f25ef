package convert

import (
	"strings"

	"github.com/akashi-audit/akashi/internal/event"
	"github.com/akashi-audit/akashi/internal/record"
)

const printWindow = 60 * sec

// print handles the print service: 307 is a printed document, 805 tells its
// copies (section 3.6).
func (c *Converter) print(e *event.Event) {
	switch e.ID {
	case 307:
		c.printed(e)
	case 805:
		job := field(e, "JobId").Uint()
		if a := c.s.Acts[c.s.Jobs[job]]; a != nil {
			c.copies(a, e)
			return
		}
		a := c.newAct(e, nil, 0, ruleT1) // waits for its 307
		c.copies(a, e)
		c.job(job, a.Seq)
		c.due(a, a.Time+printWindow)
	}
}

func (c *Converter) job(job, seq uint64) {
	if len(c.s.Jobs) >= 4096 {
		clear(c.s.Jobs)
	}
	c.s.Jobs[job] = seq
}

func (c *Converter) copies(a *act, e *event.Event) {
	c.evidence(a, e)
	a.detail("copies", text(field(e, "Copies")))
	a.detail("color", text(field(e, "Color")))
}

func (c *Converter) printed(e *event.Event) {
	job := field(e, "Param1").Uint()
	a := c.newAct(e, nil, record.OpPrint, ruleT1)
	a.Certain, a.Object = true, record.ObjectFile
	a.Path = field(e, "Param2").Text()
	a.User = text(field(e, "Param3"))
	a.SID = e.UserID
	client := text(field(e, "Param4"))
	a.IP = address(client)
	if a.IP == "" {
		a.Client = clientName(client)
	}
	if s := c.sessionOfUser(a.User, a.IP, a.Client); s != nil {
		a.User = c.shortUser(s.User, s.SID)
		if a.SID == "" || a.SID == "S-1-5-18" {
			a.SID = s.SID
		}
	}
	a.detail("printer", text(field(e, "Param5")))
	a.detail("port", text(field(e, "Param6")))
	a.detail("bytes", field(e, "Param7").Text())
	a.detail("pages", field(e, "Param8").Text())
	if w := c.s.Acts[c.s.Jobs[job]]; w != nil && w.Op == 0 {
		for _, d := range w.Detail {
			a.detail(d.Key, d.Value)
		}
		c.absorb(a, w)
		a.First = min(a.First, w.First)
	}
	c.job(job, a.Seq)
	c.due(a, a.Time+2*sec)
}

// sessionOfUser finds the session of the user whom the print log names without
// domain: the newest that fits the client.
func (c *Converter) sessionOfUser(user, ip, client string) *session {
	var best *session
	for _, s := range c.s.Sessions {
		name := s.User[strings.LastIndexByte(s.User, '\\')+1:]
		if !strings.EqualFold(name, user) || s.SID == "" {
			continue
		}
		if ip != "" && s.LogonIP != ip && c.clientOf(s, s.Last) != ip {
			continue
		}
		if ip == "" && client != "" && s.Client != "" && !strings.EqualFold(s.Client, client) {
			continue
		}
		if best == nil || s.Last > best.Last || s.Last == best.Last && s.Logon > best.Logon {
			best = s
		}
	}
	return best
}
