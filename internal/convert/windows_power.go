package convert

import (
	"slices"
	"strings"

	"github.com/akashi-audit/akashi/internal/event"
	"github.com/akashi-audit/akashi/internal/record"
)

// powerWindow is how far apart the signs of one start or stop may be.
const powerWindow = 120 * sec

// powerSign is one start, stop or crash of the machine that may get more signs.
type powerSign struct {
	Act         uint64
	First, Last tick
	Events      []uint32
}

// powerKind says what a sign tells.
type powerKind uint8

const (
	powerStart powerKind = iota
	powerStop
	powerCrash
	numPower
)

// sign notes one event that tells of a start, a stop or a crash (section 3.5).
// Signs of one are one record; the raw events of the first one's channel are
// its evidence. It returns the record's act, nil when that is final already, and
// whether it is a new one.
//
// Signs come late: Kernel-General 12 and 13 are written after 6005 with their
// own, earlier time. So signs are joined by time, and a stop does not take signs
// from the other side of a start.
func (c *Converter) sign(e *event.Event, kind powerKind, op record.Op, rule ruleID) (a *act, fresh bool) {
	now := tick(e.Time)
	p := &c.s.Power[kind]
	a = c.s.Acts.get(p.Act)
	near := p.Act != 0 && now >= p.First-powerWindow && now <= p.Last+powerWindow &&
		(kind == powerCrash || !c.s.Power[powerStart+powerStop-kind].between(p.First, now))
	again := slices.Contains(p.Events, e.ID)
	switch {
	case near && again && now-p.Last <= sec && p.Last-now <= sec: // 109 is written twice
		if a != nil {
			c.evidence(a, e)
		}
		return a, false
	case near && !again:
		p.First, p.Last = min(p.First, now), max(p.Last, now)
		p.Events = append(p.Events, e.ID)
		if a == nil { // its record is final: the machine was off for long, or its clock was set
			return nil, false
		}
		c.evidence(a, e)
		a.Time, a.First, a.End = p.First, p.First, p.Last
	default:
		a, fresh = c.newAct(e, nil, op, rule), true
		a.Certain, a.Class, a.Object = true, record.ClassSystem, record.ObjectSystem
		*p = powerSign{Act: a.Seq, First: now, Last: now, Events: []uint32{e.ID}}
	}
	words := make([]string, len(p.Events))
	for i, id := range p.Events {
		words[i] = itoa(uint64(id))
	}
	a.detail("events", strings.Join(words, ", "))
	c.due(a, max(a.Due, now+powerWindow))
	return a, fresh
}

// between reports whether p began between two times.
func (p *powerSign) between(a, b tick) bool {
	return p.Act != 0 && p.First > min(a, b) && p.First < max(a, b)
}

// started handles 4608, 6005, 6009 and Kernel-General 12. The first sign of a
// start ends the epoch.
func (c *Converter) started(e *event.Event) {
	a, fresh := c.sign(e, powerStart, record.OpBoot, ruleY1)
	if fresh {
		c.boot()
	}
	if a == nil {
		return
	}
	switch {
	case e.ID == 12 || e.ID == 4608:
		a.detail("reason", "the system started")
	case a.Get("reason") == "":
		a.detail("reason", "the event log service started")
	}
	if e.ID == 6009 {
		if l := classicStrings(e); len(l) > 1 {
			a.detail("version", strings.Trim(l[0]+" "+l[1], ". "))
		}
	}
}

// stopped handles 1100, 4609, 6006, Kernel-General 13 and Kernel-Power 109.
func (c *Converter) stopped(e *event.Event) {
	a, _ := c.sign(e, powerStop, record.OpShutdown, ruleY2)
	if e.ID == 1100 || e.ID == 4609 {
		if now := tick(e.Time); c.s.Power[powerStart].First <= now {
			c.boot()
		}
	}
	switch {
	case a == nil, a.Rule == ruleY5:
	case e.ID == 13 || e.ID == 109 || e.ID == 4609:
		a.detail("reason", "the system stopped")
	case a.Get("reason") == "":
		a.detail("reason", "the event log service stopped")
	}
}

