package convert

import (
	"strings"

	"github.com/akashi-audit/akashi/internal/event"
	"github.com/akashi-audit/akashi/internal/record"
)

const printWindow = 60 * sec

// print handles the print service (section 3.6): 307 is a printed document, 805
// tells its copies, 842 how its processor ended, 372 that it failed.
func (c *Converter) print(e *event.Event) {
	switch e.ID {
	case 307:
		c.printed(e)
	case 805:
		a := c.jobAct(e, "copies")
		if n, ok := field(e, "Copies").Number(); ok {
			a.detail("copies", itoa(n))
		}
		if n, ok := field(e, "Color").Number(); ok {
			a.detail("color", itoa(n))
		}
	case 842:
		n, ok := field(e, "Error").Number()
		if !ok {
			c.unused(e, ReasonNoRule)
			return
		}
		a := c.jobAct(e, "processor")
		a.detail("processor", text(field(e, "Processor")))
		if n != 0 {
			a.fill("printer", text(field(e, "Printer")))
			c.printFailed(a, n)
		}
	case 372:
		c.notPrinted(e)
	default:
		c.unused(e, ReasonNoRule)
	}
}

// jobAct returns the act of the event's job, made when there is none or when the
// one there is has this detail already: job ids start again with the spooler.
func (c *Converter) jobAct(e *event.Event, once string) *act {
	job := field(e, "JobId").Uint()
	if a := c.liveJob(job, tick(e.Time)); a != nil && a.Get(once) == "" {
		c.evidence(a, e)
		return a
	}
	a := c.newAct(e, nil, 0, ruleT1) // waits for its 307
	c.job(job, a.Seq)
	c.due(a, a.Time+printWindow)
	return a
}

// liveJob is the act of a job within a minute of its other events, or nil.
func (c *Converter) liveJob(job uint64, now tick) *act {
	a := c.s.Acts.get(c.s.Jobs[job])
	if a == nil || now-a.Last > printWindow || a.Last-now > printWindow {
		return nil
	}
	return a
}

// maxJobs bounds the print jobs that are remembered.
const maxJobs = 4096

func (c *Converter) job(job, seq uint64) {
	if len(c.s.Jobs) >= maxJobs-maxJobs/8 {
		c.s.Crowded++
	}
	if len(c.s.Jobs) >= maxJobs {
		clear(c.s.Jobs)
	}
	c.s.Jobs[job] = seq
}

// printFailed notes that a job ended with a Win32 error. It is a record even if
// no 307 or 372 names the document.
func (c *Converter) printFailed(a *act, code uint64) {
	if a.Op == 0 {
		a.Op, a.Rule, a.Certain, a.Object = record.OpPrint, ruleT4, true, record.ObjectFile
	}
	a.Result = record.Failure
	a.detail("error", itoa(code))
}

// printed handles 307.
func (c *Converter) printed(e *event.Event) {
	job := field(e, "Param1").Uint()
	now := tick(e.Time)
	a := c.newAct(e, nil, record.OpPrint, ruleT1)
	a.Certain, a.Object = true, record.ObjectFile
	a.Path = field(e, "Param2").Text()
	c.printUser(a, e, text(field(e, "Param3")), text(field(e, "Param4")))
	a.detail("printer", text(field(e, "Param5")))
	a.detail("port", text(field(e, "Param6")))
	a.detail("bytes", field(e, "Param7").Text())
	a.detail("pages", field(e, "Param8").Text())
	if w := c.liveJob(job, now); w != nil && (w.Op == 0 || w.Rule == ruleT4 && w.Path == "") {
		for _, d := range w.Detail {
			a.fill(d.Key, d.Value)
		}
		a.Result = w.Result
		c.absorb(a, w)
		a.First = min(a.First, w.First)
	}
	c.job(job, a.Seq)
	c.due(a, a.Time+printWindow)
}

// notPrinted handles 372 ([MS-RPRN] 2.2.1.15.3 has its fields in order). It has
// no job id: document and owner join it to the job.
func (c *Converter) notPrinted(e *event.Event) {
	doc, user, printer := field(e, "Param1").Text(), text(field(e, "Param2")), text(field(e, "Param3"))
	now := tick(e.Time)
	var a *act
	for _, seq := range c.s.Jobs {
		w := c.s.Acts.get(seq)
		if w == nil || w.Op != record.OpPrint || now-w.Last > printWindow || a != nil && w.Seq < a.Seq {
			continue
		}
		named := w.Rule == ruleT1 && w.Path == doc && strings.EqualFold(w.User[strings.LastIndexByte(w.User, '\\')+1:], user)
		if named || w.Rule == ruleT4 && w.Path == "" && w.Get("printer") == printer {
			a = w
		}
	}
	code, _ := field(e, "Param10").Number()
	if a == nil {
		a = c.newAct(e, nil, record.OpPrint, ruleT4)
		a.Certain, a.Object = true, record.ObjectFile
		c.due(a, a.Time+printWindow)
	} else {
		c.evidence(a, e)
	}
	if a.Rule == ruleT4 {
		a.Path = doc
		c.printUser(a, e, user, text(field(e, "Param9")))
		a.fill("printer", printer)
		a.fill("bytes", field(e, "Param5").Text())
		a.fill("pages", field(e, "Param7").Text())
	}
	a.detail("printed_pages", field(e, "Param8").Text())
	a.detail("reason", text(field(e, "Param11")))
	c.printFailed(a, code)
}

// printUser sets who printed: the log names the user without domain and the
// client by name or address.
func (c *Converter) printUser(a *act, e *event.Event, user, client string) {
	a.User, a.SID = user, e.UserID
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
}

// sessionOfUser finds the session of the user whom the print log names without
// domain: the newest that fits the client.
func (c *Converter) sessionOfUser(user, ip, client string) *session {
	var best *session
	c.trace.add(traceName(user))
	for _, s := range c.s.Sessions.all() {
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
