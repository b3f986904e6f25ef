package web

import (
	"cmp"
	"slices"
	"strings"

	"github.com/akashi-audit/akashi/internal/record"
)

// sitting is a session of a person at the screen of a computer: at its console, or by
// remote desktop. A session over the network has nothing to do with a device that is
// plugged in.
type sitting struct {
	User, SID string
	Type      string // the logon type, "" = not known
	From, To  int64  // Unix ns, half-open; To 0 = no end is known
	Earlier   bool   // it began before what was looked at; From is the last boot then
	sign      *record.Record
}

// sittings reads the sessions of one computer from its log-on, log-off and boot records,
// in any order. One whose end alone is there began before them. A disconnected remote desktop counts as ended until it is connected again:
// nobody sits there.
func sittings(l []record.Record) []sitting {
	l = slices.Clone(l)
	slices.SortStableFunc(l, func(a, b record.Record) int {
		return cmp.Or(cmp.Compare(a.Time, b.Time), cmp.Compare(a.FirstID, b.FirstID))
	})
	open := map[string]int{} // session → index of out
	var out []sitting
	var boot int64
	for i := range l {
		r := &l[i]
		switch {
		case r.Op == record.OpBoot || r.Op == record.OpShutdown:
			for _, k := range open {
				out[k].To = r.Time
			}
			clear(open)
			boot = r.Time
		case r.Result != record.Success || !atScreen(r):
		case r.Op == record.OpLogon:
			if _, ok := open[sessionOf(r)]; !ok {
				open[sessionOf(r)] = len(out)
				out = append(out, sitting{User: r.User, SID: r.SID, Type: r.Get("logon_type"), From: r.Time, sign: r})
			}
		case r.Op == record.OpLogoff:
			if k, ok := open[sessionOf(r)]; ok {
				out[k].To = r.Time
				delete(open, sessionOf(r))
			} else {
				out = append(out, sitting{User: r.User, SID: r.SID, Type: r.Get("logon_type"), From: boot, To: r.Time, Earlier: true, sign: r})
			}
		}
	}
	return out
}

// sessionOf tells sessions of one computer apart: by their logon id, or where the log has
// none by the person.
func sessionOf(r *record.Record) string {
	if r.Session != 0 {
		return r.SessionText()
	}
	return strings.ToLower(r.User)
}

// atScreen reports whether a log-on or log-off is of a person at the screen. The logs of
// remote desktop tell no type.
func atScreen(r *record.Record) bool {
	for _, made := range []string{"S-1-5-18", "S-1-5-19", "S-1-5-20", "S-1-5-90-", "S-1-5-96-"} { // the system, its services, its window and font managers
		if strings.HasPrefix(r.SID, made) {
			return false
		}
	}
	if r.User == "" || strings.HasSuffix(r.User, "$") {
		return false
	}
	t := r.Get("logon_type")
	return t == "" && r.Get("terminal") != "" || slices.Contains([]string{"2", "7", "10", "11", "12", "13"}, t)
}

// openAt are the sessions that are open at a time, one for each person.
func openAt(l []sitting, at int64) (out []sitting) {
	for _, s := range l {
		if s.From <= at && (s.To == 0 || at < s.To) && !slices.ContainsFunc(out, func(o sitting) bool { return strings.EqualFold(o.User, s.User) }) {
			out = append(out, s)
		}
	}
	return out
}
