package convert

import (
	"strings"

	"github.com/akashi-audit/akashi/internal/event"
	"github.com/akashi-audit/akashi/internal/record"
)

const (
	clockStep = 5 * sec // smaller steps of the time service are its work
	clockJoin = 5 * sec // both logs tell of one change
)

// clockSet is the newest change of the clock, told by the Security log (4616),
// the System log (Kernel-General 1) or both.
type clockSet struct {
	Act      uint64
	From, To tick
	Known    bool // the times could be read
	Audit    bool // 4616 told
}

// timeChanged handles 4616. Small steps of the time service are background.
func (c *Converter) timeChanged(e *event.Event) {
	s := c.subject(e)
	from, to := e.Get(event.PreviousTime), e.Get(event.NewTime)
	set := newClock(from, to)
	old := c.sameClock(set, true)
	if a := c.s.Acts.get(c.s.Clock.Act); a != nil && c.s.Clock.Audit && a.SID == s.SID && a.Logon == s.Logon && a.Process == text(e.Get(event.ProcessName)) &&
		tick(e.Time)-a.End <= sec && a.End-tick(e.Time) <= sec { // Windows writes a change in two steps
		c.evidence(a, e)
		c.s.Clock.To, c.s.Clock.Known = set.To, c.s.Clock.Known && set.Known
		a.detail("new_time", clockText(e.Get(event.NewDate), to))
		c.clockClass(a, c.s.Clock)
		c.clockStepped(set, a.Class)
		return
	}
	a := c.newAct(e, s, record.OpTimeChanged, ruleV4)
	a.Certain, a.Object = true, record.ObjectSystem
	a.Process = text(e.Get(event.ProcessName))
	a.PID = e.Get(event.ProcessId).Uint()
	a.detail("old_time", clockText(e.Get(event.PreviousDate), from))
	a.detail("new_time", clockText(e.Get(event.NewDate), to))
	c.clockClass(a, set)
	if old != nil { // the System log told it first: the audit event names the program and the person
		for _, d := range old.Detail {
			if d.Key == "cause" {
				a.detail(d.Key, d.Value)
			}
		}
		c.forget(old)
	}
	c.clockStepped(set, a.Class)
	set.Act, set.Audit = a.Seq, true
	c.s.Clock = set
	c.due(a, a.Time+clockJoin)
}

// clockClass: a small step of the time service is background, any other of the
// system its own doing.
func (c *Converter) clockClass(a *act, set clockSet) {
	service := a.Logon == logonSystem || a.Logon == logonLocal
	switch {
	case service && strings.EqualFold(baseOf(a.Process), "svchost.exe") && set.small():
		a.Class = record.ClassBackground
	case service || machineAccount(a.User, a.SID):
		a.Class = record.ClassSystem
	default:
		a.Class = record.ClassUser
	}
}

// clockCauses are the reasons of Kernel-General 1, version 1.
var clockCauses = [...]string{1: "a program or service changed it", 2: "synchronised with the hardware clock", 3: "the time zone or its bias changed"}

// kernelTime handles Kernel-General 1: the System log's word of a change. It
// names no person but the account that wrote it.
func (c *Converter) kernelTime(e *event.Event) {
	from, to := field(e, "OldTime"), field(e, "NewTime")
	set := newClock(from, to)
	cause := ""
	if n := field(e, "Reason").Uint(); n < uint64(len(clockCauses)) {
		cause = clockCauses[n]
	}
	if a := c.sameClock(set, false); a != nil {
		a.detail("cause", cause)
		return
	}
	a := c.newAct(e, nil, record.OpTimeChanged, ruleV4)
	a.Certain, a.Object, a.SID = true, record.ObjectSystem, e.UserID
	a.Process = text(field(e, "ProcessName"))
	a.detail("old_time", from.Text())
	a.detail("new_time", to.Text())
	a.detail("cause", cause)
	switch {
	case set.small():
		a.Class = record.ClassBackground
	case e.UserID == "" || machineAccount("", e.UserID):
		a.Class = record.ClassSystem
	default:
		a.Class = record.ClassUser
	}
	set.Act = a.Seq
	c.s.Clock = set
	c.due(a, a.Time+clockJoin)
}

func newClock(from, to event.Value) clockSet {
	f, ok1 := timeOf(from)
	t, ok2 := timeOf(to)
	return clockSet{From: f, To: t, Known: ok1 && ok2}
}

// small reports a step below clockStep; a step that cannot be read is not small.
func (s clockSet) small() bool {
	return s.Known && max(s.From, s.To)-min(s.From, s.To) < clockStep
}

// sameClock returns the act of the same change told by the other log.
func (c *Converter) sameClock(set clockSet, audit bool) *act {
	old := c.s.Clock
	if !set.Known || !old.Known || old.Audit == audit || set.To-old.To > sec || old.To-set.To > sec || set.From-old.From > sec || old.From-set.From > sec {
		return nil
	}
	return c.s.Acts.get(old.Act)
}

// timeOf reads a time value, also as text (literal records).
func timeOf(v event.Value) (tick, bool) {
	if v.Kind == event.KindFiletime {
		return tick(min(v.Num, 1<<62)), true
	}
	t, err := event.ParseFiletime(v.Text())
	return tick(min(t, 1<<62)), err == nil
}

// clockText is a time as the event writes it; version 0 keeps date and time
// apart.
func clockText(date, clock event.Value) string {
	if d := text(date); d != "" {
		return d + " " + text(clock)
	}
	return text(clock)
}
