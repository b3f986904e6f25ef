package convert

import "strings"

// Well-known logon ids (windows-events.md section 3.3).
const (
	logonSystem  = 0x3e7
	logonNetwork = 0x3e4
	logonLocal   = 0x3e5
	logonAnon    = 0x3e6
	logonIUSR    = 0x3e3
)

func wellKnownLogon(l uint64) bool { return l >= logonIUSR && l <= logonSystem }

// machineAccount reports accounts behind which no person stands: the system's
// own, computers, anonymous, window managers.
func machineAccount(user, sid string) bool {
	switch sid {
	case "S-1-5-18", "S-1-5-19", "S-1-5-20", "S-1-5-7", "S-1-5-17":
		return true
	}
	if strings.HasPrefix(sid, "S-1-5-90-") || strings.HasPrefix(sid, "S-1-5-96-") || strings.HasPrefix(sid, "S-1-5-80-") {
		return true // DWM-n, UMFD-n, service accounts of Windows
	}
	name := user[strings.LastIndexByte(user, '\\')+1:]
	return strings.HasSuffix(name, "$")
}

// background decides the class of an act that no rule has classed. s is its
// session, nil when that is gone.
func (c *Converter) background(a *act, s *session) bool {
	if a.Snapshot || wellKnownLogon(a.Logon) {
		return true
	}
	if s == nil && machineAccount(a.User, a.SID) || s != nil && (s.Background || s.named(a.User, a.SID).machine) {
		return true
	}
	if a.Process != "" && a.PID != 4 {
		name := fold(baseOf(a.Process))
		if matchName(noiseProcesses[:], name) || matchName(c.opt.foldedProcesses, name) {
			return true
		}
	}
	if len(c.opt.foldedAccounts) > 0 {
		u := fold(a.User)
		for _, w := range c.opt.foldedAccounts {
			if w == u || w == fold(a.SID) || w == u[strings.LastIndexByte(u, '\\')+1:] {
				return true
			}
		}
	}
	return false
}
