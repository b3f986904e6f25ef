package erasure

import (
	"errors"
	"slices"
	"strings"

	"github.com/akashi-audit/akashi/internal/event"
	"github.com/akashi-audit/akashi/internal/query"
)

// ErrIncomplete is the error of an erasure that does not say what, why or by whom.
var ErrIncomplete = errors.New("an erasure names a file, a folder or a user, a ground and who ordered it")

// Erasure is a tombstone: records that meet all of its conditions are in no
// answer any more, whether they are stored already or come later, and leave the
// files with the events behind them. It holds for ever.
type Erasure struct {
	Servers []string `json:"servers,omitempty"` // as query.Query; none = all, those that appear later too
	Users   []string `json:"users,omitempty"`   // as query.Query
	Files   []string `json:"files,omitempty"`   // as query.Query
	Folders []string `json:"folders,omitempty"` // as query.Query
	From    int64    `json:"from,omitempty"`    // Unix ns, inclusive; 0 = no bound
	To      int64    `json:"to,omitempty"`      // Unix ns, exclusive; 0 = no bound
	Ground  string   `json:"ground"`            // why, in words
	By      string   `json:"by"`                // who ordered it
	Time    int64    `json:"time"`              // Unix ns, when it was ordered

	// Order, when set, makes it no erasure but the order of a term for a class of
	// records, see Order.
	*Order
}

// Check refuses an erasure that would hide everything.
func (e *Erasure) Check() error {
	if e.Order != nil {
		return e.checkOrder()
	}
	if len(e.Users)+len(e.Files)+len(e.Folders) == 0 {
		return ErrIncomplete
	}
	return nil
}

// Query finds what the erasure hides, on the servers that it concerns.
func (e *Erasure) Query() query.Query {
	if e.Order != nil {
		return e.orderQuery()
	}
	return query.Query{Servers: e.Servers, Users: e.Users, Files: e.Files, Folders: e.Folders, From: e.From, To: e.To, Classes: query.AllClasses()}
}

// Concerns reports whether the erasure is about a server.
func (e *Erasure) Concerns(server string) bool {
	if e.Order != nil { // of this one, not of another with the same host part
		return slices.Contains(e.Servers, server)
	}
	q := query.Query{Servers: e.Servers}
	return q.WantsServer(server)
}

// Equal reports whether both are the same order.
func (e *Erasure) Equal(o *Erasure) bool {
	if (e.Order == nil) != (o.Order == nil) || e.Order != nil && *e.Order != *o.Order {
		return false
	}
	return e.Time == o.Time && e.From == o.From && e.To == o.To && e.Ground == o.Ground && e.By == o.By &&
		slices.Equal(e.Servers, o.Servers) && slices.Equal(e.Users, o.Users) && slices.Equal(e.Files, o.Files) && slices.Equal(e.Folders, o.Folders)
}

// ByName reports whether it erases files or folders. What names one of them must
// go whatever else it tells of; an event that names a person may be evidence of
// another one's act.
func (e *Erasure) ByName() bool { return len(e.Files)+len(e.Folders) > 0 }

// Names reports whether an event of the erasure's period holds its file, one
// below its folder, or its user as a value, and one of each kind that it has.
func (e *Erasure) Names(ev *event.Event) bool {
	if t := ev.Time.UnixNano(); e.From != 0 && t < e.From || e.To != 0 && t >= e.To {
		return false
	}
	has := func(ok func(string) bool) bool {
		return slices.ContainsFunc(ev.Values, func(v event.Value) bool { return v.Str != "" && ok(v.Str) })
	}
	equal := func(want string) bool { return has(func(s string) bool { return strings.EqualFold(s, want) }) }
	if e.ByName() {
		shared := sharePath(ev)
		found := func(wanted string, below bool) bool {
			wanted = strings.TrimRight(strings.ReplaceAll(wanted, "/", `\`), `\`)
			is := func(s string) bool { return within(s, wanted, below) }
			return has(is) || slices.ContainsFunc(shared, is)
		}
		if !slices.ContainsFunc(e.Files, func(f string) bool { return found(f, false) }) && !slices.ContainsFunc(e.Folders, func(f string) bool { return found(f, true) }) {
			return false
		}
	}
	return len(e.Users) == 0 || slices.ContainsFunc(e.Users, func(u string) bool {
		domain, name, ok := strings.Cut(u, `\`)
		if !ok {
			return equal(u)
		}
		return equal(name) && equal(domain)
	})
}

// within reports whether a path is the wanted one or, with below, lies below it.
func within(path, wanted string, below bool) bool {
	path = strings.TrimPrefix(path, `\??\`)
	rest, ok := query.CutPath(path, wanted)
	return ok && (rest == "" || below && rest[0] == '\\' || rest[0] == ':') // an alternate stream names its file
}

// sharePath is what an access to a share (5145) names in two values: as the
// server and as the client sees it.
func sharePath(ev *event.Event) []string {
	target := ev.Get(event.RelativeTargetName).Str
	if target == "" {
		return nil
	}
	var out []string
	if root := ev.Get(event.ShareLocalPath).Str; root != "" {
		out = append(out, strings.TrimRight(root, `\`)+`\`+target)
	}
	if share := ev.Get(event.ShareName).Str; share != "" {
		name := share[strings.LastIndexByte(share, '\\')+1:]
		out = append(out, `\\`+ev.Computer+`\`+name+`\`+target)
		if host, _, ok := strings.Cut(ev.Computer, "."); ok {
			out = append(out, `\\`+host+`\`+name+`\`+target)
		}
	}
	return out
}
