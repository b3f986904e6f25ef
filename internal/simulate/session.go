package simulate

import (
	"fmt"
	"strconv"

	"github.com/akashi-audit/akashi/internal/event"
)

const idle = 15 * minute // SMB sessions end after that time without use

// session is a logon of a person.
type session struct {
	p       *person
	id      uint64
	port    int
	shares  map[*node]bool
	used    int64 // end of the last gesture
	local   bool
	pid     uint64
	process string
	boot    int // of the system, by number
	end     bool
}

func (s *session) ip() string {
	if s.local {
		return ""
	}
	return s.p.ip
}

func (s *session) subject() []event.Value {
	return []event.Value{sid(s.p.sid), str(s.p.name), str(domain), hex64(s.id)}
}

// session returns the person's session at t, which it opens if there is none;
// ready is when the first request may come.
func (w *server) session(p *person, t int64) (s *session, ready int64) {
	if s = w.seats[p]; s != nil && !s.end {
		return s, t
	}
	s = &session{p: p, id: w.nextLogon(), boot: w.boots, port: 49152 + w.rng.IntN(16000), shares: make(map[*node]bool), used: t, pid: 4}
	w.seats[p] = s
	class := classUser
	if p == w.comp.machine {
		class = background
	}
	g := w.gesture(s, "logon", t)
	g.class = class
	a := g.begin("logon", "", "")
	dom, proc, pkg, station, key, lm, id := dnsDomain, "Kerberos", "Kerberos", "-", uint32(0), "-", w.guid()
	if p.ntlm {
		dom, proc, pkg, station, key, lm, id = domain, "NtLmSsp ", "NTLM", p.pc, 128, "NTLM V2", noGUID
	}
	w.emit(t, form4624, false, g.acts, sid("S-1-0-0"), str("-"), str("-"), hex64(0), sid(p.sid), str(p.name), str(dom), hex64(s.id),
		uint32v(3), str(proc), str(pkg), str(station), guid(id), str("-"), str(lm), uint32v(key), hex64(0), str("-"), str(p.address()),
		str(strconv.Itoa(s.port)), str("%%1833"), str("-"), str("-"), str("-"), str("%%1843"), hex64(0), str(elevated(p == w.comp.admin)))
	a.proof = t
	g.end(a)
	g.step(60*micro, 400*micro)
	if p == w.comp.admin {
		w.emit(g.t, form4672, false, nil, append(s.subject(), str("SeBackupPrivilege\r\n\t\t\tSeRestorePrivilege\r\n\t\t\tSeTakeOwnershipPrivilege\r\n\t\t\tSeSecurityPrivilege"))...)
		g.step(60*micro, 400*micro)
	}
	w.emit(g.t, form5140, false, nil, append(s.subject(), str("File"), str(p.address()), str(strconv.Itoa(s.port)), str(`\\*\IPC$`), str(""), hex32(1), str(w.lists.list(1)))...)
	g.step(20*milli, 90*milli)
	w.watch(s)
	return s, g.t
}

func elevated(admin bool) string {
	if admin {
		return "%%1842"
	}
	return "%%1843"
}

func (w *server) guid() string {
	a, b := w.rng.Uint64(), w.rng.Uint64()
	return fmt.Sprintf("{%08X-%04X-%04X-%04X-%012X}", a>>32, a>>16&0xffff, a&0xffff, b>>48, b&0xffffffffffff)
}

// watch ends the session when it was idle for long enough.
func (w *server) watch(s *session) {
	w.due.add(s.used+idle, func(t int64) {
		if s.end {
			return
		}
		if s.used+idle > t {
			w.watch(s)
			return
		}
		w.logoff(s, t)
	})
}

// logoff ends a session at t.
func (w *server) logoff(s *session, t int64) {
	if s.end || s.boot != w.boots {
		return
	}
	s.end = true
	delete(w.seats, s.p)
	g := w.gesture(s, "logoff", t)
	if s.p == w.comp.machine {
		g.class = background
	}
	a := g.begin("logoff", "", "")
	if s.local {
		w.emit(t, form4647, false, g.acts, sid(s.p.sid), str(s.p.name), str(domain), hex64(s.id))
	} else {
		w.emit(t, form4634, false, g.acts, sid(s.p.sid), str(s.p.name), str(domain), hex64(s.id), uint32v(3))
	}
	g.proof(a)
	g.end(a)
}

// localSession is a logon at the console or by remote desktop from the
// administrator's PC; the programs are named.
func (w *server) localSession(p *person, t int64, process string) *session {
	s := &session{p: p, id: w.nextLogon(), boot: w.boots, shares: make(map[*node]bool), used: t, local: true, pid: 0x400 + 4*w.rng.Uint64N(2000), process: process}
	g := w.gesture(s, "logon", t)
	a := g.begin("logon", "", "")
	w.emit(t, form4624, false, g.acts, sid(systemSID), str(w.short+"$"), str(domain), hex64(systemLogon), sid(p.sid), str(p.name), str(domain), hex64(s.id),
		uint32v(2), str("User32 "), str("Negotiate"), str(w.short), guid(noGUID), str("-"), str("-"), uint32v(0), hex64(0x2b8), str(`C:\Windows\System32\winlogon.exe`), str("127.0.0.1"),
		str("0"), str("%%1833"), str("-"), str("-"), str("-"), str("%%1843"), hex64(0), str("%%1842"))
	a.proof = t
	g.end(a)
	return s
}

// failedLogons are n wrong passwords in a row.
func (w *server) failedLogons(p *person, t int64, n int) {
	s := &session{p: p}
	g := w.gesture(s, "logon_failed", t)
	for range n {
		a := g.begin("logon_failed", "", "")
		a.Result = failure
		w.emit(g.t, form4625, true, g.acts, sid("S-1-0-0"), str("-"), str("-"), hex64(0), sid("S-1-0-0"), str(p.name), str(domain), hex32(0xc000006d),
			str("%%2313"), hex32(0xc000006a), uint32v(3), str("NtLmSsp "), str("NTLM"), str(p.pc), str("-"), str("-"), uint32v(0), hex64(0), str("-"),
			str(p.address()), str(strconv.Itoa(49152+w.rng.IntN(16000))))
		g.proof(a)
		g.end(a)
		g.step(900*milli, 4*second)
	}
}