// asked handles User32 1074: somebody asked for a shutdown or restart.
func (c *Converter) asked(e *event.Event) {
	a, _ := c.sign(e, powerStop, record.OpShutdown, ruleY5)
	if a == nil {
		return
	}
	a.Rule = ruleY5
	a.User, a.SID = text(e.Get(event.ClassicParam7)), e.UserID
	if !machineAccount(a.User, a.SID) && a.User != "" {
		a.Class = record.ClassUser
	}
	p := text(e.Get(event.ClassicParam1))
	if n := strings.LastIndex(p, " ("); n > 0 { // the machine follows the program
		a.Client, p = strings.TrimSuffix(p[n+2:], ")"), p[:n]
	}
	a.Process = p
	a.detail("reason", text(e.Get(event.ClassicParam3)))
	a.detail("code", text(e.Get(event.ClassicParam4)))
	a.detail("kind", text(e.Get(event.ClassicParam5)))
	a.detail("comment", text(e.Get(event.ClassicParam6)))
}

// crashed handles 6008 and Kernel-Power 41: the run before ended without a
// shutdown.
func (c *Converter) crashed(e *event.Event) {
	now := tick(e.Time)
	a, fresh := c.sign(e, powerCrash, record.OpShutdown, ruleY3)
	if p := &c.s.Power[powerStart]; fresh && (p.Act == 0 || now-p.Last > powerWindow) {
		c.boot()
	}
	if a == nil {
		return
	}
	a.detail("reason", "the previous shutdown was unexpected")
	if e.ID == 41 {
		if n := field(e, "BugcheckCode").Uint(); n != 0 {
			a.detail("bugcheck", "0x"+hex(n))
		}
		if field(e, "PowerButtonTimestamp").Uint() != 0 {
			a.detail("power_button", "pressed")
		}
		return
	}
	if l := classicStrings(e); len(l) > 1 {
		a.detail("stopped", strings.TrimSpace(l[1]+" "+l[0])) // date and time as the machine writes them
	}
}

// classicEventlog handles events of the System log (section 3.5).
func (c *Converter) classicEventlog(e *event.Event) {
	switch e.ID {
	case 6005, 6009:
		c.started(e)
	case 6006:
		c.stopped(e)
	case 6008:
		c.crashed(e)
	case 6013: // uptime, at noon and after a start
		p := &c.s.Power[powerStart]
		if a := c.s.Acts.get(p.Act); a != nil && tick(e.Time)-p.Last <= powerWindow {
			c.evidence(a, e)
			if l := classicStrings(e); len(l) > 4 {
				a.detail("uptime", l[4])
			}
		}
	default:
		c.unused(e, ReasonNoRule)
	}
}

// kernelPower handles Kernel-Power: crash, sleep and resume.
func (c *Converter) kernelPower(e *event.Event) {
	switch e.ID {
	case 41:
		c.crashed(e)
	case 109:
		c.stopped(e)
	case 42, 107:
		a := c.systemAct(e, nil, record.OpPower, ruleY4)
		a.detail("kind", "sleep")
		if e.ID == 107 {
			a.detail("kind", "resume")
		}
		a.detail("state", field(e, "TargetState").Text())
	default:
		c.unused(e, ReasonNoRule)
	}
}

// classicStrings are the unnamed values of a classic event, in order.
func classicStrings(e *event.Event) []string {
	if e.Schema == nil {
		return nil
	}
	var l []string
	for i, n := range e.Schema.Names {
		if n != "" || i >= len(e.Values) {
			continue
		}
		if v := e.Values[i]; v.Kind == event.KindArray|event.KindString {
			l = append(l, strings.Split(strings.TrimSuffix(v.Str, "\x00"), "\x00")...)
		} else {
			l = append(l, v.Text())
		}
	}
	return l
}

// boot ends an epoch: logon ids, process ids, handles and volume numbers are
// given anew. The signs of the start and stop themselves stay open.
func (c *Converter) boot() {
	var open [numPower]*act
	for i, p := range c.s.Power {
		if open[i] = c.s.Acts.get(p.Act); open[i] != nil {
			c.s.Acts.drop(open[i])
		}
	}
	now := c.s.Now
	c.s.Boots++
	c.finish()
	c.s.Now = now
	c.s.Handles.clear()
	clear(c.s.Orphans)
	c.s.Sessions.clear()
	c.near = nil
	clear(c.s.Volumes)
	c.s.Paths.clear()
	c.s.Desks.clear()
	clear(c.s.Jobs)
	clear(c.s.Terminals)
	c.forgetPaths()
	for _, a := range open {
		if a != nil {
			c.s.Acts.put(a)
			a.Timer = 1<<63 - 1
			c.due(a, max(a.Due, now))
		}
	}
}
